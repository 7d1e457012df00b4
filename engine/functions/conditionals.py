"""Choices and tests for null: short for expressions of their own."""

from __future__ import annotations

from engine.expressions.base import Expression, Literal
from engine.expressions.conditional import Coalesce, If
from engine.expressions.predicates import EqualNullSafe, EqualTo, IsNaN, IsNotNull, IsNull
from engine.functions.registry import function
from engine.functions.resolve import cast_to
from engine.functions.signature import ANY, FRACTIONAL, T, Variadic
from engine.types import BOOLEAN, DOUBLE, FLOAT, INT


@function("if", (BOOLEAN, T, T), kind="rewrite")
def if_(condition: Expression, yes: Expression, no: Expression) -> Expression:
    """Returns `yes` where `condition` is true, else `no`.

    > SELECT if(1 < 2, 'a', 'b');
    a
    """
    return If(condition, yes, no)


@function("coalesce", (Variadic(T, 1),), kind="rewrite")
def coalesce(*arguments: Expression) -> Expression:
    """Returns the first argument that is not null.

    > SELECT coalesce(NULL, 1, NULL);
    1
    """
    return Coalesce(arguments)


@function("nvl", (T, T), kind="rewrite", aliases=("ifnull",))
def nvl(value: Expression, default: Expression) -> Expression:
    """Returns `value`, or `default` where it is null.

    > SELECT nvl(NULL, 2);
    2
    """
    return Coalesce((value, default))


@function("nvl2", (ANY, T, T), kind="rewrite")
def nvl2(test: Expression, if_not_null: Expression, if_null: Expression) -> Expression:
    """Returns the second argument where the first is not null, else the third.

    > SELECT nvl2(NULL, 2, 1);
    1
    """
    return If(IsNotNull(test), if_not_null, if_null)


@function("nullif", (ANY, ANY), kind="rewrite")
def nullif(value: Expression, other: Expression) -> Expression:
    """Returns null where `value` equals `other`, else `value`.

    > SELECT nullif(2, 2);
    NULL
    """
    return If(EqualTo(value, other), Literal(None, value.dataType), value)


@function("nullifzero", (ANY,), kind="rewrite")
def nullifzero(value: Expression) -> Expression:
    """Returns null where `value` is zero, else `value`.

    > SELECT nullifzero(0);
    NULL
    """
    return If(EqualTo(value, Literal(0, INT)), Literal(None, value.dataType), value)


@function("zeroifnull", (ANY,), kind="rewrite")
def zeroifnull(value: Expression) -> Expression:
    """Returns zero where `value` is null, else `value`.

    > SELECT zeroifnull(2);
    2
    """
    return Coalesce((value, Literal(0, INT)))


@function("nanvl", (FRACTIONAL, FRACTIONAL), kind="rewrite")
def nanvl(value: Expression, default: Expression) -> Expression:
    """Returns `value`, or `default` where it is not a number.

    > SELECT nanvl(cast('NaN' AS DOUBLE), 123);
    123.0
    """
    wide = FLOAT if value.dataType == FLOAT == default.dataType else DOUBLE
    value, default = cast_to(value, wide), cast_to(default, wide)
    return If(IsNaN(value), default, value)


@function("isnull", (ANY,), kind="rewrite")
def isnull(value: Expression) -> Expression:
    """Returns whether `value` is null.

    > SELECT isnull(1);
    false
    """
    return IsNull(value)


@function("isnotnull", (ANY,), kind="rewrite")
def isnotnull(value: Expression) -> Expression:
    """Returns whether `value` is not null.

    > SELECT isnotnull(1);
    true
    """
    return IsNotNull(value)


@function("isnan", (FRACTIONAL,), kind="rewrite")
def isnan(value: Expression) -> Expression:
    """Returns whether `value` is not a number (NaN); false for null.

    > SELECT isnan(cast('NaN' AS DOUBLE));
    true
    """
    return IsNaN(value)


@function("equal_null", (ANY, ANY), kind="rewrite")
def equal_null(left: Expression, right: Expression) -> Expression:
    """Returns whether both are equal or both are null.

    > SELECT equal_null(NULL, NULL);
    true
    """
    return EqualNullSafe(left, right)
