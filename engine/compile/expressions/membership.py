"""IN with constants."""

from __future__ import annotations

from engine.compile.expressions.comparison import compared
from engine.compile.expressions.literals import null_of
from engine.compile.ir import Value
from engine.compile.row import Emitter, Row
from engine.compile.values import NotCompiled, Sql, Text
from engine.expressions import predicates as pred
from engine.expressions.base import Expression, Literal, is_null
from engine.types import BOOLEAN

_MOST, _MOST_TEXTS = 64, 16
"""Comparisons one after the other (of numbers in vectors of rows); more options are looked up in a set by the kernel."""


def _in(expression: pred.In, row: Row) -> Sql:
    options = [option for option in expression.options if not is_null(option)]
    if len(options) > _MOST or not all(isinstance(option, Literal) for option in options):
        raise NotCompiled(f"IN with {len(options)} options")
    if not options:
        return null_of(row, BOOLEAN)
    value = row.value(expression.value)
    if isinstance(value.raw, Text) and len(options) > _MOST_TEXTS:
        raise NotCompiled(f"IN with {len(options)} texts")
    inside = _texts(row, value, options) if isinstance(value.raw, Text) else _others(row, value, options)
    null = value.null
    if len(options) < len(expression.options):
        null = ~inside if null is None else null | ~inside
    return Sql(BOOLEAN, inside, null)


def _others(row: Row, value: Sql, options: list[Expression]) -> Value:
    inside = row.function.boolean(False)
    for option in options:
        inside = inside | compared(row, "=", value, row.value(option))
    return inside


def _texts(row: Row, value: Sql, options: list[Expression]) -> Value:
    function = row.function
    found, done = function.variable("i1", True), function.label("inside")
    with function.inner():
        for option in options:
            function.leave_if(compared(row, "=", value, row.value(option)), done)
        found.set(False)
    function.place(done)
    return found.get()


EMITTERS: dict[type, Emitter] = {pred.In: _in}
