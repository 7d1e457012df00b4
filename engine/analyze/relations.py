"""The FROM clause: tables, files, views, functions, joins become plans, and the scope of names they open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from engine.analyze.asof import asof_join
from engine.analyze.coerce import condition
from engine.analyze.expressions import Resolver, is_generator
from engine.analyze.hints import NO_JOIN, Strategies
from engine.analyze.reshape import pivoted, sampled, unpivoted
from engine.analyze.scope import Scope
from engine.analyze.subqueries import check_correlation, check_in_join, check_in_order
from engine.analyze.table_functions import generate, table_function
from engine.analyze.unnest import unnested
from engine.errors import AnalysisError, Position, quoted
from engine.expressions.base import Alias, Attribute, Expression
from engine.expressions.char import PaddedChar
from engine.expressions.conditional import Coalesce
from engine.expressions.predicates import BinaryComparison, EqualTo, GreaterThanOrEqual, conjunction
from engine.expressions.sql import sql
from engine.expressions.subquery import SubqueryExpression
from engine.logical import plan as lp
from engine.logical import unresolved as un
from engine.logical.hints import JoinHint
from engine.logical.plan import Join, JoinType, LogicalPlan
from engine.logical.relation import Relation
from engine.records import dataclass

if TYPE_CHECKING:
    from engine.analyze.analyzer import Analyzer


@dataclass(frozen=True)
class Bound:
    """A relation with the names it offers."""

    plan: LogicalPlan
    scope: Scope


class Relations:
    """Analyzes FROM clauses for an Analyzer."""

    def __init__(self, analyzer: Analyzer) -> None:
        self.analyzer = analyzer
        self.context = analyzer.context

    def bind(self, node: LogicalPlan, outer: Scope | None, hints: Strategies) -> Bound:
        """`node` as a resolved plan and the scope of its columns. `hints` are join strategies by table name."""
        match node:
            case lp.SubqueryAlias(name, child):  # an alias hides the names below it from hints, too
                return self._alias(name, self.bind(child, outer, {}), hints)
            case un.UnresolvedRelation():
                return self._hinted(node.parts, self._table(node), hints)
            case un.UnresolvedFile(path):
                return self.relation(self._open(None, path, node.origin), (), node.origin)
            case un.UnresolvedJoin():
                return self._join(node, outer, hints)
            case un.UnresolvedColumnAliases(names, un.UnresolvedTableFunction() as function):
                bound = self._table_function(function, outer)
                if len(names) != len(bound.scope.columns):
                    sizes = {"aliasesNum": len(names), "outColsNum": len(bound.scope.columns)}
                    shown = {"funcName": quoted(function.name[-1].lower()), **sizes}
                    raise AnalysisError("NUM_TABLE_VALUE_ALIASES_MISMATCH", shown, node.origin)
                return self._renamed(names, bound, node.origin)
            case un.UnresolvedColumnAliases(names, child):
                return self._renamed(names, self.bind(child, outer, hints), node.origin)
            case un.UnresolvedTableFunction():
                return self._table_function(node, outer)
            case un.UnresolvedUnnest():
                made = unnested(node, self.resolver(self._scope((), outer)))
                return Bound(made, self._scope(made.output, outer))
            case un.UnresolvedLateralView():
                return self._lateral_view(node, outer, hints)
            case un.UnresolvedSample(child=child):
                return sampled(node, self.bind(child, outer, hints))
            case un.UnresolvedPivot(child=child):
                bound = self.bind(child, outer, hints)
                return pivoted(node, bound, self.resolver(bound.scope))
            case un.UnresolvedUnpivot(child=child):
                bound = self.bind(child, outer, hints)
                return unpivoted(node, bound, self.resolver(bound.scope))
            case lp.OneRow():
                return Bound(node, self._scope((), outer))
        plan = self.analyzer.query(node, outer)
        return Bound(plan, self._scope(plan.output, outer))

    def _scope(self, columns: tuple[Attribute, ...], outer: Scope | None) -> Scope:
        return Scope(columns, (), outer, self.context.case_sensitive)

    def _alias(self, name: tuple[str, ...], bound: Bound, hints: Strategies) -> Bound:
        plan = bound.plan.child if isinstance(bound.plan, lp.SubqueryAlias) else bound.plan
        if bound.scope.hidden or tuple(bound.scope.columns) != tuple(plan.output):
            plan = lp.Project(bound.scope.columns, plan)
        plan = lp.SubqueryAlias(name, plan)
        return self._hinted(name, Bound(plan, replace(bound.scope.qualified(name), columns=plan.output)), hints)

    def _hinted(self, name: tuple[str, ...], bound: Bound, hints: Strategies) -> Bound:
        asked = hints.get(name[-1].lower()) if name else None
        if asked is None or isinstance(bound.plan, lp.ResolvedHint):
            return bound
        strategy, number = asked
        self.context.hints.refuse(number, NO_JOIN)  # until one is planned that does it
        return Bound(lp.ResolvedHint(strategy, bound.plan, number), bound.scope)

    # tables, views, files

    def _table(self, node: un.UnresolvedRelation) -> Bound:
        if len(node.parts) == 1:
            reference = self.analyzer.ctes.reference(node.parts[0], node.origin)
            if reference is not None:
                return Bound(lp.SubqueryAlias(node.parts, reference), self._qualified(reference, node.parts))
        try:
            found = self.context.catalog.resolve(node.parts)
        except AnalysisError as error:
            error.position = error.position or node.origin
            raise
        return self.resolved(found, node.parts, node.origin)

    def resolved(self, found: Any, parts: tuple[str, ...], origin: Position | None = None) -> Bound:
        """What the catalog found for a name: a table's relation, or a view to analyze."""
        if hasattr(found, "relation"):
            name = tuple(found.name) if tuple(found.name) != parts or len(parts) != 2 else ()
            return self.relation(found.relation, name, padded=dict(found.padded))
        plan = self.analyzer.view(found, origin)
        aliased = lp.SubqueryAlias(tuple(found.name), plan)
        return Bound(aliased, self._scope(aliased.output, None))

    def _open(self, format: str | None, path: str, origin: Position | None) -> Relation:
        try:
            return self.context.catalog.open_file(format, path)
        except AnalysisError as error:
            error.position = error.position or origin
            raise

    def relation(
        self,
        relation: Relation,
        name: tuple[str, ...],
        origin: Position | None = None,
        padded: Mapping[str, int] = MappingProxyType({}),
    ) -> Bound:
        """All columns of a relation, under ids of their own; those in `padded` with blanks up to that length."""
        columns = tuple(Attribute(f.name, f.dataType, f.nullable) for f in relation.schema.fields)
        plan: LogicalPlan = lp.Scan(relation, columns, name).at(origin)
        if padded:
            plan = lp.Project(
                tuple(Alias(PaddedChar(c, padded[c.name]), c.name) if c.name in padded else c for c in columns), plan
            )
        if name:
            plan = lp.SubqueryAlias(name, plan)
        return Bound(plan, self._scope(plan.output, None))

    def _qualified(self, plan: LogicalPlan, name: tuple[str, ...]) -> Scope:
        return self._scope(tuple(c.with_qualifier(name) for c in plan.output), None)

    def _renamed(self, names: tuple[str, ...], bound: Bound, origin: Position | None) -> Bound:
        columns = bound.scope.columns
        if len(names) != len(columns):
            parameters = {"numTarget": len(names), "numExpr": len(columns)}
            raise AnalysisError("ASSIGNMENT_ARITY_MISMATCH", parameters, origin)
        plan = lp.Project(tuple(Alias(c, name) for c, name in zip(columns, names, strict=True)), bound.plan)
        qualifier = columns[0].qualifier if columns else ()
        return Bound(plan, self._scope(tuple(c.with_qualifier(qualifier) for c in plan.output), bound.scope.outer))

    # functions as tables

    def _table_function(self, node: un.UnresolvedTableFunction, outer: Scope | None) -> Bound:
        plan = table_function(node, self.resolver(self._scope((), outer)))
        return Bound(plan, self._scope(plan.output, outer))

    def _lateral_view(self, node: un.UnresolvedLateralView, outer: Scope | None, hints: Strategies) -> Bound:
        bound = self.bind(node.child, outer, hints)
        call = self.resolver(bound.scope).resolve(node.generator)
        if not is_generator(call):
            parameters = {"functionName": sql(node.generator), "classCanonicalName": type(call).__name__}
            raise AnalysisError("UNSUPPORTED_GENERATOR.NOT_GENERATOR", parameters, node.origin)
        check_in_order(call, node.origin)
        is_outer = node.outer or node.generator.name[-1].lower().endswith("_outer")
        plan = generate(call, is_outer, node.names, bound.plan)
        added = plan.output[len(bound.plan.output) :]
        columns = tuple(c.with_qualifier((node.table,) if node.table else ()) for c in added)
        return Bound(plan, replace(bound.scope, columns=bound.scope.columns + columns))

    # joins

    def resolver(self, scope: Scope) -> Resolver:
        """Resolves expressions over `scope`."""
        return Resolver(self.context, scope, self.analyzer.query)

    def _join(self, node: un.UnresolvedJoin, outer: Scope | None, hints: Strategies) -> Bound:
        left = self.bind(node.left, outer, hints)
        right = self.bind(node.right, left.scope if node.lateral else outer, hints)
        if node.lateral:
            check_correlation(right.plan)
            if not _is_deterministic(right.plan) and not _has_one_row(left.plan):
                condition = f"{_CATEGORY}.NON_DETERMINISTIC_LATERAL_SUBQUERIES"
                raise AnalysisError(condition, {"treeNode": "LateralJoin"}, node.right.origin)
            right = Bound(right.plan, replace(right.scope, outer=outer))
        names = self._using(node, left.scope, right.scope)
        if names:
            return self._join_using(node, names, left, right)
        scope = Scope(
            left.scope.columns + right.scope.columns,
            left.scope.hidden + right.scope.hidden,
            outer,
            self.context.case_sensitive,
        )
        on = self._condition(node.condition, scope)
        if node.lateral and on is not None and not on.deterministic:
            shown = {"condition": sql(on)}
            raise AnalysisError(f"{_CATEGORY}.LATERAL_JOIN_CONDITION_NON_DETERMINISTIC", shown, node.origin)
        if on is not None and on.has(SubqueryExpression):
            check_in_join(on, left.plan.output_ids, right.plan.output_ids, node.origin)
        plan = self._joined(node, left.plan, right.plan, on)
        if node.type in (JoinType.SEMI, JoinType.ANTI):
            scope = replace(left.scope, outer=outer)
        return Bound(plan, _seen_through(scope, plan))

    def _condition(self, on: Expression | None, scope: Scope) -> Expression | None:
        if on is None:
            return None
        return condition(self.resolver(scope).resolve(on), "JOIN")

    def _joined(
        self, node: un.UnresolvedJoin, left: LogicalPlan, right: LogicalPlan, on: Expression | None
    ) -> LogicalPlan:
        if node.asof:
            return asof_join(node, left, right, on)
        hints: list[JoinHint] = []
        if isinstance(left, lp.ResolvedHint):
            hints.append(JoinHint("left", left.strategy, left.number))
            left = left.child
        if isinstance(right, lp.ResolvedHint):
            hints.append(JoinHint("right", right.strategy, right.number))
            right = right.child
        if node.lateral:
            return lp.LateralJoin(left, right, node.type, on).at(node.origin)
        kind = JoinType.INNER if node.type is JoinType.CROSS and on is not None else node.type
        return Join(left, right, kind, on, hints=tuple(hints)).at(node.origin)

    def _using(self, node: un.UnresolvedJoin, left: Scope, right: Scope) -> tuple[str, ...]:
        if not node.natural:
            return node.using
        others = {right.fold(c.name) for c in right.columns}
        names = {left.fold(c.name): c.name for c in reversed(left.columns) if left.fold(c.name) in others}
        return tuple(reversed(names.values()))

    def _join_using(self, node: un.UnresolvedJoin, names: tuple[str, ...], left: Bound, right: Bound) -> Bound:
        """Keys come first and once: the left one, the right one of a RIGHT join, whichever is not null of a FULL join."""
        pairs = [(self._key(name, left, "left", node), self._key(name, right, "right", node)) for name in names]
        resolver = self.resolver(left.scope)
        compared: list[type[BinaryComparison]] = [EqualTo] * len(pairs)
        if node.asof:
            compared[-1] = GreaterThanOrEqual
        on = conjunction(*(resolver.finish(each(*pair)) for each, pair in zip(compared, pairs, strict=True)))
        plan = self._joined(node, left.plan, right.plan, on)
        keys = {c.id for pair in pairs for c in pair}
        rest = [c for c in (*left.scope.columns, *right.scope.columns) if c.id not in keys]
        lefts, rights = [one for one, _ in pairs], [other for _, other in pairs]
        outer = left.scope.outer
        if node.type in (JoinType.SEMI, JoinType.ANTI):
            scope = Scope((*lefts, *(c for c in left.scope.columns if c.id not in keys)), left.scope.hidden, outer)
            return Bound(plan, _seen_through(scope, plan))
        hidden = (*left.scope.hidden, *right.scope.hidden)
        if node.type is JoinType.FULL:
            by_id = {c.id: c for c in plan.output}
            merged = [Alias(resolver.finish(Coalesce((by_id[a.id], by_id[b.id]))), a.name) for a, b in pairs]
            plan = lp.Project((*merged, *plan.output), plan)
            scope = Scope((*(m.to_attribute() for m in merged), *rest), (*hidden, *lefts, *rights), outer)
        elif node.type is JoinType.RIGHT:
            scope = Scope((*rights, *rest), (*hidden, *lefts), outer)
        else:
            scope = Scope((*lefts, *rest), (*hidden, *rights), outer)
        return Bound(plan, _seen_through(replace(scope, case_sensitive=self.context.case_sensitive), plan))

    def _key(self, name: str, bound: Bound, side: str, node: un.UnresolvedJoin) -> Attribute:
        """The first column of the name: as in Spark it may have several."""
        fold = bound.scope.fold
        found = next((c for c in bound.scope.columns if fold(c.name) == fold(name)), None)
        if found is None:
            shown = ", ".join(quoted(c.name) for c in bound.scope.columns)
            parameters = {"colName": quoted(name), "side": side, "suggestion": shown}
            raise AnalysisError("UNRESOLVED_USING_COLUMN_FOR_JOIN", parameters, node.origin)
        return found


_CATEGORY = "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY"


def _has_one_row(plan: LogicalPlan) -> bool:
    """Whether a plan surely has no second row."""
    match plan:
        case lp.OneRow() | lp.Aggregate(()):
            return True
        case lp.LocalRelation(_, batch):
            return bool(batch.num_rows <= 1)
        case lp.Project(child=child) | lp.Filter(child=child) | lp.SubqueryAlias(child=child):
            return _has_one_row(child)
    return False


def _is_deterministic(plan: LogicalPlan) -> bool:
    return all(each.deterministic for node in plan.walk_plans() for each in node.expressions)


def _seen_through(scope: Scope, plan: LogicalPlan) -> Scope:
    """The scope with the nullability its columns have above an outer join."""
    nullable = {c.id: c.nullable for c in plan.output}

    def seen(column: Attribute) -> Attribute:
        return column.with_nullability(nullable.get(column.id, column.nullable))

    return replace(scope, columns=tuple(map(seen, scope.columns)), hidden=tuple(map(seen, scope.hidden)))
