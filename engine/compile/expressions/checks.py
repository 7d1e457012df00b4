"""What happens where a result does not exist: an error, null, or the wrapped number, as the mode says."""

from __future__ import annotations

from engine.compile.ir import Value
from engine.compile.row import Row
from engine.compile.values import Sql
from engine.expressions.base import Mode


def failing(row: Row, value: Sql, wrong: Value, mode: Mode) -> Sql:
    """`value`, which does not exist where `wrong`: then it is an error under ANSI, else null."""
    if mode is Mode.ANSI:
        row.fail_if(wrong if value.null is None else wrong & ~value.null)
        return value
    return value.with_null(wrong if value.null is None else value.null | wrong)


def checked(row: Row, value: Sql, declared: int, mode: Mode) -> Sql:
    """A whole number that must fit an integer of `declared` bits and a sign. LEGACY keeps the low bits."""
    if value.bits <= declared:
        return value
    cut = value.value.signed(f"i{declared + 1}")
    narrow = Sql(value.type, cut, value.null, declared)
    if mode is Mode.LEGACY:
        return narrow
    return failing(row, narrow, cut.signed(value.value.type) != value.value, mode)
