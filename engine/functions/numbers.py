"""Numbers: rounding, signs, powers, logarithms, trigonometry, the largest and the smallest of several."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import AnalysisError, quoted
from engine.expressions.base import Expression, Mode
from engine.expressions.operators import Pmod
from engine.expressions.sql import shown_type
from engine.functions.mismatch import mismatch
from engine.functions.registry import Function, function, register
from engine.functions.signature import ANY, NUMERIC_OR_INTERVAL, Variadic
from engine.functions.substrings import same
from engine.kernels.arithmetic import overflow
from engine.kernels.comparison import compare
from engine.kernels.conditional import choose
from engine.kernels.context import CallContext
from engine.kernels.rows import from_numpy, numpy_values, valid
from engine.kernels.rowwise import all_valid, map_rows
from engine.lazy import pc
from engine.types import DOUBLE, INT, LONG, VOID, DataType, DayTimeIntervalType, MapType, YearMonthIntervalType
from engine.types.coercion import tightest_common_type

_INTEGER_NAMES = {8: "byte", 16: "short", 32: "integer", 64: "long"}


@function("abs", (NUMERIC_OR_INTERVAL,), returns=same, raises=True, ansi_only=True, wants_context=True)
def absolute(value: pa.Array, *, context: CallContext) -> pa.Array:
    """Returns the number or interval without its sign.

    > SELECT abs(-1);
    1
    """
    kind = value.type
    if pa.types.is_duration(kind):
        return pc.abs(value.cast(pa.int64())).cast(kind)
    if not context.ansi or not pa.types.is_integer(kind):
        return pc.abs(value)
    try:
        return pc.abs_checked(value)
    except pa.ArrowInvalid as error:
        raise overflow(_INTEGER_NAMES[kind.bit_width]) from error


@function("sign", (NUMERIC_OR_INTERVAL,), returns=DOUBLE, nullable="always", aliases=("signum",))
def sign(value: pa.Array) -> pa.Array:
    """Returns -1.0, 0.0 or 1.0 as the number is negative, zero or positive.

    > SELECT sign(40);
    1.0
    """
    plain = value.cast(pa.int64()) if pa.types.is_duration(value.type) else value
    with np.errstate(invalid="ignore"):
        doubles = numpy_values(plain.cast(pa.float64(), safe=False))
        return from_numpy(
            np.where(np.isnan(doubles) | (doubles == 0), doubles, np.sign(doubles)), pa.float64(), valid(value)
        )


def _math(
    name: str, operation: Callable[[Any], Any], doc: str, floor: float | None = None, aliases: tuple[str, ...] = ()
) -> None:
    """Declares a function of one double; where `floor` is given, null for what is not above it."""

    def kernel(value: pa.Array) -> pa.Array:
        values, is_valid = numpy_values(value), valid(value)
        if floor is not None:
            is_valid = is_valid & ~(values <= floor)
        with np.errstate(all="ignore"):
            return from_numpy(operation(np.where(is_valid, values, 1.0)), pa.float64(), is_valid)

    # Spark says of all of them that they may be null
    register(Function(name, "scalar", (DOUBLE,), DOUBLE, kernel, doc, nullable="always", group="numbers"), aliases)


# numpy rounds better than Java and Spark, whose formulas these are


def _asinh(x: Any) -> Any:
    return np.copysign(np.log(np.abs(x) + np.sqrt(x * x + 1.0)), x)


def _acosh(x: Any) -> Any:
    return np.log(x + np.sqrt(x * x - 1.0))


def _atanh(x: Any) -> Any:
    return 0.5 * (np.log1p(x) - np.log1p(-x))


_math("sqrt", np.sqrt, "Returns the square root.\n\n> SELECT sqrt(4);\n2.0")
_math("cbrt", np.cbrt, "Returns the cube root.\n\n> SELECT cbrt(27.0);\n3.0")
_math("exp", np.exp, "Returns e to the power of the number.\n\n> SELECT exp(0);\n1.0")
_math("expm1", np.expm1, "Returns exp(x) - 1.\n\n> SELECT expm1(0);\n0.0")
_math("ln", np.log, "Returns the natural logarithm, null unless positive.\n\n> SELECT ln(1);\n0.0", 0.0)
_math("log2", np.log2, "Returns the logarithm to base 2, null unless positive.\n\n> SELECT log2(2);\n1.0", 0.0)
_math("log10", np.log10, "Returns the logarithm to base 10, null unless positive.\n\n> SELECT log10(10);\n1.0", 0.0)
_math("log1p", np.log1p, "Returns ln(1 + x), null unless x is above -1.\n\n> SELECT log1p(0);\n0.0", -1.0)
_math("rint", np.rint, "Returns the nearest whole number, ties to the even one.\n\n> SELECT rint(12.3456);\n12.0")
_math("sin", np.sin, "Returns the sine.\n\n> SELECT sin(0);\n0.0")
_math("cos", np.cos, "Returns the cosine.\n\n> SELECT cos(0);\n1.0")
_math("tan", np.tan, "Returns the tangent.\n\n> SELECT tan(0);\n0.0")
_math("cot", lambda x: 1 / np.tan(x), "Returns the cotangent.\n\n> SELECT cot(1);\n0.6420926159343306")
_math("sec", lambda x: 1 / np.cos(x), "Returns the secant.\n\n> SELECT sec(0);\n1.0")
_math("csc", lambda x: 1 / np.sin(x), "Returns the cosecant.\n\n> SELECT csc(1);\n1.1883951057781212")
_math("asin", np.arcsin, "Returns the arc sine, NaN outside -1 to 1.\n\n> SELECT asin(0);\n0.0")
_math("acos", np.arccos, "Returns the arc cosine, NaN outside -1 to 1.\n\n> SELECT acos(1);\n0.0")
_math("atan", np.arctan, "Returns the arc tangent.\n\n> SELECT atan(0);\n0.0")
_math("sinh", np.sinh, "Returns the hyperbolic sine.\n\n> SELECT sinh(0);\n0.0")
_math("cosh", np.cosh, "Returns the hyperbolic cosine.\n\n> SELECT cosh(0);\n1.0")
_math("tanh", np.tanh, "Returns the hyperbolic tangent.\n\n> SELECT tanh(0);\n0.0")
_math("asinh", _asinh, "Returns the inverse hyperbolic sine.\n\n> SELECT asinh(0);\n0.0")
_math("acosh", _acosh, "Returns the inverse hyperbolic cosine.\n\n> SELECT acosh(1);\n0.0")
_math("atanh", _atanh, "Returns the inverse hyperbolic tangent.\n\n> SELECT atanh(0);\n0.0")
_math("degrees", np.degrees, "Returns radians as degrees.\n\n> SELECT degrees(3.141592653589793);\n180.0")
_math("radians", np.radians, "Returns degrees as radians.\n\n> SELECT radians(180);\n3.141592653589793")


def _binary(name: str, operation: Callable[[Any, Any], Any], doc: str, aliases: tuple[str, ...] = ()) -> None:
    """Declares a function of two doubles."""

    def kernel(left: pa.Array, right: pa.Array) -> pa.Array:
        with np.errstate(all="ignore"):
            result = operation(numpy_values(left), numpy_values(right))
        return from_numpy(result, pa.float64(), all_valid(left, right))

    register(Function(name, "scalar", (DOUBLE, DOUBLE), DOUBLE, kernel, doc, group="numbers"), aliases)


def _power(base: Any, exponent: Any) -> Any:
    # Java: one to an infinite power, or anything to NaN, is NaN
    undefined = np.isnan(exponent) | ((np.abs(base) == 1) & np.isinf(exponent))
    return np.where(undefined, np.nan, np.power(base, exponent))


_binary("power", _power, "Returns the first number to the power of the second.\n\n> SELECT pow(2, 3);\n8.0", ("pow",))
_binary("hypot", np.hypot, "Returns the length of the hypotenuse.\n\n> SELECT hypot(3, 4);\n5.0")
_binary(
    "atan2", lambda y, x: np.arctan2(y + 0.0, x + 0.0), "Returns the angle of (x, y).\n\n> SELECT atan2(0, 3);\n0.0"
)


@function("log", (DOUBLE, DOUBLE), returns=DOUBLE, optional=1, nullable="always")
def log(base: pa.Array, value: pa.Array | None = None) -> pa.Array:
    """Returns the logarithm to a base (e where only a number is given); null unless both are positive.

    > SELECT log(10, 100);
    2.0
    """
    if value is None:
        base, value = pa.nulls(len(base), pa.float64()).fill_null(math.e), base
    x, b = numpy_values(value), numpy_values(base)
    is_valid = all_valid(base, value) & ~(x <= 0) & ~(b <= 0)
    with np.errstate(all="ignore"):
        result = np.log(np.where(is_valid, x, 1.0))
        result = np.where(b == math.e, result, result / np.log(np.where(is_valid, b, math.e)))
    return from_numpy(result, pa.float64(), is_valid)


@function("pi", (), returns=DOUBLE, nullable="never", wants_context=True)
def pi(*, context: CallContext) -> pa.Array:
    """Returns pi.

    > SELECT pi();
    3.141592653589793
    """
    return pa.repeat(math.pi, context.rows)


@function("e", (), returns=DOUBLE, nullable="never", wants_context=True)
def euler(*, context: CallContext) -> pa.Array:
    """Returns Euler's number.

    > SELECT e();
    2.718281828459045
    """
    return pa.repeat(math.e, context.rows)


@function("pmod", (ANY, ANY), kind="rewrite", wants_context=True)
def pmod(dividend: Expression, divisor: Expression, mode: Mode) -> Expression:
    """Returns the positive remainder.

    > SELECT pmod(-10, 3);
    2
    """
    return Pmod(dividend, divisor, mode)


@function("factorial", (INT,), returns=LONG, nullable="always")
def factorial(value: pa.Array) -> pa.Array:
    """Returns the factorial of 0 to 20, else null.

    > SELECT factorial(5);
    120
    """
    return map_rows(lambda n: math.factorial(n) if 0 <= n <= 20 else None, pa.int64(), value)


def _all_null(*arguments: Any) -> bool:
    return all(argument.nullable for argument in arguments)


def _extreme(values: tuple[pa.Array, ...], symbol: str) -> pa.Array:
    """The largest (>) or smallest (<) of each row; nulls count only where all are."""
    result = values[0]
    for value in values[1:]:
        better = pc.fill_null(compare(symbol, value, result), False)
        take = pc.or_(better, pc.and_(pc.is_null(result), pc.is_valid(value)))
        result = choose(take, value, result, len(value))
    return result


def _widest(types: tuple[DataType, ...], ansi: bool) -> Sequence[DataType] | None:
    """The smallest type that holds all, for each of them; text is no number here, not even without ANSI."""
    met: DataType | None = VOID
    for each in types:
        met = tightest_common_type(met, each, ansi) if met is not None else None
    return None if met is None or isinstance(met, MapType) else [met] * len(types)


def _not_comparable(name: str, types: tuple[DataType, ...]) -> AnalysisError:
    met = next((each for each in types if isinstance(each, MapType)), None)
    if met is not None and all(each in (met, VOID) for each in types):
        return mismatch("INVALID_ORDERING_TYPE", functionName=quoted(name), dataType=shown_type(met))
    listed = ", ".join(map(shown_type, types))
    return mismatch("DATA_DIFF_TYPES", functionName=quoted(name), dataType=f"[{listed}]")


_EXTREME: Any = {"returns": same, "nullable": _all_null, "coerce": _widest, "mismatch": _not_comparable}


@function("greatest", (Variadic(ANY, 2),), **_EXTREME)
def greatest(*values: pa.Array) -> pa.Array:
    """Returns the largest argument, leaving out nulls.

    > SELECT greatest(10, 9, 2, 4, 3);
    10
    """
    return _extreme(values, ">")


@function("least", (Variadic(ANY, 2),), **_EXTREME)
def least(*values: pa.Array) -> pa.Array:
    """Returns the smallest argument, leaving out nulls.

    > SELECT least(10, 9, 2, 4, 3);
    2
    """
    return _extreme(values, "<")


def _bucket(x: float, least: float, most: float, count: int) -> int | None:
    if (
        count <= 0
        or count == 2**63 - 1
        or x != x
        or least == most
        or not (math.isfinite(least) and math.isfinite(most))
    ):
        return None
    lower, upper = min(least, most), max(least, most)
    if least < most:
        return 0 if x < lower else count + 1 if x >= upper else int(count * (x - lower) / (upper - lower)) + 1
    return 0 if x > upper else count + 1 if x <= lower else int(count * (upper - x) / (upper - lower)) + 1


@function("width_bucket", (DOUBLE, DOUBLE, DOUBLE, LONG), returns=LONG, nullable="always")
def width_bucket(value: pa.Array, low: pa.Array, high: pa.Array, buckets: pa.Array) -> pa.Array:
    """Returns which of `buckets` equal parts of `low` to `high` the value is in; 0 and one more are outside.

    > SELECT width_bucket(5.3, 0.2, 10.6, 5);
    3
    """
    return map_rows(_bucket, pa.int64(), value, low, high, buckets)


def _width_bucket_of(interval: DataType) -> None:
    kinds = (interval, interval, interval, LONG)
    sample = "> SELECT width_bucket(INTERVAL '5' DAY, INTERVAL '0' DAY, INTERVAL '10' DAY, 10);\n6"
    doc = f"Returns the part of a range of intervals.\n\n{sample}"
    register(Function("width_bucket", "scalar", kinds, LONG, width_bucket, doc, nullable="always", group="numbers"))


_width_bucket_of(YearMonthIntervalType())
_width_bucket_of(DayTimeIntervalType())
