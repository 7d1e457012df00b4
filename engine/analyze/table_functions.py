"""Functions in FROM: those of the registry, generators, and those in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.analyze.arithmetic import cast
from engine.analyze.expressions import Resolver, is_generator
from engine.analyze.inlining import with_outer_values
from engine.analyze.routines import bound, parameters_of
from engine.errors import AnalysisError, Unsupported, quoted
from engine.expressions.base import Alias, Attribute, Expression, Literal
from engine.expressions.cast import Cast
from engine.expressions.sql import shown as shown_sql
from engine.expressions.sql import shown_type
from engine.expressions.subquery import OuterReference
from engine.functions.mismatch import ORDINALS, unresolved_routine
from engine.functions.registry import lookup
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import evaluate_constant
from engine.logical import plan as lp
from engine.logical import unresolved as un
from engine.logical.plan import JoinType, LogicalPlan
from engine.logical.renew import renew
from engine.types import LONG, NumericType, StringType, StructType

if TYPE_CHECKING:
    from engine.catalog.tables import Routine


def table_function(node: un.UnresolvedTableFunction, resolver: Resolver) -> LogicalPlan:
    """The rows of a function in FROM; `resolver` knows the columns it may read, all of them outer ones."""
    name = node.name[-1].lower()
    overloads = lookup(name)
    if len(node.name) > 1 or not overloads:
        routine: Routine | None = resolver.context.catalog.routine(node.name)
        if routine is not None:
            return _of_routine(routine, node, resolver)
    if not overloads:
        hint = unresolved_routine(name, node.origin).message
        raise AnalysisError("UNRESOLVABLE_TABLE_VALUED_FUNCTION", {"name": quoted(name)}, node.origin, hint=hint)
    table = next((each for each in overloads if each.kind == "table"), None)
    if table is not None:
        literals = _constants(name, node, resolver)
        try:
            plan: LogicalPlan = table.kernel(*((resolver.context,) if table.wants_context else ()), *literals)
        except AnalysisError as error:
            error.position = error.position or node.origin
            raise
        return plan
    call = resolver.resolve(un.UnresolvedFunction(node.name, node.arguments, named=node.named).at(node.origin))
    if not is_generator(call):
        raise AnalysisError("UNRESOLVABLE_TABLE_VALUED_FUNCTION", {"name": quoted(name)}, node.origin)
    return generate(call, name.endswith("_outer"), (), lp.OneRow())


def _constants(name: str, node: un.UnresolvedTableFunction, resolver: Resolver) -> list[Literal]:
    """The arguments of a function of numbers (range) as whole numbers."""
    found: list[Literal] = []
    names = ("start", "end", "step", "numPartitions")
    first = 1 if len(node.arguments) == 1 else 0
    for place, argument in enumerate(resolver.all(node.arguments), first):
        if not argument.foldable:
            shown = {"funcName": quoted(name), "paramName": quoted(names[min(place, 3)]), "paramType": '"BIGINT"'}
            raise AnalysisError("NON_FOLDABLE_ARGUMENT", shown, node.origin)
        if not isinstance(argument.dataType, NumericType | StringType):
            given = {"inputSql": shown_sql(argument), "inputType": shown_type(argument.dataType)}
            wanted = {"paramIndex": ORDINALS[min(place, 3)], "functionName": quoted(name), "requiredType": '"BIGINT"'}
            raise AnalysisError("UNEXPECTED_INPUT_TYPE", given | wanted, node.origin)
        wide = resolver.finish(Cast(argument, LONG).at(argument.origin)) if argument.dataType != LONG else argument
        found.append(evaluate_constant(wide, EvalContext()))
    return found


def generate(call: Expression, outer: bool, names: tuple[str, ...], child: LogicalPlan) -> lp.Generate:
    """`child` with the columns that the generator `call` makes; a generator's type is the struct of its columns."""
    fields = call.dataType.fields if isinstance(call.dataType, StructType) else ()
    if names and len(names) != len(fields):
        parameters = {"aliasesSize": len(fields), "aliasesNames": ", ".join(map(quoted, names))}
        raise AnalysisError("UDTF_ALIAS_NUMBER_MISMATCH", parameters, call.origin)
    shown = names or tuple(field.name for field in fields)
    columns = tuple(Attribute(name, f.dataType, f.nullable) for name, f in zip(shown, fields, strict=True))
    return lp.Generate(call, outer, columns, child)


def _of_routine(routine: Routine, node: un.UnresolvedTableFunction, resolver: Resolver) -> LogicalPlan:
    """The query of a function in SQL with the arguments for its parameters, under the columns that it returns."""
    if not routine.is_table:
        raise AnalysisError("NOT_A_TABLE_FUNCTION", {"functionName": quoted(routine.parts)}, node.origin)
    arguments, _ = bound(resolver, routine, node)
    parameters = parameters_of(routine)
    routines = resolver.context.routines
    assert routines is not None, "an Analyzer set it"
    plan = renew(routines.plan(routine, parameters, resolver.context))
    sure = {p.id: a for p, a in zip(parameters, arguments, strict=True) if a.deterministic}
    plan = under_columns(with_outer_values(plan, sure), routine)
    drawn = [(p, a) for p, a in zip(parameters, arguments, strict=True) if not a.deterministic]
    if drawn:
        plan = _with_drawn(plan, drawn, node)
    return lp.SubqueryAlias((routine.name,), plan)


def _with_drawn(
    plan: LogicalPlan, drawn: list[tuple[Attribute, Expression]], node: un.UnresolvedTableFunction
) -> LogicalPlan:
    """Random arguments are drawn once, in a row that the query is joined to."""
    if any(argument.has(OuterReference) for _, argument in drawn):
        condition = "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.NON_DETERMINISTIC_LATERAL_SUBQUERIES"
        raise AnalysisError(condition, {"treeNode": "LateralJoin"}, node.origin)
    if plan.has(lp.LateralJoin):
        raise Unsupported("random arguments of a function with LATERAL joins", node.origin)
    row = lp.Project(tuple(Alias(a, p.name, p.id, p.qualifier) for p, a in drawn), lp.OneRow())
    return lp.Project(plan.output, lp.LateralJoin(row, plan, JoinType.INNER))


def under_columns(plan: LogicalPlan, routine: Routine) -> LogicalPlan:
    """The columns of a query as those that RETURNS TABLE names."""
    assert isinstance(routine.returns, StructType)
    pairs = zip(plan.output, routine.returns.fields, strict=True)
    ansi = dict(routine.settings).get("spark.sql.ansi.enabled", "true") == "true"
    return lp.Project(tuple(Alias(cast(column, field.dataType, ansi), field.name) for column, field in pairs), plan)
