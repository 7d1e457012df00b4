"""One SELECT with its ORDER BY: the clauses in the order they are evaluated, each a step of `Select.build`.

    FROM → WHERE → GROUP BY → HAVING → window functions → QUALIFY → select list → DISTINCT → ORDER BY

ORDER BY may read the select list's names, and, beneath them, what the select list itself could read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.analyze.coerce import condition
from engine.analyze.expressions import Resolver, has_aggregate, is_generator, named, own_aggregates
from engine.analyze.grouping import Grouped, group, group_by_sets, grouping_sets
from engine.analyze.hints import join_hints, repartition
from engine.analyze.naming import display_name
from engine.analyze.relations import Bound, generate
from engine.analyze.scope import Scope
from engine.analyze.subqueries import asked_of_outer, check_in_order
from engine.errors import AnalysisError
from engine.expressions.aggregate import Grouping, GroupingId
from engine.expressions.base import Alias, Attribute, Expression, Literal, NamedExpression, SortOrder
from engine.expressions.cast import Cast
from engine.expressions.sql import sql
from engine.expressions.window import WindowExpression, WindowSpec
from engine.functions.registry import lookup
from engine.logical import unresolved as un
from engine.logical.plan import Distinct, Filter, LogicalPlan, Project, Sort, Window
from engine.types import BOOLEAN, IntegralType

if TYPE_CHECKING:
    from engine.analyze.analyzer import Analyzer


@dataclass
class Item:
    """A column of the select list, resolved over the FROM clause."""

    expression: Expression
    column: NamedExpression


class Select:
    """Builds the plan of one SELECT."""

    def __init__(self, analyzer: Analyzer, node: un.UnresolvedSelect, outer: Scope | None) -> None:
        self.analyzer = analyzer
        self.context = analyzer.context
        self.node = node
        bound: Bound = analyzer.relations.bind(node.child, outer, join_hints(node.hints))
        self.plan = bound.plan
        self.scope = bound.scope if bound.scope.outer is outer else replace(bound.scope, outer=outer)
        windows = self._named_windows(dict(node.windows))
        self.resolver = Resolver(self.context, self.scope, analyzer.query, windows=windows)
        self.grouped: Grouped | None = None
        self.items: list[Item] = []

    def build(self, order: un.UnresolvedSort | None) -> LogicalPlan:
        """The plan of the SELECT, sorted by `order`."""
        node = self.node
        if node.condition is not None:
            self.plan = Filter(self._where(node.condition), self.plan).at(node.condition.origin)
        self.items = self._select_list()
        if node.pipe:
            self._check_pipe()
        self._group()
        having = self._late_condition(node.having, "HAVING") if node.having is not None else None
        qualify = self._late_condition(node.qualify, "QUALIFY") if node.qualify is not None else None
        columns = [self._late(item.expression) for item in self.items]
        orders = self._orders(order, columns) if order is not None else ()
        if self.grouped is not None:
            self.plan = self.grouped.plan()
        if having is not None:
            self.plan = Filter(having, self.plan).at(having.origin)
        columns, orders, qualify = self._windows(columns, orders, qualify)
        if qualify is not None:
            self.plan = Filter(qualify, self.plan).at(qualify.origin)
        return self._finish(columns, orders, order)

    # FROM and WHERE

    def _where(self, unresolved: Expression) -> Expression:
        for call in unresolved.collect(un.UnresolvedFunction):
            if any(each.kind == "generator" for each in lookup(call.name[-1])):
                raise AnalysisError("UNSUPPORTED_GENERATOR.OUTSIDE_SELECT", {"plan": sql(call)}, call.origin)
        found = condition(self.resolver.resolve(unresolved), "WHERE")
        if _own_windows(found):
            raise AnalysisError("WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE", {"clauseName": "WHERE"}, unresolved.origin)
        if self.scope.outer is not None and self.scope.outer.having:
            found = asked_of_outer(found)
        if has_aggregate(found):
            raise self._aggregate_in_where(found)
        return found

    def _aggregate_in_where(self, found: Expression) -> AnalysisError:
        shown = ", ".join(sql(call) for call in own_aggregates(found))
        parameters = {"condition": f'"{sql(found)}"', "expressionList": shown}
        return AnalysisError("INVALID_WHERE_CONDITION", parameters, self.node.origin, hint="Use HAVING or QUALIFY.")

    def _named_windows(self, written: dict[str, WindowSpec | str]) -> dict[str, WindowSpec]:
        folded = {self.scope.fold(name): spec for name, spec in written.items()}
        found: dict[str, WindowSpec] = {}
        for name, spec in folded.items():
            seen = {name}
            while isinstance(spec, str):
                target = self.scope.fold(spec)
                if target in seen or target not in folded:
                    raise AnalysisError("MISSING_WINDOW_SPECIFICATION", {"windowName": spec})
                seen.add(target)
                spec = folded[target]
            found[name] = spec
        return found

    # select list

    def _select_list(self) -> list[Item]:
        items: list[Item] = []
        aliases: dict[str, Expression] = {}
        resolver = replace(self.resolver, aliases=aliases)
        for number, projection in enumerate(self.node.projections):
            if self.node.pipe == "AGGREGATE" and number < len(self.node.grouping or ()) and _is_ordinal(projection):
                projection = self._input_column(projection)
            if isinstance(projection, un.UnresolvedStar):
                items += [self._starred(column) for column in resolver.star(projection)]
                continue
            inner, names = _written(projection)
            found = resolver.resolve(inner)
            if is_generator(found):
                items += self._generated(found, names, inner)
                continue
            if len(names) > 1:
                parameters = {"numTarget": len(names), "numExpr": 1}
                raise AnalysisError("ASSIGNMENT_ARITY_MISMATCH", parameters, projection.origin)
            name = names[0] if names else display_name(inner, found, resolver)
            column = named(found, name)
            items.append(Item(found, column))
            if names:
                aliases.setdefault(self.scope.fold(name), found)
        return items

    def _input_column(self, ordinal: Expression) -> Expression:
        """The column that a number after |> AGGREGATE ... GROUP BY means."""
        position: int = ordinal.value  # type: ignore[attr-defined]
        columns = self.scope.columns
        if not 1 <= position <= len(columns):
            parameters = {"index": position, "size": len(columns)}
            raise AnalysisError("GROUP_BY_POS_OUT_OF_RANGE", parameters, ordinal.origin)
        column = columns[position - 1]
        return un.UnresolvedAttribute((*column.qualifier, column.name)).at(ordinal.origin)

    def _starred(self, column: Expression) -> Item:
        if isinstance(column, Alias):  # another value in the place of a column
            return Item(column.child, column)
        name = column.name if isinstance(column, Attribute) else getattr(column, "name", sql(column))
        return Item(column, named(column, name))

    def _generated(self, call: Expression, names: tuple[str, ...], written: Expression) -> list[Item]:
        outer = isinstance(written, un.UnresolvedFunction) and written.name[-1].lower().endswith("_outer")
        plan = generate(call, outer, names, self.plan)
        added = plan.output[len(self.plan.output) :]
        self.plan = plan
        return [Item(column, column) for column in added]

    def _check_pipe(self) -> None:
        """|> EXTEND and SET compute row by row, and all that AGGREGATE adds to its groups is aggregated."""
        if self.node.pipe in ("EXTEND", "SET"):
            for item in self.items:
                if has_aggregate(item.expression):
                    parameters = {"expr": sql(item.expression), "clause": self.node.pipe}
                    raise AnalysisError("PIPE_OPERATOR_CONTAINS_AGGREGATE_FUNCTION", parameters, item.expression.origin)
        if self.node.pipe != "AGGREGATE":
            return
        unsupported = "UNSUPPORTED_FEATURE.PIPE_OPERATOR_AGGREGATE_UNSUPPORTED_CASE"
        for item in self.items[len(self.node.grouping or ()) :]:
            origin = item.expression.origin
            if item.expression.has(WindowExpression):
                raise AnalysisError(unsupported, {"case": "window functions"}, origin)
            if item.expression.has(Grouping, GroupingId):
                raise AnalysisError(unsupported, {"case": "GROUPING"}, origin)
            if not has_aggregate(item.expression):
                condition = "PIPE_OPERATOR_AGGREGATE_EXPRESSION_CONTAINS_NO_AGGREGATE_FUNCTION"
                raise AnalysisError(condition, {"expr": sql(item.expression)}, origin)

    # GROUP BY

    def _group(self) -> None:
        node = self.node
        if node.grouping is None and not node.group_by_all:
            late = [i.expression for i in self.items]
            if any(map(has_aggregate, late)) or self._having_aggregates():
                self.grouped = group(self.plan, ())
                self.grouped.grouped = False
            return
        if node.group_by_all:
            self.grouped = group(self.plan, [i.expression for i in self.items if not has_aggregate(i.expression)])
            return
        if node.pipe == "AGGREGATE":
            self.grouped = group(self.plan, [item.expression for item in self.items[: len(node.grouping or ())]])
            self.grouped.grouped = bool(node.grouping)
            return
        aliases = self._aliases() if self.context.group_by_aliases else {}
        items = tuple(self._grouping(each, aliases) for each in node.grouping or ())
        sets = grouping_sets(items)
        listed = items[0].listed if len(items) == 1 and isinstance(items[0], un.GroupingSets) else ()
        self.grouped = group(self.plan, items) if sets is None else group_by_sets(self.plan, sets, listed)

    def _having_aggregates(self) -> bool:
        return self.node.having is not None

    def _grouping(self, item: Expression, aliases: dict[str, Expression]) -> Expression:
        if isinstance(item, un.GroupingSets):
            sets = tuple(
                tuple(self._grouping(e, aliases) for e in each)
                if isinstance(each, tuple)
                else self._grouping(each, aliases)
                for each in item.sets
            )
            listed = tuple(self._grouping(each, aliases) for each in item.listed)
            return un.GroupingSets(item.kind, sets, listed).at(item.origin)
        if self.context.group_by_ordinal and _is_ordinal(item):
            return self._ordinal(item)
        found = replace(self.resolver, aliases=aliases).resolve(item)
        if has_aggregate(found):
            raise AnalysisError("GROUP_BY_AGGREGATE", {"sqlExpr": sql(found)}, item.origin)
        return found

    def _ordinal(self, item: Expression) -> Expression:
        position: int = item.value  # type: ignore[attr-defined]
        if not 1 <= position <= len(self.items):
            parameters = {"index": position, "size": len(self.items)}
            raise AnalysisError("GROUP_BY_POS_OUT_OF_RANGE", parameters, item.origin)
        found = self.items[position - 1].expression
        if has_aggregate(found):
            shown = {"index": position, "aggExpr": sql(found)}
            raise AnalysisError("GROUP_BY_POS_AGGREGATE", shown, item.origin)
        return found

    def _aliases(self) -> dict[str, Expression]:
        return {self.scope.fold(item.column.to_attribute().name): item.expression for item in reversed(self.items)}

    # after grouping

    def _late(self, expression: Expression) -> Expression:
        """An expression as it is computed after grouping."""
        if self.grouped is None:
            return expression
        return self.grouped.rewrite(expression)

    def _late_condition(self, unresolved: Expression, clause: str) -> Expression:
        resolver = replace(self.resolver, aliases=self._aliases(), aliases_first=clause == "HAVING")
        if clause == "HAVING":
            resolver = replace(resolver, scope=replace(self.scope, having=True))
        found = resolver.resolve(unresolved)
        if clause == "HAVING" and found.dataType != BOOLEAN:  # which is cast, unlike other conditions
            found = resolver.resolve(Cast(unresolved, BOOLEAN).at(unresolved.origin))
        found = condition(found, clause)
        if self.grouped is None and has_aggregate(found):
            raise AnalysisError("MISSING_GROUP_BY", {}, unresolved.origin)
        return self._late(found).at(unresolved.origin)

    def _orders(self, order: un.UnresolvedSort, columns: list[Expression]) -> tuple[SortOrder, ...]:
        if order.by_all:
            item = order.order[0] if order.order else SortOrder(Literal(True))
            return tuple(SortOrder(column, item.ascending, item.nulls_first) for column in columns)
        resolver = replace(self.resolver, aliases=self._aliases(), aliases_first=True)
        return tuple(self._sort_key(item, columns, resolver) for item in order.order)

    def _sort_key(self, item: SortOrder, columns: list[Expression], resolver: Resolver) -> SortOrder:
        if self.context.order_by_ordinal and _is_ordinal(item.child):
            position = item.child.value  # type: ignore[attr-defined]
            if not 1 <= position <= len(columns):
                parameters = {"index": position, "size": len(columns)}
                raise AnalysisError("ORDER_BY_POS_OUT_OF_RANGE", parameters, item.child.origin)
            return replace(item, child=columns[position - 1]).at(item.origin)
        found = resolver.resolve(item.child)
        if self.grouped is None and has_aggregate(found):
            raise AnalysisError("MISSING_GROUP_BY", {}, item.child.origin)
        return replace(item, child=self._late(found)).at(item.origin)

    # windows

    def _windows(
        self, columns: list[Expression], orders: tuple[SortOrder, ...], qualify: Expression | None
    ) -> tuple[list[Expression], tuple[SortOrder, ...], Expression | None]:
        """Window functions become columns of Window nodes, one node for each PARTITION BY and ORDER BY."""
        everything = [*columns, *orders, *((qualify,) if qualify is not None else ())]
        calls = dict.fromkeys(w for e in everything for w in _own_windows(e))
        if not calls:
            return columns, orders, qualify
        specs: dict[tuple[tuple[Expression, ...], tuple[SortOrder, ...]], list[Alias]] = {}
        replaced: dict[Expression, Attribute] = {}
        for call in calls:
            alias = Alias(call, sql(call)).at(call.origin)
            specs.setdefault((call.spec.partition, call.spec.order), []).append(alias)
            replaced[call] = alias.to_attribute()
        for (partition, order), aliases in specs.items():
            self.plan = Window(tuple(aliases), partition, order, self.plan)

        def swap(expression: Expression) -> Expression:
            found: Expression = expression.transform_down(
                lambda e: replaced.get(e, e) if isinstance(e, WindowExpression) else e
            )
            return found

        return [swap(e) for e in columns], tuple(map(swap, orders)), swap(qualify) if qualify is not None else None  # type: ignore[arg-type]

    # the end

    def _finish(
        self, columns: list[Expression], orders: tuple[SortOrder, ...], order: un.UnresolvedSort | None
    ) -> LogicalPlan:
        """The select list, DISTINCT and the sort; sort keys that are not selected are computed beside and dropped after."""
        output = tuple(
            _as_column(item.column, expression) for item, expression in zip(self.items, columns, strict=True)
        )
        by_expression = {e: c.to_attribute() for e, c in zip(reversed(columns), reversed(output), strict=True)}
        plan = repartition(self.node.hints, Project(output, self.plan).at(self.node.origin), self.resolver)
        if order is None:
            return Distinct(plan) if self.node.distinct else plan
        ids = {c.to_attribute().id for c in output}
        keys, extra = [], []
        for each in orders:
            child = _replaced(each.child, by_expression)
            check_in_order(child, order.origin)
            if not child.references <= ids:
                if self.node.distinct:
                    selected = Scope(tuple(c.to_attribute() for c in output))
                    raise selected.unresolved((sql(each.child),), each.child.origin or each.origin)
                alias = Alias(each.child, "_order")
                extra.append(alias)
                child = alias.to_attribute()
            keys.append(replace(each, child=child))
        if not extra:
            base = Distinct(plan) if self.node.distinct else plan
            return Sort(tuple(keys), order.everywhere, base).at(order.origin)
        wide = Project((*output, *extra), self.plan)
        visible = tuple(c.to_attribute() for c in output)
        return Project(visible, Sort(tuple(keys), order.everywhere, wide).at(order.origin))


def _written(projection: Expression) -> tuple[Expression, tuple[str, ...]]:
    """A select-list item as its expression and the names that AS gives it."""
    match projection:
        case un.UnresolvedAlias(child, names):
            return child, names
        case Alias(child, name):
            return child, (name,)
    return projection, ()


def _replaced(expression: Expression, known: dict[Expression, Attribute]) -> Expression:
    return expression.transform_down(lambda e: known.get(e, e) if isinstance(e, Expression) else e)  # type: ignore[no-any-return]


def _is_ordinal(expression: Expression) -> bool:
    return (
        isinstance(expression, Literal) and isinstance(expression.type, IntegralType) and expression.value is not None
    )


def _as_column(column: NamedExpression, expression: Expression) -> NamedExpression:
    """The select-list column, now computed by `expression`."""
    if isinstance(column, Alias):
        return column if column.child is expression else Alias(expression, column.name, column.id).at(column.origin)
    if isinstance(expression, Attribute):
        name = column.to_attribute().name
        return expression if expression.name == name else Alias(expression, name)
    return Alias(expression, column.to_attribute().name)


def _own_windows(expression: Expression) -> list[WindowExpression]:
    """The outermost window functions of an expression, not those of its subqueries."""
    if isinstance(expression, WindowExpression):
        return [expression]
    if not expression.has(WindowExpression):
        return []
    return [w for child in expression.children if isinstance(child, Expression) for w in _own_windows(child)]
