"""What names mean in the clauses that are computed after grouping: HAVING, QUALIFY and ORDER BY.

Both kinds of names fit there, those of the select list and those of FROM. HAVING takes the columns of FROM first, ORDER BY the
select list; but where a query is grouped, a column of FROM only counts inside of an aggregate function or where it is
grouped by. So an expression is resolved, and names that turn out not to be grouped are resolved again as the other kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from engine.analyze.aggregates import has_aggregate
from engine.analyze.aliases import Aliases
from engine.analyze.coerce import condition, sortable
from engine.analyze.expressions import Resolver
from engine.analyze.grouping import Grouped
from engine.analyze.scope import Scope
from engine.analyze.subqueries import reads_outer
from engine.errors import AnalysisError, Position
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Attribute, Expression, Literal, NamedExpression, SortOrder
from engine.expressions.cast import Cast
from engine.expressions.sql import sql
from engine.expressions.subquery import OuterReference
from engine.expressions.window import WindowExpression
from engine.functions.registry import lookup
from engine.logical import unresolved as un
from engine.records import dataclass
from engine.types import BOOLEAN, IntegralType

_WRONG_NAMES = ("AMBIGUOUS_REFERENCE", "FIELD_NOT_FOUND", "INVALID_EXTRACT")
"""What the conditions of errors about names that exist begin with."""


@dataclass(frozen=True)
class Late:
    """Resolves expressions above the select list `columns`, whose values are `aliases`, and `grouped` if that is not None.
    Above SELECT DISTINCT there is nothing but the select list; above window functions of groups (`windowed`) nothing but that
    and the columns that are grouped by."""

    resolver: Resolver
    columns: tuple[NamedExpression, ...]
    aliases: Aliases
    grouped: Grouped | None
    distinct: bool
    windowed: bool = False

    def condition(self, written: Expression, clause: str) -> Expression:
        """HAVING or QUALIFY."""
        resolver = replace(self.resolver, aliases=self.aliases, proposals=self._selected)
        if clause == "HAVING":
            resolver = replace(resolver, scope=replace(resolver.scope, having=True))
        found = self._grouped(written, resolver)
        if clause == "HAVING" and found.dataType != BOOLEAN:  # which is cast, unlike other conditions
            found = self._grouped(Cast(written, BOOLEAN).at(written.origin), resolver)
        found = condition(found, clause)
        if clause == "HAVING" and own_windows(found):
            raise AnalysisError("WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE", {"clauseName": clause})
        if self.grouped is None and has_aggregate(found):
            raise AnalysisError("MISSING_GROUP_BY", {}, written.origin)
        return self.rewritten(found).at(written.origin)

    def orders(self, order: un.UnresolvedSort, values: list[Expression], by_ordinal: bool) -> tuple[SortOrder, ...]:
        """The keys of ORDER BY and SORT BY; `values` are the select list as it is computed after grouping."""
        if order.by_all and not self._is_named("all"):
            item = order.order[0] if order.order else SortOrder(Literal(True))
            return tuple(SortOrder(value, item.ascending, item.nulls_first) for value in values)
        if self.windowed and self.grouped is not None:
            self._check_above_windows(order, self.grouped)
        return tuple(self._sort_key(item, values, by_ordinal, order.origin) for item in order.order)

    def _check_above_windows(self, order: un.UnresolvedSort, grouped: Grouped) -> None:
        """Aggregates are computed below window functions: what is sorted by above cannot ask for more of them."""
        kept = frozenset(key.id for key in grouped.keys if isinstance(key, Attribute))
        scope = self.resolver.scope
        scope = replace(scope, columns=tuple(c for c in scope.columns if c.id in kept), hidden=())
        above = replace(self.resolver, scope=scope, aliases=self.aliases, aliases_first=True, proposals=self._selected)
        wrong: list[un.UnresolvedFunction] = []
        for item in order.order:
            if isinstance(item.child, Literal | un.UnresolvedStar):
                continue
            above.resolve(item.child)
            wrong += [call for call in item.child.collect(un.UnresolvedFunction) if is_aggregate(call)]
        if wrong:
            parameters = {"operator": "Sort", "invalidExprSqls": ", ".join(f'"{sql(call)}"' for call in wrong)}
            raise AnalysisError("UNSUPPORTED_EXPR_FOR_OPERATOR", parameters, order.origin)

    def _is_named(self, name: str) -> bool:
        return name in self.aliases or self.resolver.scope.find((name,)) is not None

    def _sort_key(
        self, item: SortOrder, values: list[Expression], by_ordinal: bool, clause: Position | None
    ) -> SortOrder:
        child = (
            un.UnresolvedAttribute(("all",)).at(item.origin) if type(item.child) is un.UnresolvedStar else item.child
        )
        if by_ordinal and is_ordinal(child):
            position = child.value  # type: ignore[attr-defined]
            if not 1 <= position <= len(values):
                parameters = {"index": position, "size": len(values)}
                raise AnalysisError("ORDER_BY_POS_OUT_OF_RANGE", parameters, child.origin)
            return sortable(replace(item, child=values[position - 1]).at(item.origin))
        found = self._sorted_by(child)
        if child.has(un.UnresolvedWindow) or (self.grouped is None and has_aggregate(found)):
            everything: list[Expression] = [*own_windows(found)]
            wrong = ", ".join(f'"{sql(each)}"' for each in everything or [found])
            parameters = {"operator": "Sort", "invalidExprSqls": wrong}
            raise AnalysisError("UNSUPPORTED_EXPR_FOR_OPERATOR", parameters, clause)
        if reads_outer(found):
            shown = {"sqlExprs": f'"{sql(item)}"'}
            raise AnalysisError("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.CORRELATED_REFERENCE", shown, clause)
        return sortable(replace(item, child=self.rewritten(found)).at(item.origin))

    def _sorted_by(self, written: Expression) -> Expression:
        """A sort key by names of the select list; if one of them does not work out, all by names of FROM."""
        resolver = replace(self.resolver, aliases=self.aliases, aliases_first=True, proposals=self._selected)
        if self.distinct:
            resolver = replace(resolver, scope=replace(resolver.scope, columns=(), hidden=()))
        try:
            return self._grouped(written, resolver)
        except AnalysisError as error:
            if not error.condition.startswith(_WRONG_NAMES):
                raise
        try:
            return self._grouped(written, replace(resolver, aliases=Aliases()))
        except AnalysisError as error:
            if not error.condition.startswith(_WRONG_NAMES):
                raise
            for name in written.collect(un.UnresolvedAttribute):
                if name.origin == error.position:
                    raise self._selected.unresolved(name.parts, name.origin) from None
            raise

    def _grouped(self, written: Expression, resolver: Resolver) -> Expression:
        """`written` resolved; the columns that are not grouped by as names of the select list instead."""
        while True:
            found = resolver.resolve(written)
            stray = next(self._strays(found), None)
            names = self._names_of(stray, written, resolver) if stray is not None else frozenset()
            if names <= resolver.forced:
                return found
            resolver = replace(resolver, forced=resolver.forced | names)

    def _strays(self, expression: Expression) -> Iterator[Attribute]:
        """The columns of FROM in `expression` that are neither grouped by nor aggregated."""
        grouped = self.grouped
        if (
            grouped is None
            or grouped.key(expression) is not None
            or isinstance(expression, AggregateCall | OuterReference)
        ):
            return
        if isinstance(expression, Attribute):
            if expression.id in grouped.child.output_ids:
                yield expression
            return
        for child in expression.children:
            if isinstance(child, Expression):
                yield from self._strays(child)

    def _names_of(self, column: Attribute, written: Expression, resolver: Resolver) -> frozenset[tuple[str, ...]]:
        """The names in `written` that mean `column` and nothing of the select list."""
        found = set()
        for name in _plain_names(written):
            meant = None if name.parts in resolver.forced else resolver.scope.find(name.parts)
            if meant is not None and any(c.id == column.id for c in meant.collect(Attribute)):
                found.add(name.parts)
        return frozenset(found)

    def rewritten(self, expression: Expression) -> Expression:
        """An expression as it is computed after grouping."""
        return expression if self.grouped is None else self.grouped.rewrite(expression)

    @property
    def _selected(self) -> Scope:
        scope = self.resolver.scope
        return replace(scope, columns=tuple(c.to_attribute() for c in self.columns), hidden=())


def _plain_names(written: Expression) -> Iterator[un.UnresolvedAttribute]:
    """The names of an expression outside of aggregate functions."""
    if isinstance(written, un.UnresolvedAttribute):
        yield written
    elif not (isinstance(written, un.UnresolvedFunction) and is_aggregate(written)):
        for child in written.children:
            if isinstance(child, Expression):
                yield from _plain_names(child)


def is_aggregate(call: un.UnresolvedFunction) -> bool:
    """Whether an aggregate function is called."""
    return any(each.kind == "aggregate" for each in lookup(call.name[-1]))


def is_ordinal(expression: Any) -> bool:
    """Whether it is a number that stands for a column of the select list."""
    return (
        isinstance(expression, Literal) and isinstance(expression.type, IntegralType) and expression.value is not None
    )


def own_windows(expression: Expression) -> list[WindowExpression]:
    """The outermost window functions of an expression, not those of its subqueries."""
    if isinstance(expression, WindowExpression):
        return [expression]
    if not expression.has(WindowExpression):
        return []
    return [w for child in expression.children if isinstance(child, Expression) for w in own_windows(child)]
