"""Probes of hash joins as steps of a chain: the keys of a row are looked up, and what follows is written into the loop over its
matches, or without a loop where no two built rows share a key.

pairs            INNER, and with a row of nulls for streamed rows without a match LEFT, RIGHT and FULL
streamed rows    SEMI, ANTI, EXISTENCE: whether there is a match; nothing of the built side is read but keys
built rows       marked where they had a match, for the rows that follow after the last batch
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager

from engine.compile.binding import FrameWords
from engine.compile.built_side import BuiltSide, Flag
from engine.compile.ir import Label, Value, Variable
from engine.compile.numbering import NotKept, Numbering
from engine.compile.object_cache import Quarantined
from engine.compile.row import Row
from engine.compile.selection import Selected
from engine.compile.stages import Looked, Passing, Stage
from engine.compile.tables.join import JoinTable
from engine.compile.tables.join_find import find, find_straight, foreseen, may_be_there, tells
from engine.compile.tables.keys import check_keys
from engine.compile.values import NotCompiled, Sql, null_flag
from engine.logical.plan import JoinType
from engine.physical.encoded_columns import EncodedColumns
from engine.physical.execution import Execution
from engine.physical.hash_join import HashJoinExec
from engine.physical.join import PAIRED, Built
from engine.records import dataclass

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
            return Selected(there if join.type is JoinType.SEMI else ~there, Passing(), settled=True)
        if join.type is JoinType.ANTI and not join.has_tail:
            return None
        settled = exact and join.type in PAIRED and not self.table.shape.chained
        return Selected(there, Preselected(self), settled)

    def _may_be_there(self, row: Row) -> Value | None:
        keys = [value for value in map(row.beforehand, self.join.keys(False)) if value is not None]
        if len(keys) < len(self.join.left_keys):
            return None
        try:
            self._check()
        except NotCompiled:
            return None
        return may_be_there(row, self.table, keys)

    @property
    def _reads(self) -> bool:
        """Whether steps that follow may read columns of built rows."""
        return any(column.id in self.side.columns for column in self.join.columns)

    def _check(self) -> None:
        for one, other in zip(self.join.left_keys, self.join.right_keys, strict=True):
            check_keys(one.dataType, other.dataType)

    def shape(self, numbering: Numbering) -> Hashable:
        join, table = self.join, self.table
        if join.exists is not None:
            raise NotKept("the column of an EXISTENCE join")
        keys = numbering.of((join.keys(False), join.keys(True), join.condition))
        kind = join.type, join.build, join.null_safe, join.null_aware, self._reads
        return Probe, kind, table.described(numbering), keys

    def write(self, row: Row, following: Body, *, preselected: bool = False) -> None:
        """Writes the step; `preselected`: the keys of the row may be in the table."""
        join = self.join
        self._check()
        keys = row.values(join.keys(False))
        if join.null_aware:
            self._streamed(row, self._may_equal(row, keys), following)
            return
        first = find(row, self.table, keys, preselected=preselected)
        row.providers.append(self.side)
        self._found(row, first, following)

    def stage(self, *, preselected: bool = False) -> Stage | None:
        """Looks a row's first match up."""
        join = self.join
        is_paired = join.type in PAIRED
        if (
            join.null_aware
            or join.exists is not None
            or (not is_paired and (join.has_tail or join.condition is not None))
        ):
            return None
        foresee = foreseen(self.table, join.keys(False)) if self.table.far else ()

        def look(row: Row) -> Looked:
            self._check()
            first = self._first_of(row, preselected=preselected)
            if not is_paired:
                return Looked((first != 0) if join.type is JoinType.SEMI else (first == 0))
            return Looked(None if join.keeps_streamed else first != 0, first)

        if not is_paired:
            return Stage(look, foresee=foresee, far=self.table.far)
        once = not join.keeps_streamed and not self.table.shape.chained and join.condition is None
        return Stage(
            look,
            self._marked if once else self._staged,
            at=self._at,
            begin=lambda row: row.providers.append(self.side),
            foresee=foresee,
            ahead=self._ahead,
            once=once,
            far=self.table.far or (self._reads and self.table.has_far_rows),
        )

    def _first_of(self, row: Row, *, preselected: bool) -> Value:
        """The first match of a row whose looks should not wait for each other."""
        keys = row.values(self.join.keys(False))
        if tells(self.table) and not preselected:
            return find_straight(row, self.table, keys)
        return find(row, self.table, keys, preselected=preselected)

    def _at(self, number: Value) -> None:
        self._first = number
        self.side.at(number - 1, (number == 0) if self.join.keeps_streamed else None)

    def _marked(self, row: Row, following: Body) -> None:
        self._mark(row, self._first)
        following()

    def _staged(self, row: Row, following: Body) -> None:
        self._found(row, self._first, following)

    def _ahead(self, row: Row) -> None:
        """Asks for what is read of the first match."""
        place = self._first - 1
        if self.join.has_tail:
            row.function.prefetch(self.table.word(row, "matched", "ptr").at(place))
        if self.table.shape.chained:
            row.function.prefetch(self.table.word(row, "following", "ptr").at(place, "i32"))
        self.side.ahead(row, place)

    def _found(self, row: Row, first: Value, following: Body) -> None:
        """What is done with rows whose first match is known."""
        join = self.join
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


@dataclass(frozen=True)
class Preselected:
    """The step for rows whose keys may be in the table."""

    probe: Probe

    def write(self, row: Row, following: Body) -> None:
        """Writes the step."""
        self.probe.write(row, following, preselected=True)

    def stage(self) -> Stage | None:
        """The step as a stage."""
        return self.probe.stage(preselected=True)


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
