"""The end of a chain of whose rows only the first so many of each group are wanted: others are dropped before they are stored.

A table has for each group the best keys that it has seen, as words in the order of the rows. A row is not wanted once as many
rows before it are known as may be. Words stand for the first key of the order alone, and of long values for their first
bits, so of rows with equal words none is dropped but where the word is the whole order. Who reads the rows decides which are
the first; so a table may forget groups when it has become too large.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

from engine.compile.binding import FrameWords
from engine.compile.ir import Value
from engine.compile.numbering import Numbering, Renaming
from engine.compile.row import Row
from engine.compile.sinks.aggregate import Fit, GroupedCode
from engine.compile.sinks.aggregate_accumulators import Accumulators
from engine.compile.sinks.aggregate_groups import CompiledGroups, ThreadGroups
from engine.compile.sinks.columns import ColumnsCode
from engine.compile.tables.group_table import GroupTable
from engine.compile.tables.layout import layout_of
from engine.compile.tables.texts import TextTable
from engine.compile.values import NotCompiled, Text, is_whole
from engine.expressions.base import Attribute, Expression, SortOrder
from engine.expressions.window import Ranking
from engine.physical.execution import Execution
from engine.types import BooleanType

MOST_KEPT = 64
"""How many keys of a group code keeps at most."""

ASIDE = "groups are not limited"
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1
_NO_SIGN = _MOST


class BestKeys(Accumulators):
    """What a row of the table has after the `first` words of its keys: the `count` best words, in order."""

    def __init__(self, first: int, count: int) -> None:
        super().__init__(first)
        self.words = first + count


class GroupLimitCode(GroupedCode):
    """Stores the rows that may be among the first `count` of their group by `ranking`."""

    def __init__(
        self,
        fitting: Callable[..., Fit],
        keys: Sequence[Expression],
        order: Sequence[SortOrder],
        ranking: Ranking,
        count: int,
        outputs: Sequence[Attribute],
    ) -> None:
        super().__init__(fitting, keys, ())
        self.columns = ColumnsCode(outputs, encoded=True)
        self._order = order
        self._ranking = ranking
        self._count = count

    def shape(self, numbering: Numbering) -> Hashable:
        limit = numbering.of(tuple(self._order)), self._ranking, self._count
        return GroupLimitCode, super().shape(numbering), limit, self.columns.shape(numbering)

    def kept(self, providers: Sequence[Any], numbering: Numbering) -> Any:
        """How groups look, and how columns come out."""
        return super().kept(providers, numbering), self.columns.kept(providers, numbering)

    def follow(self, kept: Any, providers: Sequence[Any], numbering: Numbering, renamed: Renaming) -> bool:
        """Takes groups for the same values, and columns as they came out."""
        groups, columns = kept
        follows = super().follow(groups, providers, numbering, renamed)
        return follows and self.columns.follow(columns, providers, numbering, renamed)

    def begin(self, row: Row) -> None:
        super().begin(row)
        self.columns.begin(row)

    def write(self, row: Row) -> None:
        f = row.function
        fit = self._choose(row)
        word, is_whole_order = _order_word(row, self._order)
        wanted = f.variable("i1", True)
        with f.when(row.fixed(ASIDE) == 0, likely=True), row.branch():
            kept = self._by_key(row).at(fit.keys.words, "i64")
            last = kept.load("i64", self._count - 1)
            before = word < last
            if self._ranking == "row_number" and is_whole_order:
                wanted.set(before | (last == _MOST))
            else:
                wanted.set(word <= last)
            with f.when(before):
                self._keep(row, kept, word)
        with f.when(wanted.get(), likely=False), row.branch():
            self.columns.write(row)

    def end(self, row: Row) -> None:
        super().end(row)
        self.columns.end(row)

    def _keep(self, row: Row, kept: Value, word: Value) -> None:
        """Puts a word that is less than the last among the best, in its place."""
        f = row.function
        done = f.label("kept")
        if self._ranking == "dense_rank":
            with f.loop(0, self._count) as number:
                f.leave_if(kept.load("i64", number) == word, done)
        place = f.variable("i64", self._count - 1)
        with f.forever() as found:
            f.leave_if(place.get() == 0, found)
            other = kept.load("i64", place.get() - 1)
            f.leave_if(other <= word, found)
            kept.store(other, place.get())
            place.add(-1)
        kept.store(word, place.get())
        f.place(done)

    def _fresh(self, made: Value) -> None:
        f = made.function
        for offset in range(self.accumulators.words - self._count, self.accumulators.words):
            made.store(f.integer("i64", _MOST), offset)


def _order_word(row: Row, order: Sequence[SortOrder]) -> tuple[Value, bool]:
    """A word that is not greater than that of a row that comes after; and whether it says all of the order."""
    if not order:
        return row.number("i64", 0), True
    key, f = order[0], row.function
    value = row.value(key.child)
    if isinstance(value.raw, Text):
        raise NotCompiled("text as the first key of an order")
    raw, whole = value.raw, True
    if raw.type in ("float", "double"):
        plain = raw.to_float() + 0.0
        plain = f.select(plain != plain, f.number("double", float("nan")), plain)
        bits = plain.bitcast("i64")
        word = bits ^ (bits.arithmetic_shift(63) & _NO_SIGN)
    elif isinstance(value.type, BooleanType):
        word = raw.unsigned("i64")
    elif is_whole(value.type) and value.bits <= 63:
        word, whole = raw.signed("i64"), value.null is None or value.bits < 63
    elif is_whole(value.type):
        word, whole = raw.arithmetic_shift(64).signed("i64"), False
    else:
        raise NotCompiled(f"an order of {value.type.simpleString()}")
    word = word if key.ascending else ~word
    if value.null is not None:
        word = f.select(value.null, f.integer("i64", _LEAST if key.nulls_first else _MOST), word)
    return word, whole and len(order) == 1


class _ForgettingTable(GroupTable):
    """Forgets its groups instead of putting them aside."""

    def put_aside(self) -> None:
        self.clear()


class _LimitGroups(CompiledGroups):
    """Tables of groups of one layout."""

    def _table(self, texts: TextTable) -> GroupTable:
        return _ForgettingTable(self.accumulators.words, self._call, texts, self.grown)


class GroupLimits:
    """The tables of all threads; `grown` is told of bytes they take."""

    def __init__(
        self,
        keys: Sequence[Expression],
        order: Sequence[SortOrder],
        ranking: Ranking,
        count: int,
        run: Execution,
        grown: Callable[[int], None],
    ) -> None:
        self._keys = keys
        self._order = order
        self._ranking: Ranking = ranking
        self._count = count
        self._made: dict[frozenset[Expression], Fit] = {}
        self._groups = partial(_LimitGroups, calls=(), kernels=(), run=run, grown=grown)

    def code(self, outputs: Sequence[Attribute]) -> GroupLimitCode:
        """What writes the end of a chain."""
        return GroupLimitCode(self._fitting, self._keys, self._order, self._ranking, self._count, outputs)

    def bind(self, local: dict[int, ThreadGroups], code: GroupLimitCode, frame: FrameWords) -> None:
        """Prepares a thread's frame; `local` has its tables by what they hold."""
        if code.groups is None:  # no row comes this far
            code.fit(self._fitting(frozenset(), frozenset(), None))
        groups = code.groups
        if id(groups) not in local:
            local[id(groups)] = groups.local()
        groups.bind(local[id(groups)], code, frame)

    def _fitting(self, nullable: frozenset[Expression], wide: frozenset[Expression], row: Row | None) -> Fit:  # noqa: ARG002
        if nullable not in self._made:
            layout = layout_of(self._keys, nullable.__contains__)
            best = BestKeys(layout.words, self._count)
            groups = self._groups(layout, best)
            self._made.setdefault(nullable, Fit(groups, best, layout))
        return self._made[nullable]
