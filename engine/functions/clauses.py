"""What may stand beside the arguments of a call: DISTINCT, FILTER, IGNORE NULLS and WITHIN GROUP.

`mode`, `percentile_cont` and `percentile_disc` take the values they are of from WITHIN GROUP, `listagg` only their order.
"""

from __future__ import annotations

from engine.errors import AnalysisError, Position, quoted
from engine.expressions.base import Expression, SortOrder
from engine.expressions.sql import shown, shown_type
from engine.functions.registry import Function
from engine.records import dataclass
from engine.types import BooleanType, NullType

ORDERED = ("mode", "percentile_cont", "percentile_disc")
"""The functions whose first argument is what WITHIN GROUP orders."""
_LISTED = ("listagg", "string_agg")
_OVER_NULLS = frozenset(
    [
        *("first", "first_value", "last", "last_value", "any_value", "nth_value", "lag", "lead"),
        *("collect_list", "collect_set", "array_agg"),
    ]
)
"""The functions that may leave nulls out, or not."""
_WITHIN_GROUP = "WITHIN GROUP (ORDER BY ...)"


@dataclass(frozen=True)
class Clauses:
    """The clauses of a call; `order` is WITHIN GROUP's."""

    distinct: bool
    condition: Expression | None
    order: tuple[Expression, ...]
    ignore_nulls: bool


def check_clauses(function: Function, name: str, clauses: Clauses, origin: Position | None) -> None:
    """Raises AnalysisError (INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX) where a clause does not belong to
    `function`, called as `name`."""
    syntax = ""
    if function.kind not in ("aggregate", "rewrite"):
        if clauses.distinct:
            syntax = "DISTINCT"
        elif clauses.condition is not None:
            syntax = "FILTER clause"
    if clauses.order and name.lower() not in (*ORDERED, *_LISTED):
        syntax = syntax or _WITHIN_GROUP
    if clauses.ignore_nulls and name.lower() not in _OVER_NULLS:
        syntax = syntax or "IGNORE NULLS"
    if syntax:
        parameters = {"prettyName": quoted(name.lower()), "syntax": syntax}
        raise AnalysisError("INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX", parameters, origin)


def with_ordered(
    name: str, arguments: tuple[Expression, ...], clauses: Clauses, origin: Position | None
) -> tuple[Expression, ...]:
    """The arguments of a call, with the values that WITHIN GROUP orders first where the function is of these.

    Raises AnalysisError INVALID_WITHIN_GROUP_EXPRESSION, NON_FOLDABLE_ARGUMENT, UNEXPECTED_INPUT_TYPE.
    """
    name = name.lower()
    if name in _LISTED:
        _check_listed(arguments, clauses, origin)
    if name not in ORDERED:
        return arguments
    if clauses.distinct:
        raise _wrong("DISTINCT_UNSUPPORTED", name, origin)
    is_filled = name == "mode" and bool(arguments)
    if not clauses.order and not is_filled:
        raise _wrong("WITHIN_GROUP_MISSING", name, origin)
    if len(arguments) > 1 and is_filled:
        _check_flag(arguments[1], origin)
    wanted = 0 if is_filled else 1
    if len(clauses.order) != wanted:
        raise _wrong("WRONG_NUM_ORDERINGS", name, origin, expectedNum=wanted, actualNum=len(clauses.order))
    return arguments if is_filled else (_value(clauses.order[0]), *arguments)


def _check_flag(flag: Expression, origin: Position | None) -> None:
    """mode(value, true) is of several values the least."""
    if not isinstance(flag.dataType, BooleanType | NullType):
        given = {"inputSql": shown(flag), "inputType": shown_type(flag.dataType)}
        wanted = {"paramIndex": "second", "functionName": "`mode`", "requiredType": '"BOOLEAN"'}
        raise AnalysisError("UNEXPECTED_INPUT_TYPE", wanted | given, origin)
    if not flag.foldable:
        parameters = {"funcName": "`mode`", "paramName": "`deterministic`", "paramType": '"BOOLEAN"'}
        raise AnalysisError("NON_FOLDABLE_ARGUMENT", parameters, origin)
    if isinstance(flag.dataType, NullType):
        told = {"exprName": "`deterministic`", "sqlExpr": shown(flag)}
        raise AnalysisError("DATATYPE_MISMATCH.UNEXPECTED_NULL", told, origin)


def _value(key: Expression) -> Expression:
    return key.child if isinstance(key, SortOrder) else key


def _wrong(kind: str, name: str, origin: Position | None, **more: object) -> AnalysisError:
    return AnalysisError(f"INVALID_WITHIN_GROUP_EXPRESSION.{kind}", {"funcName": quoted(name), **more}, origin)


def _check_listed(arguments: tuple[Expression, ...], clauses: Clauses, origin: Position | None) -> None:
    """DISTINCT texts can only come in the order of the texts."""
    keys = [_value(key) for key in clauses.order]
    if clauses.distinct and keys and keys != [arguments[0]]:
        more = {"funcArg": shown(arguments[0]), "orderingExpr": ", ".join(map(shown, keys))}
        raise _wrong("MISMATCH_WITH_DISTINCT_INPUT", "listagg", origin, **more)
