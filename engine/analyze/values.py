"""VALUES: an inline table of constants."""

from __future__ import annotations

import pyarrow as pa

from engine.analyze.aggregates import has_aggregate
from engine.analyze.arithmetic import cast
from engine.analyze.expressions import Resolver
from engine.analyze.inlining import inlined_expression
from engine.errors import AnalysisError
from engine.expressions.base import Attribute, Expression, Literal
from engine.expressions.sql import sql
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import compile_expression
from engine.logical.plan import LocalRelation
from engine.logical.unresolved import UnresolvedValues
from engine.types.arrow import to_arrow
from engine.types.coercion import common_type_of

ONE_ROW = pa.RecordBatch.from_arrays([pa.nulls(1)], names=[""])


def local_relation(node: UnresolvedValues, resolver: Resolver) -> LocalRelation:
    """The rows of VALUES as a batch, columns col1, col2 ... of the common type of their values.

    Raises AnalysisError INVALID_INLINE_TABLE for rows of different lengths or values that are not constant.
    """
    width = len(node.rows[0])
    rows = [[inlined_expression(value) for value in resolver.all(row)] for row in node.rows]
    for row in rows:
        if len(row) != width:
            sizes = {"expectedNumCols": width, "actualNumCols": len(row), "rowIndex": rows.index(row)}
            raise AnalysisError("INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH", sizes, row[0].origin or node.origin)
        for value in row:
            if value.references or has_aggregate(value) or not value.foldable:
                shown = {"expr": f'"{sql(value)}"'}
                condition = "INVALID_INLINE_TABLE.CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE"
                raise AnalysisError(condition, shown, value.origin)
    context = EvalContext(resolver.context.time_zone, resolver.context.ansi)
    attributes: list[Attribute] = []
    arrays: list[pa.Array] = []
    for index in range(width):
        values: list[Expression] = [row[index] for row in rows]
        met = common_type_of([value.dataType for value in values], resolver.context.ansi)
        if met is None:
            types = ", ".join(sorted({f'"{value.dataType.sql}"' for value in values}))
            parameters = {"colName": f"`col{index + 1}`", "types": types}
            condition = "INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE"
            raise AnalysisError(condition, parameters, values[0].origin)
        cast_values = [cast(value, met, resolver.context.ansi) for value in values]
        arrays.append(_column(cast_values, to_arrow(met), context))
        attributes.append(Attribute(f"col{index + 1}", met, any(each.nullable for each in cast_values)))
    batch = pa.RecordBatch.from_arrays(arrays, names=[a.name for a in attributes])
    return LocalRelation(tuple(attributes), batch)


def _column(values: list[Expression], arrow_type: pa.DataType, context: EvalContext) -> pa.Array:
    if all(isinstance(v, Literal) and not v.dataType.children for v in values):
        return pa.array([v.value for v in values], arrow_type)  # type: ignore[attr-defined]
    return pa.concat_arrays([compile_expression(v, (), context)(ONE_ROW) for v in values])
