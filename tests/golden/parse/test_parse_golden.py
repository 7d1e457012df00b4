"""What the parser makes of statements, by subject: trees, and errors as users see them."""

from __future__ import annotations

from pathlib import Path

import pytest
from parse_tree import tree

from engine.errors import FlintError
from engine.parse import parse, parse_expression, parse_type

FOLDER = Path(__file__).parent
PARSERS = {"expressions": parse_expression, "literals": parse_expression, "types": parse_type}


def answer(text: str, subject: str) -> str:
    try:
        return tree(PARSERS.get(subject, parse)(text))
    except FlintError as error:
        return str(error)


@pytest.mark.parametrize("subject", sorted(path.stem for path in FOLDER.glob("*.test")))
def test_parse(subject, golden):
    golden(FOLDER / f"{subject}.test", lambda text: answer(text, subject))
