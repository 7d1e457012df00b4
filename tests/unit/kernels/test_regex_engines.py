"""Patterns that RE2 does give what Python's `re` gives for Java's, on texts with every line end; what is not done by RE2."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pytest

from engine import Session
from engine.functions.regexps import replace_matches
from engine.kernels.like import regex_test
from engine.kernels.regex import compile_pattern, replaced

TEXTS = [
    "",
    "a",
    "ab",
    "aab",
    "ba",
    "http://www.x.y/z",
    "https://x/",
    "日a本",
    "a\nb",
    "a\r",
    "a\r\nb\n",
    "a\x85",
    "\u2028a",
    "aXbX",
    "(a)",
]
PATTERNS = [
    "a",
    "^a",
    "a$",
    "a+",
    "a.b",
    "(a)(b)?",
    "[^/]+",
    "^https?://(?:www\\.)?([^/]+)/.*$",
    "\\d",
    "(b|a)+",
    ".",
    "x{2}",
    "a{1,2}",
]
EMPTY = ["a*", "", "$", "(a)?", "^", "b?"]
NEW = ["", "-", "$1", "<$0>", "\\$", "a\\\\b"]


@pytest.mark.parametrize("pattern", [*PATTERNS, *EMPTY])
def test_replacing_is_that_of_java(pattern: str) -> None:
    compiled = compile_pattern(pattern, "regexp_replace")
    for new, text in itertools.product(NEW, TEXTS):
        if new == "$1" and not compiled.groups:
            continue
        every = [text, None, "b", text]
        arrays = [
            pa.array([each] * 4, kind) for each, kind in ((pattern, pa.string()), (new, pa.string()), (1, pa.int32()))
        ]
        found = replace_matches(pa.array(every), *arrays).to_pylist()
        python = {"": "", "-": "-", "$1": r"\g<1>", "<$0>": r"<\g<0>>", "\\$": "$", "a\\\\b": r"a\\b"}[new]
        assert found == [None if each is None else compiled.sub(python, each) for each in every], (pattern, new, text)


@pytest.mark.parametrize("pattern", [*PATTERNS, *EMPTY])
def test_finding_is_that_of_java(pattern: str) -> None:
    compiled = compile_pattern(pattern, "rlike")
    for text in TEXTS:
        found = regex_test(pattern)(pa.array([text, None])).to_pylist()
        assert found == [compiled.search(text) is not None, None], (pattern, text)


def test_which_engine_replaces() -> None:
    assert replaced(pa.array(["ab"]), "a(b)", r"\g<1>-").to_pylist() == ["b-"]
    assert replaced(pa.array(["ab\n"]), "a.", "-") is None, "line ends differ"
    assert replaced(pa.array(["ab"]), "a*", "-") is None, "empty matches differ"
    assert replaced(pa.array(["ab"]), "a(b)", r"\g<2>") is None, "it is an error, which is Java's to word"
    assert replaced(pa.array(["ab"]), "a{1001}", "-") is None, "RE2 counts to 1000"
    assert replaced(pa.array(["ab"]), "(?=a)b", "-") is None, "RE2 looks at nothing but what it matches"


def test_errors_are_those_of_the_function() -> None:
    with Session() as session:
        for text in ("regexp_replace(s, 'a', '$3')", "regexp_replace(s, '(', 'x')"):
            with pytest.raises(Exception, match="INVALID_PARAMETER_VALUE"):
                session.sql(f"select {text} from values ('a'), ('b') as t(s)").collect()
