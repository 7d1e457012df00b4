"""TABLESAMPLE, PIVOT and UNPIVOT as filters, aggregations and expansions."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.analyze.aggregates import has_aggregate
from engine.analyze.arithmetic import cast
from engine.analyze.expressions import Resolver, named
from engine.analyze.grouping import group
from engine.analyze.naming import display_name
from engine.analyze.scope import Scope
from engine.errors import AnalysisError, Position, quoted
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Alias, Attribute, Expression, Literal
from engine.expressions.predicates import EqualNullSafe, IsNotNull, LessThan, conjunction, disjunction
from engine.expressions.sql import sql
from engine.functions.resolve import resolve_call
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import evaluate_constant
from engine.kernels.moment import read_moment
from engine.logical import plan as lp
from engine.logical import unresolved as un
from engine.logical.plan import LogicalPlan
from engine.types import DOUBLE, LONG, STRING, BooleanType, DataType, MapType, NumericType
from engine.types.casts import can_cast
from engine.types.coercion import tightest_common_type

if TYPE_CHECKING:
    from engine.analyze.relations import Bound


def sampled(node: un.UnresolvedSample, bound: Bound) -> Bound:
    """Each row with the same probability: the same ones again for the same seed and the same split of the input."""
    if node.seed is None:
        read_moment("chance")
    seed = random.randrange(1000) if node.seed is None else node.seed
    number = resolve_call("rand", (Literal(seed, LONG),))
    kept = LessThan(number, Literal(node.fraction, DOUBLE))
    return replace(bound, plan=lp.Filter(kept, bound.plan).at(node.origin))


# PIVOT


def pivoted(node: un.UnresolvedPivot, bound: Bound, resolver: Resolver) -> Bound:
    """One row for each group of the columns that neither PIVOT nor its aggregates read, with the aggregates of each value."""
    keys = [_column(name, resolver, node.origin) for name in node.columns]
    aggregates = [_aggregate(each, resolver) for each in node.aggregates]
    values = [_value(each, keys, resolver) for each in node.values]
    read = frozenset().union(*(key.references for key in keys), *(found.references for found, _ in aggregates))
    groups = tuple(column for column in bound.scope.columns if column.id not in read)
    make = _twice_grouped if all(_is_simple(found.dataType) for found, _ in aggregates) else _filtered
    columns, plan = make(bound.plan, groups, keys, [found for found, _ in aggregates], [value for value, _ in values])
    names = [
        value if len(aggregates) == 1 else f"{value}_{aggregate}" for _, value in values for _, aggregate in aggregates
    ]
    plan = lp.Project((*groups, *(named(c, name) for c, name in zip(columns, names, strict=True))), plan).at(
        node.origin
    )
    return replace(bound, plan=plan, scope=replace(bound.scope, columns=plan.output, hidden=()))


def _column(name: str, resolver: Resolver, origin: Position | None) -> Expression:
    found = resolver.resolve(un.UnresolvedAttribute((name,)).at(origin))
    if _has_map(found.dataType):
        raise AnalysisError("INCOMPARABLE_PIVOT_COLUMN", {"columnName": quoted(name)}, origin)
    return found


def _has_map(kind: DataType) -> bool:
    return isinstance(kind, MapType) or any(map(_has_map, kind.children))


def _aggregate(written: Expression, resolver: Resolver) -> tuple[Expression, str]:
    """An aggregate of PIVOT and the name that its columns end with."""
    inner, name = _aliased(written)
    found = resolver.resolve(inner)
    if not has_aggregate(found):
        raise AnalysisError("_LEGACY_ERROR_TEMP_1006", {"sql": sql(found)}, written.origin)
    return found, name or display_name(inner, found, resolver)


def _aliased(written: Expression) -> tuple[Expression, str]:
    match written:
        case un.UnresolvedAlias(child, names):
            return child, names[0]
        case Alias(child, name):
            return child, name
    return written, ""


def _value(written: Expression, keys: list[Expression], resolver: Resolver) -> tuple[tuple[Literal, ...], str]:
    """A value of PIVOT as one literal for each of its columns, and the name that its columns begin with."""
    inner, name = _aliased(written)
    parts = (inner,)
    if len(keys) > 1:
        is_row = isinstance(inner, un.UnresolvedFunction) and inner.name[-1].lower() in ("row", "struct")
        parts = inner.arguments if is_row else (inner,)  # type: ignore[attr-defined]
    if len(parts) != len(keys):
        raise _mismatch(sql(inner), resolver.resolve(inner).dataType, keys, inner)
    context = EvalContext(time_zone=resolver.context.time_zone, ansi=resolver.context.ansi)
    literals: list[Literal] = []
    shown: list[str] = []
    for part, key in zip(parts, keys, strict=True):
        found = _constant(_aliased(part)[0], resolver)
        if not can_cast(found.dataType, key.dataType, resolver.context.ansi):
            raise _mismatch(sql(found), found.dataType, keys, inner)
        literals.append(evaluate_constant(cast(found, key.dataType, resolver.context.ansi), context))
        text = evaluate_constant(cast(found, STRING, resolver.context.ansi), context).value
        shown.append("null" if text is None else str(text))
    return tuple(literals), name or (shown[0] if len(shown) == 1 else "{" + ", ".join(shown) + "}")


def _constant(written: Expression, resolver: Resolver) -> Expression:
    found = resolver.resolve(written)
    if not found.foldable:
        raise AnalysisError("NON_LITERAL_PIVOT_VALUES", {"expression": f'"{sql(found)}"'}, written.origin)
    return found


def _mismatch(value: str, kind: DataType, keys: list[Expression], written: Expression) -> AnalysisError:
    pivot = keys[0].dataType.simpleString() if len(keys) == 1 else "struct"
    parameters = {"value": value, "valueType": kind.simpleString(), "pivotType": pivot}
    return AnalysisError("PIVOT_VALUE_DATA_TYPE_MISMATCH", parameters, written.origin)


def _is_simple(kind: DataType) -> bool:
    """Types of which Spark picks the value of a group; others it aggregates by value: so a count is 0 and not null."""
    return isinstance(kind, NumericType | BooleanType)


def _twice_grouped(
    child: LogicalPlan,
    groups: tuple[Attribute, ...],
    keys: list[Expression],
    aggregates: list[Expression],
    values: list[tuple[Literal, ...]],
) -> tuple[list[Attribute], LogicalPlan]:
    """Grouped by the keys too, then the one row of each value is picked: null where it has none."""
    inner = group(child, (*groups, *keys))
    computed = [Alias(inner.rewrite(each), sql(each)) for each in aggregates]
    found = [inner.keys[key] for key in keys]
    plan = lp.Project((*groups, *found, *computed), inner.plan())
    outer = group(plan, groups)
    columns = []
    for value in values:
        is_value = conjunction(
            *(EqualNullSafe(key, each) for key, each in zip(dict.fromkeys(found), value, strict=True))
        )
        for each in computed:
            picked = resolve_call("first", (each.to_attribute(),), condition=is_value)
            columns.append(outer.rewrite(picked))
    return columns, outer.plan()  # type: ignore[return-value]


def _filtered(
    child: LogicalPlan,
    groups: tuple[Attribute, ...],
    keys: list[Expression],
    aggregates: list[Expression],
    values: list[tuple[Literal, ...]],
) -> tuple[list[Attribute], LogicalPlan]:
    """The aggregates of each value over its rows only."""
    grouped = group(child, groups)
    columns: list[Expression] = []
    for value in values:
        is_value = conjunction(*(EqualNullSafe(key, each) for key, each in zip(keys, value, strict=True)))

        def only(node: Any, is_value: Expression = is_value) -> Any:
            if not isinstance(node, AggregateCall):
                return node
            condition = is_value if node.condition is None else conjunction(is_value, node.condition)
            return replace(node, condition=condition)

        columns += [grouped.rewrite(each.transform_up(only)) for each in aggregates]
    aliases = [Alias(each, sql(each)) for each in columns]
    plan = lp.Project((*groups, *aliases), grouped.plan())
    return [alias.to_attribute() for alias in aliases], plan


# UNPIVOT


def unpivoted(node: un.UnresolvedUnpivot, bound: Bound, resolver: Resolver) -> Bound:
    """Each row once for each of the columns, beside the columns that are not named."""
    sets = [[_plain(name, resolver, node) for name in names] for names, _ in node.columns]
    read = {column.id for each in sets for column in each}
    kept = tuple(column for column in bound.scope.columns if column.id not in read)
    types = [_met([each[place] for each in sets], node) for place in range(len(node.values))]
    ansi = resolver.context.ansi
    projections = tuple(
        (
            *kept,
            Literal(alias or "_".join(column.name for column in each), STRING),
            *(cast(column, kind, ansi) for column, kind in zip(each, types, strict=True)),
        )
        for each, (_, alias) in zip(sets, node.columns, strict=True)
    )
    values = tuple(
        Attribute(name, kind, any(each[place].nullable for each in sets))
        for place, (name, kind) in enumerate(zip(node.values, types, strict=True))
    )
    columns = (*kept, Attribute(node.name, STRING, False), *values)
    plan: LogicalPlan = lp.Expand(projections, columns, bound.plan).at(node.origin)
    if not node.include_nulls:
        plan = lp.Filter(disjunction(*map(IsNotNull, values)), plan).at(node.origin)
    return replace(bound, plan=plan, scope=Scope(columns, (), bound.scope.outer, bound.scope.case_sensitive))


def _plain(name: tuple[str, ...], resolver: Resolver, node: un.UnresolvedUnpivot) -> Attribute:
    found = resolver.scope.find(name, node.origin)
    if found is None:
        raise resolver.scope.unresolved(name, node.origin)
    if not isinstance(found, Attribute):
        shown = f'"{sql(found)}"'
        raise AnalysisError(
            "UNPIVOT_REQUIRES_ATTRIBUTES", {"given": "value", "empty": "id", "expressions": shown}, node.origin
        )
    return found


def _met(columns: list[Attribute], node: un.UnresolvedUnpivot) -> DataType:
    """The type in which some columns meet; strings meet strings only."""
    met: DataType | None = columns[0].dataType
    for column in columns[1:]:
        met = tightest_common_type(met, column.dataType) if met is not None else None
    if met is None:
        shown = ", ".join(f'"{column.dataType.sql}" (`{column.name}`)' for column in columns)
        raise AnalysisError("UNPIVOT_VALUE_DATA_TYPE_MISMATCH", {"types": f"[{shown}]"}, node.origin)
    return met
