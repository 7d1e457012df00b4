"""Texts without what is at their ends: the bytes stay where they are."""

from __future__ import annotations

from engine.compile.expressions.literals import own_text
from engine.compile.ir import Value
from engine.compile.row import Emitter, Row
from engine.compile.text_scans import end_of_rest, start_of_rest
from engine.compile.values import NotCompiled, Sql, Text
from engine.expressions.base import Expression, Literal
from engine.expressions.calls import Call
from engine.types import STRING, StringType

_ENDS = {
    "trim": (True, True),
    "btrim": (True, True),
    "trim_both": (True, True),
    "ltrim": (True, False),
    "rtrim": (False, True),
}


def _trim(expression: Call, row: Row) -> Sql:
    """Without blanks, or constant characters of ASCII, at one end or both."""
    written, characters = _given(expression)
    if not isinstance(characters, Literal) or characters.value is None or not str(characters.value).isascii():
        raise NotCompiled("trimming of such characters")
    text = row.value(written)
    if not isinstance(text.type, StringType) or not isinstance(characters.type, StringType):
        raise NotCompiled("trimming of bytes")
    strip = own_text(row, characters.value)
    return Sql(STRING, _rest(row, text.text, strip, *_ENDS[expression.function]), text.null)


def _given(expression: Call) -> tuple[Expression, Expression]:
    """The text, and the characters."""
    first, *others = expression.arguments
    if not others:
        return first, Literal(" ", STRING)
    return (first, others[0]) if expression.function == "btrim" else (others[0], first)


def _rest(row: Row, text: Text, strip: Text, at_start: bool, at_end: bool) -> Text:
    def locate() -> tuple[Value, Value]:
        function = row.function
        start, end = function.integer("i64", 0), text.length
        if at_start:
            start = function.helped(start_of_rest(), text.address, text.length, strip.address, strip.length)
        if at_end:
            end = function.helped(end_of_rest(), text.address, start, end, strip.address, strip.length)
        return text.address.at(start), end - start

    return Text(locate)


CALLS: dict[str, Emitter] = dict.fromkeys(_ENDS, _trim)
