"""Text -> tokens: one master regular expression, and the few repairs that need more than one token.

A token's kind is a terminal of grammar/tokens.lark, or WORD for a bare word: whether that is a keyword or a name only
its place can tell (`engine.parse.words`), since Spark reserves hardly any word.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from engine.errors import ParseError, Position


class Token(NamedTuple):
    """A piece of the text. `kind` names a terminal, `start` is an offset in characters."""

    kind: str
    text: str
    start: int

    @property
    def stop(self) -> int:
        """The offset after the last character."""
        return self.start + len(self.text)

    @property
    def position(self) -> Position:
        """The span of the text it covers."""
        return Position(self.start, self.start + len(self.text))


END = "$END"

_SYMBOLS = {
    "(": "LPAR",
    ")": "RPAR",
    ",": "COMMA",
    ".": "DOT",
    "[": "LSQB",
    "]": "RSQB",
    ":": "COLON",
    "::": "DCOLON",
    "*": "STAR",
    "/": "SLASH",
    "%": "PERCENT_SIGN",
    "+": "PLUS",
    "-": "HYPHEN",
    "||": "BARS",
    "|": "BAR",
    "^": "CARET",
    "&": "AMPERSAND",
    "~": "TILDE",
    "!": "BANG",
    "=": "EQ",
    "->": "ARROW",
    "=>": "FAT_ARROW",
    "?": "QMARK",
    **dict.fromkeys(("<<", ">>", ">>>"), "SHIFT_OP"),
    **dict.fromkeys(("<=>", "<>", "!=", "==", "<=", ">=", "!<", "!>", "<", ">"), "CMP_OP"),
    "/*+": "HINT_OPEN",
    "*/": "HINT_CLOSE",
    ";": "SEMICOLON",
    "|>": "PIPE",
}

_TOKEN = re.compile(
    r"""
    (?:\s+|--[^\n]*)*
    (?:(?P<NUMBER>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:[bB][dD]|[dDfFlLsSyY])?(?!\w))
    |(?P<STRING>[rR]'[^']*'|[rR]"[^"]*"|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
    |(?P<WORD>\w+)
    |(?P<IDENT>`(?:[^`]|``)*`)
    |(?P<COMMENT>/\*(?!\+))
    |(?P<SYMBOL>/\*\+|->|=>|\|>|\|\||::|<=>|<>|!=|==|<=|>=|!<|!>|<<|>>>|>>|[()\[\],.:*/%+\-|^&~!=?<>;])
    |(?P<END>\Z)
    |(?P<BAD>.))""",
    re.VERBOSE | re.DOTALL,
)
_HINT_END = re.compile(r"\s*\*/")
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_SETTING = re.compile(
    r"(?:\s+|--[^\n]*\n)*(set(?!\s+var(?:iable)?\s+[^\s=])|reset)\b\s*(.*?)[\s;]*\Z", re.IGNORECASE | re.DOTALL
)
_STATEMENT_PIECE = re.compile(
    r"""--[^\n]*|/\*|;|[rR]'[^']*'|[rR]"[^"]*"|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`|['"`]|\w+""", re.DOTALL
)


def scan(text: str) -> list[Token]:
    """The tokens of `text`, the last of kind END. Semicolons at the end are dropped.

    Raises ParseError for an unclosed quote or comment and for characters that start no token.
    """
    setting = _SETTING.match(text)
    if setting:
        return _setting_tokens(setting)
    tokens = _raw_tokens(text)
    end = tokens.pop()
    while tokens and tokens[-1].kind == "SEMICOLON":
        tokens.pop()
    tokens.append(Token(END, "", tokens[-1].stop if tokens else end.start))
    return tokens


def _setting_tokens(match: re.Match[str]) -> list[Token]:
    """SET and RESET take the rest of the statement as it is: values need no quotes."""
    tokens = [Token("WORD", match.group(1), match.start(1))]
    if match.group(2):
        tokens.append(Token("RAW_TEXT", match.group(2), match.start(2)))
    return [*tokens, Token(END, "", tokens[-1].stop)]


def _raw_tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    opened: list[int] = []  # indexes of the parentheses that are open
    closed = 0  # the partner of the last closing parenthesis
    in_hint = False
    match, position = _TOKEN.match, 0
    while True:
        if in_hint and (edge := _HINT_END.match(text, position)):
            tokens.append(Token("HINT_CLOSE", "*/", edge.end() - 2))
            position, in_hint = edge.end(), False
            continue
        found = match(text, position)
        assert found is not None  # BAD takes any character, END none
        kind, position = found.lastgroup or "", found.end()
        piece, start = found.group(kind), found.start(kind)
        if kind == "SYMBOL":
            kind = _SYMBOLS[piece]
            if kind == "LPAR":
                opened.append(len(tokens))
            elif kind == "RPAR" and opened:
                closed = opened.pop()
            elif kind == "ARROW" and tokens and tokens[-1].kind == "RPAR":
                tokens[closed] = Token("LAMBDA_OPEN", "(", tokens[closed].start)
            elif kind == "HINT_OPEN":
                in_hint = True
        elif kind == "COMMENT":
            position = _skip_comment(text, start)
            continue
        elif kind == "END":
            tokens.append(Token(END, "", start))
            return tokens
        elif kind == "BAD":
            raise _bad_character(piece, start, len(text))
        tokens.append(Token(kind, piece, start))


def _skip_comment(text: str, start: int) -> int:
    """The offset after the comment that starts at `start`; comments nest."""
    depth, position = 1, start + 2
    while depth:
        edge = _COMMENT_EDGE.search(text, position)
        if edge is None:
            raise ParseError("UNCLOSED_BRACKETED_COMMENT", {}, Position(start, start + 2))
        depth += 1 if edge.group() == "/*" else -1
        position = edge.end()
    return position


def _bad_character(piece: str, start: int, length: int) -> ParseError:
    if piece in "'\"`":
        return ParseError("UNCLOSED_QUOTE", {"quote": piece}, Position(start, length))
    return ParseError("PARSE_SYNTAX_ERROR", {"error": f"'{piece}'", "hint": ""}, Position(start, start + 1))


def split_statements(text: str) -> list[tuple[str, int]]:
    """The statements of a script, split at semicolons outside quotes and comments, each with its offset in `text`.

    Statements of blanks and comments only are left out. An unclosed quote or comment takes the rest of the text:
    parsing that statement says what is wrong.
    """
    statements: list[tuple[str, int]] = []
    start = position = 0
    first: int | None = None  # the offset of the statement's first token
    while True:
        piece = _STATEMENT_PIECE.search(text, position)
        between = _first_visible(text, position, piece.start() if piece else len(text))
        first = between if first is None else first
        if piece is None:
            break
        position = piece.end()
        if piece.group() == "/*":
            try:
                position = _skip_comment(text, piece.start())
            except ParseError:
                first = piece.start() if first is None else first
                break
        elif piece.group() in ("'", '"', "`"):  # never closed
            first = piece.start() if first is None else first
            break
        elif piece.group() == ";":
            if first is not None:
                statements.append((text[first : piece.start()].rstrip(), first))
            start, first = position, None
        elif not piece.group().startswith("--") and first is None:
            first = piece.start()
    if first is not None and first >= start:
        statements.append((text[first:].rstrip(), first))
    return statements


def _first_visible(text: str, start: int, stop: int) -> int | None:
    """The offset of the first character of a span that is no blank."""
    rest = text[start:stop]
    return start + len(rest) - len(rest.lstrip()) if rest.strip() else None
