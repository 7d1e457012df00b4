"""Code that puts built rows into the directory of a join's table: by their keys as places, by the ranks of keys, or hashed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from engine.compile.ir import Value, Variable
from engine.compile.numbering import Numbering, Renaming
from engine.compile.row import Row
from engine.compile.tables.addressing import Addressed, Addressing, rank_of
from engine.compile.tables.keys import equal, hash_of
from engine.compile.values import Sql, either_null


class Insertion:
    """The sink of a program over the numbers of built rows. `shared`: several threads fill the directory, so places are
    exchanged as one step. `unique`: no key is there twice. The word "repeated" is set where a key was there already."""

    def __init__(self, table: Addressed, *, shared: bool, unique: bool = False) -> None:
        self.table = table
        self.null_safe = table.null_safe
        self.shared = shared
        self.unique = unique

    def shape(self, numbering: Numbering) -> Hashable:
        return (
            Insertion,
            self.shared,
            self.unique,
            self.table.addressing,
            self.null_safe,
            self.table.key_columns(numbering),
        )

    def kept(self, providers: Sequence[Any], numbering: Numbering) -> None:
        """Nothing is decided."""

    def follow(self, kept: Any, providers: Sequence[Any], numbering: Numbering, renamed: Renaming) -> bool:  # noqa: ARG002
        """There is nothing to follow."""
        return True

    def begin(self, row: Row) -> None:
        self.repeated: Variable = row.function.variable("i1", False)

    def write(self, row: Row) -> None:
        keys = self.table.key_values(row, row.index)
        null = either_null(*(key for key, safe in zip(keys, self.null_safe, strict=True) if not safe))
        present = row.function.boolean(True) if null is None else ~null
        with row.function.when(present), row.branch():
            number = (row.index + 1).signed("i32")
            if not self.unique:
                self.table.word(row, "following", "ptr").store(row.number("i32", 0), row.index)
            if self.table.addressing is Addressing.HASHED:
                self._find(row, keys, number)
                return
            place = keys[0].value.signed("i64") - self.table.word(row, "low")
            self._chain(
                row, rank_of(row, self.table, place) if self.table.addressing is Addressing.RANKED else place, number
            )

    def end(self, row: Row) -> None:
        word = row.frame.word(row.function, "repeated")
        word.store(word.load("i64") | self.repeated.get().unsigned("i64"))

    def _chain(self, row: Row, place: Value, number: Value) -> None:
        """Puts the row before those with its key."""
        directory = self.table.word(row, "directory", "ptr")
        if self.unique:
            directory.store(number, place)
            return
        if self.shared:
            before = directory.atomic("xchg", number, place)
        else:
            before = directory.load("i32", place)
            directory.store(number, place)
        with row.function.when(before != 0):
            self.table.word(row, "following", "ptr").store(before, row.index)
            self.repeated.set(True)

    def _find(self, row: Row, keys: Sequence[Sql], number: Value) -> None:
        """Takes a free slot, or joins the chain of the slot that has the key."""
        function, directory = row.function, self.table.word(row, "directory", "ptr")
        slot = function.variable("i64", hash_of(row, keys, self.null_safe) >> self.table.word(row, "shift"))
        with function.forever() as done:
            now = function.variable("i32", directory.load("i32", slot.get()))
            with function.when(now.get() == 0):
                if self.shared:
                    now.set(directory.exchange_if(0, number, slot.get()))
                else:
                    directory.store(number, slot.get())
                function.leave_if(now.get() == 0, done)
            with row.branch():
                others = self.table.key_values(row, now.get().unsigned("i64") - 1)
                same = keys_equal(row, keys, others, self.null_safe)
                with function.when(same):
                    self._chain(row, slot.get(), number)
                    function.jump(done)
            slot.set((slot.get() + 1) & self.table.word(row, "mask"))


def keys_equal(row: Row, keys: Sequence[Sql], others: Sequence[Sql], null_safe: Sequence[bool]) -> Value:
    """Whether all keys of two rows are equal, looking at one after the other; those of `others` may be null."""
    function = row.function
    found = function.variable("i1", False)
    after = function.label("compared")
    with function.inner():
        for key, other, safe in zip(keys, others, null_safe, strict=True):
            same = equal(row, key, other, safe)
            function.leave_if(~same, after)
    found.set(True)
    function.place(after)
    return found.get()
