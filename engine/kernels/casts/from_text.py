"""Casts of text to numbers and booleans.

Text is trimmed of white space and control characters first. What pyarrow reads as Spark does goes through pyarrow; the rest is
read value by value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Mode
from engine.kernels import decimals
from engine.kernels.casts.failures import invalid_input
from engine.kernels.casts.numbers import scaled
from engine.lazy import pc
from engine.types import BooleanType, DataType, DecimalType, DoubleType, FloatType, IntegralType
from engine.types.arrow import to_arrow

BLANKS = "".join(map(chr, range(33))) + "\x7f"
_TRUE, _FALSE = {"t", "true", "y", "yes", "1"}, {"f", "false", "n", "no", "0"}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")  # the digits of any script
_DOUBLE = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?", re.ASCII)
_HEXADECIMAL = re.compile(r"[+-]?0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*[pP][+-]?\d+[dDfF]?", re.ASCII)
_SPECIAL = {"inf": "inf", "+inf": "inf", "infinity": "inf", "+infinity": "inf", "-inf": "-inf", "-infinity": "-inf"}
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_WHOLE_LEGACY = re.compile(r"([+-]?\d*)(\.\d*)?", re.ASCII)


def cast_from_text(array: pa.Array, target: DataType, mode: Mode) -> pa.Array:
    """Strings as `target`: a number or a boolean."""
    if isinstance(target, IntegralType):
        fast = _integers_by_arrow(array, to_arrow(target))
        read: Callable[[str], Any] = _integer_reader(target.bits, mode)
    elif isinstance(target, FloatType | DoubleType):
        fast = _doubles_by_arrow(array, to_arrow(target))
        read = read_double
    elif isinstance(target, DecimalType):
        return _decimals(array, target, mode)
    elif isinstance(target, BooleanType):
        fast, read = None, _boolean
    else:
        raise TypeError(f"no cast from string to {target}")
    if fast is not None:
        return fast
    values = each(array, read, target, mode)
    if isinstance(target, FloatType):
        with np.errstate(over="ignore"):
            return pa.array([None if v is None else np.float32(v) for v in values], pa.float32())
    return pa.array(values, to_arrow(target))


def each(array: pa.Array, read: Callable[[str], Any], target: DataType, mode: Mode) -> list[Any]:
    """`read` of every trimmed text; None from it is malformed: raises under ANSI, else null."""
    result = []
    for text in array.to_pylist():
        value = None if text is None else read(text.strip(BLANKS))
        if value is None and text is not None and mode is Mode.ANSI:
            raise invalid_input(text, target)
        result.append(value)
    return result


def _integer_reader(bits: int, mode: Mode) -> Callable[[str], int | None]:
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1

    def read(text: str) -> int | None:
        if mode is Mode.LEGACY:
            found = _WHOLE_LEGACY.fullmatch(text)
            if found is None or text in ("", "+", "-"):
                return None
            text = found[1] if found[1] not in ("", "+", "-") else "0"
        elif not _WHOLE.fullmatch(text):
            return None
        value = int(text)
        return value if low <= value <= high else None

    return read


def _integers_by_arrow(array: pa.Array, wanted: pa.DataType) -> pa.Array | None:
    """The integers where every text is plain digits that fit, else None."""
    # pyarrow would also read 0x10
    if not pc.all(pc.match_substring_regex(array, r"^-?[0-9]{1,18}$")).as_py():
        return None
    try:
        return array.cast(pa.int64()).cast(wanted)
    except pa.ArrowInvalid:
        return None


def _doubles_by_arrow(array: pa.Array, wanted: pa.DataType) -> pa.Array | None:
    if not pc.all(pc.match_substring_regex(array, r"^-?[0-9]+(\.[0-9]+)?([eE]-?[0-9]{1,2})?$")).as_py():
        return None
    return array.cast(pa.float64()).cast(wanted, safe=False) if wanted.bit_width == 64 else array.cast(wanted)


def read_double(text: str) -> float | None:
    """The double that Java's parseDouble, or Spark's names for what is no number, read in `text`; None if malformed."""
    if _DOUBLE.fullmatch(text):
        return float(text.rstrip("dDfF"))
    if _HEXADECIMAL.fullmatch(text):
        return float.fromhex(text.rstrip("dDfF") if "p" in text.lower() else text)
    if text in ("+NaN", "-NaN"):
        return float("nan")
    lower = text.lower()
    if lower == "nan":
        return float("nan")
    return float(_SPECIAL[lower]) if lower in _SPECIAL else None


def _decimals(array: pa.Array, target: DecimalType, mode: Mode) -> pa.Array:
    shift = target.scale + 1

    def read(text: str) -> int | None:
        if not _NUMBER.fullmatch(text):
            return None
        if Decimal(text).adjusted() >= DecimalType.MAX_PRECISION:
            if mode is Mode.ANSI:
                raise ExecutionError("NUMERIC_OUT_OF_SUPPORTED_RANGE", {"value": text})
            return None
        return scaled(text, shift)

    values = each(array, read, target, mode)
    return decimals.fitted(values, shift, to_arrow(target), mode, lambda row: Decimal(array[row].as_py().strip(BLANKS)))


def _boolean(text: str) -> bool | None:
    lower = text.lower()
    return True if lower in _TRUE else False if lower in _FALSE else None
