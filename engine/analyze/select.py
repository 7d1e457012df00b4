"""One SELECT with its ORDER BY: the clauses in the order they are evaluated, each a step of `Select.build`.

    FROM → WHERE → GROUP BY → HAVING → window functions → QUALIFY → select list → DISTINCT → ORDER BY

ORDER BY may read the select list's names, and, beneath them, what the select list itself could read.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.analyze.aggregates import has_aggregate, own_aggregates
from engine.analyze.aliases import LATERAL, REFERENCE, Aliases
from engine.analyze.coerce import condition
from engine.analyze.expressions import Resolver, is_generator, named
from engine.analyze.grouping import Grouped, group, group_by_sets, grouping_sets
from engine.analyze.hints import SelectHints
from engine.analyze.late import Late, is_ordinal, own_windows
from engine.analyze.naming import display_name
from engine.analyze.relations import Bound
from engine.analyze.scope import Scope
from engine.analyze.subqueries import asked_of_outer, check_in_order
from engine.analyze.table_functions import generate
from engine.errors import AnalysisError
from engine.expressions.aggregate import AggregateCall, Grouping, GroupingId
from engine.expressions.base import Alias, Attribute, Expression, NamedExpression, SortOrder
from engine.expressions.sql import sql
from engine.expressions.window import WindowExpression, WindowSpec
from engine.functions.registry import lookup
from engine.logical import unresolved as un
from engine.logical.plan import Distinct, Filter, LogicalPlan, Project, Sort, Window
from engine.records import dataclass

if TYPE_CHECKING:
    from engine.analyze.analyzer import Analyzer


@dataclass
class Item:
    """A column of the select list, resolved over the FROM clause; `lateral` if it reads others of the list, `generated` if a
    generator made it."""

    expression: Expression
    column: NamedExpression
    lateral: bool = False
    generated: bool = False


class Select:
    """Builds the plan of one SELECT."""

    def __init__(self, analyzer: Analyzer, node: un.UnresolvedSelect, outer: Scope | None) -> None:
        self.analyzer = analyzer
        self.context = analyzer.context
        self.node = node
        self.hints = SelectHints(node.hints, self.context.hints)
        bound: Bound = analyzer.relations.bind(node.child, outer, self.hints.strategies)
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
        late = self._late()
        having = late.condition(node.having, "HAVING") if node.having is not None else None
        qualify = late.condition(node.qualify, "QUALIFY") if node.qualify is not None else None
        columns = [late.rewritten(item.expression) for item in self.items]
        orders = late.orders(order, columns, self.context.order_by_ordinal) if order is not None else ()
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
        if own_windows(found):
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
        aliases = Aliases(LATERAL)
        resolver = replace(self.resolver, aliases=aliases)
        for number, projection in enumerate(self.node.projections):
            if self.node.pipe == "AGGREGATE" and number < len(self.node.grouping or ()) and is_ordinal(projection):
                projection = self._input_column(projection)
            if self.context.regex_columns and _is_pattern(projection):
                *target, pattern = projection.parts  # type: ignore[attr-defined]
                added = [self._starred(column) for column in self.scope.matching(pattern, tuple(target))]
            elif isinstance(projection, un.UnresolvedStar):
                added = [self._starred(column) for column in resolver.star(projection)]
            else:
                added = self._listed(projection, resolver)
            for item in added:
                name = self.scope.fold(item.column.to_attribute().name)
                if (isinstance(item.column, Alias) and not self._is_reference(projection)) or item.generated:
                    value = item.expression
                    if not value.deterministic and self._is_read(name, number + 1):
                        value = item.expression = self._computed(value)
                    aliases.add(name, item.column, value)
            items += added
        return items

    def _listed(self, projection: Expression, resolver: Resolver) -> list[Item]:
        inner, names = _written(projection)
        resolver.aliases.used.clear()
        found = resolver.resolve(inner)
        if is_generator(found):
            return self._generated(found, names, inner)
        if len(names) > 1:
            parameters = {"numTarget": len(names), "numExpr": 1}
            raise AnalysisError("ASSIGNMENT_ARITY_MISMATCH", parameters, projection.origin)
        name = names[0] if names else display_name(inner, found, resolver)
        return [Item(found, named(found, name), bool(resolver.aliases.used))]

    def _is_reference(self, projection: Expression) -> bool:
        """Whether an item of the select list is only a name, of what is no column: a variable, or an earlier item."""
        return isinstance(projection, un.UnresolvedAttribute) and self.scope.find(projection.parts) is None

    def _is_read(self, name: str, start: int) -> bool:
        """Whether an item of the select list from `start` on may mean `name`."""
        later = (each for item in self.node.projections[start:] for each in item.collect(un.UnresolvedAttribute))
        return any(self.scope.fold(each.parts[0]) == name for each in later)

    def _computed(self, value: Expression) -> Expression:
        """A value that would differ each time it is computed, as a column of the plan."""
        if has_aggregate(value) or own_windows(value):
            return value
        column = Alias(value, sql(value)).at(value.origin)
        self.plan = Project((*self.plan.output, column), self.plan)
        return column.to_attribute()

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
        return [Item(column, column, generated=True) for column in added]

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
        every = node.group_by_all and not self._names_all()
        if node.grouping is None and not node.group_by_all:
            if node.having is not None or any(has_aggregate(item.expression) for item in self.items):
                self.grouped = group(self.plan, ())
                self.grouped.grouped = False
                self.grouped.origin = node.origin
        elif every:
            self.grouped = group(self.plan, [self._grouped_by(i) for i in self._not_aggregated()])
        elif node.pipe == "AGGREGATE":
            self.grouped = group(self.plan, [item.expression for item in self.items[: len(node.grouping or ())]])
            self.grouped.grouped = bool(node.grouping)
        else:
            written = (un.UnresolvedAttribute(("all",)).at(node.origin),) if node.group_by_all else node.grouping or ()
            items = tuple(self._grouping(each) for each in written)
            sets = grouping_sets(items)
            listed = items[0].listed if len(items) == 1 and isinstance(items[0], un.GroupingSets) else ()
            self.grouped = group(self.plan, items) if sets is None else group_by_sets(self.plan, sets, listed)

    def _names_all(self) -> bool:
        """Whether ALL of GROUP BY ALL is a name: a column is called so."""
        return self.scope.find(("all",)) is not None or "all" in self._aliases("")

    def _not_aggregated(self) -> list[Item]:
        """What GROUP BY ALL groups by. Raises UNRESOLVED_ALL_IN_GROUP_BY where that is nothing, yet columns are read."""
        found = [item for item in self.items if not has_aggregate(item.expression)]
        if not found and any(_reads_columns(item.expression) for item in self.items):
            raise AnalysisError("UNRESOLVED_ALL_IN_GROUP_BY", {}, self.node.origin)
        return found

    def _grouping(self, item: Expression) -> Expression:
        if isinstance(item, un.GroupingSets):
            sets = tuple(
                tuple(map(self._grouping, each)) if isinstance(each, tuple) else self._grouping(each)
                for each in item.sets
            )
            return un.GroupingSets(item.kind, sets, tuple(map(self._grouping, item.listed))).at(item.origin)
        if self.context.group_by_ordinal and is_ordinal(item):
            return self._ordinal(item)
        aliases = self._aliases("") if self.context.group_by_aliases else Aliases()
        found = replace(self.resolver, aliases=aliases).resolve(item)
        if has_aggregate(found):
            raise AnalysisError("GROUP_BY_AGGREGATE", {"sqlExpr": sql(found)}, item.origin)
        for used in self.items:
            if used.lateral and self.scope.fold(used.column.to_attribute().name) in aliases.used:
                self._grouped_by(used)
        return found

    def _ordinal(self, item: Expression) -> Expression:
        position: int = item.value  # type: ignore[attr-defined]
        if any(isinstance(each, un.UnresolvedStar) for each in self.node.projections):
            raise AnalysisError("STAR_GROUP_BY_POS", {})
        if not 1 <= position <= len(self.items):
            parameters = {"index": position, "size": len(self.items)}
            raise AnalysisError("GROUP_BY_POS_OUT_OF_RANGE", parameters, item.origin)
        found = self._grouped_by(self.items[position - 1])
        if has_aggregate(found):
            shown = {"index": position, "aggExpr": sql(found)}
            raise AnalysisError("GROUP_BY_POS_AGGREGATE", shown, item.origin)
        return found

    def _grouped_by(self, item: Item) -> Expression:
        if item.lateral:
            raise AnalysisError("UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_GROUP_BY", {})
        return item.expression

    def _aliases(self, ambiguous: str) -> Aliases:
        aliases = Aliases(ambiguous)
        for item in self.items:
            aliases.add(self.scope.fold(item.column.to_attribute().name), item.column, item.expression)
        return aliases

    def _late(self) -> Late:
        """Resolves what is computed after grouping."""
        columns = tuple(item.column for item in self.items)
        windowed = any(item.expression.has(WindowExpression) for item in self.items)
        return Late(self.resolver, columns, self._aliases(REFERENCE), self.grouped, self.node.distinct, windowed)

    # windows

    def _windows(
        self, columns: list[Expression], orders: tuple[SortOrder, ...], qualify: Expression | None
    ) -> tuple[list[Expression], tuple[SortOrder, ...], Expression | None]:
        """Window functions become columns of Window nodes, one node for each PARTITION BY and ORDER BY."""
        everything = [*columns, *orders, *((qualify,) if qualify is not None else ())]
        calls = dict.fromkeys(w for e in everything for w in own_windows(e))
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
        plan = self.hints.applied(Project(output, self.plan).at(self.node.origin), self.resolver)
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


def _as_column(column: NamedExpression, expression: Expression) -> NamedExpression:
    """The select-list column, now computed by `expression`."""
    if isinstance(column, Alias):
        return column if column.child is expression else Alias(expression, column.name, column.id).at(column.origin)
    if isinstance(expression, Attribute):
        name = column.to_attribute().name
        return expression if expression.name == name else Alias(expression, name)
    return Alias(expression, column.to_attribute().name)


def _reads_columns(expression: Expression) -> bool:
    """Whether it reads columns outside of aggregate functions."""
    if isinstance(expression, Attribute | AggregateCall):
        return isinstance(expression, Attribute)
    return any(_reads_columns(child) for child in expression.children if isinstance(child, Expression))


def _is_pattern(projection: Expression) -> bool:
    """Whether it is a name that only backquotes make one: a pattern of column names, where the settings say so."""
    return isinstance(projection, un.UnresolvedAttribute) and not re.fullmatch(r"\w+", projection.parts[-1])
