"""Bits of integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.functions.registry import function
from engine.functions.signature import INTEGRAL, Kind
from engine.functions.substrings import same
from engine.kernels.rows import from_numpy, numpy_values, valid
from engine.kernels.rowwise import all_valid, map_rows
from engine.types import BYTE, INT, BooleanType, ByteType, IntegerType, IntegralType, LongType, ShortType

_INT_OR_LONG = Kind("(INT or BIGINT)", (IntegerType, LongType), fallback=INT, converts=(ByteType, ShortType))
_BITS = Kind("(INTEGRAL or BOOLEAN)", (IntegralType, BooleanType))


def _shift(value: pa.Array, by: pa.Array, operation: Callable[[Any, Any], Any]) -> pa.Array:
    bits = value.type.bit_width
    amount = numpy_values(by).astype(np.int64) & (bits - 1)
    kind = np.int64 if bits == 64 else np.int32
    return from_numpy(operation(numpy_values(value), amount.astype(kind)), value.type, all_valid(value, by))


@function("shiftleft", (_INT_OR_LONG, INT), returns=same, aliases=("<<",))
def shiftleft(value: pa.Array, by: pa.Array) -> pa.Array:
    """Moves the bits to the left.

    > SELECT shiftleft(2, 1);
    4
    """
    return _shift(value, by, np.left_shift)


@function("shiftright", (_INT_OR_LONG, INT), returns=same, aliases=(">>",))
def shiftright(value: pa.Array, by: pa.Array) -> pa.Array:
    """Moves the bits to the right, keeping the sign.

    > SELECT shiftright(4, 1);
    2
    """
    return _shift(value, by, np.right_shift)


@function("shiftrightunsigned", (_INT_OR_LONG, INT), returns=same, aliases=(">>>",))
def shiftrightunsigned(value: pa.Array, by: pa.Array) -> pa.Array:
    """Moves the bits to the right, filling up with zeros.

    > SELECT shiftrightunsigned(4, 1);
    2
    """

    def shift(numbers: Any, amount: Any) -> Any:
        unsigned = np.uint64 if numbers.dtype == np.int64 else np.uint32
        return np.right_shift(numbers.view(unsigned), amount.astype(unsigned)).view(numbers.dtype)

    return _shift(value, by, shift)


@function("bit_count", (_BITS,), returns=INT)
def bit_count(value: pa.Array) -> pa.Array:
    """Returns how many bits are set.

    > SELECT bit_count(5);
    2
    """
    if pa.types.is_null(value.type):
        return pa.nulls(len(value), pa.int32())
    numbers = numpy_values(value).astype(np.int64)
    return from_numpy(np.bitwise_count(numbers.view(np.uint64)).astype(np.int32), pa.int32(), valid(value))


@function("getbit", (INTEGRAL, INT), returns=BYTE, aliases=("bit_get",), raises=True)
def getbit(value: pa.Array, position: pa.Array) -> pa.Array:
    """Returns the bit at a position, counted from the right from 0.

    > SELECT getbit(11, 0);
    1
    """
    bits = value.type.bit_width

    def bit(number: int, place: int) -> int:
        if not 0 <= place < bits:
            parameters = {"parameter": "`pos`", "functionName": "`getbit`", "upper": bits, "invalidValue": place}
            raise ExecutionError("INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE", parameters)
        return number >> place & 1

    return map_rows(bit, pa.int8(), value, position)
