"""Queries in expressions that do not depend on rows: they run first, and their value takes their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pyarrow as pa

from engine.errors import ExecutionError, InternalError
from engine.expressions.base import FALSE, Expression, Literal
from engine.expressions.predicates import EqualTo, In, conjunction, disjunction
from engine.expressions.subquery import Exists, InSubquery, ScalarSubquery, SubqueryExpression
from engine.kernels.literals import from_scalar
from engine.physical.emit import EmitSink
from engine.physical.execution import Execution
from engine.physical.operator import Operator, Sink
from engine.physical.pipeline import Chain, Pipeline, QueryPipelines, Repeated
from engine.physical.run import run_pipelines
from engine.types import BOOLEAN


def run_with_queries(
    queries: Sequence[QueryPipelines], pipelines: Sequence[Pipeline], run: Execution, output: Callable[[], Sink]
) -> None:
    """Runs `pipelines` into `output()`, after the queries in their expressions, each before those that hold it."""
    values: dict[int, Sequence[pa.RecordBatch]] = {}
    for query in queries:
        found: list[pa.RecordBatch] = []
        run_pipelines(substituted(query.pipelines, values), run, partial(EmitSink, found.append, run))
        values[query.id] = found
    run_pipelines(substituted(pipelines, values) if queries else pipelines, run, output)


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

    def repeated(each: Repeated) -> Repeated:
        queries = [QueryPipelines(query.id, tuple(substituted(query.pipelines, values))) for query in each.queries]
        return Repeated(tuple(queries), tuple(substituted(each.pipelines, values)))

    return [
        replace(
            each,
            chains=tuple(chain(part) for part in each.chains),
            target=None if each.target is None else operator(each.target),
            repeated=None if each.repeated is None else repeated(each.repeated),
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
        if isinstance(child, SubqueryExpression) and child.plan.id in values:  # else it reads a level of a recursion
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
