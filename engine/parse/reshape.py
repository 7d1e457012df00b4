"""Transformer of what FROM and pipes do to a relation in place: TABLESAMPLE, PIVOT, UNPIVOT (grammar/relations.lark).

Each gives a `Step`: the same clause stands after a relation and after `|>`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.errors import ParseError
from engine.expressions.base import Expression, Literal
from engine.logical.plan import Limit, LogicalPlan, SubqueryAlias
from engine.logical.unresolved import UnresolvedAttribute, UnresolvedPivot, UnresolvedSample, UnresolvedUnpivot
from engine.parse.lexer import Token
from engine.parse.parts import Step

UnpivotSet = tuple[tuple[tuple[str, ...], ...], str]
_ROUNDING = 1e-6  # a fraction may leave [0, 1] by so much, as in Spark


def sampled(plan: LogicalPlan, step: Step) -> LogicalPlan:
    return step(plan)


def sample(size: Expression | float | None, seed: Token | None) -> Step:
    """TABLESAMPLE (size) REPEATABLE (seed): `size` is a fraction, or a number of rows as an expression."""
    if size is None:
        raise ParseError("_LEGACY_ERROR_TEMP_0014", {})
    if isinstance(size, Expression):
        return lambda plan: Limit(size, None, plan)
    if not -_ROUNDING <= size <= 1 + _ROUNDING:
        raise ParseError("INVALID_TABLESAMPLE_FRACTION", {"fraction": size})
    return lambda plan: UnresolvedSample(size, None if seed is None else _whole(seed), plan)


def sample_percent(percent: Expression) -> float:
    if not isinstance(percent, Literal) or not isinstance(percent.value, int | float | Decimal):
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": "'PERCENT'", "hint": ": it follows a number"}, percent.origin)
    return float(percent.value) / 100.0


def sample_rows(count: Expression, _word: Token) -> Expression:
    return count


def sample_bucket(_word: Token, part: Token, parts: Token, on: Expression | None) -> float:
    """BUCKET x OUT OF y is x / y of the rows."""
    if on is not None:
        what = "colname" if isinstance(on, UnresolvedAttribute) else "function"
        raise ParseError("_LEGACY_ERROR_TEMP_0015", {"msg": f"BUCKET x OUT OF y ON {what}"}, on.origin)
    return _whole(part) / _whole(parts)


def sample_bytes(size: Expression) -> float:
    if isinstance(size, Literal):
        raise ParseError("_LEGACY_ERROR_TEMP_0016", {"bytesStr": size.value}, size.origin)
    raise ParseError("_LEGACY_ERROR_TEMP_0015", {"msg": "byteLengthLiteral"}, size.origin)


def _whole(token: Token) -> int:
    if not token.text.isdigit():
        raise ParseError(
            "PARSE_SYNTAX_ERROR", {"error": f"'{token.text}'", "hint": ": an integer goes here"}, token.position
        )
    return int(token.text)


def pivot(
    aggregates: tuple[Expression, ...], columns: tuple[str, ...], values: tuple[Expression, ...], alias: str | None
) -> Step:
    return lambda plan: _named(UnresolvedPivot(aggregates, columns, values, plan), alias)


def pivot_columns(columns: str | tuple[str, ...]) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else columns


def unpivot(
    nulls: Token | None,
    values: tuple[str, ...],
    name: str,
    columns: tuple[UnpivotSet, ...],
    alias: str | None,
) -> Step:
    for names, _ in columns:
        if len(names) != len(values):
            parameters = {"names": ", ".join(values)}
            raise ParseError("UNPIVOT_VALUE_SIZE_MISMATCH", parameters)
    keep = nulls is not None and nulls.kind == "INCLUDE"
    return lambda plan: _named(UnresolvedUnpivot(keep, values, name, columns, plan), alias)


def _named(plan: LogicalPlan, alias: str | None) -> LogicalPlan:
    return SubqueryAlias((alias,), plan) if alias else plan


def unpivot_values(value: str) -> tuple[str, ...]:
    return (value,)


def unpivot_many(values: tuple[str, ...]) -> tuple[str, ...]:
    return values


def unpivot_column(column: tuple[str, ...], alias: str | None) -> UnpivotSet:
    return (column,), alias or ""


def unpivot_set(*parts: Any) -> UnpivotSet:
    """(a, b) AS alias."""
    *columns, alias = parts
    return tuple(columns), alias or ""
