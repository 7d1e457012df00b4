"""Code that looks keys up in the table of a join."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from engine.compile.ir import Value, Variable
from engine.compile.row import Row
from engine.compile.tables.addressing import Addressing, bit_of, rank_of
from engine.compile.tables.join import JoinTable
from engine.compile.tables.join_insert import keys_equal
from engine.compile.tables.keys import hash_of
from engine.compile.values import Sql


def find(row: Row, table: JoinTable, keys: Sequence[Sql]) -> Value:
    """The number of the first built row with these keys plus one, an i64; 0 where there is none."""
    number = row.function.variable("i64", 0)
    numbers, presences = table.shape.addressing is not Addressing.HASHED, table.shape.presences
    with ExitStack() as stack:
        for place, (key, safe) in enumerate(zip(keys, table.null_safe, strict=True)):
            # neither bits nor a directory that is addressed by numbers have a place for null
            if key.null is not None and (numbers or place in presences or not safe):
                stack.enter_context(row.function.when(~key.null))
        for place in presences:
            _is_present(row, table, keys[place].value, place, stack)
        stack.enter_context(row.branch())
        if numbers:
            _find_number(row, table, keys[0].value, number)
        else:
            _find_hashed(row, table, keys, number)
    return number.get()


def _is_present(row: Row, table: JoinTable, key: Value, number: int, stack: ExitStack) -> None:
    """Goes on only with values that some built row has."""
    name = f"presence {number}"
    place, inside = _place(row, table, key, f"{name} low", f"{name} size")
    stack.enter_context(row.function.when(inside))
    byte = table.word(row, name, "ptr").load("i8", place >> 3, fixed=True)
    bit = (byte >> (place & 7).signed("i8")) & 1
    stack.enter_context(row.function.when(bit != 0))


def _place(row: Row, table: JoinTable, key: Value, low: str, size: str) -> tuple[Value, Value]:
    """How far a key is beyond the lowest, and whether it is below the size."""
    width = "i128" if key.type == "i128" else "i64"
    place = key.signed(width) - table.word(row, low).signed(width)
    return place.signed("i64"), place.below(table.word(row, size).signed(width))


def _find_number(row: Row, table: JoinTable, key: Value, number: Variable) -> None:
    place, inside = _place(row, table, key, "low", "size")
    with row.function.when(inside):
        if table.shape.addressing is Addressing.DIRECT:
            number.set(_numbered(row, table, place))
            return
        with row.function.when(bit_of(row, table, place)):
            found = row.number("i64", 1) if table.shape.keys_only else _numbered(row, table, rank_of(row, table, place))
            number.set(found)


def _numbered(row: Row, table: JoinTable, place: Value) -> Value:
    return table.word(row, "directory", "ptr").load("i32", place, fixed=True).unsigned("i64")


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
