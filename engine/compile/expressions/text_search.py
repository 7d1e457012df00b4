"""Where a text is in another one, and what is before or after it."""

from __future__ import annotations

from engine.compile.ir import Value
from engine.compile.row import Emitter, Row
from engine.compile.text_scans import counting, finding, finding_again, occurrences, skipping
from engine.compile.values import NotCompiled, Sql, Text, either_null
from engine.expressions.base import Expression, Literal
from engine.expressions.calls import Call
from engine.types import INT, STRING


def _instr(expression: Call, row: Row) -> Sql:
    """instr(text, part)."""
    if len(expression.arguments) > 2:
        raise NotCompiled("instr from a place on")
    return _place(row, expression.arguments[0], expression.arguments[1], row.number("i64", 0))


def _locate(expression: Call, row: Row) -> Sql:
    """locate(part, text), and from a constant place on."""
    part, text, *start = expression.arguments
    first = 1
    if start:
        if not _is_filled(part) or not isinstance(start[0], Literal) or not start[0].value or start[0].value < 1:
            raise NotCompiled("locate from such a place on")
        first = start[0].value
    return _place(row, text, part, row.number("i64", first - 1))


def _place(row: Row, text: Expression, part: Expression, first: Value) -> Sql:
    """The character from 1 at which `part` begins, at or after character `first` from 0; 0 if it is not there."""
    whole, piece = row.values((text, part))
    function, found = row.function, row.function.variable("i64", 0)
    address, length = whole.text.address, whole.text.length
    skipped = function.helped(skipping(), address, length, first)
    place = function.helped(finding(), address.at(skipped), length - skipped, piece.text.address, piece.text.length)
    with function.when(place >= 0):
        found.set(function.helped(counting(), address, skipped + place) + 1)
    return Sql(INT, found.get(), either_null(whole, piece), 31)


def _substring_index(expression: Call, row: Row) -> Sql:
    """substring_index(text, separator, count) with a constant separator and count."""
    text, separator, times = expression.arguments
    if not _is_filled(separator) or not isinstance(times, Literal) or not times.value:
        raise NotCompiled("substring_index with such a separator or count")
    whole, between = row.values((text, separator))
    return Sql(STRING, _before(row, whole.text, between.text, times.value), whole.null)


def _before(row: Row, text: Text, part: Text, times: int) -> Text:
    """What is before separator `times`, or after the one that is so many from the end."""

    def locate() -> tuple[Value, Value]:
        function = row.function
        given = text.address, text.length, part.address, part.length
        if times > 0:
            place = function.helped(finding_again(), *given, row.number("i64", times))
            return text.address, function.select(place < 0, text.length, place)
        number = function.helped(occurrences(), *given) + times + 1
        start = function.variable("i64", 0)
        with function.when(number > 0):
            start.set(function.helped(finding_again(), *given, number) + part.length)
        return text.address.at(start.get()), text.length - start.get()

    return Text(locate)


def _is_filled(part: Expression) -> bool:
    return isinstance(part, Literal) and bool(part.value)


CALLS: dict[str, Emitter] = {"instr": _instr, "locate": _locate, "substring_index": _substring_index}
