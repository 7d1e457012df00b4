"""Rounding: ceil, floor, round (ties away from zero) and bround (ties to even), of numbers of any type to any digit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import AnalysisError, ExecutionError, quoted
from engine.expressions.base import Expression, Literal, Mode
from engine.expressions.calls import Call
from engine.expressions.cast import Cast
from engine.expressions.operators import UnaryMinus
from engine.functions.mismatch import not_constant
from engine.functions.registry import function
from engine.functions.signature import NUMERIC
from engine.kernels import decimals
from engine.kernels.arithmetic import overflow
from engine.kernels.context import CallContext
from engine.kernels.rows import from_numpy, numpy_values, valid
from engine.types import INT, LONG, DataType, DecimalType, FloatType, IntegralType
from engine.types.arrow import to_arrow
from engine.types.decimals import bounded, decimal_for

Round = Callable[[int, int], int]
"""Rounds an integer, dropping its last digits: (value, how many) -> value."""


def half_even(value: int, drop: int) -> int:
    """`value` without its last `drop` digits, ties to the even number."""
    if drop <= 0:
        return value * 10**-drop  # type: ignore[no-any-return]
    quotient, rest = divmod(abs(value), 10**drop)
    quotient += 2 * rest > 10**drop or (2 * rest == 10**drop and quotient % 2 == 1)
    return int(-quotient if value < 0 else quotient)


def downwards(value: int, drop: int) -> int:
    """`value` without its last `drop` digits, towards negative infinity."""
    return value // 10**drop if drop > 0 else value * 10**-drop  # type: ignore[no-any-return]


def upwards(value: int, drop: int) -> int:
    """`value` without its last `drop` digits, towards positive infinity."""
    return -downwards(-value, drop)


_ROUNDS: dict[str, Round] = {
    "round": decimals.round_half_up,
    "bround": half_even,
    "ceil": upwards,
    "floor": downwards,
}


def _places(name: str, scale: Expression) -> int:
    """The number of digits, which must be a constant. Raises NON_FOLDABLE_ARGUMENT."""
    sign = 1
    while isinstance(scale, Cast | UnaryMinus):
        sign, scale = (-sign if isinstance(scale, UnaryMinus) else sign), scale.child
    known = isinstance(scale, Literal) and (isinstance(scale.value, int) or scale.value is None)
    if isinstance(scale, Literal) and known and (scale.value is not None or name not in ("ceil", "floor")):
        return sign * (scale.value or 0)
    if name in ("ceil", "floor"):
        parameters = {"funcName": quoted(name), "paramName": "`scale`", "paramType": '"INT"'}
        raise AnalysisError("NON_FOLDABLE_ARGUMENT", parameters)
    raise not_constant("scale", "INT", scale)


def _rounded_type(data_type: DataType, places: int) -> DataType:
    if not isinstance(data_type, DecimalType):
        return data_type
    whole = data_type.precision - data_type.scale + 1
    if places < 0:
        return bounded(max(whole, -places + 1), 0)
    scale = min(data_type.scale, places)
    return DecimalType(min(whole + scale, 38), scale)


def _call(name: str, value: Expression, scale: Expression | None, mode: Mode) -> Call:
    places = 0 if scale is None else _places(name, scale)
    result = _rounded_type(value.dataType, places)
    raises = mode is Mode.ANSI and isinstance(value.dataType, IntegralType | DecimalType)
    return Call(name, (value, Literal(places, INT)), result, True, raises)


@function("round", (NUMERIC, INT), kind="rewrite", optional=1, wants_context=True)
def round_(value: Expression, scale: Expression | None = None, *, mode: Mode) -> Expression:
    """Rounds to `scale` digits after the point, ties away from zero.

    > SELECT round(2.5, 0);
    3
    > SELECT round(25, -1);
    30
    """
    return _call("round", value, scale, mode)


@function("bround", (NUMERIC, INT), kind="rewrite", optional=1, wants_context=True)
def bround(value: Expression, scale: Expression | None = None, *, mode: Mode) -> Expression:
    """Rounds to `scale` digits after the point, ties to the even digit.

    > SELECT bround(2.5, 0);
    2
    > SELECT bround(25, -1);
    20
    """
    return _call("bround", value, scale, mode)


def _towards(name: str, value: Expression, scale: Expression | None, mode: Mode) -> Expression:
    if scale is None:
        kind = value.dataType
        if isinstance(kind, DecimalType):
            return Call(name, (value, Literal(0, INT)), bounded(kind.precision - kind.scale + 1, 0))
        raises = mode is Mode.ANSI and not isinstance(kind, IntegralType)
        return Call(name, (value, Literal(0, INT)), LONG, True, raises)
    exact = decimal_for(value.dataType) or DecimalType(30, 15)
    decimal = value if isinstance(value.dataType, DecimalType) else Cast(value, exact, mode, implicit=True)
    return _call(name, decimal, scale, mode)


@function("ceil", (NUMERIC, INT), kind="rewrite", optional=1, expected="2", aliases=("ceiling",), wants_context=True)
def ceil(value: Expression, scale: Expression | None = None, *, mode: Mode) -> Expression:
    """Rounds up, to a whole number or to `scale` digits after the point.

    > SELECT ceil(-0.1);
    0
    > SELECT ceil(3.1411, 3);
    3.142
    """
    return _towards("ceil", value, scale, mode)


@function("floor", (NUMERIC, INT), kind="rewrite", optional=1, expected="2", wants_context=True)
def floor(value: Expression, scale: Expression | None = None, *, mode: Mode) -> Expression:
    """Rounds down, to a whole number or to `scale` digits after the point.

    > SELECT floor(-0.1);
    -1
    > SELECT floor(3.1411, 3);
    3.141
    """
    return _towards("floor", value, scale, mode)


def _kernel(name: str) -> None:
    """Declares the kernel of a rounding function: (number, constant places)."""
    rounding = _ROUNDS[name]

    def kernel(value: pa.Array, places: pa.Array, *, context: CallContext) -> pa.Array:
        if len(value) == 0:
            return value.cast(to_arrow(context.result), safe=False)
        digits = places[0].as_py()
        if pa.types.is_decimal(value.type):
            return _decimals(value, digits, rounding, context)
        if pa.types.is_integer(value.type):
            return value if digits >= 0 else _integers(value, digits, rounding, context)
        if context.result == LONG:
            return _to_long(value, np.ceil if name == "ceil" else np.floor, context.ansi)
        return _floats(value, digits, rounding, context)

    kernel.__doc__ = f"Kernel of `{name}`."
    function(name, (NUMERIC, INT), returns=lambda *types: types[0], wants_context=True, hidden=True)(kernel)


def _decimals(value: pa.Array, digits: int, rounding: Round, context: CallContext) -> pa.Array:
    wanted = to_arrow(context.result)
    drop = value.type.scale - digits
    rounded: list[int | None] = []
    for number in decimals.unscaled(value):
        kept = number if number is None or drop <= 0 else rounding(number, drop)
        if kept is not None and digits < 0:
            kept *= 10**-digits
        rounded.append(kept)
    scale = min(value.type.scale, max(digits, 0))
    return decimals.fitted(rounded, scale, wanted, Mode.ANSI if context.ansi else Mode.TRY)


def _integers(value: pa.Array, digits: int, rounding: Round, context: CallContext) -> pa.Array:
    bits = value.type.bit_width
    limit, unit = 1 << (bits - 1), 10**-digits
    result = []
    for number in value.to_pylist():
        rounded = None if number is None else rounding(number, -digits) * unit
        if rounded is not None and not -limit <= rounded < limit:
            if context.ansi:
                raise ExecutionError("ARITHMETIC_OVERFLOW", {"message": "Overflow"})
            rounded = ((rounded + limit) & (2 * limit - 1)) - limit
        result.append(rounded)
    return pa.array(result, value.type)


def _floats(value: pa.Array, digits: int, rounding: Round, context: CallContext) -> pa.Array:
    """By way of the shortest decimal digits of each number, as Spark does."""
    single = isinstance(context.result, FloatType)
    mode = ROUND_HALF_EVEN if rounding is half_even else ROUND_HALF_UP
    unit = Decimal(1).scaleb(-digits)
    result: list[Any] = []
    with localcontext(prec=700):
        for number in value.to_pylist():
            if number is None or number != number or abs(number) == float("inf"):
                result.append(number)
            else:
                text = str(np.float32(number)) if single else repr(number)
                result.append(float(Decimal(text).quantize(unit, mode)) + 0.0)  # Java's decimals have no -0
    return pa.array(result, pa.float64()).cast(value.type, safe=False)


def _to_long(value: pa.Array, operation: Callable[[Any], Any], ansi: bool) -> pa.Array:
    """Doubles to the next whole number; what is too large raises, or without ANSI saturates as Java does."""
    values = operation(numpy_values(value).astype(np.float64))
    if ansi and ((np.abs(values) >= 2.0**63) & (values != -(2.0**63)) & valid(value)).any():
        raise overflow("long")
    tame = np.nan_to_num(values, nan=0.0)
    whole = np.clip(tame, -(2.0**63), np.nextafter(2.0**63, 0)).astype(np.int64)
    return from_numpy(np.where(tame >= 2.0**63, 2**63 - 1, whole), pa.int64(), valid(value))


for _name in _ROUNDS:
    _kernel(_name)
