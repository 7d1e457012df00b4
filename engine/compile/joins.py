"""Probes of hash joins as steps of a chain: the keys of a row are looked up, and what follows is written into the loop over its
matches, or without a loop where no two built rows share a key.

pairs            INNER, and with a row of nulls for streamed rows without a match LEFT, RIGHT and FULL
streamed rows    SEMI, ANTI, EXISTENCE: whether there is a match; nothing of the built side is read but keys
built rows       marked where they had a match, for the rows that follow after the last batch
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from engine.compile.binding import FrameWords
from engine.compile.built_side import BuiltSide, Flag
from engine.compile.ir import Label, Value, Variable
from engine.compile.object_cache import Quarantined
from engine.compile.row import Row
from engine.compile.selection import Selected, passing
from engine.compile.tables.join import JoinTable
from engine.compile.tables.join_find import find, may_be_there, tells
from engine.compile.tables.keys import check_keys
from engine.compile.values import NotCompiled, Sql, null_flag
from engine.logical.plan import JoinType
from engine.physical.encoded_columns import EncodedColumns
from engine.physical.execution import Execution
from engine.physical.hash_join import HashJoinExec
from engine.physical.join import PAIRED, Built

Body = Callable[[], None]


class Probe:
    """The step of `join`, whose built side `built` is in `table`."""

    def __init__(self, join: HashJoinExec, built: Built, table: JoinTable) -> None:
        self.join = join
        self.built = built
        self.table = table
        self.side = BuiltSide(join, table)

    def selection(self, row: Row) -> Selected | None:
        """Whether keys are in the table, where that is known at a glance."""
        join = self.join
        if join.null_aware or join.keeps_streamed or join.exists is not None:
            return None
        there = self._may_be_there(row)
        if there is None:
            return None
        exact = tells(self.table) and join.condition is None
        if join.type in (JoinType.SEMI, JoinType.ANTI) and not join.has_tail and exact:
            return Selected(there if join.type is JoinType.SEMI else ~there, passing, settled=True)
        if join.type is JoinType.ANTI and not join.has_tail:
            return None
        settled = exact and join.type in PAIRED and not self.table.shape.chained
        return Selected(there, partial(self._write, preselected=True), settled)

    def _may_be_there(self, row: Row) -> Value | None:
        keys = [value for value in map(row.beforehand, self.join.keys(False)) if value is not None]
        if len(keys) < len(self.join.left_keys):
            return None
        try:
            self._check()
        except NotCompiled:
            return None
        return may_be_there(row, self.table, keys)

    def _check(self) -> None:
        for one, other in zip(self.join.left_keys, self.join.right_keys, strict=True):
            check_keys(one.dataType, other.dataType)

    def write(self, row: Row, following: Body) -> None:
        self._write(row, following)

    def _write(self, row: Row, following: Body, *, preselected: bool = False) -> None:
        join = self.join
        self._check()
        keys = row.values(join.keys(False))
        if join.null_aware:
            self._streamed(row, self._may_equal(row, keys), following)
            return
        first = find(row, self.table, keys, preselected=preselected)
        row.providers.append(self.side)
        if join.keeps_streamed:
            self._outer(row, first, following)
        elif join.type in PAIRED:
            self._each(row, first, lambda _: following())
        elif join.has_tail:
            self._each(row, first, lambda _: None)
        else:
            self._streamed(row, self._hit(row, first), following)

    def bind(self, frame: FrameWords) -> None:
        self.table.bind(frame)
        frame.set(("matched", id(self.table)), self.built.matched.ctypes.data, self.built.matched)

    def _each(self, row: Row, first: Value, then: Callable[[Label], None]) -> None:
        """Writes `then` for each match; it may jump to the label after the last one."""
        with self._candidates(row, first) as (number, done):
            self.side.at(number - 1)
            condition = self.join.condition
            kept = row.value(condition).is_true if condition is not None else row.function.boolean(True)
            with row.function.when(kept), row.branch():
                self._mark(row, number)
                then(done)

    @contextmanager
    def _candidates(self, row: Row, first: Value) -> Iterator[tuple[Value, Label]]:
        """The built rows with the key of the row, from `first` on."""
        function = row.function
        if not self.table.shape.chained:
            done = function.label("matched")
            with function.when(first != 0), row.branch():
                yield first, done
            function.place(done)
            return
        current = function.variable("i64", first)
        with function.forever() as done:
            number = current.get()
            function.leave_if(number == 0, done)
            yield number, done
            current.set(self._next(row, number))

    def _next(self, row: Row, number: Value) -> Value:
        following = self.table.word(row, "following", "ptr")
        return following.load("i32", number - 1, fixed=True).unsigned("i64")

    def _mark(self, row: Row, number: Value) -> None:
        if self.join.has_tail:
            self.table.word(row, "matched", "ptr").store(row.number("i8", 1), number - 1)

    def _hit(self, row: Row, first: Value) -> Value:
        """Whether there is a match."""
        if self.join.condition is None:
            return first != 0
        found = row.function.variable("i1", False)

        def met(done: Label) -> None:
            found.set(True)
            row.function.jump(done)

        self._each(row, first, met)
        return found.get()

    def _may_equal(self, row: Row, keys: Sequence[Sql]) -> Value:
        """For NOT IN: whether a built row is equal, or may be for all that is known."""
        if not self.table.rows or self.table.has_null_key:
            return row.function.boolean(self.table.rows > 0)
        return (find(row, self.table, keys) != 0) | null_flag(row.function, keys[0])

    def _streamed(self, row: Row, hit: Value, following: Body) -> None:
        """Goes on with the rows that have a match, have none, or with all and a flag."""
        if self.join.exists is not None:
            row.providers.append(Flag(self.join.exists, hit))
            following()
            return
        with row.function.when(hit if self.join.type is JoinType.SEMI else ~hit), row.branch():
            following()

    def _outer(self, row: Row, first: Value, following: Body) -> None:
        """Each match, or a row of nulls where there is none."""
        function = row.function
        current = function.variable("i64", first)
        found = function.variable("i1", False)
        with function.forever() as done:
            self._advance(row, current)
            number = current.get()
            missing = number == 0
            function.leave_if(missing & found.get(), done)
            with function.when(~missing):
                self._mark(row, number)
            self.side.at(number - 1, missing)
            following()
            function.leave_if(missing, done)
            if not self.table.shape.chained:
                function.jump(done)
                return
            found.set(True)
            current.set(self._next(row, number))

    def _advance(self, row: Row, current: Variable) -> None:
        """Goes on to the next row that fulfils the condition, 0 for none."""
        function, condition = row.function, self.join.condition
        if condition is None:
            return
        with function.forever() as there:
            number = current.get()
            function.leave_if(number == 0, there)
            self.side.at(number - 1)
            function.leave_if(row.value(condition).is_true, there)
            current.set(self._next(row, number) if self.table.shape.chained else 0)


def probe_of(join: HashJoinExec, run: Execution) -> Probe | None:
    """The step of a join, whose table is made when it is first asked for; None where its built side cannot be read by code."""
    if join.null_aware and (join.condition is not None or join.has_tail or len(join.left_keys) != 1):
        return None
    built = join.built_state(run)
    if built.spilled is not None:
        return None
    table = run.state((join.id, "table"), lambda: _table(join, built, run))
    return Probe(join, built, table) if table is not None else None


def _table(join: HashJoinExec, built: Built, run: Execution) -> JoinTable | None:
    if not isinstance(built.columns, EncodedColumns):
        return None
    try:
        keys_only = join.condition is None and not join.has_tail and join.type not in PAIRED
        return JoinTable(built.columns, join.keys(True), join.null_safe, run, keys_only=keys_only)
    except (NotCompiled, Quarantined):
        return None
