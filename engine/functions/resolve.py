"""From a name and typed arguments to a resolved call: the overload, the implicit casts, the result type.

Overloads are tried in order of declaration, first those that take the arguments as they are, then those that take them after
implicit casts (Spark's ANSI rules, `engine.types.coercion`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from engine.errors import AnalysisError, Position, quoted
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Expression, Mode
from engine.expressions.calls import Call
from engine.expressions.cast import Cast
from engine.expressions.lambdas import Lambda
from engine.expressions.sql import shown, shown_type, sql
from engine.expressions.window import WindowCall
from engine.functions.classes import builder_of
from engine.functions.clauses import Clauses, check_clauses, with_ordered
from engine.functions.mismatch import (
    ORDINALS,
    Text,
    different_types,
    mismatch,
    type_name,
    unresolved_routine,
    wrong_input,
    wrong_number,
)
from engine.functions.named_arguments import in_order
from engine.functions.registry import Function, arity, lookup
from engine.functions.signature import LAMBDAS, Kind, Variadic
from engine.types import VOID, DataType, DayTimeIntervalType, FractionalType, NullType, YearMonthIntervalType
from engine.types.coercion import can_implicitly_cast, common_type_of

Fold = Callable[[Expression], Expression]


def resolve_call(
    name: str,
    arguments: Sequence[Expression],
    ansi: bool = True,
    *,
    named: Sequence[str] = (),
    distinct: bool = False,
    condition: Expression | None = None,
    order: Sequence[Expression] = (),
    ignore_nulls: bool = False,
    window: bool = False,
    origin: Position | None = None,
    text: Text = shown,
    call: Callable[[], str] | None = None,
    fold: Fold | None = None,
) -> Expression:
    """`name(arguments)` as a Call (scalar and generator functions; a generator's type is the struct of its columns), an
    AggregateCall, a WindowCall, or the expression that the function is short for.

    `arguments` are resolved; lambdas among them are Lambda nodes whose parameters `lambda_parameters` typed. `named` are the
    names of arguments given as `name => value`, "" for positional ones. `window`: prefer the overload that is a window
    function. `distinct`, `condition`, `order` and `ignore_nulls` belong to aggregates (`ignore_nulls` to window functions too).

    Raises AnalysisError: UNRESOLVED_ROUTINE, WRONG_NUM_ARGS, DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE or DATA_DIFF_TYPES,
    UNRECOGNIZED_PARAMETER_NAME, INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX where DISTINCT, FILTER, WITHIN GROUP or
    IGNORE NULLS do not belong. `text` and `call` write an argument and the call for them. `fold` evaluates constants.
    """
    clauses = Clauses(distinct, condition, tuple(order), ignore_nulls)
    try:
        return _resolved(name, tuple(arguments), ansi, named, clauses, window, origin, text, fold)
    except AnalysisError as error:
        raise _about(error, call or (lambda: shown_call(name, arguments)), origin) from error.__cause__


def shown_call(name: str, arguments: Sequence[Expression]) -> str:
    """A call as errors show it."""
    return f'"{name}({", ".join(sql(argument) for argument in arguments)})"'


def _about(error: AnalysisError, call: Callable[[], str], origin: Position | None) -> AnalysisError:
    """The error, which knows the call it is about."""
    if error.position is None:
        error.position = origin
    if error.condition.startswith("DATATYPE_MISMATCH.") and "sqlExpr" not in error.message_parameters:
        error.message_parameters["sqlExpr"] = call()
    return error


def _resolved(
    name: str,
    arguments: tuple[Expression, ...],
    ansi: bool,
    named: Sequence[str],
    clauses: Clauses,
    window: bool,
    origin: Position | None,
    text: Text,
    fold: Fold | None,
) -> Expression:
    overloads = [each for each in lookup(name) if each.kind != "table"]
    if not overloads:
        raise unresolved_routine(name, origin)
    if window:
        overloads.sort(key=lambda each: each.kind != "window")
    arguments = in_order(overloads, with_ordered(name, arguments, clauses, origin), named)
    function, types = _choose(overloads, name, arguments, ansi, origin, text)
    check_clauses(function, name, clauses, origin)
    cast = tuple(_cast(argument, to, ansi, origin) for argument, to in zip(arguments, types, strict=True))
    if fold is not None and function.folded:
        cast = tuple(fold(each) if place in function.folded else each for place, each in enumerate(cast))
    result = _build(function, cast, types, ansi)
    if isinstance(result, AggregateCall) and function.kind == "aggregate":
        parts = (result.function, result.arguments, result.type, result.is_nullable)
        result = AggregateCall(*parts, clauses.distinct, clauses.condition, clauses.order, clauses.ignore_nulls)
    if isinstance(result, WindowCall) and clauses.ignore_nulls:
        result = WindowCall(result.function, result.arguments, result.type, result.is_nullable, True)
    return result.at(origin) if result.origin is None else result


def lambda_arities(name: str, count: int) -> dict[int, int]:
    """How many parameters the lambdas of a call with `count` arguments have, by their place."""
    for function in lookup(name):
        if function.lambda_types is not None and _arity_fits(function, count):
            nothing = (VOID,) * count
            places = [place for place, each in enumerate(_expand(function, count)) if each in LAMBDAS]
            return {place: len(function.lambda_types(place, 1, nothing)) for place in places}
    return {}


def lambda_parameters(
    name: str, types: Sequence[DataType | None], counts: Sequence[int]
) -> list[tuple[tuple[DataType, bool], ...]]:
    """What the parameters of the lambdas among the arguments are, as (type, nullable) for each lambda in order.

    `types` are the argument types, None for a lambda; `counts` how many parameters each lambda has. Raises AnalysisError
    (WRONG_NUM_ARGS) where the function takes no lambda there, or not with so many parameters.
    """
    known = tuple(VOID if each is None else each for each in types)
    places = [index for index, each in enumerate(types) if each is None]
    for function in lookup(name):
        if function.lambda_types is not None and _arity_fits(function, len(types)):
            cast = match(function, known, True, lambdas=frozenset(places))
            given = known if cast is None else cast
            found = [
                tuple(function.lambda_types(place, count, given)) for place, count in zip(places, counts, strict=True)
            ]
            for pairs, count in zip(found, counts, strict=True):
                if len(pairs) != count:
                    raise AnalysisError(
                        "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH",
                        {"expectedNumArgs": count, "actualNumArgs": len(pairs)},
                    )
            return found
    overloads = lookup(name)
    if not overloads:
        raise unresolved_routine(name, None)
    if any(each.lambda_types is not None for each in overloads):
        raise wrong_number(overloads, name, len(types), None)
    raise AnalysisError("INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION", {"class": builder_of(name)})


@lru_cache(maxsize=4096)
def scalar_overload(name: str, types: tuple[DataType, ...], kind: str = "scalar") -> Function:
    """The overload of a resolved call: the first of `kind` that takes arguments of `types`. KeyError if there is none."""
    candidates = [each for each in lookup(name) if each.kind == kind and _arity_fits(each, len(types))]
    for exact in (True, False):
        for each in candidates:
            cast = match(each, types, True, lambdas=None)
            if cast is not None and (not exact or cast == types):
                return each
    raise KeyError(f"{name}({', '.join(map(str, types))})")


def match(
    function: Function, types: tuple[DataType, ...], ansi: bool, lambdas: frozenset[int] | None = frozenset()
) -> tuple[DataType, ...] | None:
    """The types `function` wants arguments of `types` cast to, or None where it does not take them.

    `lambdas` are the positions of lambda arguments, whose type is that of their body; None: wherever one is expected.
    """
    if function.coerce is not None:
        wanted = function.coerce(types, ansi)
        return tuple(wanted) if wanted is not None else None
    found: list[DataType] = []
    groups: dict[str, list[int]] = {}
    for index, (data_type, parameter) in enumerate(zip(types, _expand(function, len(types)), strict=True)):
        wanted_type = _accept(data_type, parameter, ansi, lambdas is None or index in lambdas)
        if wanted_type is None:
            return None
        found.append(wanted_type)
        if isinstance(parameter, Kind) and parameter.group:
            groups.setdefault(parameter.group, []).append(index)
    for members in groups.values():
        met = common_type_of([found[index] for index in members], ansi)
        if met is None:
            return None
        for index in members:
            found[index] = met
    return tuple(found)


def _accept(data_type: DataType, parameter: DataType | Kind, ansi: bool, is_lambda: bool) -> DataType | None:
    if isinstance(parameter, Kind):
        if parameter in LAMBDAS:
            return LAMBDAS[parameter](data_type) if is_lambda else None
        if data_type in parameter:
            return data_type
        if isinstance(data_type, NullType) and not parameter.nulls:
            return None
        fallback = parameter.fallback
        if (
            fallback is not None
            and (
                isinstance(data_type, (NullType, *parameter.converts))
                or (not parameter.strict and can_implicitly_cast(data_type, fallback, ansi))
            )
            and (parameter.fractions or not isinstance(data_type, FractionalType))
        ):
            return fallback
        return data_type if isinstance(data_type, NullType) else None
    if isinstance(parameter, DayTimeIntervalType | YearMonthIntervalType) and type(parameter) is type(data_type):
        return data_type
    return parameter if can_implicitly_cast(data_type, parameter, ansi) else None


def _expand(function: Function, count: int) -> list[DataType | Kind]:
    found: list[DataType | Kind] = []
    for parameter in function.parameters:
        if isinstance(parameter, Variadic):
            found += [parameter.parameter] * (count - len(found))
        else:
            found.append(parameter)
    return found[:count]


def _arity_fits(function: Function, count: int) -> bool:
    least, most = arity(function)
    return least <= count and (most is None or count <= most)


def _choose(
    overloads: Sequence[Function],
    name: str,
    arguments: tuple[Expression, ...],
    ansi: bool,
    origin: Position | None,
    text: Text,
) -> tuple[Function, tuple[DataType, ...]]:
    fitting = [each for each in overloads if _arity_fits(each, len(arguments))]
    if not fitting:
        raise wrong_number(overloads, name, len(arguments), origin)
    types = tuple(argument.dataType for argument in arguments)
    lambdas = frozenset(index for index, argument in enumerate(arguments) if isinstance(argument, Lambda))
    casts = [(each, match(each, types, ansi, lambdas)) for each in fitting]
    for exact in (True, False):
        for function, cast in casts:
            if cast is not None and (not exact or cast == types):
                return function, cast
    raise _mismatch(fitting[0], name, arguments, ansi, text)


def _mismatch(
    function: Function, name: str, arguments: tuple[Expression, ...], ansi: bool, text: Text
) -> AnalysisError:
    types = tuple(argument.dataType for argument in arguments)
    told = function.mismatch(name, types) if function.mismatch is not None else None
    if told is not None:
        if "paramIndex" in told.message_parameters:
            given = arguments[ORDINALS.index(told.message_parameters["paramIndex"])]
            told.message_parameters |= {"inputSql": text(given), "inputType": shown_type(given.dataType)}
        return told
    for index, parameter in enumerate(_expand(function, len(arguments))):
        argument = arguments[index]
        if _accept(argument.dataType, parameter, ansi, isinstance(argument, Lambda)) is None:
            if isinstance(parameter, Kind) and parameter.name == "(ORDERABLE)":
                ordered = shown_type(argument.dataType)
                return mismatch("INVALID_ORDERING_TYPE", functionName=quoted(name), dataType=ordered)
            return wrong_input(index, type_name(parameter), argument, text)
    return different_types(name, types)


def _cast(argument: Expression, to: DataType, ansi: bool, origin: Position | None = None) -> Expression:
    """`argument` as `to`; a cast that is added belongs to the call at `origin`, and so do its errors."""
    if argument.dataType == to:
        return argument
    if isinstance(argument, Lambda):
        return Lambda(argument.parameters, _cast(argument.body, to, ansi, origin)).at(argument.origin)
    return Cast(argument, to, Mode.ANSI if ansi else Mode.LEGACY, implicit=True).at(origin or argument.origin)


def _build(
    function: Function, arguments: tuple[Expression, ...], types: tuple[DataType, ...], ansi: bool
) -> Expression:
    if function.kind == "rewrite":
        mode = Mode.ANSI if ansi else Mode.LEGACY
        rewritten = function.kernel(*arguments, mode=mode) if function.wants_context else function.kernel(*arguments)
        assert isinstance(rewritten, Expression)
        return rewritten
    returns = function.returns
    result = returns if isinstance(returns, DataType) else returns(*types)
    nullable = _nullable(function, arguments, ansi)
    if function.kind == "aggregate":
        return AggregateCall(function.name, arguments, result, nullable)
    if function.kind == "window":
        return WindowCall(function.name, arguments, result, nullable)
    raises = function.raises and (ansi or not function.ansi_only)
    return Call(function.name, arguments, result, nullable, raises, function.deterministic)


def _nullable(function: Function, arguments: tuple[Expression, ...], ansi: bool) -> bool:
    if callable(function.nullable):
        return function.nullable(*arguments)
    if function.nullable == "if_null":
        undefined = function.ansi_only and not ansi
        return undefined or any(argument.nullable for argument in arguments if not isinstance(argument, Lambda))
    return function.nullable == "always"


def cast_to(argument: Expression, to: DataType, ansi: bool = True) -> Expression:
    """`argument` as `to`, implicitly cast where it is of another type; for rewrites."""
    return _cast(argument, to, ansi)
