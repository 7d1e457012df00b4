"""Queries in expressions that do not depend on rows: they run first, and their value takes their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from engine.errors import ExecutionError, InternalError
from engine.expressions.base import FALSE, Expression, Literal
from engine.expressions.predicates import EqualTo, In, conjunction, disjunction
from engine.expressions.subquery import Exists, InSubquery, ScalarSubquery, SubqueryExpression
from engine.kernels.literals import from_scalar
from engine.physical.operator import Operator
from engine.physical.pipeline import Chain, Pipeline
from engine.types import BOOLEAN


@dataclass(frozen=True)
class QueryPipelines:
    """The pipelines of the query whose plan is the operator `id`."""

    id: int
    pipelines: tuple[Pipeline, ...]


def substituted(pipelines: Sequence[Pipeline], values: Mapping[int, Sequence[pa.RecordBatch]]) -> list[Pipeline]:
    """Pipelines whose expressions hold the results `values` of queries, by the id of their plan, instead of the queries.

    Raises ExecutionError SCALAR_SUBQUERY_TOO_MANY_ROWS.
    """
    done: dict[int, Any] = {}

    def operator(node: Any) -> Any:
        if id(node) not in done:
            done[id(node)] = _own(node, values)
        return done[id(node)]

    def chain(each: Chain) -> Chain:
        return replace(each, source=operator(each.source), steps=tuple(operator(step) for step in each.steps))

    return [
        replace(
            each,
            chains=tuple(chain(part) for part in each.chains),
            target=None if each.target is None else operator(each.target),
        )
        for each in pipelines
    ]


def _own(node: Operator, values: Mapping[int, Sequence[pa.RecordBatch]]) -> Operator:
    """The operator with its own expressions substituted; those of its inputs are their own matter."""
    if not any(each.has(SubqueryExpression) for each in node.expressions):
        return node

    def visit(child: Any) -> Any:
        if isinstance(child, Operator) or not child.has(SubqueryExpression):
            return child
        if isinstance(child, SubqueryExpression):
            return _value(child.map_children(lambda inner: inner if inner is child.plan else visit(inner)), values)
        return child.map_children(visit)

    return node.map_children(visit)


def _value(query: SubqueryExpression, values: Mapping[int, Sequence[pa.RecordBatch]]) -> Expression:
    batches = values[query.plan.id]
    rows = sum(batch.num_rows for batch in batches)
    if isinstance(query, Exists):
        return Literal(rows > 0, BOOLEAN)
    if isinstance(query, ScalarSubquery):
        if rows > 1:
            raise ExecutionError("SCALAR_SUBQUERY_TOO_MANY_ROWS", {}, query.origin)
        found = [batch for batch in batches if batch.num_rows]
        value = from_scalar(found[0].column(0)[0], query.dataType) if found else None
        return Literal(value, query.dataType).at(query.origin)
    if isinstance(query, InSubquery):
        return _membership(query, batches)
    raise InternalError(f"{type(query).__name__} has no value.")


def _membership(query: InSubquery, batches: Sequence[pa.RecordBatch]) -> Expression:
    columns = query.plan.output
    tuples = [
        tuple(Literal(from_scalar(batch.column(k)[row], c.dataType), c.dataType) for k, c in enumerate(columns))
        for batch in batches
        for row in range(batch.num_rows)
    ]
    different = tuple(dict.fromkeys(tuples))
    if not different:
        return FALSE
    if len(columns) == 1:
        return In(query.values[0], tuple(each[0] for each in different))
    return disjunction(
        *(conjunction(*(EqualTo(a, b) for a, b in zip(query.values, each, strict=True))) for each in different)
    )
