"""+ - * / div % and the sign operators.

Under ANSI a result that does not exist raises; TRY gives null for it; LEGACY wraps integers around and gives null for
decimals and for division by zero, as Spark without ANSI does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions import operators as op
from engine.expressions.base import Mode
from engine.kernels import decimals
from engine.kernels.rows import (
    Compile,
    Compiler,
    Datum,
    Node,
    any_true,
    as_array,
    as_type,
    from_numpy,
    is_scalar,
    numpy_values,
    valid,
)
from engine.lazy import pc
from engine.types import DataType, DayTimeIntervalType, DecimalType, FractionalType, YearMonthIntervalType
from engine.types.arrow import to_arrow

_WRAPPING = {"+": "add", "-": "subtract", "*": "multiply"}
"""Functions of Arrow; those called `_checked` raise where a result does not exist."""
_NUMPY: dict[str, Callable[..., Any]] = {"+": np.add, "-": np.subtract, "*": np.multiply}
_TRY = {"+": "try_add", "-": "try_subtract", "*": "try_multiply"}
_INTEGER_NAMES = {8: "byte", 16: "short", 32: "integer", 64: "long"}
_SUFFIXES = {8: "S", 16: "S", 32: "", 64: "L"}


def binary(expression: op.BinaryArithmetic, compiler: Compiler) -> Node:
    """Compiles any operator with two operands."""
    left, right = compiler.compile(expression.left), compiler.compile(expression.right)
    compute = _operation(expression)
    return lambda rows: compute(left(rows), right(rows))


def _operation(expression: op.BinaryArithmetic) -> Callable[[Datum, Datum], Datum]:
    symbol, mode, left = expression.symbol, expression.mode, expression.left.dataType
    if isinstance(expression, op.DivModLike):
        return partial(_divide_like, expression)
    if isinstance(left, DecimalType):
        wanted = to_arrow(expression.dataType)
        if symbol == "*":
            return lambda a, b: decimals.multiply(a, b, wanted, mode)
        return lambda a, b: decimals.add_subtract(symbol, a, b, wanted, mode)
    if isinstance(left, FractionalType):
        return getattr(pc, _WRAPPING[symbol])  # type: ignore[no-any-return]
    if isinstance(left, DayTimeIntervalType | YearMonthIntervalType):
        return partial(_intervals, symbol, mode, to_arrow(left))
    return partial(integers, symbol, mode)


def integers(symbol: str, mode: Mode, left: Datum, right: Datum) -> Datum:
    """+ - * of integers of one width."""
    if pa.types.is_null(left.type) or pa.types.is_null(right.type):
        return left if pa.types.is_null(left.type) else right
    if mode is Mode.LEGACY:
        return getattr(pc, _WRAPPING[symbol])(left, right)
    try:
        return getattr(pc, f"{_WRAPPING[symbol]}_checked")(left, right)
    except pa.ArrowInvalid:
        a, b, wrapped, overflow = _overflowing(symbol, left, right)
    if mode is Mode.TRY:
        array = pa.array(wrapped, mask=overflow | ~(valid(a) & valid(b)))
        return array[0] if is_scalar(left) and is_scalar(right) else array
    place = int(np.argmax(overflow))
    raise integer_overflow(symbol, left.type.bit_width, a[place].as_py(), b[place].as_py())


def _overflowing(symbol: str, left: Datum, right: Datum) -> tuple[pa.Array, pa.Array, Any, Any]:
    """Both operands as arrays, the wrapped result and where it overflowed."""
    length = max(1 if is_scalar(each) else len(each) for each in (left, right))
    a, b = as_array(left, length), as_array(right, length)
    x, y = numpy_values(a), numpy_values(b)
    with np.errstate(all="ignore"):
        wrapped = _NUMPY[symbol](x, y)
    exact = _NUMPY[symbol](x.astype(object), y.astype(object))
    return a, b, wrapped, np.asarray(exact != wrapped.astype(object), dtype=bool) & valid(a) & valid(b)


def integer_overflow(symbol: str, bits: int, left: Any, right: Any) -> ExecutionError:
    """The error for + - * of two integers of so many bits."""
    if bits < 32:
        suffix = _SUFFIXES[bits]
        parameters = {"value1": f"{left}{suffix}", "symbol": symbol, "value2": f"{right}{suffix}"}
        return ExecutionError("BINARY_ARITHMETIC_OVERFLOW", parameters | {"functionName": f"`{_TRY[symbol]}`"})
    return overflow(_INTEGER_NAMES[bits], _TRY[symbol])


def overflow(name: str, alternative: str = "") -> ExecutionError:
    """ARITHMETIC_OVERFLOW for integers called `name` ("integer", "long"); `alternative` is the function that gives null."""
    tolerate = f". Use '{alternative}' to tolerate overflow and return NULL instead" if alternative else ""
    return ExecutionError("ARITHMETIC_OVERFLOW", {"message": f"{name} overflow{tolerate}"})


def _intervals(symbol: str, mode: Mode, wanted: pa.DataType, left: Datum, right: Datum) -> Datum:
    """+ and - of intervals: those of the integers they are kept as."""
    plain = pa.int64() if pa.types.is_duration(wanted) else pa.int32()
    try:
        result = integers(symbol, Mode.ANSI if mode is Mode.LEGACY else mode, left.cast(plain), right.cast(plain))
    except ExecutionError as error:
        parameters = {"functionName": f"`{_TRY[symbol]}`"}
        raise ExecutionError("INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION", parameters) from error
    return result.cast(wanted)


def _divide_like(expression: op.DivModLike, left: Datum, right: Datum) -> Datum:
    """/, div and %: zero divisors become null after they raised where they must."""
    if pa.types.is_null(left.type) or pa.types.is_null(right.type):
        return pa.scalar(None, to_arrow(expression.dataType))
    zero = pc.equal(right.cast(pa.int64()) if pa.types.is_duration(right.type) else right, _zero(right.type))
    if any_true(zero):
        if expression.mode is Mode.ANSI:
            reached = pc.and_(zero, pc.is_valid(left))
            if any_true(reached):
                remainder = isinstance(expression, op.Remainder | op.Pmod)
                raise ExecutionError("REMAINDER_BY_ZERO" if remainder else "DIVIDE_BY_ZERO")
        null = pa.scalar(None, right.type)
        right = null if is_scalar(right) else pc.if_else(zero, null, right)
    return _quotient(expression, left, right)


def _zero(kind: pa.DataType) -> pa.Scalar:
    return pa.scalar(0, pa.int64() if pa.types.is_duration(kind) else kind)


def _quotient(expression: op.DivModLike, left: Datum, right: Datum) -> Datum:
    mode, wanted = expression.mode, to_arrow(expression.dataType)
    if isinstance(expression, op.IntegralDivide):
        return _whole(left, right, expression.left.dataType, mode)
    if pa.types.is_decimal(left.type):
        if isinstance(expression, op.Divide):
            return decimals.divide(left, right, wanted, mode)
        return decimals.remainder(left, right, wanted, mode, positive=isinstance(expression, op.Pmod))
    if isinstance(expression, op.Divide):
        return pc.divide(left, right)
    if isinstance(expression, op.Pmod):
        return by_numpy(_positive_remainder, left, right)
    return by_numpy(_java_remainder, left, right)


def _java_remainder(a: Any, b: Any) -> Any:
    if a.dtype.kind == "f":
        return np.fmod(a, b)
    return np.fmod(a, np.where(b == -1, 1, b))


def _positive_remainder(a: Any, b: Any) -> Any:
    if a.dtype.kind == "i" and a.dtype.itemsize < 8:
        return _positive_remainder(a.astype(np.int64), b.astype(np.int64)).astype(a.dtype)  # Java adds bytes as ints
    rest = _java_remainder(a, b)
    return np.where(rest < 0, _java_remainder(rest + b, b), rest)


def by_numpy(operation: Callable[[Any, Any], Any], left: Datum, right: Datum) -> Datum:
    """`operation` over the values of two numeric data; null if either is."""
    both = is_scalar(left) and is_scalar(right)
    length = max(1 if is_scalar(each) else len(each) for each in (left, right))
    a, b = as_array(left, length), as_array(right, length)
    is_valid = valid(a) & valid(b)
    x, y = numpy_values(a), np.where(is_valid, numpy_values(b), np.ones(1, b.type.to_pandas_dtype()))
    with np.errstate(all="ignore"):
        array = from_numpy(operation(x, y), a.type, is_valid)
    return array[0] if both else array


def _whole(left: Datum, right: Datum, data_type: DataType, mode: Mode) -> Datum:
    """`div`: the whole part of the quotient as BIGINT; zero divisors are null by now."""
    if pa.types.is_decimal(left.type):
        values, both = decimals.whole_quotient(left, right)
        array = _to_long(values, mode)
        return array[0] if both else array
    if isinstance(data_type, DayTimeIntervalType | YearMonthIntervalType):
        left, right = left.cast(pa.int64()), right.cast(pa.int64())
    left, right = as_long(left), as_long(right)
    least = pc.and_(pc.equal(left, -(2**63)), pc.equal(right, -1))
    if any_true(least):
        if mode is Mode.ANSI:
            raise overflow("long")
        if mode is Mode.TRY:
            left = pc.if_else(least, pa.scalar(None, pa.int64()), left)
    return by_numpy(_java_quotient, left, right)


def _java_quotient(a: Any, b: Any) -> Any:
    safe = np.where(b == -1, 1, b)
    quotient = np.floor_divide(a, safe)
    quotient += (quotient < 0) & (np.multiply(quotient, safe) != a)  # towards zero
    return np.where(b == -1, np.negative(a), quotient)


def as_long(datum: Datum) -> Datum:
    """Integers as 64 bits."""
    return datum if datum.type == pa.int64() else datum.cast(pa.int64())


def _to_long(values: list[int | None], mode: Mode) -> pa.Array:
    result: list[int | None] = []
    for value in values:
        if value is not None and not -(2**63) <= value < 2**63:
            if mode is Mode.ANSI:
                raise overflow("long")
            value = None
        result.append(value)
    return pa.array(result, pa.int64())


def negate(expression: op.UnaryMinus, compiler: Compiler) -> Node:
    """Compiles `- child`."""
    child, mode, data_type = compiler.compile(expression.child), expression.mode, expression.dataType
    if isinstance(data_type, DecimalType):
        return lambda rows: pc.negate(child(rows))
    if isinstance(data_type, FractionalType):
        return lambda rows: pc.negate(child(rows))
    wanted = to_arrow(data_type)
    plain = pa.int64() if pa.types.is_duration(wanted) else wanted

    if isinstance(data_type, DayTimeIntervalType | YearMonthIntervalType) and mode is Mode.LEGACY:
        mode = Mode.ANSI  # an interval that is too long raises without ANSI, too

    def minus(rows: Any) -> Datum:
        value = child(rows)
        if pa.types.is_null(value.type):
            return value
        try:
            return integers("-", mode, pa.scalar(0, plain), value.cast(plain)).cast(wanted)
        except ExecutionError as error:
            if isinstance(data_type, DayTimeIntervalType | YearMonthIntervalType):
                raise ExecutionError("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION") from error
            raise overflow(_INTEGER_NAMES[plain.bit_width]) from error

    return minus


def plus(expression: op.UnaryPlus, compiler: Compiler) -> Node:
    """Compiles `+ child`."""
    return compiler.compile(expression.child)


COMPILERS: dict[type, Compile] = {
    op.Add: binary,
    op.Subtract: binary,
    op.Multiply: binary,
    op.Divide: binary,
    op.IntegralDivide: binary,
    op.Remainder: binary,
    op.Pmod: binary,
    op.UnaryMinus: negate,
    op.UnaryPlus: plus,
}

__all__ = ["COMPILERS", "as_long", "as_type", "by_numpy", "integers", "overflow"]
