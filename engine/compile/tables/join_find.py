"""Code that looks keys up in the table of a join."""

from __future__ import annotations

from collections.abc import Sequence

from engine.compile.ir import Value, Variable
from engine.compile.row import Row
from engine.compile.tables.join import JoinTable
from engine.compile.tables.join_insert import keys_equal
from engine.compile.tables.keys import hash_of
from engine.compile.values import Sql, either_null


def find(row: Row, table: JoinTable, keys: Sequence[Sql]) -> Value:
    """The number of the first built row with these keys plus one, an i64; 0 where there is none."""
    number = row.function.variable("i64", 0)
    direct = table.shape.direct
    # a directory that is addressed directly has no place for null
    null = either_null(*(key for key, safe in zip(keys, table.null_safe, strict=True) if direct or not safe))
    with row.function.when(row.function.boolean(True) if null is None else ~null), row.branch():
        if direct:
            _find_direct(row, table, keys[0].value, number)
        else:
            _find_hashed(row, table, keys, number)
    return number.get()


def _find_direct(row: Row, table: JoinTable, key: Value, number: Variable) -> None:
    width = "i128" if key.type == "i128" else "i64"
    low, size = (table.word(row, name).signed(width) for name in ("low", "size"))
    place = key.signed(width) - low
    with row.function.when(place.below(size)):
        directory = table.word(row, "directory", "ptr")
        number.set(directory.load("i32", place.signed("i64"), fixed=True).unsigned("i64"))


def _find_hashed(row: Row, table: JoinTable, keys: Sequence[Sql], number: Variable) -> None:
    function, directory = row.function, table.word(row, "directory", "ptr")
    mask = table.word(row, "mask")
    slot = function.variable("i64", hash_of(row, keys, table.null_safe) >> table.word(row, "shift"))
    with function.forever() as done:
        now = directory.load("i32", slot.get(), fixed=True).unsigned("i64")
        function.leave_if(now == 0, done)
        same = keys_equal(row, keys, table.key_values(row, now - 1), table.null_safe)
        with function.when(same):
            number.set(now)
            function.jump(done)
        slot.set((slot.get() + 1) & mask)
