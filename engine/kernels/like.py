"""LIKE, ILIKE and RLIKE.

Constant LIKE patterns become the cheapest test that says the same: equality, prefix, suffix, substring, else pyarrow's own
LIKE (RE2). Java's regular expressions run on RE2 where it understands them alike, else on Python's `re`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions import predicates as pred
from engine.kernels.regex import compile_pattern, re2_pattern, reads_alike
from engine.kernels.rows import Compile, Compiler, Datum, Node, Rows, as_array, is_scalar
from engine.lazy import pc

Test = Callable[[Datum], Datum]
_NULL = pa.scalar(None, pa.bool_())
ANY, ONE = object(), object()
_START, _END = r"\A", r"\z"


@lru_cache(maxsize=1024)
def like_test(pattern: str, escape: str, ignore_case: bool) -> Test:
    """The test of strings against a LIKE pattern. Raises INVALID_FORMAT for an escape that escapes nothing."""
    parts = parse_like(pattern, escape)
    texts = [part for part in parts if isinstance(part, str)]
    shape = "".join("t" if isinstance(part, str) else "%" if part is ANY else "_" for part in parts)
    text = texts[0] if texts else ""
    if not ignore_case:
        match shape:
            case "" | "t":
                return lambda datum: pc.equal(datum, text)
            case "%":
                return lambda datum: pc.is_valid(datum) if not _has_null(datum) else pc.equal(datum, datum)
            case "t%":
                return lambda datum: pc.starts_with(datum, text)
            case "%t":
                return lambda datum: pc.ends_with(datum, text)
            case "%t%":
                return lambda datum: pc.match_substring(datum, text)
    regex = "".join(re.escape(p) if isinstance(p, str) else ".*" if p is ANY else "." for p in parts)
    flags = "(?si)" if ignore_case else "(?s)"
    if "\0" in pattern or (ignore_case and not pattern.isascii()):
        compiled = re.compile(f"{flags}\\A(?:{regex})\\Z")
        return lambda datum: _rowwise(datum, lambda value: compiled.match(value) is not None)
    # what may stand before and after needs no looking at
    first, last = shape.startswith("%"), shape.endswith("%")
    inner = _re2_escaped(parts[first : len(parts) - last])
    anchored = f"{flags}{_START if not first else ''}(?:{inner}){_END if not last else ''}"
    return lambda datum: pc.match_substring_regex(datum, anchored)


def _has_null(datum: Datum) -> bool:
    return not datum.is_valid if isinstance(datum, pa.Scalar) else datum.null_count > 0


def _re2_escaped(parts: list[Any]) -> str:
    out = []
    for part in parts:
        if part is ANY:
            out.append(".*")
        elif part is ONE:
            out.append(".")
        else:
            out.append(re.sub(r"([^\w\s]|_)", lambda m: "\\" + m[0] if m[0].isascii() else m[0], part))
    return "".join(out)


def parse_like(pattern: str, escape: str) -> list[Any]:
    """The pattern as texts, ANY (%) and ONE (_); neighbouring texts and neighbouring ANYs are one."""
    parts: list[Any] = []
    characters = iter(pattern)
    for character in characters:
        if character == escape:
            character = next(characters, "")
            if character not in ("%", "_", escape) or not character:
                place = "ESC_IN_THE_MIDDLE" if character else "ESC_AT_THE_END"
                raise ExecutionError(f"INVALID_FORMAT.{place}", {"format": f"'{pattern}'", "char": f"'{character}'"})
        elif character == "%":
            if not parts or parts[-1] is not ANY:
                parts.append(ANY)
            continue
        elif character == "_":
            parts.append(ONE)
            continue
        if parts and isinstance(parts[-1], str):
            parts[-1] += character
        else:
            parts.append(character)
    return parts


def _rowwise(datum: Datum, test: Callable[[str], bool]) -> Datum:
    if is_scalar(datum):
        value = datum.as_py()
        return pa.scalar(None if value is None else test(value), pa.bool_())
    return pa.array([None if value is None else test(value) for value in datum.to_pylist()], pa.bool_())


def like(value: Datum, pattern: Datum, escape: str, ignore_case: bool, length: int) -> Datum:
    """`value LIKE pattern`; the pattern may differ from row to row."""
    return _by_pattern(value, pattern, length, lambda text: like_test(text, escape, ignore_case))


def _by_pattern(value: Datum, pattern: Datum, length: int, test_of: Callable[[str], Test]) -> Datum:
    if pa.types.is_null(value.type) or pa.types.is_null(pattern.type):
        return _NULL
    if is_scalar(pattern):
        if not pattern.is_valid:
            return _NULL
        return test_of(pattern.as_py())(value)
    pairs = zip(as_array(value, length).to_pylist(), pattern.to_pylist(), strict=True)
    rows = [None if v is None or p is None else test_of(p)(pa.scalar(v)).as_py() for v, p in pairs]
    return pa.array(rows, pa.bool_())


@lru_cache(maxsize=1024)
def regex_test(pattern: str) -> Test:
    """The test whether a regular expression is found anywhere. Raises INVALID_PARAMETER_VALUE for a malformed one."""
    compiled = compile_pattern(pattern, "rlike")
    fast = re2_pattern(pattern)

    def test(datum: Datum) -> Datum:
        if fast is not None and reads_alike(pattern, datum):
            return pc.match_substring_regex(datum, fast)
        return _rowwise(datum, lambda value: compiled.search(value) is not None)

    return test


def rlike(value: Datum, pattern: Datum, length: int) -> Datum:
    """`value RLIKE pattern`; the pattern may differ from row to row."""
    return _by_pattern(value, pattern, length, regex_test)


def _like(expression: pred.Like, compiler: Compiler) -> Node:
    value, pattern = compiler.compile(expression.value), compiler.compile(expression.pattern)
    escape, ignore_case = expression.escape, expression.ignore_case

    def match(rows: Rows) -> Datum:
        return like(value(rows), pattern(rows), escape, ignore_case, rows.length)

    return match


def _rlike(expression: pred.RLike, compiler: Compiler) -> Node:
    value, pattern = compiler.compile(expression.value), compiler.compile(expression.pattern)
    return lambda rows: rlike(value(rows), pattern(rows), rows.length)


COMPILERS: dict[type, Compile] = {pred.Like: _like, pred.RLike: _rlike}
