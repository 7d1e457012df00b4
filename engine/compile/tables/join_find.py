"""Code that looks keys up in the table of a join."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from engine.compile.ir import Value, Variable
from engine.compile.row import Row
from engine.compile.stages import Foresee
from engine.compile.tables.addressing import Addressing, bit_of, rank_of
from engine.compile.tables.join import JoinTable
from engine.compile.tables.join_insert import keys_equal
from engine.compile.tables.keys import hash_of
from engine.compile.values import Sql, is_whole
from engine.expressions.base import Expression


def may_be_there(row: Row, table: JoinTable, keys: Sequence[Sql]) -> Value | None:
    """Whether a built row may have these keys, without branches; None where that is not told by a look at few bytes. A
    table whose keys are numbers tells whether there is one (`tells`)."""
    shape = table.shape
    looks: list[tuple[Value, Value]] = []
    if shape.addressing is not Addressing.HASHED:
        if not shape.sparse or not (shape.addressing is Addressing.RANKED or shape.near):
            return None
        place, inside = _place(row, table, keys[0].value, "low", "size")
        inside = inside if keys[0].null is None else inside & ~keys[0].null
        first = row.function.select(inside, place, row.number("i64", 0))
        is_direct = shape.addressing is Addressing.DIRECT
        looks.append((inside, _numbered(row, table, first) != 0 if is_direct else bit_of(row, table, first)))
    for number in shape.presences:
        key, name = keys[number], f"presence {number}"
        place, inside = _place(row, table, key.value, f"{name} low", f"{name} size")
        inside = inside if key.null is None else inside & ~key.null
        looks.append((inside, _present_bit(row, table, name, row.function.select(inside, place, row.number("i64", 0)))))
    if shape.addressing is Addressing.HASHED and shape.sparse and all(is_whole(key.type) for key in keys):
        nulls = [key.null for key, safe in zip(keys, table.null_safe, strict=True) if key.null is not None and not safe]
        there = _numbered(row, table, hash_of(row, keys, table.null_safe) >> table.word(row, "shift")) != 0
        looks += [(~null, there) for null in nulls] or [(row.function.boolean(True), there)]
    found = row.function.boolean(True)
    for inside, there in looks:
        found = found & inside & there
    return found if looks else None


def tells(table: JoinTable) -> bool:
    """Whether `may_be_there` is true for no key that is not there."""
    return table.shape.addressing is not Addressing.HASHED


def find(row: Row, table: JoinTable, keys: Sequence[Sql], *, preselected: bool = False) -> Value:
    """The number of the first built row with these keys plus one, an i64; 0 where there is none. `preselected`: they may be
    there."""
    if preselected and tells(table):
        known = keys[0].value.signed("i64") - table.word(row, "low")
        is_direct = table.shape.addressing is Addressing.DIRECT
        return _numbered(row, table, known if is_direct else rank_of(row, table, known))
    number = row.function.variable("i64", 0)
    numbers, presences = table.shape.addressing is not Addressing.HASHED, table.shape.presences
    with ExitStack() as stack:
        for place, (key, safe) in enumerate(zip(keys, table.null_safe, strict=True)):
            # neither bits nor a directory that is addressed by numbers have a place for null
            if key.null is not None and (numbers or place in presences or not safe):
                stack.enter_context(row.function.when(~key.null))
        for place in () if preselected else presences:
            _is_present(row, table, keys[place].value, place, stack)
        stack.enter_context(row.branch())
        if numbers:
            _find_number(row, table, keys[0].value, number)
        else:
            _find_hashed(row, table, keys, number)
    return number.get()


def find_straight(row: Row, table: JoinTable, keys: Sequence[Sql]) -> Value:
    """Like `find` in a table of numbers, without branches: looks wait for memory side by side then."""
    place, inside = _place(row, table, keys[0].value, "low", "size")
    inside = inside if keys[0].null is None else inside & ~keys[0].null
    none = row.number("i64", 0)
    place = row.function.select(inside, place, none)
    if table.shape.addressing is Addressing.RANKED:
        inside = inside & bit_of(row, table, place)
        if table.shape.keys_only:
            return inside.unsigned("i64")
        place = row.function.select(inside, rank_of(row, table, place), none)
    return row.function.select(inside, _numbered(row, table, place), none)


def foreseen(table: JoinTable, keys: Sequence[Expression]) -> Sequence[Foresee]:
    """What asks for what `find` reads of a table that is far away: of a hashed one the slot, then the keys of the row in it.
    Numbers are found without branches."""
    if table.shape.addressing is not Addressing.HASHED:
        return ()

    def slot(row: Row) -> Value:
        home = hash_of(row, row.values(keys), table.null_safe) >> table.word(row, "shift")
        return table.word(row, "directory", "ptr").at(home, "i32")

    return (
        lambda row: row.function.prefetch(slot(row)),
        lambda row: table.key_ahead(row, slot(row).load("i32").unsigned("i64") - 1),
    )


def _is_present(row: Row, table: JoinTable, key: Value, number: int, stack: ExitStack) -> None:
    """Goes on only with values that some built row has."""
    name = f"presence {number}"
    place, inside = _place(row, table, key, f"{name} low", f"{name} size")
    stack.enter_context(row.function.when(inside))
    stack.enter_context(row.function.when(_present_bit(row, table, name, place)))


def _present_bit(row: Row, table: JoinTable, name: str, place: Value) -> Value:
    byte = table.word(row, name, "ptr").load("i8", place >> 3, fixed=True)
    return ((byte >> (place & 7).signed("i8")) & 1) != 0


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
    if table.shape.ordered:
        return place + 1
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
