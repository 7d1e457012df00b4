"""Bodies of functions in SQL in the place of their calls, once the whole statement is analyzed.

    Project [twice(a + 1)]         Project [x + x]
    └─ Scan t                =>    └─ Project [a, a + 1 AS x]       only if that must be computed once
                                      └─ Scan t

An argument takes the place of its parameter. It is computed beneath instead, as a column, where the body has queries (which
read columns only) or where it would be computed several times and may differ or hold a query.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from engine.errors import AnalysisError, Unsupported, quoted
from engine.expressions.base import Alias, Attribute, Expression, Literal
from engine.expressions.routines import RoutineBody, SQLScalarFunction
from engine.expressions.subquery import OuterReference, SubqueryExpression
from engine.logical.plan import Aggregate, Filter, Generate, LogicalPlan, OneRow, Project, Sort
from engine.logical.renew import renew

_UNSUPPORTED: dict[type[LogicalPlan], str] = {Sort: "Sort", Generate: "Generate"}
"""Where Spark takes no functions in SQL, and what it calls these places."""


def inlined(plan: LogicalPlan) -> LogicalPlan:
    """`plan` without calls of functions in SQL, in its subqueries too."""
    if not plan.has(SQLScalarFunction):
        return plan
    plan = plan.map_plans(inlined).map_expressions(_in_queries)
    if not any(each.has(SQLScalarFunction) for each in plan.expressions):
        return plan
    for kind, name in _UNSUPPORTED.items():
        if isinstance(plan, kind):
            raise unsupported_place(plan, name)
    return _Inliner(plan).result()


def unsupported_place(tree: Any, place: str) -> AnalysisError:
    """The error for a call in `tree`, which stands where there may be none."""
    call = tree.collect(SQLScalarFunction)[0]
    parameters = {"functionName": quoted(call.body.name), "nodeName": place}
    return AnalysisError("UNSUPPORTED_SQL_UDF_USAGE", parameters, call.origin)


def inlined_expression(expression: Expression) -> Expression:
    """An expression over no columns, without calls of functions in SQL."""
    if not expression.has(SQLScalarFunction):
        return expression
    plan = inlined(Project((Alias(expression, "value"),), OneRow()))
    found: Any = plan.expressions[0]
    return found.child if isinstance(found, Alias) and isinstance(plan.plans[0], OneRow) else expression


def _in_queries(expression: Any) -> Any:
    if not expression.has(SubqueryExpression):
        return expression
    return expression.map_children(
        lambda child: inlined(child) if isinstance(child, LogicalPlan) else _in_queries(child)
    )


class _Inliner:
    """Inlines the calls of one node. `layers` are the columns to compute beneath each of its children, each layer above the
    one before."""

    def __init__(self, plan: LogicalPlan) -> None:
        self.plan = plan
        self.layers: list[list[list[Alias]]] = [[] for _ in plan.plans]
        self.made: dict[int, tuple[int, int]] = {}  # column -> child, layer
        self.done: dict[SQLScalarFunction, Expression] = {}

    def result(self) -> LogicalPlan:
        """The node with bodies for calls."""
        plan: LogicalPlan = self.plan.map_expressions(self._expression)
        if not any(self.layers):
            return plan
        children = [self._beneath(child, layers) for child, layers in zip(plan.plans, self.layers, strict=True)]
        new = iter(children)
        wide: LogicalPlan = plan.map_plans(lambda _: next(new))
        if isinstance(wide, Project | Aggregate):
            return wide
        return Project(self.plan.output, wide)

    def _beneath(self, child: LogicalPlan, layers: list[list[Alias]]) -> LogicalPlan:
        for layer in layers:
            child = Project((*child.output, *layer), child)
        return child

    def _expression(self, expression: Any) -> Any:
        if not isinstance(expression, Expression) or not expression.has(SQLScalarFunction):
            return expression
        expression = expression.map_children(self._expression)
        if not isinstance(expression, SQLScalarFunction):
            return expression
        found = self.done.get(expression)
        if found is None:
            found = self.done[expression] = self._body(expression)
        return found

    def _body(self, call: SQLScalarFunction) -> Expression:
        body = call.body
        result = _copy(body)
        uses = Counter(node.id for node in result.walk() if isinstance(node, Attribute))
        has_queries = result.has(SubqueryExpression)
        values: dict[int, Expression] = {}
        for parameter, argument in zip(body.parameters, call.arguments, strict=True):
            simple = isinstance(argument, Literal | Attribute | OuterReference)
            unsure = not argument.deterministic or argument.has(SubqueryExpression)
            beneath = not simple and uses[parameter.id] and (has_queries or (unsure and uses[parameter.id] > 1))
            values[parameter.id] = self._column(argument, parameter.name) if beneath else argument
        found: Expression = self._expression(_with_values(result, values))
        # elsewhere a query could not read the columns of its row
        reads_its_row = isinstance(self.plan, Project | Filter)
        return self._column(found, body.name[-1]) if has_queries and not reads_its_row else found

    def _column(self, argument: Expression, name: str) -> Expression:
        """The argument as a column computed beneath."""
        alias = Alias(argument, name)
        read = {node.id for node in argument.walk() if isinstance(node, Attribute)}
        given = frozenset().union(*(child.output_ids for child in self.plan.plans)) | set(self.made)
        for side, child in enumerate(self.plan.plans):
            own = child.output_ids | {key for key, (where, _) in self.made.items() if where == side}
            if read & given <= own:
                level = max((self.made[key][1] + 1 for key in read if key in self.made), default=0)
                layers = self.layers[side]
                while len(layers) <= level:
                    layers.append([])
                layers[level].append(alias)
                self.made[alias.id] = (side, level)
                return alias.to_attribute()
        raise Unsupported("an argument of a function with a query that reads both sides of a join", argument.origin)


def _copy(body: RoutineBody) -> Expression:
    """The result of a function, with ids of its own for what its queries make."""
    if not body.result.has(SubqueryExpression):
        return body.result
    copied: Any = renew(Project((Alias(body.result, "value"),), OneRow()))
    result: Expression = copied.projections[0].child
    return result


def _with_values(result: Expression, values: dict[int, Expression]) -> Expression:
    """`result` with values for parameters; inside its queries they are values of the row outside."""

    def visit(node: Any) -> Any:
        match node:
            case OuterReference(attribute) if attribute.id in values:
                return seen_from_inside(values[attribute.id])
            case Attribute(id=key) if key in values:
                return values[key]
        return node.map_children(visit)

    found: Expression = visit(result)
    return found


def with_outer_values(plan: LogicalPlan, values: dict[int, Expression]) -> LogicalPlan:
    """A plan with values for the OuterReferences of parameters."""
    if not values:
        return plan

    def visit(node: Any) -> Any:
        match node:
            case OuterReference(attribute) if attribute.id in values:
                return values[attribute.id]
        return node.map_children(visit)

    found: LogicalPlan = visit(plan)
    return found


def seen_from_inside(expression: Expression) -> Expression:
    """An expression as a query in it sees it: its columns are those of the row outside."""
    if isinstance(expression, OuterReference):
        return expression
    if isinstance(expression, Attribute):
        return OuterReference(expression)
    return expression.map_children(seen_from_inside)
