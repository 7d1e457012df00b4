"""Which groups the code of an aggregate writes: tight ones for values like those of the first batch, or such that hold all.

Columns of files may be null by their types and hardly ever are; then rows of groups need no word for it. Sums of
numbers that are narrow in all batches have one word. A batch whose values do not fit goes into groups of the loose kind; where
there are both in the end, their states are merged as those of interpreted rows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field

import pyarrow as pa

from engine.compile.binding import FrameWords
from engine.compile.program import SinkCode
from engine.compile.row import Row
from engine.compile.sinks.aggregate import Fit, GroupedCode, UngroupedCode
from engine.compile.sinks.aggregate_accumulators import Accumulators, Facts, plan
from engine.compile.sinks.aggregate_groups import Batches, CompiledGroups, ThreadGroups
from engine.compile.sinks.group_join import BuiltKeys, GroupJoinGroups, built_keys, bytes_of
from engine.compile.tables.join import JoinTable
from engine.compile.tables.layout import KeyLayout, is_key, layout_of
from engine.compile.tables.texts import MOST_THREADS
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Expression
from engine.kernels.aggregates import AggregateKernel
from engine.physical.execution import Execution
from engine.records import dataclass

_LOOSE = Facts(lambda _: True, lambda _: True)


@dataclass
class _Kind:
    """Groups of one layout, what values they hold (None: all), and the table whose rows they are, if they are any's."""

    groups: CompiledGroups
    nullable: frozenset[Expression] | None
    wide: frozenset[Expression] | None
    table: JoinTable | None = None

    def holds(self, nullable: frozenset[Expression], wide: frozenset[Expression]) -> bool:
        return self.nullable is None or self.wide is None or (nullable <= self.nullable and wide <= self.wide)


@dataclass
class CompiledAggregate:
    """The compiled form of an aggregate over rows. `planned` makes it."""

    keys: Sequence[Expression]
    calls: Sequence[AggregateCall]
    kernels: Sequence[AggregateKernel]
    run: Execution
    grown: Callable[[int], None]
    room: Callable[[int], bool]
    kinds: list[_Kind] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        if not self.keys:
            accumulators = plan(self.calls, self.kernels)
            assert accumulators is not None
            self.kinds.append(_Kind(self._groups(None, accumulators), None, None))

    def code(self) -> SinkCode:
        """What writes the end of a chain."""
        if not self.keys:
            return UngroupedCode(self.kinds[0].groups.accumulators)
        return GroupedCode(self._fitting, self.keys, self.calls)

    def bind(self, local: dict[int, ThreadGroups], code: SinkCode, frame: FrameWords) -> None:
        """Prepares a thread's frame; `local` has its groups of each kind."""
        if (
            isinstance(code, GroupedCode) and code.groups is None
        ):  # no row comes this far: the end of a join gives them all
            code.fit(self._fitting(frozenset(), frozenset(), None))
        groups = code.groups if isinstance(code, GroupedCode) else self.kinds[0].groups
        number = next(place for place, kind in enumerate(self.kinds) if kind.groups is groups)
        if number not in local:
            local[number] = groups.local()
        groups.bind(local[number], code, frame)

    def combine(self, local: dict[int, ThreadGroups]) -> None:
        """Takes a thread's groups over."""
        for number, groups in local.items():
            self.kinds[number].groups.combine(groups)

    def taken(self, local: dict[int, ThreadGroups]) -> Iterator[pa.RecordBatch]:
        """Keys and states of a thread's groups, which begin anew then; a group may come several times."""
        for number, groups in local.items():
            yield from self.kinds[number].groups.taken(groups)

    def combined(self) -> Iterator[dict[int, ThreadGroups]]:
        """The groups that threads have handed over."""
        for number, kind in enumerate(self.kinds):
            for groups in kind.groups.threads:
                yield {number: groups}

    def parts(self) -> tuple[list[Batches], bool]:
        """Batches of keys and states, and whether each group is there once."""
        found = [parts for parts in (kind.groups.parts() for kind in self.kinds) if parts]
        return [part for parts in found for part in parts], len(found) == 1 and bool(self.keys)

    def _fitting(self, nullable: frozenset[Expression], wide: frozenset[Expression], row: Row | None) -> Fit:
        """The groups that hold values of which those may be null and those be wide."""
        built = None if row is None else built_keys(row, self.keys)
        with self._lock:
            fit = None if built is None else self._joined(built, nullable, wide)
            if fit is not None:
                return fit
            tables = [each for each in self.kinds if each.table is None]
            kind = next((each for each in tables if each.holds(nullable, wide)), None)
            if kind is None:
                kind = self._loose() if tables else self._tight(nullable, wide)
                self.kinds.append(kind)
        keys, groups = kind.groups.keys, kind.groups
        assert keys is not None
        return Fit(groups, groups.accumulators, keys, joins=built is not None)

    def _joined(self, built: BuiltKeys, nullable: frozenset[Expression], wide: frozenset[Expression]) -> Fit | None:
        """Groups that are rows of a built side, where there is room for them all."""
        table, side = built.side.table, built.side
        kinds = [each for each in self.kinds if each.table is table]
        kind = next((each for each in kinds if each.holds(nullable, wide)), None)
        if kind is None:
            facts = Facts(nullable.__contains__, wide.__contains__) if not kinds and not side.join.has_tail else _LOOSE
            accumulators = plan(self.calls, self.kernels, 0, facts)
            assert accumulators is not None
            if not self.room(bytes_of(built, accumulators, self.run.task.threads)):
                return None
            groups = GroupJoinGroups(None, accumulators, self.calls, self.kernels, self.run, self.grown, built=built)
            kind = _Kind(groups, None, None, table) if facts is _LOOSE else _Kind(groups, nullable, wide, table)
            self.kinds.append(kind)
        return Fit(kind.groups, kind.groups.accumulators, KeyLayout((), 0), side, joins=True)

    def _tight(self, nullable: frozenset[Expression], wide: frozenset[Expression]) -> _Kind:
        facts = Facts(nullable.__contains__, wide.__contains__)
        return _Kind(self._grouped(facts), nullable, wide)

    def _loose(self) -> _Kind:
        return _Kind(self._grouped(_LOOSE), None, None)

    def _grouped(self, facts: Facts) -> CompiledGroups:
        layout = layout_of(self.keys, facts.nullable)
        accumulators = plan(self.calls, self.kernels, layout.words, facts)
        assert accumulators is not None
        return self._groups(layout, accumulators)

    def _groups(self, layout: KeyLayout | None, accumulators: Accumulators) -> CompiledGroups:
        return CompiledGroups(layout, accumulators, self.calls, self.kernels, self.run, self.grown)


def planned(
    keys: Sequence[Expression],
    calls: Sequence[AggregateCall],
    kernels: Sequence[AggregateKernel],
    run: Execution,
    grown: Callable[[int], None],
    room: Callable[[int], bool],
) -> CompiledAggregate | None:
    """The compiled form of an aggregate, None where a key or a call has no code. `grown` is told of bytes it takes, and `room`
    asked for those it can do without."""
    if not all(map(is_key, keys)) or run.task.threads > MOST_THREADS:
        return None
    if plan(calls, kernels, 0, _LOOSE if keys else None) is None:
        return None
    return CompiledAggregate(keys, calls, kernels, run, grown, room)
