"""SUMMARIZE: a row about each column of a query, as DuckDB has it.

All is one aggregation of the whole, which an Expand lays out in rows:

    Expand [[a, INT, min(a), max(a), ...], [b, STRING, min(b), max(b), ...]]
    └─ Aggregate [] [min(a), max(a), min(b), ...]
"""

from __future__ import annotations

from engine.analyze.arithmetic import cast
from engine.analyze.grouping import group
from engine.expressions.base import Attribute, Expression, Literal
from engine.expressions.conditional import If
from engine.expressions.operators import Divide, Multiply, Subtract
from engine.expressions.predicates import EqualTo
from engine.functions.resolve import resolve_call
from engine.logical.plan import Expand, LogicalPlan
from engine.types import (
    DOUBLE,
    INT,
    LONG,
    STRING,
    BinaryType,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    NumericType,
    StringType,
    TimestampNTZType,
    TimestampType,
)

PERCENT = DecimalType(9, 2)
COLUMNS = {
    "column_name": STRING,
    "column_type": STRING,
    "min": STRING,
    "max": STRING,
    "approx_unique": LONG,
    "avg": STRING,
    "std": STRING,
    "q25": STRING,
    "q50": STRING,
    "q75": STRING,
    "count": LONG,
    "null_percentage": PERCENT,
}
_PLAIN = (NumericType, StringType, BooleanType, BinaryType, DateType, TimestampType, TimestampNTZType)
_RANKED = (NumericType, DateType, TimestampType, TimestampNTZType)


def summarized(plan: LogicalPlan, ansi: bool) -> LogicalPlan:
    """A row about each column of `plan`."""
    grouped = group(plan, ())
    rows = grouped.rewrite(resolve_call("count", (Literal(1, INT),)))
    lines = []
    for column in plan.output:
        facts = [cast(grouped.rewrite(fact), STRING, ansi) if fact is not None else None for fact in _facts(column)]
        low, high, *moments = facts
        unique = None
        if isinstance(column.dataType, _PLAIN):
            unique = grouped.rewrite(resolve_call("approx_count_distinct", (column,)))
        present = grouped.rewrite(resolve_call("count", (column,)))
        values = (
            Literal(column.name, STRING),
            Literal(column.dataType.sql, STRING),
            *(low, high, unique, *moments, rows, _missing(rows, present, ansi)),
        )
        kinds = COLUMNS.values()
        lines.append(tuple(_or_null(value, kind) for value, kind in zip(values, kinds, strict=True)))
    known = ("column_name", "column_type", "count")
    columns = tuple(Attribute(name, kind, name not in known) for name, kind in COLUMNS.items())
    return Expand(tuple(lines), columns, grouped.plan())


def _facts(column: Attribute) -> list[Expression | None]:
    """Least, greatest, average, deviation and quartiles: each where the column's type has it."""
    kind = column.dataType
    found: list[Expression | None] = [None] * 7
    if isinstance(kind, _PLAIN) and not isinstance(kind, BinaryType):
        found[:2] = [resolve_call(name, (column,)) for name in ("min", "max")]
    if isinstance(kind, NumericType):
        found[2:4] = [resolve_call(name, (column,)) for name in ("avg", "stddev_samp")]
    if isinstance(kind, _RANKED):
        shares = [Literal(share, DOUBLE) for share in (0.25, 0.5, 0.75)]
        found[4:] = [resolve_call("approx_percentile", (column, share)) for share in shares]
    return found


def _missing(rows: Expression, present: Expression, ansi: bool) -> Expression:
    """How many of a hundred rows are null; null where there are none."""
    share = Divide(
        Multiply(cast(Subtract(rows, present), DOUBLE, ansi), Literal(100.0, DOUBLE)), cast(rows, DOUBLE, ansi)
    )
    return If(EqualTo(rows, Literal(0, LONG)), Literal(None, PERCENT), cast(share, PERCENT, ansi))


def _or_null(value: Expression | None, kind: DataType) -> Expression:
    return Literal(None, kind) if value is None else value
