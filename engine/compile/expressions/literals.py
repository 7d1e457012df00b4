"""Constants: words of the frame, so that queries which differ in nothing else share their code."""

from __future__ import annotations

from engine.compile.row import Emitter, Row
from engine.compile.values import NotCompiled, Sql, Text, bits_of, is_whole, storage_of
from engine.expressions.base import Expression, Literal
from engine.kernels.literals import unscaled
from engine.types import BooleanType, DataType


def literal(expression: Literal, row: Row) -> Sql:
    """A constant; what is known of a whole one is how many bits its width class has, so the code does not depend on it."""
    function, kind = row.function, expression.dataType
    storage = storage_of(kind)
    key = ("literal", expression)
    if expression.value is None:
        return null_of(row, kind)
    if storage == "text":
        return Sql(kind, Text(lambda: (row.fixed((*key, "address"), "ptr"), row.fixed((*key, "length")))))
    if isinstance(kind, BooleanType):
        return Sql(kind, function.boolean(expression.value))
    if not is_whole(kind):
        return Sql(kind, row.fixed(("literal", expression), storage))
    width = width_of(expression)
    if width == 128 and bits_of(kind) <= 63:
        raise NotCompiled(f"the constant {expression.value}")
    return Sql(kind, row.fixed(key, "i64" if width <= 64 else "i128"), None, width - 1)


def own_text(row: Row, text: str) -> Text:
    """A text that is part of the code itself, in words of its own: a constant of the query that is equal may be another one in
    the next query that uses this code."""
    key = ("own", text)
    return Text(lambda: (row.fixed((*key, "address"), "ptr"), row.fixed((*key, "length"))))


def width_of(constant: Literal) -> int:
    """The least width of 8, 16, 32, 64 or 128 bits that holds a constant that is a whole number."""
    number = unscaled(constant)
    return next((size for size in (8, 16, 32, 64) if -(1 << size - 1) <= number < 1 << size - 1), 128)


def null_of(row: Row, kind: DataType) -> Sql:
    """The null of a type."""
    function, storage = row.function, storage_of(kind)
    always = function.boolean(True)
    if storage == "text":
        nowhere = (function.null(), function.integer("i64", 0))
        return Sql(kind, Text(lambda: nowhere), always)
    if is_whole(kind):
        return Sql(kind, function.integer("i8", 0), always)
    return Sql(kind, function.value(storage, 0.0 if storage in ("float", "double") else 0), always)


EMITTERS: dict[type[Expression], Emitter] = {Literal: literal}
