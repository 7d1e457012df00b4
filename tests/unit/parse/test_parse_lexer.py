"""Tokens, and scripts cut into statements."""

from __future__ import annotations

import pytest

from engine.errors import ParseError
from engine.parse.lexer import END, scan, split_statements


def kinds(text: str) -> list[str]:
    return [token.kind for token in scan(text)][:-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a1 _b 2c `d e`", ["WORD", "WORD", "WORD", "IDENT"]),
        ("1 1.5 .5 1. 1e3 1.5E-3 2L 2bd", ["NUMBER"] * 8),
        ("1a 1.5", ["WORD", "NUMBER"]),
        ("größe 表", ["WORD", "WORD"]),
        ("'a''b' \"c\" r'\\' '\\''", ["STRING"] * 4),
        ("a<=>b <> <= << >>> ::", ["WORD", "CMP_OP", "WORD", "CMP_OP", "CMP_OP", "SHIFT_OP", "SHIFT_OP", "DCOLON"]),
        ("a -- b\n/* c /* d */ */ e", ["WORD", "WORD"]),
        ("/*+ a(b) */ c", ["HINT_OPEN", "WORD", "LPAR", "WORD", "RPAR", "HINT_CLOSE", "WORD"]),
        ("(x, y) -> x", ["LAMBDA_OPEN", "WORD", "COMMA", "WORD", "RPAR", "ARROW", "WORD"]),
        ("select 1 ; ; ", ["WORD", "NUMBER"]),
        ("set a = 'b;c' ;", ["WORD", "RAW_TEXT"]),
        ("-- first\nRESET", ["WORD"]),
    ],
)
def test_kinds(text, expected):
    assert kinds(text) == expected


def test_offsets_count_characters():
    tokens = scan("sélect\n  'x' +y")
    assert [(token.text, token.start, token.stop) for token in tokens] == [
        ("sélect", 0, 6),
        ("'x'", 9, 12),
        ("+", 13, 14),
        ("y", 14, 15),
        ("", 15, 15),
    ]
    assert tokens[-1].kind == END


@pytest.mark.parametrize(
    ("text", "condition", "start", "stop"),
    [
        ("select 'a", "UNCLOSED_QUOTE", 7, 9),
        ('select "a', "UNCLOSED_QUOTE", 7, 9),
        ("select `a b", "UNCLOSED_QUOTE", 7, 11),
        ("a /* b /* c */", "UNCLOSED_BRACKETED_COMMENT", 2, 4),
        ("a § b", "PARSE_SYNTAX_ERROR", 2, 3),
    ],
)
def test_what_is_no_token(text, condition, start, stop):
    with pytest.raises(ParseError) as caught:
        scan(text)
    assert caught.value.condition == condition
    assert (caught.value.position.start, caught.value.position.stop) == (start, stop)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("", []),
        (" ;; -- a\n /* b */ ;", []),
        ("select 1", [("select 1", 0)]),
        ("select 1; select 2;", [("select 1", 0), ("select 2", 10)]),
        ("select ';' ; select \";\", `;`", [("select ';'", 0), ('select ";", `;`', 13)]),
        ("select r'\\'; select '\\';'", [("select r'\\'", 0), ("select '\\';'", 13)]),
        ("select 1 -- ; no end\n; select 2", [("select 1 -- ; no end", 0), ("select 2", 23)]),
        ("/* ; /* ; */ ; */ select 1 /* x */;", [("select 1 /* x */", 18)]),
        ("select 1; select 'a; b", [("select 1", 0), ("select 'a; b", 10)]),
        ("select 1; select /* a; b", [("select 1", 0), ("select /* a; b", 10)]),
    ],
)
def test_split_statements(script, expected):
    statements = split_statements(script)
    assert statements == expected
    assert all(script[start:].startswith(text) for text, start in statements)
