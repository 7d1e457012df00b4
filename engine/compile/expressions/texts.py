"""Texts: comparison, parts, length. Bytes stay where they are: a substring is an address and a length.

Functions that make new texts (upper, concat, replace) have no emitters: kernels compute them before the code runs.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.compile.ir import Value
from engine.compile.row import Emitter, Row
from engine.compile.text_scans import counting, equal_bytes, finding, order_bytes, skipping
from engine.compile.values import NotCompiled, Sql, Text, either_null
from engine.expressions.base import Expression, Literal
from engine.expressions.calls import Call
from engine.types import BOOLEAN, INT, StringType


def compared_texts(row: Row, symbol: str, left: Text, right: Text) -> Value:
    """`left symbol right` of two texts that are not null, byte by byte."""
    function = row.function
    if symbol == "=":
        return guarded(row, left.length == right.length, lambda: _same_bytes(row, left, right, left.length))
    sign = order_bytes(function, left.address, right.address, function.minimum(left.length, right.length))
    order = function.select(sign == 0, left.length - right.length, sign.signed("i64"))
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[symbol]


def _same_bytes(row: Row, left: Text, right: Text, length: Value) -> Value:
    return equal_bytes(row.function, left.address, right.address, length)


def guarded(row: Row, condition: Value, test: Callable[[], Value]) -> Value:
    """Whether `condition` holds, and `test` (looked at only then) does."""
    found = row.function.variable("i1", False)
    with row.function.when(condition):
        found.set(test())
    return found.get()


def has_prefix(row: Row, text: Text, prefix: Text) -> Value:
    """Whether `text` begins with `prefix`."""
    return guarded(row, text.length >= prefix.length, lambda: _same_bytes(row, text, prefix, prefix.length))


def has_suffix(row: Row, text: Text, suffix: Text) -> Value:
    """Whether `text` ends with `suffix`."""

    def at_end() -> Value:
        start = text.address.at(text.length - suffix.length)
        return equal_bytes(row.function, start, suffix.address, suffix.length)

    return guarded(row, text.length >= suffix.length, at_end)


def contains(row: Row, text: Text, part: Text) -> Value:
    """Whether `part` is somewhere in `text`."""
    return row.function.helped(finding(), text.address, text.length, part.address, part.length) >= 0


_TESTS = {"startswith": has_prefix, "endswith": has_suffix, "contains": contains}


def _test(expression: Call, row: Row) -> Sql:
    text, part = row.values(expression.arguments)
    if not isinstance(text.type, StringType) or not isinstance(part.type, StringType):
        raise NotCompiled(f"{expression.function} of bytes")
    null = either_null(text, part)
    test = _TESTS[expression.function]
    if null is None:
        return Sql(BOOLEAN, test(row, text.text, part.text))
    return Sql(BOOLEAN, guarded(row, ~null, lambda: test(row, text.text, part.text)), null)


def _length(expression: Call, row: Row) -> Sql:
    text = row.value(expression.arguments[0])
    if not isinstance(text.type, StringType):
        return _bytes(expression, row)
    count = row.function.helped(counting(), text.text.address, text.text.length)
    return Sql(INT, count, text.null, 31)


def _bytes(expression: Call, row: Row) -> Sql:
    text = row.value(expression.arguments[0])
    return Sql(INT, text.text.length, text.null, 31)


def _substring(expression: Call, row: Row) -> Sql:
    text, *numbers = row.values(expression.arguments)
    if not isinstance(text.type, StringType):
        raise NotCompiled("parts of bytes")
    start = numbers[0].value.signed("i64")
    length = numbers[1].value.signed("i64") if len(numbers) > 1 else row.number("i64", 2**31 - 1)
    begin = _begin(row, expression.arguments[1], start, text.text)
    return Sql(text.type, _part(row, text.text, begin, length), either_null(text, *numbers))


def _begin(row: Row, written: Expression, start: Value, text: Text) -> Value:
    """The character that position `start` (1 is the first, -1 the last) means, from 0; before the text it is negative."""
    if isinstance(written, Literal) and (written.value or 0) > 0:
        return start - 1
    function = row.function
    begin = function.variable("i64", function.select(start > 0, start - 1, function.integer("i64", 0)))
    with function.when(start < 0):
        begin.set(function.helped(counting(), text.address, text.length) + start)
    return begin.get()


def _part(row: Row, text: Text, begin: Value, length: Value) -> Text:
    """The characters from `begin` on, so many; what would be before the text counts but is not there."""

    def locate() -> tuple[Value, Value]:
        function = row.function
        first = function.select(begin > 0, begin, function.integer("i64", 0))
        end = begin + length
        count = function.select(end > first, end - first, function.integer("i64", 0))
        skipped = function.helped(skipping(), text.address, text.length, first)
        address = text.address.at(skipped)
        return address, function.helped(skipping(), address, text.length - skipped, count)

    return Text(locate)


CALLS: dict[str, Emitter] = {
    "startswith": _test,
    "endswith": _test,
    "contains": _test,
    "length": _length,
    "octet_length": _bytes,
    "substring": _substring,
}
