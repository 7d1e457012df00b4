"""LIKE with constant patterns: where each piece between % is found after the one before, the pattern fits. Pieces are
texts, and with _ texts and characters in turn."""

from __future__ import annotations

from itertools import groupby
from typing import TypeAlias

from engine.compile.expressions.literals import own_text
from engine.compile.expressions.texts import contains, guarded, has_prefix, has_suffix
from engine.compile.ir import Label, Value
from engine.compile.row import Emitter, Row
from engine.compile.text_scans import equal_bytes, finding, skipping, stepping_back
from engine.compile.values import NotCompiled, Sql, Text
from engine.errors import ExecutionError
from engine.expressions import predicates as pred
from engine.expressions.base import Literal
from engine.kernels.like import ANY, ONE, parse_like
from engine.types import BOOLEAN, StringType

Piece: TypeAlias = tuple[object, ...]
"""Texts and ONEs."""


def _like(expression: pred.Like, row: Row) -> Sql:
    pattern = expression.pattern
    if not isinstance(pattern, Literal) or pattern.value is None or expression.ignore_case:
        raise NotCompiled("LIKE with such a pattern")
    try:
        parts = parse_like(pattern.value, expression.escape)
    except ExecutionError:
        raise NotCompiled("LIKE with a malformed pattern") from None
    value = row.value(expression.value)
    if not isinstance(value.type, StringType):
        raise NotCompiled("LIKE of bytes")
    if value.null is None:
        return Sql(BOOLEAN, _fits(row, value.text, parts))
    return Sql(BOOLEAN, guarded(row, ~value.null, lambda: _fits(row, value.text, parts)), value.null)


def _fits(row: Row, text: Text, parts: list[object]) -> Value:
    if ONE in parts:
        return _fits_pieces(row, text, parts)
    texts = [_constant(row, part) for part in parts if isinstance(part, str)]
    if not texts:
        return row.function.boolean(True) if parts else text.length == 0
    starts, ends = parts[0] is not ANY, parts[-1] is not ANY
    if len(texts) > 1:
        return _fits_all(row, text, texts, starts, ends)
    if starts and ends:
        same = lambda: equal_bytes(row.function, text.address, texts[0].address, text.length)  # noqa: E731
        return guarded(row, text.length == texts[0].length, same)
    test = has_prefix if starts else has_suffix if ends else contains
    return test(row, text, texts[0])


def _constant(row: Row, part: str) -> Text:
    return own_text(row, part)


def _fits_all(row: Row, text: Text, texts: list[Text], starts: bool, ends: bool) -> Value:
    """Each of `texts` where it is first found after the one before; the first at the start, the last at the end if it must."""
    function = row.function
    fits, missing = function.variable("i1", False), function.label("missing")
    position, end = function.integer("i64", 0), text.length
    with function.inner():
        if starts:
            function.leave_if(~has_prefix(row, text, texts[0]), missing)
            position = texts[0].length
        if ends:
            end = text.length - texts[-1].length
            function.leave_if(end < position, missing)
            function.leave_if(~has_suffix(row, text, texts[-1]), missing)
        for part in texts[starts : len(texts) - ends]:
            found = function.helped(finding(), text.address.at(position), end - position, part.address, part.length)
            function.leave_if(found < 0, missing)
            position = position + found + part.length
        fits.set(True)
    function.place(missing)
    return fits.get()


def _fits_pieces(row: Row, text: Text, parts: list[object]) -> Value:
    """Of patterns with _."""
    pieces = [tuple(piece) for is_any, piece in groupby(parts, lambda part: part is ANY) if not is_any]
    starts, ends = parts[0] is not ANY, parts[-1] is not ANY
    function = row.function
    fits, missing = function.variable("i1", False), function.label("missing")
    position, end = function.integer("i64", 0), text.length
    with function.inner():
        if starts:
            position = _matched(row, text, pieces[0], position, end, missing)
        if ends and (len(pieces) > 1 or not starts):
            size = sum(len(part) if isinstance(part, str) else 1 for part in pieces[-1])
            back = function.helped(stepping_back(), text.address, end, row.number("i64", size))
            function.leave_if(back < position, missing)
            _matched(row, text, pieces[-1], back, end, missing)
            end = back
        elif ends:
            function.leave_if(position != end, missing)
        for piece in pieces[starts : len(pieces) - (ends and len(pieces) > starts)]:
            position = _found(row, text, piece, position, end, missing)
        fits.set(True)
    function.place(missing)
    return fits.get()


def _matched(row: Row, text: Text, piece: Piece, position: Value, end: Value, missing: Label) -> Value:
    """The place after a piece that is at a position; goes on at `missing` if it is not."""
    function = row.function
    for part in piece:
        if isinstance(part, str):
            wanted = _constant(row, part)
            function.leave_if(end - position < wanted.length, missing)
            same = equal_bytes(function, text.address.at(position), wanted.address, wanted.length)
            function.leave_if(~same, missing)
            position = position + wanted.length
        else:
            function.leave_if(position >= end, missing)
            position = position + _width(row, text, position, end)
    return position


def _width(row: Row, text: Text, position: Value, end: Value) -> Value:
    """The bytes of the character at a position."""
    return row.function.helped(skipping(), text.address.at(position), end - position, row.number("i64", 1))


def _found(row: Row, text: Text, piece: Piece, position: Value, end: Value, missing: Label) -> Value:
    """The place after a piece that is found first from a position on; goes on at `missing` if it is nowhere."""
    function = row.function
    start, after = function.variable("i64", position), function.variable("i64")
    with function.forever() as done:
        if isinstance(piece[0], str):
            first, now = _constant(row, piece[0]), start.get()
            found = function.helped(finding(), text.address.at(now), end - now, first.address, first.length)
            function.leave_if(found < 0, missing)
            start.set(now + found)
        elsewhere, now = function.label("elsewhere"), start.get()
        with function.inner():
            after.set(_matched(row, text, piece, now, end, elsewhere))
            function.jump(done)
        function.place(elsewhere)
        function.leave_if(now >= end, missing)
        start.set(now + _width(row, text, now, end))
    return after.get()


EMITTERS: dict[type, Emitter] = {pred.Like: _like}
