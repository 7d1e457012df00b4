"""CHAR(n) and VARCHAR(n): padding on read, and the lengths that are checked when they are stored."""

from __future__ import annotations

import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.char import PaddedChar
from engine.kernels.lists import flat, flat_entries, lengths, make, make_map
from engine.kernels.nested import struct_of
from engine.kernels.rows import Compile, Compiler, Datum, Node, Rows, valid
from engine.lazy import pc
from engine.types import ArrayType, CharType, DataType, MapType, StructType, VarcharType
from engine.types.arrow import to_arrow
from engine.types.char import has_lengths


def fit_lengths(array: pa.Array, data_type: DataType) -> pa.Array:
    """Texts as a column of `data_type` stores them: CHAR padded, blanks beyond the length cut off.

    Raises ExecutionError EXCEED_LIMIT_LENGTH for what is longer.
    """
    if not has_lengths(data_type):
        return array
    match data_type:
        case CharType(length):
            return pc.utf8_rpad(_cut(array, length), length, " ")
        case VarcharType(length):
            return _cut(array, length)
        case ArrayType(element, _):
            return make(lengths(array), fit_lengths(flat(array), element), valid(array), to_arrow(data_type))
        case MapType(key, value, _):
            keys, values = flat_entries(array)
            fitted = fit_lengths(keys, key), fit_lengths(values, value)
            return make_map(lengths(array), *fitted, valid(array), to_arrow(data_type))
        case StructType(fields):
            columns = [fit_lengths(c, f.dataType) for c, f in zip(array.flatten(), fields, strict=True)]
            return struct_of(columns, to_arrow(data_type), ~valid(array))
    return array


def _cut(array: pa.Array, length: int) -> pa.Array:
    over = pc.greater(pc.utf8_length(array), length)
    if not pc.any(over).as_py():
        return array
    if pc.any(pc.greater(pc.utf8_length(pc.utf8_rtrim(array, " ")), length)).as_py():
        raise ExecutionError("EXCEED_LIMIT_LENGTH", {"limit": length})
    return pc.utf8_slice_codeunits(array, 0, length)


def _padded(expression: PaddedChar, compiler: Compiler) -> Node:
    child, length = compiler.compile(expression.child), expression.length

    def padded(rows: Rows) -> Datum:
        return pc.utf8_rpad(child(rows), length, " ")

    return padded


COMPILERS: dict[type, Compile] = {PaddedChar: _padded}
