"""What must hold after every rule that changed a plan; switched on in tests (`OptimizerContext.check`).

The same columns come out: ids, names and types, and none that may be null where it could not before. Every column that a
node reads is one that its children give. The same rule run again changes nothing. A rule that breaks one of these is a bug,
so it raises InternalError with both plans.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import InternalError
from engine.expressions.base import Attribute, Expression
from engine.expressions.lambdas import Lambda
from engine.expressions.subquery import OuterReference, SubqueryExpression
from engine.logical.canonical import canonical
from engine.logical.plan import Join, LateralJoin, LogicalPlan
from engine.tree.rules import Rule
from engine.tree.show import show


def check(rule: Rule, before: Any, after: Any) -> None:
    """Raises InternalError if `rule`, which turned `before` into `after`, broke the plan."""
    _same_output(rule.name, before, after)
    _resolvable(rule.name, before, after, frozenset())
    again = rule(after)
    if again is not after and canonical(again) != canonical(after):
        raise _broken(rule.name, "changes its own result", after, again)


def checker(rules: Mapping[str, Rule]) -> Any:
    """`check` as an observer of a run with these rules, by name."""
    return lambda name, before, after: check(rules[name], before, after)


def _same_output(name: str, before: LogicalPlan, after: LogicalPlan) -> None:
    if len(before.output) != len(after.output):
        raise _broken(name, f"changes the number of columns to {len(after.output)}", before, after)
    for old, new in zip(before.output, after.output, strict=True):
        if (old.id, old.name, old.dataType) != (new.id, new.name, new.dataType):
            raise _broken(
                name, f"turns column {old.name}: {old.dataType} into {new.name}: {new.dataType}", before, after
            )
        if new.nullable and not old.nullable:
            raise _broken(name, f"makes column {old.name} nullable", before, after)


def _resolvable(name: str, before: LogicalPlan, node: LogicalPlan, outer: frozenset[int]) -> None:
    given = _given(node)
    for expression in node.expressions:
        missing = _missing(expression, given, outer, before, name)
        if missing is not None:
            raise _broken(name, f"leaves {missing.name} without a source in {type(node).__name__}", before, node)
    for child in node.plans:
        # LateralJoin's right side, and only that, may read the left side's columns as outer references
        _resolvable(name, before, child, outer | (given if isinstance(node, LateralJoin) else frozenset()))


def _given(node: LogicalPlan) -> frozenset[int]:
    """The columns that the expressions of a node may read: those of its children, and those that it names itself."""
    if not node.plans:
        return node.output_ids
    own = [column.id for column in getattr(node, "columns", ())]
    if isinstance(node, Join) and node.exists is not None:
        own.append(node.exists.id)
    return frozenset(own).union(*(child.output_ids for child in node.plans))


def _missing(
    expression: Expression, given: frozenset[int], outer: frozenset[int], before: LogicalPlan, name: str
) -> Attribute | None:
    match expression:
        case OuterReference(attribute):
            return None if attribute.id in outer else attribute
        case Attribute():
            return None if expression.id in given else expression
        case Lambda(parameters):
            given = given | {parameter.id for parameter in parameters}
        case SubqueryExpression(plan):
            _resolvable(name, before, plan, outer | given)
    for child in expression.children:
        if isinstance(child, Expression):
            found = _missing(child, given, outer, before, name)
            if found is not None:
                return found
    return None


def _broken(name: str, what: str, before: Any, after: Any) -> InternalError:
    details = f"before:\n{show(before)}\n\nafter:\n{show(after)}"
    return InternalError(f"optimizer rule {name} {what}", details=details)
