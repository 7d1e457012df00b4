"""The second phase: from names as written to columns with ids and types.

One pass, top down for scopes and bottom up for types (as Spark 4's single-pass resolver, and unlike the fixed point of rules
before it): each clause is analyzed once, where everything it may refer to is known, so an error names the exact place.

    relations.py     FROM: tables, views, files, functions, joins, and the scope they open
    ctes.py          WITH                             recursion.py WITH RECURSIVE
    select.py        one SELECT, clause by clause     grouping.py  GROUP BY and grouping sets
    expressions.py   names, functions, subqueries     coerce.py    implicit casts
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.analyze.arithmetic import cast
from engine.analyze.char_padding import with_padded_comparisons
from engine.analyze.coerce import sortable
from engine.analyze.context import AnalyzerContext
from engine.analyze.ctes import Ctes, refuse_hiding
from engine.analyze.expressions import Resolver, named
from engine.analyze.identifiers import with_identifiers
from engine.analyze.inlining import inlined, unsupported_place
from engine.analyze.recursion import unlimited
from engine.analyze.relations import Relations
from engine.analyze.routines import Routines
from engine.analyze.scope import Scope
from engine.analyze.select import Select
from engine.analyze.subqueries import check_in_order
from engine.analyze.summarize import summarized
from engine.analyze.values import local_relation
from engine.analyze.views import view_columns
from engine.errors import AnalysisError, Position, Unsupported
from engine.expressions.base import Attribute, Expression, Literal, SortOrder
from engine.expressions.routines import SQLScalarFunction
from engine.expressions.sql import sql
from engine.logical import plan as lp
from engine.logical import unresolved as un
from engine.logical.commands import Command
from engine.logical.plan import LogicalPlan
from engine.logical.renew import renew
from engine.types import INT, DataType, IntegralType
from engine.types.coercion import common_type


def analyze(plan: LogicalPlan, context: AnalyzerContext) -> LogicalPlan:
    """`plan` with every name and type definite. Raises AnalysisError with the place in the query."""
    analyzer = Analyzer(context)
    if context.cte_precedence == "EXCEPTION":
        refuse_hiding(plan, analyzer.nothing.fold)
    return with_padded_comparisons(inlined(analyzer.query(analyzer.with_identifiers(plan), None)))


def with_names(command: LogicalPlan, context: AnalyzerContext) -> LogicalPlan:
    """A statement that is no query, with names in the place of IDENTIFIER()."""
    return Analyzer(context).with_identifiers(command)


class Analyzer:
    """Analyzes the queries of one statement."""

    def __init__(self, context: AnalyzerContext, views: tuple[str, ...] = ()) -> None:
        self.context = context if context.routines is not None else replace(context, routines=Routines(Analyzer))
        self.relations = Relations(self)
        self.ctes = Ctes(self)
        self._views = views

    @property
    def nothing(self) -> Scope:
        """The scope in which no name is known."""
        return Scope((), (), None, self.context.case_sensitive)

    def with_identifiers(self, plan: LogicalPlan) -> LogicalPlan:
        """`plan` with names in the place of IDENTIFIER()."""
        return with_identifiers(plan, self._resolver((), None))

    def query(self, node: LogicalPlan, outer: Scope | None) -> LogicalPlan:
        """A query that may refer to columns of `outer`."""
        match node:
            case un.UnresolvedSelect():
                return Select(self, node, outer).build(None)
            case un.UnresolvedSort(child=un.UnresolvedSelect() as select):
                return Select(self, select, outer).build(node)
            case un.UnresolvedSort():
                return self._sort(node, outer)
            case lp.Limit(None, None, child):  # LIMIT ALL
                return unlimited(self.query(child, outer))
            case lp.Limit(count, offset, child):
                plan = self.query(child, outer)
                resolver = self._resolver(plan.output, outer)
                bounds = [self._limit(each, name, resolver) for each, name in ((count, "limit"), (offset, "offset"))]
                return lp.Limit(bounds[0], bounds[1], plan).at(node.origin)
            case un.UnresolvedSetOperation():
                return self._set_operation(node, outer)
            case un.UnresolvedWith():
                return self.ctes.query(node, outer)
            case un.UnresolvedSummarize(child):
                return summarized(self.query(child, outer), self.context.ansi).at(node.origin)
            case un.UnresolvedValues():
                return local_relation(node, self._resolver((), outer))
            case un.UnresolvedRepartition(keys, sort, child):
                return self._repartition(keys, sort, self.query(child, outer), outer)
            case lp.Distinct(child):
                return lp.Distinct(self.query(child, outer))
            case Command():
                return node
        if node.resolved:
            return node
        bound = self.relations.bind(node, outer, {})
        if bound.scope.hidden:
            return lp.Project(bound.scope.columns, bound.plan)
        return bound.plan

    # views

    def view(self, found: Any, origin: Position | None = None) -> LogicalPlan:
        """The plan of a view: its text, analyzed where it was made, under its column names."""
        name = ".".join(found.name)
        if name in self._views:
            raise AnalysisError("CYCLIC_VIEW", {"viewName": name})
        if hasattr(found, "plan"):
            return renew(found.plan)  # met twice, its columns must differ
        view = found.view
        context = self.context.inside_view(view.current, dict(view.settings))
        analyzer = Analyzer(context, (*self._views, name))
        plan = analyzer.query(analyzer.with_identifiers(context.parse(view.text)), None)
        plan = view_columns(view, found.name, plan, context.case_sensitive, origin)
        if "EVOLUTION" in view.mode:
            self.context.catalog.evolve(view, plan)
        return plan

    # what stands around SELECT

    def _resolver(self, columns: tuple[Attribute, ...], outer: Scope | None) -> Resolver:
        return Resolver(self.context, Scope(columns, (), outer, self.context.case_sensitive), self.query)

    def _limit(self, expression: Expression | None, clause: str, resolver: Resolver) -> Expression | None:
        if expression is None:
            return None
        found = resolver.resolve(expression)
        if found.has(SQLScalarFunction):
            raise unsupported_place(found, "GlobalLimit")
        parameters: dict[str, Any] = {"expr": sql(found), "name": clause}
        reason = ""
        if not found.foldable:
            reason = "IS_UNFOLDABLE"
        elif not isinstance(found.dataType, IntegralType):
            reason, parameters = "DATA_TYPE", {**parameters, "dataType": found.dataType.sql}
        elif isinstance(found, Literal) and found.value is None:
            reason = "IS_NULL"
        elif isinstance(found, Literal) and found.value < 0:
            reason, parameters = "IS_NEGATIVE", {**parameters, "v": found.value}
        if reason:
            raise AnalysisError(f"INVALID_LIMIT_LIKE_EXPRESSION.{reason}", parameters, expression.origin)
        return cast(found, INT, self.context.ansi) if not isinstance(found.dataType, IntegralType) else found

    def _sort(self, node: un.UnresolvedSort, outer: Scope | None) -> LogicalPlan:
        plan = self.query(node.child, outer)
        if node.by_all:
            item = node.order[0] if node.order else un.sort_item(Literal(True))
            keys = tuple(SortOrder(column, item.ascending, item.nulls_first) for column in plan.output)
            return lp.Sort(keys, node.everywhere, plan).at(node.origin)
        resolver = self._resolver(plan.output, outer)
        keys = tuple(self._sort_key(item, plan, resolver) for item in node.order)
        return lp.Sort(keys, node.everywhere, plan).at(node.origin)

    def _sort_key(self, item: SortOrder, plan: LogicalPlan, resolver: Resolver) -> SortOrder:
        child = item.child
        if isinstance(child, Literal) and isinstance(child.type, IntegralType) and self.context.order_by_ordinal:
            if not 1 <= child.value <= len(plan.output):
                parameters = {"index": child.value, "size": len(plan.output)}
                raise AnalysisError("ORDER_BY_POS_OUT_OF_RANGE", parameters, child.origin)
            return sortable(SortOrder(plan.output[child.value - 1], item.ascending, item.nulls_first))
        found = resolver.resolve(child)
        check_in_order(found, item.origin)
        return sortable(SortOrder(found, item.ascending, item.nulls_first))

    def _repartition(
        self, keys: tuple[Expression, ...], sort: bool, plan: LogicalPlan, outer: Scope | None
    ) -> LogicalPlan:
        found = self._resolver(plan.output, outer).all(keys)
        spread = lp.Repartition(None, found, plan)
        return lp.Sort(tuple(un.sort_item(key) for key in found), False, spread) if sort else spread

    # set operations

    def _set_operation(self, node: un.UnresolvedSetOperation, outer: Scope | None) -> LogicalPlan:
        return self.united([self.query(each, outer) for each in self._operands(node)], node)

    def united(self, inputs: list[LogicalPlan], node: un.UnresolvedSetOperation) -> LogicalPlan:
        """The set operation `node` of analyzed inputs."""
        kind = node.kind.lower()
        if node.by_name:
            inputs = self._matched_by_name(inputs, node)
        first = inputs[0]
        for number, other in enumerate(inputs[1:], 2):
            if len(other.output) != len(first.output):
                parameters = {
                    "operator": node.kind.upper(),
                    "firstNumColumns": len(first.output),
                    "invalidOrdinalNum": "second" if number == 2 else f"{number}th",
                    "invalidNumColumns": len(other.output),
                }
                raise AnalysisError("NUM_COLUMNS_MISMATCH", parameters, node.origin)
        inputs = self._same_types(inputs, node)
        if kind == "union":
            columns = tuple(
                Attribute(c.name, c.dataType, any(i.output[n].nullable for i in inputs), qualifier=c.qualifier)
                for n, c in enumerate(inputs[0].output)
            )
            union = lp.Union(tuple(inputs), columns).at(node.origin)
            return union if node.all else lp.Distinct(union)
        return lp.SetOperation(kind, node.all, inputs[0], inputs[1]).at(node.origin)

    def _operands(self, node: un.UnresolvedSetOperation) -> list[LogicalPlan]:
        """The two sides; a chain of UNION ALL (or of UNION DISTINCT) as one list, so that it stays flat."""
        right = [node.right]
        left = node.left
        while (
            isinstance(left, un.UnresolvedSetOperation)
            and node.kind.lower() == "union"
            and (left.kind, left.all, left.by_name) == (node.kind, node.all, node.by_name)
            and not node.by_name
        ):
            right.append(left.right)
            left = left.left
        return [left, *reversed(right)]

    def _matched_by_name(self, inputs: list[LogicalPlan], node: un.UnresolvedSetOperation) -> list[LogicalPlan]:
        if node.kind.lower() != "union":
            raise Unsupported(f"{node.kind.upper()} BY NAME", node.origin)
        fold = str if self.context.case_sensitive else str.lower
        wanted = {fold(c.name): i for i, c in enumerate(inputs[0].output)}
        columns = {fold(c.name): c for c in inputs[1].output}
        if set(columns) != set(wanted):
            missing = next(iter(set(wanted) - set(columns)), None) or next(iter(set(columns) - set(wanted)))
            raise AnalysisError("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", {"objectName": f"`{missing}`"}, node.origin)
        return [inputs[0], lp.Project(tuple(columns[name] for name in wanted), inputs[1])]

    def _same_types(self, inputs: list[LogicalPlan], node: un.UnresolvedSetOperation) -> list[LogicalPlan]:
        types = [c.dataType for c in inputs[0].output]
        for number, other in enumerate(inputs[1:], 2):
            for index, column in enumerate(other.output):
                met = common_type(types[index], column.dataType, self.context.ansi)
                if met is None:
                    parameters = {
                        "operator": node.kind.upper(),
                        "columnOrdinalNumber": _ordinal(index + 1),
                        "tableOrdinalNumber": _ordinal(number),
                        "dataType1": f'"{column.dataType.sql}"',
                        "dataType2": f'"{types[index].sql}"',
                        "hint": self._hint(types[index], column.dataType),
                    }
                    raise AnalysisError("INCOMPATIBLE_COLUMN_TYPE", parameters, node.origin)
                types[index] = met
        return [self._cast_columns(each, types) for each in inputs]

    def _hint(self, left: DataType, right: DataType) -> str:
        """What helps where two columns only meet without ANSI."""
        if not self.context.ansi or common_type(left, right, ansi=False) is None:
            return ""
        return (
            "\nTo fix the error, you might need to add explicit type casts. If necessary set spark.sql.ansi.enabled to false "
            "to bypass this error."
        )

    def _cast_columns(self, plan: LogicalPlan, types: list[Any]) -> LogicalPlan:
        columns = [named(cast(c, t, self.context.ansi), c.name) for c, t in zip(plan.output, types, strict=True)]
        if all(a is b for a, b in zip(columns, plan.output, strict=True)):
            return plan
        return lp.Project(tuple(columns), plan)


def _ordinal(number: int) -> str:
    words = ("first", "second", "third", "fourth", "fifth")
    return words[number - 1] if number <= len(words) else f"{number}th"
