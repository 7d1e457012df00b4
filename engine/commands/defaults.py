"""DEFAULT of a table's columns: checked when the table is made, and put in the place of DEFAULT in INSERT."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.catalog.tables import Table
from engine.commands.constants import evaluate, query_of
from engine.commands.context import Context
from engine.errors import AnalysisError, FlintError, quoted
from engine.expressions.base import Alias, Expression, Literal
from engine.logical.plan import LogicalPlan
from engine.logical.unresolved import (
    UnresolvedAlias,
    UnresolvedAttribute,
    UnresolvedExists,
    UnresolvedInSubquery,
    UnresolvedScalarSubquery,
    UnresolvedSelect,
    UnresolvedValues,
)
from engine.parse.parser import parse_expression
from engine.types import StringType, StructField, StructType
from engine.types.casts import is_up_cast
from engine.types.char import without_lengths


def check_default(statement: str, field: StructField, default: Expression, text: str, context: Context) -> None:
    """Raises AnalysisError INVALID_DEFAULT_VALUE for a DEFAULT that is no constant of the type of its column."""
    told = {"statement": statement, "colName": quoted(field.name), "defaultValue": text}
    if default.has(UnresolvedScalarSubquery, UnresolvedExists, UnresolvedInSubquery):
        raise AnalysisError("INVALID_DEFAULT_VALUE.SUBQUERY_EXPRESSION", told)
    try:
        kind = query_of(default, None, context).schema.fields[0].dataType
    except AnalysisError as error:
        if not error.condition.startswith("UNRESOLVED_COLUMN"):
            raise
        raise AnalysisError("INVALID_DEFAULT_VALUE.NOT_CONSTANT", told) from error
    if is_up_cast(kind, field.dataType):
        return
    types = {"expectedType": f'"{field.dataType.sql}"', "actualType": f'"{kind.sql}"'}
    try:
        if not isinstance(kind, StringType) and type(kind).__mro__[1] is not type(field.dataType).__mro__[1]:
            raise AnalysisError("INVALID_DEFAULT_VALUE.DATA_TYPE", told | types)
        evaluate(default, without_lengths(field.dataType), context)
    except FlintError as error:
        raise AnalysisError("INVALID_DEFAULT_VALUE.DATA_TYPE", told | types) from error


class Defaults:
    """The values that columns of `table` have where a statement gives none: null without a DEFAULT."""

    def __init__(self, table: Table, context: Context) -> None:
        self._texts = {context.catalog.fold(name): text for name, text in table.defaults}
        self._context = context
        self._found: dict[str, Literal] = {}

    def value(self, field: StructField) -> Literal:
        """The value of a column, computed once for a statement."""
        name = self._context.catalog.fold(field.name)
        if name not in self._found:
            text = self._texts.get(name)
            kind = without_lengths(field.dataType)
            known = Literal(None, kind)
            self._found[name] = known if text is None else evaluate(parse_expression(text), kind, self._context)
        return self._found[name]


def with_defaults(plan: LogicalPlan, fields: tuple[StructField, ...], defaults: Defaults) -> LogicalPlan:
    """The query of INSERT with values in the place of DEFAULT, in VALUES and in the list of its SELECT.

    Raises AnalysisError DEFAULT_PLACEMENT_INVALID for a DEFAULT inside an expression.
    """
    if not plan.has(UnresolvedAttribute):
        return plan
    if isinstance(plan, UnresolvedValues):
        rows = tuple(_given(row, fields, defaults) for row in plan.rows)
        return replace(plan, rows=rows).at(plan.origin) if rows != plan.rows else plan
    if isinstance(plan, UnresolvedSelect):
        found = _given(plan.projections, fields, defaults)
        return replace(plan, projections=found).at(plan.origin) if found != plan.projections else plan
    return plan


def _given(values: tuple[Any, ...], fields: tuple[StructField, ...], defaults: Defaults) -> tuple[Any, ...]:
    return tuple(
        _one(value, fields[place] if place < len(fields) else None, defaults) for place, value in enumerate(values)
    )


def _one(value: Expression, field: StructField | None, defaults: Defaults) -> Expression:
    inner = value.child if isinstance(value, Alias | UnresolvedAlias) else value
    if _is_default(inner):
        if field is None:
            return Literal(None).at(value.origin)
        found = defaults.value(field)
        constant = Literal(found.value, found.dataType).at(inner.origin)
        return constant if inner is value else replace(value, child=constant).at(value.origin)  # type: ignore[call-arg]
    if value.has(UnresolvedAttribute) and any(_is_default(each) for each in value.collect(UnresolvedAttribute)):
        raise AnalysisError("DEFAULT_PLACEMENT_INVALID", {}, value.origin)
    return value


def _is_default(value: Expression) -> bool:
    return isinstance(value, UnresolvedAttribute) and [part.upper() for part in value.parts] == ["DEFAULT"]


def as_pairs(
    schema: StructType, defaults: tuple[tuple[str, Expression, str], ...], statement: str, context: Context
) -> tuple[tuple[str, str], ...]:
    """Checked defaults as a table keeps them."""
    fields = {context.catalog.fold(field.name): field for field in schema.fields}
    for name, expression, text in defaults:
        check_default(statement, fields[context.catalog.fold(name)], expression, text, context)
    return tuple((name, text) for name, _, text in defaults)
