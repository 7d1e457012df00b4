"""What is put in the place of tokens before they are parsed.

As in Spark, values of parameters stand for the literals they are, so that they fit wherever a literal does, and
IDENTIFIER('a.b') stands for the name that its text is where a name is expected and no expression. IDENTIFIER of anything else
than a string is left to the grammar, as are values that no single token writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from engine.errors import AnalysisError, ParseError, Position, quoted
from engine.expressions.base import Expression, Literal
from engine.logical.names import name_parts
from engine.parse.lexer import Token, scan
from engine.parse.literals import string_value
from engine.records import dataclass
from engine.types import IntegralType, StringType

_SUFFIXES = {"bigint": "L", "smallint": "S", "tinyint": "Y"}

Parameters = Mapping[str, Expression] | Sequence[Expression]


@dataclass(frozen=True)
class Reading:
    """How text is read: whether double quotes enclose names, whether reserved words are no names, and whether
    IDENTIFIER('name') may stand for any name, not only for those of objects, columns and functions."""

    double_quoted: bool = False
    reserved: bool = False
    identifiers: bool = True


PLAIN = Reading()


class Placed(Token):
    """A token in the place of what the statement says from `start` to `stop`."""

    end: int

    @classmethod
    def over(cls, kind: str, text: str, place: Position) -> Self:
        """The token `text` over a span of the statement."""
        token = cls(kind, text, place.start)
        token.end = place.stop
        return token

    @property
    def stop(self) -> int:
        return self.end

    @property
    def position(self) -> Position:
        return Position(self.start, self.end)


def substituted(tokens: list[Token], text: str, params: Parameters | None, reading: Reading) -> list[Token]:
    """The tokens to parse for those of a statement."""
    if reading.double_quoted:
        tokens = [Token("IDENT", t.text, t.start) if t.kind == "STRING" and t.text[0] == '"' else t for t in tokens]
    if params is not None and ("?" in text or ":" in text):
        tokens = _with_values(tokens, params)
    return tokens


def markers(text: str) -> tuple[bool, bool]:
    """Whether a statement has parameters by position, and by name."""
    tokens = scan(text)
    named = any(
        token.kind == "COLON"
        and following.start == token.stop
        and following.kind in ("WORD", "IDENT")
        and not _touches(before, token)
        for before, token, following in zip(tokens, tokens[1:], tokens[2:], strict=False)
    )
    return any(token.kind == "QMARK" for token in tokens), named


def _touches(before: Token, colon: Token) -> bool:
    """Whether a colon follows a name at once, as in STRUCT<a:INT>: then it begins no parameter."""
    return before.kind in ("WORD", "IDENT") and before.stop == colon.start


def text_with_values(text: str, tokens: list[Token], span: Position) -> str:
    """A part of a statement with the literals that stand for its parameters; those without one stay as written."""
    found, place = "", span.start
    for token in tokens:
        if isinstance(token, Placed) and token.kind in ("STRING", "NUMBER") and span.start <= token.start < span.stop:
            found, place = found + text[place : token.start] + token.text, token.stop
    return found + text[place : span.stop]


def _with_values(tokens: list[Token], params: Parameters) -> list[Token]:
    found: list[Token] = []
    count = index = 0
    while index < len(tokens):
        token = tokens[index]
        following = tokens[index + 1] if index + 1 < len(tokens) else token
        index += 1
        if token.kind == "QMARK":
            if not isinstance(params, Mapping):
                if count >= len(params):
                    raise AnalysisError("UNBOUND_SQL_PARAMETER", {"name": f"_{count}"}, token.position)
                found += _value(params[count], f"?{count}", token.position)
                count += 1
                continue
        elif token.kind == "COLON" and isinstance(params, Mapping) and following.start == token.stop:
            name = following.text.strip("`")
            touches = bool(found) and _touches(found[-1], token)
            if following.kind in ("WORD", "IDENT") and name in params and not touches:
                found += _value(params[name], name, Position(token.start, following.stop))
                index += 1
                continue
        found.append(token)
    return found


def _value(value: Expression, name: str, place: Position) -> list[Token]:
    """A string or a number as the literal it is; any other value by the name of its parameter."""
    match value:
        case Literal(str(content), StringType()):
            escaped = content.replace("\\", "\\\\").replace("'", "\\'")
            return [Placed.over("STRING", f"'{escaped}'", place)]
        case Literal(int(number), IntegralType() as kind) if number >= 0:
            return [Placed.over("NUMBER", f"{number}{_SUFFIXES.get(kind.simpleString(), '')}", place)]
    return [Placed.over("COLON", ":", place), Placed.over("IDENT", f"`{name}`", place)]


def named_text(tokens: list[Token], index: int) -> int:
    """The index of the parenthesis that closes IDENTIFIER('...') at `index`; 0 where there is no such thing."""
    if tokens[index + 1].kind != "LPAR" or tokens[index - 1].kind in ("HINT_OPEN", "COLON"):
        return 0
    end = index + 2
    while tokens[end].kind == "STRING":
        end += 1
    return end if tokens[end].kind == "RPAR" and end > index + 2 else 0


def name_tokens(tokens: list[Token], index: int, end: int, several: bool) -> list[Token] | None:
    """The name in the place of IDENTIFIER('...') from `index` to `end`; None for a text that is no name.

    Raises ParseError for a name of more than one part unless there may be `several`.
    """
    parts = name_parts("".join(map(string_value, tokens[index + 2 : end])))
    if parts is None:
        return None
    place = Position(tokens[index].start, tokens[end].stop)
    if len(parts) > 1 and not several:
        raise ParseError("IDENTIFIER_TOO_MANY_NAME_PARTS", {"identifier": quoted(parts), "limit": 1}, place)
    found: list[Token] = []
    for part in parts:
        found += [Placed.over("DOT", ".", place), Placed.over("IDENT", quoted(part), place)]
    return found[1:]
