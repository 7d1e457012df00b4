"""Arguments given by name: `mask(str => 'a', digitChar => 'd')` in the order of the parameters."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import AnalysisError, quoted
from engine.expressions.base import Expression
from engine.functions.registry import Function


def in_order(
    overloads: Sequence[Function], arguments: tuple[Expression, ...], given: Sequence[str]
) -> tuple[Expression, ...]:
    """The arguments in the order of the parameters; `given` are their names, "" for those given by position.

    Raises AnalysisError: NAMED_PARAMETERS_NOT_SUPPORTED, UNEXPECTED_POSITIONAL_ARGUMENT, UNRECOGNIZED_PARAMETER_NAME,
    DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT, REQUIRED_PARAMETER_NOT_FOUND.
    """
    if not any(given):
        return arguments
    routine = {"routineName": quoted(overloads[0].name)}
    known = [each for each in overloads if each.names]
    if not known:
        raise AnalysisError("NAMED_PARAMETERS_NOT_SUPPORTED", {"functionName": quoted(overloads[0].name)})
    positional = 0
    while not given[positional]:
        positional += 1
    values: dict[str, Expression] = {}
    for name, argument in zip(given[positional:], arguments[positional:], strict=True):
        if not name:
            before = given[given.index(name, positional) - 1]
            raise AnalysisError("UNEXPECTED_POSITIONAL_ARGUMENT", {**routine, "parameterName": quoted(before)})
        if name.lower() in values:
            condition = "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.DOUBLE_NAMED_ARGUMENT_REFERENCE"
            raise AnalysisError(condition, {**routine, "parameterName": quoted(name)})
        values[name.lower()] = argument
    function = next((each for each in known if set(values) <= {name.lower() for name in each.names}), None)
    if function is None:
        raise _unrecognized(known, given, routine)
    for name in function.names[:positional]:
        if name.lower() in values:
            condition = "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.BOTH_POSITIONAL_AND_NAMED"
            raise AnalysisError(condition, {**routine, "parameterName": quoted(name)})
    return (*arguments[:positional], *_rest(function, positional, values, routine))


def _rest(
    function: Function, positional: int, values: dict[str, Expression], routine: dict[str, str]
) -> list[Expression]:
    """The arguments after those given by position, up to the last one that was named."""
    names = [name.lower() for name in function.names]
    last = max(names.index(name) for name in values)
    required = len(function.parameters) - function.optional
    found: list[Expression] = []
    for place in range(positional, last + 1):
        value = values.get(names[place])
        if value is None and place >= required and place < len(function.defaults):
            value = function.defaults[place]
        if value is None:
            missing = {"parameterName": quoted(function.names[place]), "index": str(place)}
            raise AnalysisError("REQUIRED_PARAMETER_NOT_FOUND", {**routine, **missing})
        found.append(value)
    return found


def _unrecognized(known: Sequence[Function], given: Sequence[str], routine: dict[str, str]) -> AnalysisError:
    names = [name for each in known for name in each.names]
    folded = {name.lower() for name in names}
    unknown = next(
        (name for name in given if name and name.lower() not in folded), next(name for name in given if name)
    )
    used = {name.lower() for name in given}
    free = [name for name in names if name.lower() not in used]
    near = [names[0], *free] if names[0] not in free else free
    proposal = " ".join(map(quoted, near[:3]))
    return AnalysisError(
        "UNRECOGNIZED_PARAMETER_NAME", {**routine, "argumentName": quoted(unknown), "proposal": proposal}
    )
