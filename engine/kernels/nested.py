"""Fields of structs."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from engine.expressions.calls import Field
from engine.kernels.lists import flat, flat_entries, lengths, make, make_map
from engine.kernels.rows import Compile, Compiler, Datum, Node, Rows, is_scalar, valid
from engine.lazy import pc
from engine.types.arrow import to_arrow


def _field(expression: Field, compiler: Compiler) -> Node:
    child, ordinal, kind = compiler.compile(expression.child), expression.ordinal, to_arrow(expression.dataType)

    def field(rows: Rows) -> Datum:
        value = child(rows)
        if pa.types.is_null(value.type):
            return pa.scalar(None, kind)
        return struct_field(value, ordinal)

    return field


def struct_field(value: Datum, ordinal: int) -> Datum:
    """The field number `ordinal` of each struct; null where the struct is."""
    if is_scalar(value):
        return value[ordinal] if value.is_valid else pa.scalar(None, value.type.field(ordinal).type)
    return pc.struct_field(value, [ordinal])


def struct_of(fields: list[pa.Array], kind: pa.StructType, missing: Any = None) -> pa.Array:
    """The structs of `fields`, in the order of the fields of `kind`; null where `missing` (a numpy mask)."""
    mask = None if missing is None or not missing.any() else pa.array(missing)
    wanted = [
        array if array.type == field.type else array.cast(field.type) for array, field in zip(fields, kind, strict=True)
    ]
    return pa.StructArray.from_arrays(wanted, fields=list(kind), mask=mask)


def renamed(array: pa.Array, wanted: pa.DataType) -> pa.Array:
    """The array with the fields of its structs, at any depth, called as in `wanted`."""
    if array.type == wanted:
        return array
    if pa.types.is_struct(wanted):
        fields = [renamed(each, field.type) for each, field in zip(array.flatten(), wanted, strict=True)]
        return struct_of(fields, wanted, ~valid(array))
    if pa.types.is_map(wanted):
        keys, items = flat_entries(array)
        pairs = renamed(keys, wanted.key_type), renamed(items, wanted.item_type)
        return make_map(lengths(array), *pairs, valid(array), wanted)
    if pa.types.is_list(wanted):
        return make(lengths(array), renamed(flat(array), wanted.value_type), valid(array), wanted)
    return array.cast(wanted)


COMPILERS: dict[type, Compile] = {Field: _field}
