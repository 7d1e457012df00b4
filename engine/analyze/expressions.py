"""Names and functions of expressions become definite, bottom up, then operands get their types (`coerce`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from engine.analyze.aggregates import check_constants, check_filter, check_nesting
from engine.analyze.aliases import Aliases
from engine.analyze.arithmetic import cast
from engine.analyze.coerce import coerce, wrong_input
from engine.analyze.constants import datetime_literal
from engine.analyze.lambdas import as_lambdas, resolve_lambdas
from engine.analyze.naming import written_name
from engine.analyze.routines import scalar_call
from engine.analyze.scope import Scope, extract_field
from engine.analyze.stars import without_excluded
from engine.analyze.subqueries import check_correlation
from engine.analyze.windows import resolve_window
from engine.errors import AnalysisError, Unsupported
from engine.expressions.aggregate import AggregateCall, Grouping, GroupingId
from engine.expressions.base import Alias, Attribute, Expression, Literal, Mode
from engine.expressions.calls import Call
from engine.expressions.cast import Cast
from engine.expressions.operators import BinaryArithmetic, UnaryMinus
from engine.expressions.predicates import In
from engine.expressions.sql import shown, shown_type, sql
from engine.expressions.subquery import Exists, InSubquery, ScalarSubquery
from engine.expressions.window import WindowCall, WindowSpec
from engine.functions.registry import lookup
from engine.functions.resolve import resolve_call
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import evaluate_constant
from engine.logical import unresolved as un
from engine.logical.plan import LogicalPlan, Project
from engine.records import dataclass
from engine.tree.node import TreeNode, copy_origin
from engine.types import INT, ArrayType, IntegralType, MapType, NullType, StructType
from engine.types.coercion import can_implicitly_cast, common_type

if TYPE_CHECKING:
    from engine.analyze.context import AnalyzerContext

BARE_FUNCTIONS = frozenset(
    ("current_date", "current_timestamp", "localtimestamp", "current_user", "session_user", "user", "current_time")
)
"""Functions that may be called without parentheses, where no column has the name."""


@dataclass(frozen=True)
class Resolver:
    """Resolves expressions at one place of a query.

    `query` analyzes the plan of a subquery in the given scope. `aliases` are values of the select list, which names may mean
    after columns (`aliases_first`: before columns; those in `forced`: never columns). `windows` are the named windows of
    the WINDOW clause, `parameters` those of lambdas around. Errors propose the columns of `proposals`.
    """

    context: AnalyzerContext
    scope: Scope
    query: Callable[[LogicalPlan, Scope], LogicalPlan]
    aliases: Aliases = field(default_factory=Aliases)
    aliases_first: bool = False
    forced: frozenset[tuple[str, ...]] = frozenset()
    windows: dict[str, WindowSpec] | None = None
    parameters: dict[str, Attribute] = field(default_factory=dict)
    proposals: Scope | None = None

    def resolve(self, expression: Expression) -> Expression:
        """`expression` with definite names and types. Raises AnalysisError."""
        handler = _HANDLERS.get(type(expression))
        if handler is not None:
            found: Expression = copy_origin(expression, handler(self, expression))
            return found
        if not expression.children:
            return expression
        return self.finish(expression.map_children(self._child))

    def all(self, expressions: Sequence[Expression]) -> tuple[Any, ...]:
        """Each of `expressions`, resolved."""
        return tuple(self.resolve(each) for each in expressions)

    def finish(self, node: Expression) -> Expression:
        """An operator with resolved children: its mode from the settings, its operands coerced."""
        if any(type(child) is Call and is_generator(child) for child in node.children) and not isinstance(node, Alias):
            raise AnalysisError("UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS", {"expression": shown(node)}, node.origin)
        if not self.context.ansi and isinstance(node, BinaryArithmetic | UnaryMinus | Cast) and node.mode is Mode.ANSI:
            node = copy_origin(node, replace(node, mode=Mode.LEGACY))
        if isinstance(node, BinaryArithmetic) and node.allow_precision_loss and not self.context.allow_precision_loss:
            node = copy_origin(node, replace(node, allow_precision_loss=False))
        return coerce(node, self.context.ansi)

    def _child(self, child: TreeNode) -> TreeNode:
        return self.resolve(child) if isinstance(child, Expression) else child

    # names

    def attribute(self, node: un.UnresolvedAttribute) -> Expression:
        """A parameter of a lambda, a column, a function without parentheses, a name of the select list, a column of an
        enclosing query, a variable: the first that there is. Else an error with the nearest names."""
        parts, origin = node.parts, node.origin
        found = self._path(self.parameters.get(self.scope.fold(parts[0])), node)
        if found is None and self.aliases_first:
            found = self._alias(node)
        if found is None and parts not in self.forced:
            found = self.scope.find(parts, origin)
        if found is None and len(parts) == 1 and parts[0].lower() in BARE_FUNCTIONS:
            found = resolve_call(parts[0].lower(), (), self.context.ansi, origin=origin)
        if found is None and not self.aliases_first:
            found = self._alias(node)
        if found is None:
            found = self.scope.find_outside(parts, origin)
        if found is None:
            found = self.variable(node)
        if found is None and [each.lower() for each in parts] == ["grouping__id"]:
            found = GroupingId(())
        if found is None:
            raise (self.proposals or self.scope).unresolved(parts, origin)
        return found

    def variable(self, node: un.UnresolvedAttribute) -> Expression | None:
        """The value of a session variable, or a field of it; None for no variable."""
        value = self.context.variables.value(node.parts) if self.context.variables is not None else None
        if value is None:
            return None
        if self.context.frozen:
            raise Unsupported(f"session variables in {self.context.frozen}", node.origin)
        found: Expression = value[0]
        for name in value[1]:
            found = extract_field(found, name, self.context.case_sensitive, node.origin)
        return found

    def _alias(self, node: un.UnresolvedAttribute) -> Expression | None:
        return self._path(self.aliases.get(self.scope.fold(node.parts[0]), node.origin), node)

    def _path(self, found: Expression | None, node: un.UnresolvedAttribute) -> Expression | None:
        """The field of `found` that the rest of a name says; None for what has no fields."""
        for name in node.parts[1:]:
            if found is None or not isinstance(found.dataType, StructType):
                return None
            found = extract_field(found, name, self.context.case_sensitive, node.origin)
        return found

    def star(self, node: un.UnresolvedStar) -> tuple[Expression, ...]:
        """The columns a star stands for, without those excluded."""
        columns = self.scope.expand(node.target, node.origin)
        kept = without_excluded(columns, node, self.scope) if node.excluded else columns
        return self._replaced(kept, node) if node.replaced else kept

    def _replaced(self, columns: tuple[Expression, ...], node: un.UnresolvedStar) -> tuple[Expression, ...]:
        """The columns with other values for those named, in their place."""
        found = list(columns)
        for name, value in node.replaced:
            places = [
                i for i, c in enumerate(found) if self.scope.fold(getattr(c, "name", "")) == self.scope.fold(name)
            ]
            if not places:
                raise self.scope.unresolved((name,), value.origin or node.origin)
            for place in places:
                found[place] = Alias(self.resolve(value), name).at(value.origin)
        return tuple(found)

    def parameter(self, node: un.Parameter) -> Expression:
        """The value given for `:name` or `?`."""
        value = self.context.parameters.get(node.name)
        if value is None:
            name = f"_{node.name}" if isinstance(node.name, int) else node.name
            raise AnalysisError("UNBOUND_SQL_PARAMETER", {"name": name}, node.origin)
        return value

    def datetime(self, node: un.UnresolvedDatetime) -> Expression:
        """DATE '2024-01-31' and its like."""
        return datetime_literal(node, self.context.time_zone)

    def extract(self, node: un.UnresolvedExtract) -> Expression:
        """`child.name`, or `child[key]` of a struct, an array or a map."""
        child = self.resolve(node.child)
        if isinstance(node.key, str):
            return extract_field(child, node.key, self.context.case_sensitive, node.origin)
        key = self.resolve(node.key)
        match child.dataType:
            case StructType() if isinstance(key, Literal) and isinstance(key.value, str):
                return extract_field(child, key.value, self.context.case_sensitive, node.origin)
            case ArrayType():
                if not isinstance(key.dataType, IntegralType | NullType):
                    raise wrong_input(node, 1, '"INTEGRAL"', key)
                return resolve_call("array_subscript", (child, key), self.context.ansi, origin=node.origin)
            case MapType(key_type):
                if not can_implicitly_cast(key.dataType, key_type, self.context.ansi):
                    raise wrong_input(node, 1, f'"{key_type.sql}"', key)
                key = cast(key, key_type, self.context.ansi)
                return resolve_call("map_subscript", (child, key), self.context.ansi, origin=node.origin)
        parameters = {"base": f'"{sql(child)}"', "other": f'"{child.dataType.sql}"'}
        raise AnalysisError("INVALID_EXTRACT_BASE_FIELD_TYPE", parameters, node.origin)

    # functions

    def function(self, node: un.UnresolvedFunction, window: bool = False) -> Expression:
        """A call of a function of the registry."""
        name = node.name[-1].lower()
        if name in ("grouping", "grouping_id") and not window:
            return self._grouping(name, node)
        if len(node.name) > 1 or not lookup(name):
            routine = scalar_call(self, node)
            if routine is not None:
                return routine
        if not window and any(each.kind == "aggregate" for each in lookup(name)):
            inside = replace(self, aliases=self.aliases.inside(node, self.scope), forced=frozenset())
            return inside._call(name, node, window)
        return self._call(name, node, window)

    def _call(self, name: str, node: un.UnresolvedFunction, window: bool) -> Expression:
        condition = self._condition(node)
        if name == "count" and not node.arguments:
            counted = {"functionName": "`count`", "expectedNum": "> 0", "actualNum": "0"}
            raise AnalysisError("WRONG_NUM_ARGS.WITH_SUGGESTION", counted, node.origin, hint="count(*) counts rows.")
        arguments = self._arguments(name, node)
        if any(type(each) is Call and is_generator(each) for each in arguments):
            raise AnalysisError("UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS", {"expression": shown(node)}, node.origin)
        found = resolve_call(
            name,
            arguments,
            self.context.ansi,
            named=node.named,
            distinct=node.distinct,
            condition=condition,
            order=self.all(node.order),
            ignore_nulls=node.ignore_nulls,
            window=window,
            origin=node.origin,
            call=lambda: f'"{written_name(node, self)}"',
            text=lambda given: self._written(node, arguments, given),
            fold=self._folded,
        )
        if isinstance(found, WindowCall) and not window:
            raise AnalysisError("WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE", {"funcName": sql(node)}, node.origin)
        if isinstance(found, AggregateCall):
            found = check_constants(found)
            if not window:
                check_nesting(found)
        if isinstance(found, Call | AggregateCall | WindowCall):
            return found
        # what a rewriting function is made of has not been through coercion yet
        rewritten: Expression = found.transform_up(lambda e: self.finish(e) if isinstance(e, Expression) else e)
        return rewritten

    def _condition(self, node: un.UnresolvedFunction) -> Expression | None:
        """The condition of FILTER."""
        condition = self.resolve(node.condition) if node.condition is not None else None
        if condition is not None:
            check_filter(condition, node.origin)
        return condition

    def _arguments(self, name: str, node: un.UnresolvedFunction) -> tuple[Expression, ...]:
        if name == "count" and node.arguments == (un.UnresolvedStar(),) and not node.distinct:
            return (Literal(1, INT),)
        arguments = as_lambdas(name, node.arguments)
        if not any(isinstance(a, un.UnresolvedStar | un.UnresolvedLambda) for a in arguments):
            return self.all(node.arguments)
        plain: list[Expression] = []
        for argument in arguments:
            if isinstance(argument, un.UnresolvedStar):
                plain += self.star(argument)
            else:
                plain.append(argument if isinstance(argument, un.UnresolvedLambda) else self.resolve(argument))
        return resolve_lambdas(self, node, plain)

    def _written(self, node: un.UnresolvedFunction, arguments: tuple[Expression, ...], given: Expression) -> str:
        """An argument as errors show it: as it was written, where it was."""
        if len(arguments) == len(node.arguments):
            for written, argument in zip(as_lambdas(node.name[-1], node.arguments), arguments, strict=True):
                if argument is given:
                    return f'"{written_name(written, self)}"'
        return shown(given)

    def _folded(self, expression: Expression) -> Expression:
        """The value of a constant; other expressions as they are."""
        if isinstance(expression, Literal) or not expression.foldable:
            return expression
        context = EvalContext(time_zone=self.context.time_zone)
        return copy_origin(expression, evaluate_constant(expression, context))

    def _grouping(self, name: str, node: un.UnresolvedFunction) -> Expression:
        arguments = self.all(node.arguments)
        return Grouping(arguments[0]) if name == "grouping" and len(arguments) == 1 else GroupingId(arguments)

    # subqueries

    def scalar(self, node: un.UnresolvedScalarSubquery) -> Expression:
        """A query of one column as a value."""
        plan = self._subquery(node.plan)
        if len(plan.output) != 1:
            condition = "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN"
            raise AnalysisError(condition, {"number": len(plan.output)}, node.origin)
        return ScalarSubquery(plan)

    def exists(self, node: un.UnresolvedExists) -> Expression:
        """EXISTS (query)."""
        return Exists(self._subquery(node.plan))

    def _subquery(self, node: LogicalPlan) -> LogicalPlan:
        plan = self.query(node, self.scope)
        check_correlation(plan)
        return plan

    def in_subquery(self, node: un.UnresolvedInSubquery) -> Expression:
        """values IN (query), with both sides cast to common types."""
        plan, values = self._subquery(node.plan), list(self.all(node.values))
        if len(plan.output) != len(values):
            lengths = {"leftLength": len(values), "rightLength": len(plan.output)}
            raise AnalysisError("DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH", lengths, node.origin)
        columns: list[Any] = []
        for index, (value, column) in enumerate(zip(values, plan.output, strict=True)):
            met = common_type(value.dataType, column.dataType, self.context.ansi)
            if met is None:
                types = f"{shown_type(value.dataType)}, {shown_type(column.dataType)}"
                parameters = {"sqlExpr": shown(node), "functionName": "`in`", "dataType": f"[{types}]"}
                raise AnalysisError("DATATYPE_MISMATCH.DATA_DIFF_TYPES", parameters, node.origin)
            values[index] = cast(value, met, self.context.ansi)
            columns.append(named(cast(column, met, self.context.ansi), column.name))
        if any(a is not b for a, b in zip(columns, plan.output, strict=True)):
            plan = Project(tuple(columns), plan)
        return InSubquery(plan, tuple(values))

    def in_list(self, node: In) -> Expression:
        """`value IN (...)`; a star among the options stands for its columns."""
        options: list[Expression] = []
        for option in node.options:
            options += self.star(option) if isinstance(option, un.UnresolvedStar) else (self.resolve(option),)
        return self.finish(In(self.resolve(node.value), tuple(options)).at(node.origin))

    def misplaced_star(self, node: un.UnresolvedStar) -> Expression:
        """A star where a value is needed."""
        raise AnalysisError("INVALID_USAGE_OF_STAR_OR_REGEX", {"elem": "'*'", "prettyName": "expression"}, node.origin)

    def misplaced_alias(self, node: un.UnresolvedAlias | Alias) -> Expression:
        """A name given inside an expression, where it has no effect but for structs."""
        name = node.name if isinstance(node, Alias) else node.names[0]
        column: Expression = named(self.resolve(node.child), name)
        return column


def named(expression: Expression, name: str) -> Any:
    """`expression` as a column called `name`."""
    if isinstance(expression, Attribute):
        return expression if expression.name == name else Alias(expression, name).at(expression.origin)
    return Alias(expression, name).at(expression.origin)


def is_generator(expression: Expression) -> bool:
    """Whether it is a call of explode and the like."""
    return isinstance(expression, Call) and any(each.kind == "generator" for each in lookup(expression.function))


_HANDLERS: dict[type[Expression], Callable[[Resolver, Any], Any]] = {
    un.UnresolvedAttribute: Resolver.attribute,
    un.UnresolvedFunction: Resolver.function,
    un.UnresolvedWindow: resolve_window,
    un.UnresolvedExtract: Resolver.extract,
    un.UnresolvedScalarSubquery: Resolver.scalar,
    un.UnresolvedExists: Resolver.exists,
    In: Resolver.in_list,
    un.UnresolvedInSubquery: Resolver.in_subquery,
    un.Parameter: Resolver.parameter,
    un.UnresolvedDatetime: Resolver.datetime,
    un.UnresolvedStar: Resolver.misplaced_star,
    un.UnresolvedAlias: Resolver.misplaced_alias,
    Alias: Resolver.misplaced_alias,
}
