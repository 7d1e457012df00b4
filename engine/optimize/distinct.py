"""Aggregates with DISTINCT as aggregates without: in two steps, or over an Expand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Alias, Attribute, Expression, Literal, NamedExpression
from engine.expressions.conditional import If
from engine.expressions.predicates import EqualTo
from engine.logical.plan import Aggregate, Expand, LogicalPlan
from engine.optimize.aggregate_parts import above, from_parts, merged, parts_of
from engine.records import dataclass
from engine.types import INT


def in_two_steps(plan: Aggregate, distinct: Sequence[AggregateCall], others: Sequence[AggregateCall]) -> LogicalPlan:
    """The distinct arguments as grouping keys below, the other functions in parts."""
    keys = _keys(plan.grouping)
    arguments = _keys(_filtered(distinct[0]))
    own: dict[AggregateCall, Alias] = {}
    for part in (part for call in others for part in parts_of(call)):
        own.setdefault(part, Alias(part, part.function))
    below = Aggregate((*plan.grouping, *arguments), (*keys.values(), *arguments.values(), *own.values()), plan.child)
    new: dict[AggregateCall, Expression] = {}
    for call in distinct:
        plain = tuple(arguments[each].to_attribute() for each in _filtered(call))
        new[call] = AggregateCall(call.function, (*plain, *_constants(call)), call.type, call.is_nullable)
    for call in others:
        new[call] = from_parts(call, [own[part] for part in parts_of(call)], plan)
    return above(plan, {key: each.to_attribute() for key, each in keys.items()}, new, below)


def expanded(plan: Aggregate, distinct: Sequence[AggregateCall], others: Sequence[AggregateCall]) -> LogicalPlan:
    """Every row once for each set of distinct arguments, and once for the other functions."""
    keys = [_Column.of(key) for key in plan.grouping]
    sets: dict[tuple[Any, ...], list[_Column]] = {}
    for call in distinct:
        arguments = _filtered(call)
        if arguments not in sets:
            sets[arguments] = [_Column.of(each) for each in arguments]
    inputs = {each: _Column.of(each) for call in others for each in _inputs(call)}
    gid = Attribute("gid", INT, False)
    all_sets = [column for columns in sets.values() for column in columns]
    rows = []
    for number, columns in enumerate(sets.values(), 1):
        rows.append(_row(keys, all_sets, columns, number, inputs.values(), ()))
    if others:
        rows.append(_row(keys, all_sets, (), 0, inputs.values(), inputs.values()))
    attributes = [column.attribute for column in (*keys, *all_sets)]
    expand = Expand(tuple(rows), (*attributes, gid, *(column.attribute for column in inputs.values())), plan.child)
    own = {call: Alias(_over(call, inputs), call.function) for call in others}
    below = Aggregate((*attributes, gid), (*attributes, gid, *own.values()), expand)
    new: dict[AggregateCall, Expression] = {}
    for call in distinct:
        plain = tuple(column.attribute for column in sets[_filtered(call)])
        new[call] = AggregateCall(call.function, (*plain, *_constants(call)), call.type, call.is_nullable)
    for call, alias in own.items():
        only = EqualTo(gid, Literal(0, INT))
        new[call] = merged(AggregateCall("first", (alias.to_attribute(),), call.type, condition=only), call, plan)
    named: dict[Expression, Expression] = {key: c.attribute for key, c in zip(plan.grouping, keys, strict=True)}
    return above(plan, named, new, below)


@dataclass(frozen=True)
class _Column:
    """An expression over the rows, and the column of the Expand that holds it (null where it plays no part)."""

    expression: Expression
    attribute: Attribute

    @classmethod
    def of(cls, expression: Expression) -> _Column:
        name = expression.name if isinstance(expression, Attribute) else "value"
        return cls(expression, Attribute(name, expression.dataType, True))


def _row(keys: Any, sets: Any, own: Any, number: int, inputs: Any, given: Any) -> tuple[Expression, ...]:
    def values(columns: Any, shown: Any) -> list[Expression]:
        chosen = {id(column) for column in shown}
        return [c.expression if id(c) in chosen else Literal(None, c.attribute.type) for c in columns]

    return (*values(keys, keys), *values(sets, own), Literal(number, INT), *values(inputs, given))


def _keys(expressions: Sequence[Expression]) -> dict[Expression, NamedExpression]:
    """Grouping expressions by what they are called above."""
    return {each: each if isinstance(each, Attribute) else Alias(each, "key") for each in expressions}


def _filtered(call: AggregateCall) -> tuple[Expression, ...]:
    """The arguments that must differ, null where FILTER leaves the row out: nulls count in no function."""
    columns = tuple(each for each in call.arguments if not each.foldable) or call.arguments
    if call.condition is None:
        return columns
    return tuple(If(call.condition, each, Literal(None, each.dataType)) for each in columns)


def _constants(call: AggregateCall) -> tuple[Expression, ...]:
    """Arguments after the first that are the same for every row (a percentage, a separator)."""
    if all(each.foldable for each in call.arguments):
        return ()
    return tuple(each for each in call.arguments if each.foldable)


def _inputs(call: AggregateCall) -> list[Expression]:
    conditions = [call.condition] if call.condition is not None else []
    return [each for each in (*call.arguments, *call.order, *conditions) if not each.foldable]


def _over(call: AggregateCall, inputs: Mapping[Expression, _Column]) -> AggregateCall:
    """`call` over the columns of the Expand."""
    return call.map_children(lambda each: inputs[each].attribute if each in inputs else each)
