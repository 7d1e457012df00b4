"""Structs: making them of values."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from engine.errors import AnalysisError
from engine.expressions.base import Alias, Attribute, Expression, Literal
from engine.expressions.calls import Call, Field
from engine.expressions.sql import shown
from engine.expressions.subquery import OuterReference
from engine.functions.mismatch import mismatch
from engine.functions.registry import function
from engine.functions.signature import ANY, ARRAY, Variadic
from engine.kernels.context import CallContext
from engine.kernels.nested import struct_of
from engine.kernels.rows import Datum, as_array, is_scalar
from engine.lazy import pc
from engine.types import STRING, StructField, StructType
from engine.types.arrow import to_arrow


def _build(names: list[str], values: list[Expression]) -> Expression:
    fields = tuple(StructField(n, v.dataType, v.nullable) for n, v in zip(names, values, strict=True))
    return Call("make_struct", tuple(values), StructType(fields), False)


@function("fields_of_structs", (ARRAY, STRING), takes_scalars=True, nullable="always", hidden=True)
def fields_of_structs(value: Datum, name: Datum) -> Datum:
    """`array.name`: the field of each struct of an array. The result type is that of the call."""
    array = as_array(value, 1) if is_scalar(value) else value
    field = (name if is_scalar(name) else name[0]).as_py()
    found = pa.ListArray.from_arrays(
        array.offsets, pc.struct_field(array.values, field), mask=array.is_null() if array.null_count else None
    )
    return found[0] if is_scalar(value) else found


def _name(value: Expression) -> str:
    """The name that a column brings along."""
    column = value.attribute if isinstance(value, OuterReference) else value
    return column.name if isinstance(column, Alias | Attribute | Field) else ""


@function("struct", (Variadic(ANY),), kind="rewrite")
def struct(*values: Expression) -> Expression:
    """Returns a struct of the arguments; a column or an aliased argument gives its name to its field, others are col1, col2 ...

    > SELECT struct(1, 2, 3);
    {"col1":1,"col2":2,"col3":3}
    """
    names = [_name(value) or f"col{place}" for place, value in enumerate(values, 1)]
    return _build(names, [value.child if isinstance(value, Alias) else value for value in values])


@function("row", (Variadic(ANY),), kind="rewrite", hidden=True)
def row(*values: Expression) -> Expression:
    """(a, b): as struct(a, b)."""
    return struct(*values)


@function("named_struct", (Variadic(ANY),), kind="rewrite")
def named_struct(*arguments: Expression) -> Expression:
    """Returns a struct of names and values, one after the other.

    > SELECT named_struct('a', 1, 'b', 2, 'c', 3);
    {"a":1,"b":2,"c":3}
    """
    if len(arguments) % 2:
        parameters = {"functionName": "`named_struct`", "expectedNum": "2n (n > 0)", "actualNum": len(arguments)}
        raise AnalysisError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", parameters)
    names = []
    for name in arguments[0::2]:
        if not isinstance(name, Literal) or not isinstance(name.value, str):
            raise mismatch("CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING", inputExprs=f"[{shown(name)}]")
        names.append(name.value)
    return _build(names, list(arguments[1::2]))


def _unnamed(*types: Any) -> StructType:
    return StructType(tuple(StructField(f"col{place}", each) for place, each in enumerate(types, 1)))


@function("make_struct", (Variadic(ANY),), returns=_unnamed, nullable="never", wants_context=True, hidden=True)
def make_struct(*values: pa.Array, context: CallContext) -> pa.Array:
    """Returns a struct of values, with the names of the result type.

    > SELECT struct(1, 'a');
    {"col1":1,"col2":"a"}
    """
    wanted = to_arrow(context.result)
    if not values:
        return pa.array([{}] * context.rows, wanted)
    return struct_of(list(values), wanted)
