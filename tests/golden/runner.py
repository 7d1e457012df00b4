"""Golden files: what the engine answered to many inputs, written down, reviewed once, and compared ever after.

A file `<subject>.test` holds cases, each a name, an input, a line of four dashes and what is expected:

    -- a column is read by its name
    select a from t
    ----
    UnresolvedSelect projections=[a]

A case starts at a line `-- name` at the top of the file or after an empty line; lines before the first case are a heading.
`python -m tests.golden.update` (or FLINT_UPDATE_GOLDEN=1) writes what is answered now into the files: review the diff.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

UPDATE = "FLINT_UPDATE_GOLDEN"
_CASE = re.compile(
    r"(?:\A|(?<=\n\n))-- (?P<name>[^\n]*)\n(?P<text>.*?)\n----(?:\n(?P<expected>.*?))??(?=\n\n-- |\n*\Z)", re.DOTALL
)


@dataclass(frozen=True)
class Case:
    """One input of a golden file and the answer it is to give."""

    name: str
    text: str
    expected: str


def read(path: Path) -> tuple[str, list[Case]]:
    """The heading of a golden file and its cases."""
    text = path.read_text()
    found = list(_CASE.finditer(text))
    heading = text[: found[0].start()] if found else text
    return heading, [Case(each["name"], each["text"], (each["expected"] or "").rstrip()) for each in found]


def write(path: Path, heading: str, cases: list[Case]) -> None:
    """Rewrites a golden file."""
    blocks = [f"-- {case.name}\n{case.text}\n----\n{case.expected}".rstrip() for case in cases]
    path.write_text(heading + "\n\n".join(blocks) + "\n")


def check(path: Path, answer: Callable[[str], str]) -> None:
    """Compares `answer(text)` of every case with what the file expects, or rewrites the file when updating.

    Errors are answers too, if `answer` returns their text. Fails with a diff of all cases that differ.
    """
    heading, cases = read(path)
    assert cases, f"{path} holds no case"
    assert len({case.name for case in cases}) == len(cases), f"{path} holds two cases of one name"
    answered = [Case(case.name, case.text, answer(case.text).rstrip()) for case in cases]
    if os.environ.get(UPDATE):
        write(path, heading, answered)
        return
    problems = []
    for case, now in zip(cases, answered, strict=True):
        if now.expected != case.expected:
            lines = difflib.unified_diff(
                case.expected.split("\n"), now.expected.split("\n"), "expected", "answered", lineterm=""
            )
            problems.append("\n".join([f"-- {case.name}", case.text, *lines]))
    assert not problems, "\n\n".join([f"{path.name}: {len(problems)} of {len(cases)} cases differ", *problems])
