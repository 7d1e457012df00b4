"""The code of tables of groups: a directory of row numbers with linear probing, and dense rows of 64-bit words.

A row is its keys' words (`layout.py`), then the words of what is accumulated. Code finds the row of keys or makes it; the
functions of a module (`functions`) put rows into a new directory, split them by hash, and take the rows of another table in.

A single whole number is its own slot as long as that is good: dense numbers never collide then, and neighbours are neighbours.
Each new row adds to the table's `slack`, and takes from it the slots it had to pass; where nothing is left, the keys are hashed
from then on (`GroupTable.full`). Partitions are always of hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.compile.ir import Function, Value, Variable
from engine.compile.tables.layout import KeyLayout, hashed
from engine.compile.tables.texts import REHASH_TEXTS, rehash_texts, same_text
from engine.records import dataclass

ROWS, DIRECTORY, MASK, COUNT, LIMIT, PLAIN, SLACK = range(7)
"""The words of a table, as code reads them. `PLAIN`: keys are their own slots."""
WORDS = 7

FIRST_SLACK = 64
_SLACK = 2
_FURTHEST = 128
_USED_UP = -(1 << 40)

PARTITION_BITS = 8
PARTITIONS = 1 << PARTITION_BITS
NAMES = ("rehash", "scatter", "absorb", REHASH_TEXTS)

Equal = Callable[[Value, Sequence[Value]], Value]


@dataclass
class OpenTable:
    """A table while code works with it: its words in registers."""

    function: Function
    words: Value
    stride: int

    def __post_init__(self) -> None:
        f = self.function
        self.rows, self.directory = f.variable("ptr"), f.variable("ptr")
        self.mask, self.count, self.limit = f.variable("i64"), f.variable("i64"), f.variable("i64")
        self.plain, self.slack = f.variable("i64"), f.variable("i64")
        self.reload()

    def reload(self) -> None:
        """Reads its words, which may have changed."""
        for variable, place in self._variables():
            variable.set(self.words.load(variable.type, place))

    def close(self) -> None:
        """Writes what code changes."""
        self.words.store(self.count.get(), COUNT)
        self.words.store(self.slack.get(), SLACK)

    def row(self, number: Value) -> Value:
        """The address of a row."""
        return self.rows.get().at(number * self.stride, "i64")

    def _variables(self) -> list[tuple[Variable, int]]:
        pairs = [(self.rows, ROWS), (self.directory, DIRECTORY), (self.mask, MASK), (self.count, COUNT)]
        return [*pairs, (self.limit, LIMIT), (self.plain, PLAIN), (self.slack, SLACK)]

    def home(self, layout: KeyLayout, keys: Sequence[Value]) -> Value:
        """The first slot that keys may be in."""
        if not layout.is_number:
            return hashed(layout, keys) & self.mask.get()
        home = self.function.variable("i64")
        home.set(keys[0])
        with self.function.when(self.plain.get() == 0):
            home.set(hashed(layout, keys))
        return home.get() & self.mask.get()

    def passed(self, home: Value, slot: Value) -> None:
        """A new row is in a slot: what that says of keys as slots."""
        f = self.function
        slots = (slot - home) & self.mask.get()
        self.slack.add(f.select(slots > _FURTHEST, f.integer("i64", _USED_UP), f.integer("i64", _SLACK) - slots))


def find(
    table: OpenTable,
    layout: KeyLayout,
    keys: Sequence[Value],
    fresh: Callable[[Value], None],
    *,
    full: Callable[[], None] | None = None,
    equal: Equal | None = None,
) -> Value:
    """The number of the row of `keys`. `fresh` writes what a new row accumulates; `full` makes room before it (None: there
    is)."""
    f = table.function
    key_hash = None if layout.is_number else hashed(layout, keys)
    place, slot, home = f.variable("i64"), f.variable("i64"), f.variable("i64")
    again, missing, found = f.label("again"), f.label("missing"), f.label("found")
    f.place(again)
    home.set(table.home(layout, keys) if key_hash is None else key_hash & table.mask.get())
    slot.set(home.get())
    with f.forever():
        number = table.directory.get().load("i32", slot.get())
        f.leave_if(number == 0, missing, likely=False)
        candidate = number.unsigned("i64") - 1
        place.set(candidate)
        f.leave_if((equal or _same_words)(table.row(candidate), keys), found, likely=True)
        slot.set((slot.get() + 1) & table.mask.get())
    f.place(missing)
    if full is not None:
        is_full = table.count.get() >= table.limit.get()
        if layout.is_number:
            table.passed(home.get(), slot.get())
            is_full = is_full | ((table.plain.get() != 0) & (table.slack.get() < 0))
        with f.when(is_full, likely=False):
            full()
            f.jump(again)
    place.set(_made(table, keys, fresh, slot.get()))
    f.place(found)
    return place.get()


def _made(table: OpenTable, keys: Sequence[Value], fresh: Callable[[Value], None], slot: Value) -> Value:
    """The number of a new row, which the free slot has then."""
    count = table.count.get()
    made = table.row(count)
    for offset, word in enumerate(keys):
        made.store(word, offset)
    fresh(made)
    table.directory.get().store((count + 1).signed("i32"), slot)
    table.count.set(count + 1)
    return count


def _same_words(row: Value, keys: Sequence[Value]) -> Value:
    f = row.function
    found = f.boolean(True)
    for offset, word in enumerate(keys):
        found = found & (row.load("i64", offset) == word)
    return found


Merge = Callable[[Value, Value, Value], None]
"""`merge(into, row, arenas)` adds what another row has accumulated; `arenas`: where texts are."""


def functions(layout: KeyLayout, stride: int, merge: Merge) -> list[Function]:
    """The functions of tables whose rows have `stride` words."""
    return [_rehash(layout, stride), _scatter(layout, stride), _absorb(layout, stride, merge), rehash_texts()]


def _rehash(layout: KeyLayout, stride: int) -> Function:
    """rehash(table): fills an empty directory, and tells how much slack is left then."""
    f = Function("rehash", [("table", "ptr")])
    table = OpenTable(f, f.argument("table"), stride)
    slot = f.variable("i64")
    with f.loop(0, table.count.get()) as number:
        home = table.home(layout, _keys(table.row(number), layout))
        slot.set(home)
        with f.forever() as free:
            f.leave_if(table.directory.get().load("i32", slot.get()) == 0, free)
            slot.set((slot.get() + 1) & table.mask.get())
        table.directory.get().store((number + 1).signed("i32"), slot.get())
        if layout.is_number:
            table.passed(home, slot.get())
    table.close()
    f.give(0)
    return f


def _scatter(layout: KeyLayout, stride: int) -> Function:
    """scatter(rows, count, out, ends): copies rows in the order of their partitions; `ends`, zeros before, has the place
    after the last row of each partition then."""
    f = Function("scatter", [("rows", "ptr"), ("count", "i64"), ("out", "ptr"), ("ends", "ptr")])
    rows, count, out, ends = (f.argument(name) for name in ("rows", "count", "out", "ends"))

    def partition(row: Value) -> Value:
        return hashed(layout, _keys(row, layout)) >> 64 - PARTITION_BITS

    with f.loop(0, count) as number:
        of = partition(rows.at(number * stride, "i64"))
        ends.store(ends.load("i64", of) + 1, of)
    total = f.variable("i64", 0)
    with f.loop(0, PARTITIONS) as number:
        size = ends.load("i64", number)
        ends.store(total.get(), number)
        total.add(size)
    with f.loop(0, count) as number:
        row = rows.at(number * stride, "i64")
        of = partition(row)
        place = ends.load("i64", of)
        ends.store(place + 1, of)
        _copy(row, out.at(place * stride, "i64"), 0, stride)
    f.give(0)
    return f


def _absorb(layout: KeyLayout, stride: int, merge: Merge) -> Function:
    """absorb(table, rows, count, arenas): takes rows in; the table has room."""
    f = Function("absorb", [("table", "ptr"), ("rows", "ptr"), ("count", "i64"), ("arenas", "ptr")])
    table = OpenTable(f, f.argument("table"), stride)
    arenas = f.argument("arenas")

    def equal(row: Value, keys: Sequence[Value]) -> Value:
        found = f.boolean(True)
        for offset, word in enumerate(keys):
            own = row.load("i64", offset)
            same = f.helped(same_text(), arenas, own, word) if offset in layout.texts else own == word
            found = found & same
        return found

    with f.loop(0, f.argument("count")) as number:
        row = f.argument("rows").at(number * stride, "i64")
        missing = f.variable("i1", False)

        def fresh(made: Value, row: Value = row, missing: Variable = missing) -> None:
            _copy(row, made, layout.words, stride)
            missing.set(True)

        into = find(table, layout, _keys(row, layout), fresh, equal=equal)
        with f.when(~missing.get()):
            merge(table.row(into), row, arenas)
    table.close()
    f.give(0)
    return f


def _keys(row: Value, layout: KeyLayout) -> list[Value]:
    return [row.load("i64", offset) for offset in range(layout.words)]


def _copy(source: Value, target: Value, start: int, stop: int) -> None:
    for offset in range(start, stop):
        target.store(source.load("i64", offset), offset)
