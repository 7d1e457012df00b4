"""Expressions over no table that a statement needs the values of: of variables, of DEFAULT, of PARTITION."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from engine.commands.context import Context
from engine.errors import AnalysisError, ExecutionError
from engine.expressions.base import Alias, Expression, Literal
from engine.expressions.cast import Cast
from engine.kernels.literals import from_scalar
from engine.logical.plan import OneRow
from engine.logical.unresolved import UnresolvedSelect
from engine.types import DataType

if TYPE_CHECKING:
    from engine.query import Query


def query_of(expression: Expression, to: DataType | None, context: Context) -> Query:
    """The query of one row and column that gives the value of an expression, as `to`."""
    wanted = expression if to is None else Cast(expression, to).at(expression.origin)
    column = Alias(wanted, "value").at(expression.origin)
    plan = UnresolvedSelect((column,), False, None, None, False, None, (), None, (), OneRow()).at(expression.origin)
    return context.subquery(plan)


def evaluate(expression: Expression, to: DataType | None, context: Context) -> Literal:
    """The value of an expression over no table, as `to`."""
    return row_of(query_of(expression, to, context), 1)[0]


def row_of(query: Query, width: int) -> list[Literal]:
    """The values of the one row of a query; nulls if it has none."""
    kinds = [field.dataType for field in query.schema.fields]
    if len(kinds) != width:
        raise AnalysisError("ASSIGNMENT_ARITY_MISMATCH", {"numTarget": width, "numExpr": len(kinds)})
    table = pa.Table.from_batches(list(query.batches()), query.arrow_schema)
    if table.num_rows > 1:
        raise ExecutionError("ROW_SUBQUERY_TOO_MANY_ROWS", {})
    if not table.num_rows:
        return [Literal(None, kind) for kind in kinds]
    return [Literal(from_scalar(column[0], kind), kind) for column, kind in zip(table.columns, kinds, strict=True)]
