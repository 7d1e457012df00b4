"""GROUP BY: grouping expressions, grouping sets, and select lists split into what is aggregated and what is computed after.

An Aggregate gives its grouping columns and one column for each aggregate function; everything else of the select list is
computed by a Project above it. `Grouped.rewrite` turns an expression over the input into one over those columns.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import field
from typing import Any

from engine.errors import AnalysisError, Position
from engine.expressions.aggregate import AggregateCall, Grouping, GroupingId
from engine.expressions.base import Alias, Attribute, Expression, Literal, Mode, NamedExpression
from engine.expressions.cast import Cast
from engine.expressions.operators import BitwiseAnd
from engine.expressions.predicates import GreaterThan, GreaterThanOrEqual
from engine.expressions.sql import sql
from engine.expressions.subquery import OuterAggregate, OuterReference, SubqueryExpression
from engine.expressions.window import WindowExpression
from engine.functions.resolve import resolve_call
from engine.lazy import cached_property
from engine.logical import unresolved as un
from engine.logical.canonical import same_value
from engine.logical.plan import Aggregate, Expand, LogicalPlan, Project
from engine.records import dataclass
from engine.types import BYTE, INT, LONG


@dataclass
class Grouped:
    """An aggregation being built: `keys` maps each grouping expression to its output column."""

    child: LogicalPlan
    keys: dict[Expression, Attribute]
    outputs: list[NamedExpression]
    grouping: tuple[Expression, ...]
    grouping_id: Attribute | None = None
    set_columns: tuple[Expression, ...] = ()
    calls: dict[Expression, Alias] = field(default_factory=dict)
    grouped: bool = True
    origin: Position | None = None

    def key(self, expression: Expression) -> Attribute | None:
        """The output column of `expression`, if it is grouped by: also `1 + a` by `a + 1`."""
        return self.keys.get(same_value(expression)) if type(expression) in self._kinds else None

    def rewrite(self, expression: Expression) -> Expression:
        """`expression` over the aggregation's output. Raises MISSING_AGGREGATION for a column that is not grouped."""
        found = self.key(expression)
        if found is not None:
            return found
        match expression:
            case AggregateCall():
                return self._call(expression)
            case Grouping(child):
                return self._grouping_bit(child, expression)
            case GroupingId(arguments):
                return self._grouping_id(arguments, expression)
            case OuterReference():
                return expression
            case Attribute():
                raise self._missing(expression)
            case WindowExpression(function, spec):
                inner = function.map_children(self._child)
                return WindowExpression(inner, spec.map_children(self._child))
            case SubqueryExpression():
                return self._subquery(expression)
        return expression.map_children(self._child)

    @cached_property
    def _kinds(self) -> frozenset[type[Expression]]:
        """The classes of which an expression may be a key: the others need not be brought into the form of keys."""
        return frozenset(map(type, self.keys)) | {GreaterThan, GreaterThanOrEqual}

    def plan(self) -> Aggregate:
        """The aggregation, once every expression above it went through `rewrite`."""
        return Aggregate(self.grouping, (*self.outputs, *self.calls.values()), self.child)

    def _child(self, child: Any) -> Any:
        return self.rewrite(child) if isinstance(child, Expression) else child

    def _call(self, call: AggregateCall) -> Attribute:
        alias = self.calls.get(call)
        if alias is None:
            alias = self.calls[call] = Alias(call, sql(call)).at(call.origin)
        return alias.to_attribute()

    def _subquery(self, expression: SubqueryExpression) -> Expression:
        """A subquery may read grouping columns of this query, which keep their ids."""
        known = {a.id for a in (each.to_attribute() for each in self.outputs)}
        by_key = {key.id: column for key, column in self.keys.items() if isinstance(key, Attribute)}

        def outer(node: Any) -> Any:
            if isinstance(node, OuterReference) and node.attribute.id in by_key:
                return OuterReference(by_key[node.attribute.id])
            return OuterReference(self._call(node.call)) if isinstance(node, OuterAggregate) else node

        rewritten = expression.map_children(
            lambda c: c.transform_up(outer) if isinstance(c, LogicalPlan) else self.rewrite(c)
        )
        for attribute in expression.outer:
            if attribute.id not in known and attribute.id not in by_key and attribute.id in self.child.output_ids:
                raise self._missing(attribute)
        return rewritten

    def _grouping_bit(self, child: Expression, node: Expression) -> Expression:
        if self.grouping_id is None:
            raise AnalysisError("UNSUPPORTED_GROUPING_EXPRESSION", {}, node.origin)
        if child not in self.set_columns:
            shown = ", ".join(map(sql, self.set_columns))
            raise AnalysisError(
                "GROUPING_COLUMN_MISMATCH", {"grouping": sql(child), "groupingColumns": shown}, node.origin
            )
        shift = len(self.set_columns) - 1 - self.set_columns.index(child)
        shifted = resolve_call("shiftright", (self.grouping_id, Literal(shift, INT)))
        return Cast(BitwiseAnd(shifted, Literal(1, LONG)), BYTE, Mode.LEGACY, implicit=True)

    def _grouping_id(self, arguments: tuple[Expression, ...], node: Expression) -> Expression:
        if self.grouping_id is None:
            raise AnalysisError("UNSUPPORTED_GROUPING_EXPRESSION", {}, node.origin)
        if arguments and arguments != self.set_columns:
            parameters = {
                "groupingIdColumn": ", ".join(map(sql, arguments)),
                "groupByColumns": ", ".join(map(sql, self.set_columns)),
            }
            raise AnalysisError("GROUPING_ID_COLUMN_MISMATCH", parameters, node.origin)
        return self.grouping_id

    def _missing(self, expression: Expression) -> AnalysisError:
        if not self.grouped:
            return AnalysisError(
                "MISSING_GROUP_BY", {}, self.origin, hint=f"Add GROUP BY {sql(expression)}, or aggregate it."
            )
        text = sql(expression)
        parameters = {"expression": text, "expressionAnyValue": f"any_value({text})"}
        return AnalysisError("MISSING_AGGREGATION", parameters, expression.origin)


def group(child: LogicalPlan, grouping: Iterable[Expression]) -> Grouped:
    """An aggregation of `child` by plain expressions."""
    child, computed = _computed(child, tuple(_different(grouping).values()))
    keys: dict[Expression, Attribute] = {}
    outputs: list[NamedExpression] = []
    for written, expression in computed.items():
        column: NamedExpression = (
            expression if isinstance(expression, Attribute) else Alias(expression, sql(expression))
        )
        outputs.append(column)
        keys[same_value(written)] = column.to_attribute()
    return Grouped(child, keys, outputs, tuple(computed.values()))


def _different(expressions: Iterable[Expression]) -> dict[Expression, Expression]:
    """The first of each value, by the form in which equal ones are equal."""
    found: dict[Expression, Expression] = {}
    for each in expressions:
        found.setdefault(same_value(each), each)
    return found


def _computed(child: LogicalPlan, grouping: tuple[Expression, ...]) -> tuple[LogicalPlan, dict[Expression, Expression]]:
    """`child` with the grouping expressions that ask subqueries as columns, so that each is asked once, and what each
    grouping expression is over it."""
    asking = {each: Alias(each, sql(each)) for each in grouping if each.has(SubqueryExpression)}
    if asking:
        child = Project((*child.output, *asking.values()), child)
    return child, {each: asking[each].to_attribute() if each in asking else each for each in grouping}


def group_by_sets(
    child: LogicalPlan, sets: list[tuple[Expression, ...]], listed: tuple[Expression, ...] = ()
) -> Grouped:
    """An aggregation by several grouping sets: each row of `child` once for each set, with the columns that are not in the
    set nulled, and a grouping id whose bits say which (the first column has the highest bit). Columns come in the order of
    `listed`, then as the sets name them."""
    first = _different(itertools.chain(listed, *sets))
    sets = [tuple(dict.fromkeys(first[same_value(each)] for each in one)) for one in sets]
    columns = tuple(first.values())
    child, computed = _computed(child, columns)
    nulled = tuple(Attribute(_name(c), c.dataType, True) for c in columns)
    grouping_id = Attribute("spark_grouping_id", LONG, False)
    position = Attribute("_gen_grouping_pos", LONG, False)
    repeated = len({frozenset(each) for each in sets}) < len(sets)
    projections = []
    for number, each in enumerate(sets):
        bits = sum(1 << (len(columns) - 1 - i) for i, c in enumerate(columns) if c not in each)
        shown = tuple(computed[c] if c in each else Literal(None, c.dataType) for c in columns)
        extra = (Literal(number, LONG),) if repeated else ()
        projections.append((*child.output, *shown, Literal(bits, LONG), *extra))
    markers = (grouping_id, position) if repeated else (grouping_id,)
    expanded = Expand(tuple(projections), (*child.output, *nulled, *markers), child)
    keys: dict[Expression, Attribute] = dict(zip(map(same_value, columns), nulled, strict=True))
    keys[grouping_id] = grouping_id
    return Grouped(expanded, keys, [*nulled, *markers], (*nulled, *markers), grouping_id, columns)


def _name(expression: Expression) -> str:
    return expression.name if isinstance(expression, Attribute) else sql(expression)


def grouping_sets(items: tuple[Expression, ...]) -> list[tuple[Expression, ...]] | None:
    """The grouping sets of a GROUP BY list with ROLLUP, CUBE or GROUPING SETS in it: the product of its items. None if it
    has none."""
    if not any(isinstance(item, un.GroupingSets) for item in items):
        return None
    product: list[tuple[Expression, ...]] = [()]
    for item in items:
        sets = _sets(item) if isinstance(item, un.GroupingSets) else [(item,)]
        product = [tuple(dict.fromkeys((*one, *other))) for one in product for other in sets]
    return product


def _sets(node: un.GroupingSets) -> list[tuple[Expression, ...]]:
    groups = [each if isinstance(each, tuple) else (each,) for each in node.sets]
    if node.kind.lower() in ("rollup", "cube") and () in groups:
        raise AnalysisError("_LEGACY_ERROR_TEMP_0051", {"element": node.kind.upper()}, node.origin)
    if node.kind.lower() == "rollup":
        return [tuple(itertools.chain(*groups[:length])) for length in range(len(groups), -1, -1)]
    if node.kind.lower() == "cube":
        chosen = itertools.product((True, False), repeat=len(groups))
        return [tuple(itertools.chain(*(g for g, use in zip(groups, mask, strict=True) if use))) for mask in chosen]
    found: list[tuple[Expression, ...]] = []
    for each in groups:
        if len(each) == 1 and isinstance(each[0], un.GroupingSets):
            found += _sets(each[0])
        else:
            found.append(each)
    return found
