"""Functions that make rows: of the elements of arrays and maps, of several expressions, of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import AnalysisError
from engine.expressions.base import Attribute, Expression, Literal
from engine.expressions.calls import Call
from engine.expressions.sql import shown_type, sql
from engine.functions.collection_types import as_list
from engine.functions.mismatch import mismatch, not_constant
from engine.functions.registry import function
from engine.functions.resolve import cast_to
from engine.functions.signature import ANY, ARRAY, ARRAY_OR_MAP, Variadic
from engine.kernels.calls import Generated
from engine.kernels.lists import elements, flat, flat_entries, lengths, parents, starts
from engine.logical.keywords import KEYWORDS, RESERVED
from engine.logical.plan import LocalRelation, LogicalPlan, Range
from engine.types import (
    BOOLEAN,
    INT,
    LONG,
    STRING,
    VOID,
    ArrayType,
    DataType,
    IntegralType,
    MapType,
    NullType,
    StructField,
    StructType,
)


def _columns(*types: DataType) -> tuple[StructField, ...]:
    kind = types[0]
    if isinstance(kind, MapType):
        return (StructField("key", kind.keyType, False), StructField("value", kind.valueType, kind.valueContainsNull))
    assert isinstance(kind, ArrayType), "coerced to an array"
    return (StructField("col", kind.elementType, kind.containsNull),)


@function(
    "explode",
    (ARRAY_OR_MAP,),
    names=("collection",),
    returns=lambda *t: StructType(_columns(*t)),
    kind="generator",
    aliases=("explode_outer",),
)
def explode(value: pa.Array) -> Generated:
    """Makes a row of each element of an array, or of each entry of a map.

    > SELECT explode(array(10, 20));
    10
    20
    """
    if pa.types.is_map(value.type):
        return _owners(value), list(flat_entries(value))
    return parents(value), [flat(value)]


def _owners(value: pa.Array) -> Any:
    return np.repeat(np.arange(len(value), dtype=np.int64), lengths(value))


@function(
    "posexplode",
    (ARRAY_OR_MAP,),
    names=("collection",),
    returns=lambda *t: StructType((StructField("pos", INT, False), *_columns(*t))),
    kind="generator",
    aliases=("posexplode_outer",),
)
def posexplode(value: pa.Array) -> Generated:
    """Like `explode`, with the place of the element (from 0) before it.

    > SELECT posexplode(array(10, 20));
    0	10
    1	20
    """
    owners, columns = explode(value)
    _, places = _numbered(lengths(value))
    return owners, [pa.array(places.astype(np.int32)), *columns]


def _list_of_structs(types: tuple[DataType, ...], _ansi: bool) -> Sequence[DataType] | None:
    listed = as_list(types[0])
    return (listed,) if listed is not None and isinstance(listed.elementType, StructType) else None


def _fields(kind: DataType) -> DataType:
    assert isinstance(kind, ArrayType) and isinstance(kind.elementType, StructType), "checked before"
    nullable = kind.containsNull
    return StructType(tuple(StructField(f.name, f.dataType, f.nullable or nullable) for f in kind.elementType.fields))


@function(
    "inline",
    (ARRAY,),
    names=("input",),
    returns=_fields,
    kind="generator",
    coerce=_list_of_structs,
    aliases=("inline_outer",),
)
def inline(value: pa.Array) -> Generated:
    """Makes a row of each struct of an array, a column of each field.

    > SELECT inline(array(struct(1, 'a'), struct(2, 'b')));
    1	a
    2	b
    """
    return parents(value), flat(value).flatten()


@function("stack", (INT, Variadic(ANY, 1)), kind="rewrite")
def stack(count: Expression, *values: Expression) -> Expression:
    """Makes `count` rows of the other arguments.

    > SELECT stack(2, 1, 2, 3);
    1	2
    3	NULL
    """
    rows = count.value if isinstance(count, Literal) else None
    if not isinstance(rows, int) or rows < 1:
        raise not_constant("n", "INT", count)
    width = -(-len(values) // rows)
    fields, cast = [], list(values)
    for place in range(width):
        column = values[place::width]
        kinds = list(dict.fromkeys(each.dataType for each in column if not isinstance(each.dataType, NullType)))
        met = kinds[0] if kinds else VOID
        if len(kinds) > 1:
            raise _stack_mismatch(place, width, [each.dataType for each in column])
        for index in range(place, len(values), width):
            cast[index] = cast_to(values[index], met)
        nullable = len(column) < rows or any(each.nullable for each in column)
        fields.append(StructField(f"col{place}", met, nullable))
    return Call("stack_rows", (count, *cast), StructType(tuple(fields)), False)


def _stack_mismatch(place: int, width: int, types: Sequence[DataType]) -> AnalysisError:
    """The error for the first value of a column of stack() that is of another type than the first."""
    row = next(row for row, each in enumerate(types) if each != types[0] and not isinstance(each, NullType))
    return mismatch(
        "STACK_COLUMN_DIFF_TYPES",
        columnIndex=place,
        leftParamIndex=place + 1,
        leftType=shown_type(types[0]),
        rightParamIndex=place + 1 + row * width,
        rightType=shown_type(types[row]),
    )


@function("stack_rows", (INT, Variadic(ANY, 1)), kind="generator", hidden=True)
def stack_rows(count: pa.Array, *values: pa.Array) -> Generated:
    """Makes rows of the arguments after the first, which is how many.

    > SELECT stack(1, 'a');
    a
    """
    length = len(count)
    rows = count[0].as_py() if length else 1
    width = -(-len(values) // rows)
    padded = [*values, *[pa.nulls(length, values[i % width].type) for i in range(len(values), rows * width)]]
    owners = np.repeat(np.arange(length, dtype=np.int64), rows)
    order = pa.array(np.arange(rows * length).reshape(rows, length).T.ravel())
    columns = [pa.concat_arrays(padded[place::width]).take(order) for place in range(width)]
    return owners, columns


@function("unnest_rows", (Variadic(ANY, 1),), kind="generator", hidden=True)
def unnest_rows(*values: pa.Array) -> Generated:
    """Makes a row of the elements of arrays at the same place, null where an array is shorter; or of each entry of a map.

    > SELECT x FROM UNNEST(array(10, 20)) AS t(x);
    10
    20
    """
    if pa.types.is_map(values[0].type):
        return _owners(values[0]), list(flat_entries(values[0]))
    counts = [lengths(value) for value in values]
    owners, within = _numbered(np.maximum.reduce(counts))
    columns = []
    for value, count in zip(values, counts, strict=True):
        inside = within < count[owners]
        places = np.where(inside, starts(value)[owners] + within, 0) if len(value) else within
        columns.append(elements(value).take(pa.array(places, mask=~inside)))
    return owners, columns


@function("unnest_counted", (INT, Variadic(ANY, 1)), kind="generator", hidden=True)
def unnest_counted(first: pa.Array, *values: pa.Array) -> Generated:
    """Like unnest_rows, with a number from `first` on beside each row.

    > SELECT x, n FROM UNNEST(array(10, 20)) WITH ORDINALITY AS t(x, n);
    10	1
    20	2
    """
    owners, columns = unnest_rows(*values)
    _, within = _numbered(np.bincount(owners, minlength=len(first)))
    return owners, [*columns, pa.array(within + (first[0].as_py() if len(first) else 0))]


def _numbered(counts: Any) -> tuple[Any, Any]:
    """For each of the rows that `counts` says are made of each row: the row it is made of, and its number from 0."""
    owners = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    return owners, np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)


@function("range", (Variadic(LONG, 1),), kind="table")
def range_(*bounds: Literal) -> LogicalPlan:
    """Makes the rows of the numbers from a start (0) to before an end, by a step (1).

    > SELECT * FROM range(3);
    0
    1
    2
    """
    values = []
    for bound in bounds:
        if not isinstance(bound.dataType, IntegralType) or bound.value is None:
            parameters = {
                "sqlExpr": "range",
                "paramIndex": "first",
                "requiredType": '"BIGINT"',
                "inputSql": sql(bound),
                "inputType": f'"{bound.dataType.sql}"',
            }
            raise AnalysisError("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", parameters, bound.origin)
        values.append(int(bound.value))
    if len(values) > 4:
        parameters = {"functionName": "`range`", "expectedNum": "[1, 2, 3, 4]", "actualNum": str(len(values))}
        raise AnalysisError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", parameters)
    start, end = (0, values[0]) if len(values) == 1 else (values[0], values[1])
    step = values[2] if len(values) > 2 else 1
    if step == 0:
        raise AnalysisError("FAILED_FUNCTION_CALL", {"funcName": "`range`"}, hint="The step cannot be 0.")
    return Range(start, end, step, Attribute("id", LONG, False), values[3] if len(values) > 3 else None)


@function("sql_keywords", (), kind="table", wants_context=True)
def sql_keywords(context: Any) -> LogicalPlan:
    """Makes a row of each word of the language, with whether it is reserved.

    > SELECT count(*) > 300 FROM sql_keywords();
    true
    """
    listed = sorted(KEYWORDS)
    reserved = [context.reserved_keywords and word in RESERVED for word in listed]
    batch = pa.record_batch([pa.array(listed), pa.array(reserved)], names=["keyword", "reserved"])
    return LocalRelation((Attribute("keyword", STRING, False), Attribute("reserved", BOOLEAN, False)), batch)
