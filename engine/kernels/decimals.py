"""Exact decimal arithmetic by Spark's rules, which pyarrow has only where 38 digits suffice.

Three ways, the first that fits: pyarrow's decimal128 where no product can pass 38 digits (by type, or by the largest value
present); decimal256, whose 76 digits hold any product of two decimals; Python integers for the few cases beyond.
Results are rounded HALF_UP (ties away from zero) and checked against the result type.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Mode
from engine.kernels.rows import Datum, any_true, as_array, first_true, one, valid, validity_buffer
from engine.lazy import pc

Integers = np.ndarray[Any, Any]


def retyped(datum: Datum, wanted: pa.DataType) -> Datum:
    """The same unscaled integers as another decimal type of the same width; nothing is checked or copied."""
    if datum.type == wanted:
        return datum
    if isinstance(datum, pa.Scalar):
        return retyped(one(datum), wanted)[0]
    return pa.Array.from_buffers(wanted, len(datum), datum.buffers(), datum.null_count, datum.offset)


def add_subtract(symbol: str, left: Datum, right: Datum, wanted: pa.Decimal128Type, mode: Mode) -> Datum:
    """`left symbol right` for + and -."""
    kernel = pc.add if symbol == "+" else pc.subtract
    p1, s1, p2, s2 = left.type.precision, left.type.scale, right.type.precision, right.type.scale
    scale = max(s1, s2)
    if max(p1 - s1, p2 - s2) + scale + 1 <= 38:
        return retyped(kernel(left, right), wanted)
    left, right = (_narrowed256(_rescaled256(each, scale)) for each in (left, right))
    return fit(kernel(left, right), wanted, mode)


def multiply(left: Datum, right: Datum, wanted: pa.Decimal128Type, mode: Mode) -> Datum:
    """`left * right`."""
    p1, s1, p2, s2 = left.type.precision, left.type.scale, right.type.precision, right.type.scale
    if p1 + p2 + 1 <= 38:
        return retyped(pc.multiply(left, right), wanted)
    if s1 + s2 == wanted.scale:
        d1, d2 = digits(left), digits(right)
        if d1 + d2 + 1 <= 38 and d1 + d2 <= wanted.precision and min(d1, d2) > 0:
            narrow_left = retyped(left, pa.decimal128(max(d1, s1, 1), s1))
            narrow_right = retyped(right, pa.decimal128(max(d2, s2, 1), s2))
            if narrow_left.type.precision + narrow_right.type.precision + 1 <= 38:
                return retyped(pc.multiply(narrow_left, narrow_right), wanted)
    # 38 + 38 + 1 digits would pass 76: the type says one less, the values have room
    wide_left = retyped(left.cast(pa.decimal256(p1, s1)), pa.decimal256(min(p1, 37), min(s1, 37)))
    if s1 > 37:
        return _by_integers(left, right, wanted, mode, lambda a, b: a * b, s1 + s2)
    return fit(pc.multiply(wide_left, right.cast(pa.decimal256(p2, s2))), wanted, mode)


def divide(left: Datum, right: Datum, wanted: pa.Decimal128Type, mode: Mode) -> Datum:
    """`left / right`; null where `right` is zero (checked before)."""
    p1, s1, p2, s2 = left.type.precision, left.type.scale, right.type.precision, right.type.scale
    right = _zero_as_null(right)
    # pyarrow cuts the quotient after max(4, s1 + precision of the divisor - s2 + 1) digits; one more decides HALF_UP
    divisor_precision = max(p2, wanted.scale - s1 + s2)
    scale = max(4, s1 + divisor_precision - s2 + 1)
    if p1 - s1 + s2 + scale <= 76 and divisor_precision <= 76:
        quotient = pc.divide(
            left.cast(pa.decimal256(p1, s1)),
            retyped(right.cast(pa.decimal256(p2, s2)), pa.decimal256(divisor_precision, s2)),
        )
        return fit(quotient, wanted, mode)
    extra = 2
    shift = 10 ** max(0, wanted.scale + extra + s2 - s1)
    return _by_integers(left, right, wanted, mode, lambda a, b: _cut(a * shift, b), wanted.scale + extra)


def remainder(left: Datum, right: Datum, wanted: pa.Decimal128Type, mode: Mode, positive: bool = False) -> Datum:
    """`left % right` with the sign of `left`, or `positive`; null where `right` is zero."""
    right = _zero_as_null(right)
    scale = max(left.type.scale, right.type.scale)
    up_left, up_right = 10 ** (scale - left.type.scale), 10 ** (scale - right.type.scale)

    def rest(a: int, b: int) -> int:
        a, b = a * up_left, b * up_right
        rest = a - _cut(a, b) * b
        return rest + b - _cut(rest + b, b) * b if positive and rest < 0 else rest

    return _by_integers(left, right, wanted, mode, rest, scale)


def whole_quotient(left: Datum, right: Datum) -> tuple[list[int | None], bool]:
    """The whole parts of `left / right` as integers, None for null or a zero divisor; and whether both are scalars."""
    both = isinstance(left, pa.Scalar) and isinstance(right, pa.Scalar)
    up_left, up_right = (
        10 ** max(0, right.type.scale - left.type.scale),
        10 ** max(0, left.type.scale - right.type.scale),
    )
    length = max(_length(left), _length(right))
    a, b = unscaled(as_array(left, length)), unscaled(as_array(_zero_as_null(right), length))
    pairs = zip(a, b, strict=True)
    return [None if x is None or y is None else _cut(x * up_left, y * up_right) for x, y in pairs], both


def fit(datum: Datum, wanted: pa.Decimal128Type, mode: Mode) -> Datum:
    """`datum` rounded HALF_UP to the scale of `wanted`; what needs more digits than `wanted` has raises, or is null."""
    original, precision, scale = datum, datum.type.precision, datum.type.scale
    if scale > wanted.scale:
        datum = _rounded(datum, wanted.scale)
    elif scale < wanted.scale:
        datum = datum.cast(_decimal(precision + wanted.scale - scale, wanted.scale))
    too_large = _too_large(datum, wanted)
    if too_large is not None:
        if mode is Mode.ANSI:
            value = original if isinstance(original, pa.Scalar) else original[first_true(too_large)]
            raise out_of_range(value.as_py(), wanted)
        datum = pc.if_else(too_large, pa.scalar(None, datum.type), datum)
    return datum.cast(wanted)


def _rounded(datum: Datum, scale: int) -> Datum:
    """`datum` HALF_UP to a smaller scale: half a unit is added, away from zero, and the rest is cut off.

    Not pc.round, which errs where it drops 20 digits and more of a decimal256.
    """
    precision = datum.type.precision
    # a carry may need one digit more; 256 bits hold any 76 digits, whatever the type says
    narrow = precision + 2 <= 38
    kind = (pa.decimal128 if narrow else pa.decimal256)(min(precision + 1, 75), datum.type.scale)
    half = decimal.Decimal(5).scaleb(-scale - 1)
    zero, up, down = (pa.scalar(each, kind) for each in (0, half, -half))
    datum = datum.cast(kind) if precision < 75 else retyped(datum, kind)
    moved = pc.add(datum, pc.if_else(pc.less(datum, zero), down, up))
    return moved.cast(_decimal(moved.type.precision, scale), safe=False)


def _decimal(precision: int, scale: int) -> pa.DataType:
    """The narrowest Arrow decimal with so many digits; 76 at most."""
    return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(min(76, precision), scale)


def out_of_range(value: Any, wanted: pa.DataType) -> ExecutionError:
    """The error for a number that has more whole digits than its decimal type."""
    parameters = {"value": f"{value:f}", "precision": wanted.precision, "scale": wanted.scale}
    return ExecutionError("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", parameters)


def _too_large(datum: Datum, wanted: pa.Decimal128Type) -> Datum | None:
    """Where `datum` (of the scale of `wanted`) passes its precision; None if nowhere."""
    if datum.type.precision <= wanted.precision:
        return None
    bound = pa.scalar(10**wanted.precision, pa.decimal256(76, 0)).as_py().scaleb(-wanted.scale)
    limit = pa.scalar(bound, _decimal(max(datum.type.precision, wanted.precision + 1), wanted.scale))
    limits = pc.min_max(datum) if not isinstance(datum, pa.Scalar) else {"min": datum, "max": datum}
    low, high = (limits[each].as_py() for each in ("min", "max"))
    if low is None or (-bound < low and high < bound):
        return None
    return pc.greater_equal(pc.abs(datum.cast(limit.type)), limit)


def digits(datum: Datum) -> int:
    """How many digits the largest value has; 0 where there is none but null and zero."""
    if isinstance(datum, pa.Scalar):
        return _digits_of(datum)
    extremes = pc.min_max(datum)
    return max(_digits_of(extremes["min"]), _digits_of(extremes["max"]))


def _digits_of(scalar: pa.Scalar) -> int:
    value = scalar.as_py()
    return 0 if value is None or value == 0 else max(1, value.adjusted() + 1 + scalar.type.scale)


def unscaled(array: pa.Array) -> list[int | None]:
    """The integers that the decimals of a decimal128 array are multiples of; None for null."""
    if len(array) == 0 or array.buffers()[1] is None:
        return [None] * len(array)
    words = np.frombuffer(array.buffers()[1], dtype=np.int64)[2 * array.offset : 2 * (array.offset + len(array))]
    low = words[0::2].view(np.uint64).astype(object)
    values = (words[1::2].astype(object) * (1 << 64) + low).tolist()
    if array.null_count == 0:
        return values  # type: ignore[no-any-return]
    return [value if ok else None for value, ok in zip(values, valid(array).tolist(), strict=True)]


def from_unscaled(values: list[int | None], wanted: pa.Decimal128Type) -> pa.Array:
    """The decimal128 array of multiples of 10 ** -scale, which must fit."""
    data = b"".join((value or 0).to_bytes(16, "little", signed=True) for value in values)
    bitmap = validity_buffer(np.array([value is not None for value in values], dtype=bool))
    return pa.Array.from_buffers(wanted, len(values), [bitmap, pa.py_buffer(data)])


def round_half_up(value: int, drop: int) -> int:
    """`value` without its last `drop` digits, ties away from zero; zeros are added for a negative `drop`."""
    if drop <= 0:
        return value * 10**-drop  # type: ignore[no-any-return]
    unit: int = 10**drop
    rounded = (2 * abs(value) + unit) // (2 * unit)
    return int(-rounded if value < 0 else rounded)


def from_int64(values: Integers, is_valid: Integers, wanted: pa.Decimal128Type) -> pa.Array:
    """The decimal128 array of 64-bit multiples of 10 ** -scale."""
    words = np.empty((len(values), 2), dtype=np.int64)
    words[:, 0] = values
    words[:, 1] = values >> 63
    return pa.Array.from_buffers(wanted, len(values), [validity_buffer(is_valid), pa.py_buffer(words)])


def fitted(
    values: list[int | None],
    scale: int,
    wanted: pa.Decimal128Type,
    mode: Mode,
    original: Callable[[int], decimal.Decimal] | None = None,
) -> pa.Array:
    """Multiples of 10 ** -scale, rounded HALF_UP and checked as in `fit`. Errors show the `original` number at a place."""
    drop, limit = scale - wanted.scale, 10**wanted.precision
    result: list[int | None] = []
    for place, value in enumerate(values):
        rounded = None if value is None else round_half_up(value, drop)
        if rounded is not None and abs(rounded) >= limit:
            if mode is Mode.ANSI:
                raise out_of_range(original(place) if original else _as_decimal(value or 0, scale), wanted)
            rounded = None
        result.append(rounded)
    return from_unscaled(result, wanted)


def _as_decimal(value: int, scale: int) -> Any:
    with decimal.localcontext(decimal.Context(prec=max(28, len(str(value))))):  # a double has up to 309 digits
        return decimal.Decimal(value).scaleb(-scale)


def _by_integers(
    left: Datum,
    right: Datum,
    wanted: pa.Decimal128Type,
    mode: Mode,
    operation: Callable[[int, int], int],
    scale: int,
) -> Datum:
    both = isinstance(left, pa.Scalar) and isinstance(right, pa.Scalar)
    length = max(_length(left), _length(right)) if not both else 1
    a, b = unscaled(as_array(left, length)), unscaled(as_array(right, length))
    values = [None if x is None or y is None else operation(x, y) for x, y in zip(a, b, strict=True)]
    array = fitted(values, scale, wanted, mode)
    return array[0] if both else array


def _cut(a: int, b: int) -> int:
    """The quotient of integers, cut towards zero as in Java."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _length(datum: Datum) -> int:
    return 1 if isinstance(datum, pa.Scalar) else len(datum)


def _rescaled256(datum: Datum, scale: int) -> Datum:
    precision = datum.type.precision - datum.type.scale + scale
    return datum.cast(pa.decimal256(max(precision, 1), scale))


def _narrowed256(datum: Datum) -> Datum:
    """`datum` under a type that leaves room for a carry in what it is added to: where 76 digits are declared, one side is a
    whole number and the other a fraction, which do not carry."""
    return retyped(datum, pa.decimal256(min(datum.type.precision, 75), datum.type.scale))


def _zero_as_null(datum: Datum) -> Datum:
    zero = pc.equal(datum, pa.scalar(0, datum.type))
    if isinstance(datum, pa.Scalar):
        return pa.scalar(None, datum.type) if zero.as_py() else datum
    return pc.if_else(zero, pa.scalar(None, datum.type), datum) if any_true(zero) else datum
