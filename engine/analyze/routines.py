"""Functions in SQL: their calls get an argument for each parameter, and their bodies are analyzed where they were made.

In a body a parameter is a column of a scope around everything: columns of a query in the body come first, and no name of
the caller is seen. Bodies are put in the place of calls when the whole statement is analyzed (`inlining.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from engine.analyze.identifiers import with_identifiers
from engine.analyze.scope import Scope
from engine.errors import AnalysisError, Position, quoted
from engine.expressions.base import Attribute, Expression, Mode
from engine.expressions.cast import Cast
from engine.expressions.routines import RoutineBody, SQLScalarFunction
from engine.logical import unresolved as un
from engine.logical.plan import LogicalPlan
from engine.parse.parser import parse_expression
from engine.records import dataclass
from engine.types import DataType

if TYPE_CHECKING:
    from engine.analyze.context import AnalyzerContext
    from engine.analyze.expressions import Resolver
    from engine.catalog.tables import Routine

DOCS = "https://spark.apache.org/docs/latest"


@dataclass
class Routines:
    """What one statement knows of functions in SQL. `analyzer` makes the Analyzer of a context."""

    analyzer: Callable[[AnalyzerContext], Any]
    building: list[str] = field(default_factory=list)
    bodies: dict[tuple[str, ...], RoutineBody] = field(default_factory=dict)

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """While the body of `name` is analyzed. Raises CYCLIC_FUNCTION_REFERENCE if it already is."""
        if name in self.building:
            path = " -> ".join([*self.building[self.building.index(name) :], name])
            raise AnalysisError("CYCLIC_FUNCTION_REFERENCE", {"path": path})
        self.building.append(name)
        try:
            yield
        finally:
            self.building.pop()

    def body(self, routine: Routine, context: AnalyzerContext) -> RoutineBody:
        """The body of a function that gives a value."""
        found = self.bodies.get(routine.parts)
        if found is None:
            found = self.bodies[routine.parts] = self._made(routine, context)
        return found

    def _made(self, routine: Routine, context: AnalyzerContext) -> RoutineBody:
        parameters = parameters_of(routine)
        result = self.result(routine, parameters, context, routine.returns)
        return RoutineBody(routine.parts, parameters, result)

    def result(
        self,
        routine: Routine,
        parameters: tuple[Attribute, ...],
        context: AnalyzerContext,
        returns: DataType | None = None,
        creation: Position | None = None,
    ) -> Expression:
        """The analyzed expression of a function as `returns` (None: its own type). `creation` is the statement that makes it,
        if it is being made: errors then point into the body."""
        with self.inside(".".join(routine.parts)):
            inner, placed = _where_made(routine, context, creation)
            resolver = self._resolver(parameters, inner)
            if routine.is_query:
                written: Expression = un.UnresolvedScalarSubquery(placed(inner.parse(routine.text)))
            else:
                written = placed(parse_expression(routine.text))
            found: Expression = resolver.resolve(with_identifiers(written, resolver))
            if returns is None or found.dataType == returns:
                return found
            return resolver.finish(Cast(found, returns, Mode.ANSI).at(creation))

    def plan(
        self,
        routine: Routine,
        parameters: tuple[Attribute, ...],
        context: AnalyzerContext,
        creation: Position | None = None,
    ) -> LogicalPlan:
        """The analyzed query of a function in FROM, which reads its parameters as OuterReferences; `creation` as above."""
        with self.inside(".".join(routine.parts)):
            inner, placed = _where_made(routine, context, creation)
            analyzer = self.analyzer(inner)
            written = analyzer.with_identifiers(placed(inner.parse(routine.text)))
            found: LogicalPlan = analyzer.query(written, Scope(parameters, (), None, inner.case_sensitive))
            return found

    def _resolver(self, parameters: tuple[Attribute, ...], inner: AnalyzerContext) -> Resolver:
        scope = Scope(parameters, (), None, inner.case_sensitive)
        found: Resolver = self.analyzer(inner).relations.resolver(scope)
        return found


def _where_made(
    routine: Routine, context: AnalyzerContext, creation: Position | None
) -> tuple[AnalyzerContext, Callable[[Any], Any]]:
    """How the text of a body is analyzed, and what becomes of what was parsed."""
    settings = dict(routine.settings)
    if creation is not None:
        return context.under(settings), lambda tree: tree
    return context.inside_view(routine.current, settings) if routine.database else context.under(
        settings
    ), without_places


def parameters_of(routine: Routine) -> tuple[Attribute, ...]:
    """Fresh columns for the parameters of a function, which may be qualified by its name."""
    return tuple(Attribute(f.name, f.dataType, True, qualifier=(routine.name,)) for f in routine.schema.fields)


def without_places(tree: Any) -> Any:
    """What was parsed of another text than the statement's: errors must not point into this one."""
    for each in tree.walk():
        each.__dict__.pop("origin", None)
    return tree


def scalar_call(resolver: Resolver, node: un.UnresolvedFunction) -> Expression | None:
    """A call of a function in SQL; None if there is no such function."""
    routine: Routine | None = resolver.context.catalog.routine(node.name)
    if routine is None:
        return None
    name = quoted(routine.parts)
    if routine.is_table:
        raise AnalysisError("NOT_A_SCALAR_FUNCTION", {"functionName": name}, node.origin)
    if resolver.parameters:
        shown = {"funcName": ".".join(routine.parts)}
        raise AnalysisError("UNSUPPORTED_FEATURE.LAMBDA_FUNCTION_WITH_SQL_UDF", shown, node.origin)
    for given, syntax in ((node.distinct, "DISTINCT"), (node.condition is not None, "FILTER CLAUSE")):
        if given:
            condition = "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX"
            raise AnalysisError(condition, {"prettyName": name, "functionName": name, "syntax": syntax}, node.origin)
    if any(isinstance(each, un.UnresolvedStar) for each in node.arguments):
        parts = (resolver.star(each) if isinstance(each, un.UnresolvedStar) else (each,) for each in node.arguments)
        node = replace(node, arguments=tuple(chain.from_iterable(parts))).at(node.origin)
    arguments, written = bound(resolver, routine, node)
    routines = resolver.context.routines
    assert routines is not None, "an Analyzer set it"
    return SQLScalarFunction(arguments, written, routines.body(routine, resolver.context)).at(node.origin)


def bound(
    resolver: Resolver, routine: Routine, node: un.UnresolvedFunction | un.UnresolvedTableFunction
) -> tuple[tuple[Expression, ...], int]:
    """An argument for each parameter, cast to its type: the one given by place or by name, else its default; and how many
    leading ones the call shows."""
    fields = routine.schema.fields
    given: dict[int, Expression] = {}
    names = node.named or ("",) * len(node.arguments)
    if len(node.arguments) > len(fields):
        raise _wrong_number(routine, node)
    for place, (name, written) in enumerate(zip(names, node.arguments, strict=True)):
        _give(given, place, name, written, routine, node)
    defaults = dict(routine.defaults)
    found: list[Expression] = []
    for place, each in enumerate(fields):
        argument = given.get(place)
        if argument is None and each.name in defaults:
            argument = without_places(parse_expression(defaults[each.name]))
        if argument is None and not any(names):
            raise _wrong_number(routine, node)
        if argument is None:
            parameters = {"routineName": quoted(routine.parts), "parameterName": quoted(each.name), "index": place}
            raise AnalysisError("REQUIRED_PARAMETER_NOT_FOUND", parameters, node.origin)
        found.append(resolver.finish(Cast(resolver.resolve(argument), each.dataType, Mode.ANSI).at(node.origin)))
    uncast = (e.child if isinstance(e, Cast) and e.child.dataType == e.dataType else e for e in found)
    return tuple(uncast), len(fields) if any(names) else len(node.arguments)


def _give(
    given: dict[int, Expression],
    place: int,
    name: str,
    argument: Expression,
    routine: Routine,
    node: un.UnresolvedFunction | un.UnresolvedTableFunction,
) -> None:
    fields = [each.name.lower() for each in routine.schema.fields]
    parameters = {"routineName": quoted(routine.parts)}
    if not name:
        if node.named and any(node.named[:place]):
            before = next(each for each in node.named if each)
            raise AnalysisError(
                "UNEXPECTED_POSITIONAL_ARGUMENT", parameters | {"parameterName": quoted(before)}, node.origin
            )
        given[place] = argument
        return
    if name.lower() not in fields:
        proposal = " ".join(quoted(each.name) for each in routine.schema.fields)
        shown = {"argumentName": quoted(name), "proposal": proposal}
        raise AnalysisError("UNRECOGNIZED_PARAMETER_NAME", parameters | shown, node.origin)
    where = fields.index(name.lower())
    if where in given:
        kind = (
            "DOUBLE_NAMED_ARGUMENT_REFERENCE"
            if node.named[where:] and node.named[where]
            else "BOTH_POSITIONAL_AND_NAMED"
        )
        shown = {"parameterName": quoted(routine.schema.fields[where].name)}
        raise AnalysisError(f"DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.{kind}", parameters | shown, node.origin)
    given[where] = argument


def _wrong_number(routine: Routine, node: un.UnresolvedFunction | un.UnresolvedTableFunction) -> AnalysisError:
    parameters = {
        "functionName": quoted(routine.parts),
        "expectedNum": len(routine.schema.fields),
        "actualNum": len(node.arguments),
        "docroot": DOCS,
    }
    return AnalysisError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", parameters, node.origin)


def written_arguments(routine: Routine, node: un.UnresolvedFunction) -> tuple[Expression, ...]:
    """The arguments as the name of a column shows them: in order, with defaults where any was given by name."""
    if not any(node.named):
        return node.arguments
    named = {name.lower(): argument for name, argument in zip(node.named, node.arguments, strict=True) if name}
    leading = [argument for name, argument in zip(node.named, node.arguments, strict=True) if not name]
    found = list(leading)
    for each in routine.schema.fields[len(leading) :]:
        default = dict(routine.defaults).get(each.name, "NULL")
        found.append(named.get(each.name.lower()) or parse_expression(default))
    return tuple(found)
