"""Group-join: where rows are grouped by the keys of a join whose built rows are unique, its built rows are the groups.

What a group accumulates lies at the number of its built row, in an array for each thread: there is nothing to hash, and no key
to compare or keep. The keys of the result are gathered from the built side in the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.compile.binding import FrameWords
from engine.compile.built_side import BuiltSide
from engine.compile.ir import Function, module_text
from engine.compile.program import SinkCode
from engine.compile.row import Row
from engine.compile.sinks.aggregate import BUILT, SEEN, TABLE
from engine.compile.sinks.aggregate_accumulators import Accumulators, Shape, merge
from engine.compile.sinks.aggregate_groups import Batches, CompiledGroups, ThreadGroups, texts_of
from engine.compile.tables.grouping import WORDS
from engine.compile.tables.texts import REHASH_TEXTS, Texts, rehash_texts
from engine.expressions.base import Alias, Expression
from engine.lazy import pc
from engine.physical.batches import BATCH_ROWS, batch_of
from engine.physical.encoding import decoded_column
from engine.physical.join import PAIRED
from engine.records import dataclass
from engine.types import DoubleType, FloatType

_ABSORB = "absorb"


@dataclass(frozen=True)
class BuiltKeys:
    """The keys of groups as expressions over the columns of `side`, each of whose rows is a group of its own."""

    side: BuiltSide
    keys: tuple[Expression, ...]


def built_keys(row: Row, keys: Sequence[Expression]) -> BuiltKeys | None:
    """The join among those the row has passed whose built rows are the groups of `keys`."""
    for side in row.providers:
        if isinstance(side, BuiltSide):
            found = _over_built(row, side, keys)
            if found is not None:
                return BuiltKeys(side, found)
    return None


def _over_built(row: Row, side: BuiltSide, keys: Sequence[Expression]) -> tuple[Expression, ...] | None:
    join, table = side.join, side.table
    if join.type not in PAIRED or join.keeps_streamed or table.shape.chained or table.keys_only:
        return None
    if join.has_tail and table.has_null_key:  # built rows that met nobody may have equal keys
        return None
    same: dict[Expression, Expression] = {}
    if not join.has_tail:
        pairs = zip(join.keys(False), join.keys(True), strict=True)
        same = {_plain(row.expanded(one)): other for one, other in pairs if one.dataType == other.dataType}
    wholes = [_plain(row.expanded(key)) for key in keys]
    found = tuple(same.get(whole, whole) for whole in wholes)
    if set(join.keys(True)) <= set(found) and all(_is_gathered(each, side) for each in found):
        return found
    return None


def _plain(expression: Expression) -> Expression:
    while isinstance(expression, Alias):
        expression = expression.child
    return expression


def _is_gathered(key: Expression, side: BuiltSide) -> bool:
    """Whether the values of a key can be looked up in the end: not doubles, as groups know one zero and built rows two."""
    if not key.references or not key.references <= side.columns or isinstance(key.dataType, FloatType | DoubleType):
        return False
    return key.deterministic and not key.can_raise


def bytes_of(keys: BuiltKeys, accumulators: Accumulators, threads: int) -> int:
    """What groups take, with the columns of their keys: those are kept for longer than the join."""
    table = keys.side.table
    columns = sum(int(table.values(key).nbytes) for key in keys.keys)
    return int(table.rows) * threads * (8 * accumulators.words + 1) + columns


@dataclass(kw_only=True)
class GroupJoinGroups(CompiledGroups):
    """Groups that are built rows."""

    built: BuiltKeys

    def __post_init__(self) -> None:
        super().__post_init__()
        table = self.built.side.table
        self._rows = table.rows
        self._columns = [table.values(key) for key in self.built.keys]

    def bind(self, groups: ThreadGroups, code: SinkCode, frame: FrameWords) -> None:  # noqa: ARG002 - all code is alike
        assert groups.seen is not None
        self._bind_texts(groups, frame)
        none = np.zeros(WORDS, np.int64)
        frame.set(TABLE, none.ctypes.data, none)
        frame.set(BUILT, groups.state.ctypes.data, groups.state)
        frame.set(SEEN, groups.seen.ctypes.data, groups.seen)

    def taken(self, groups: ThreadGroups) -> Iterator[pa.RecordBatch]:
        texts = texts_of(groups)
        for start in range(0, self._rows, BATCH_ROWS):
            yield from self._states(groups, start, texts)
        assert groups.seen is not None
        groups.state[:], groups.seen[:] = self._neutral(), 0
        self._forget_texts(groups)

    def parts(self) -> list[Batches]:
        if not any(each.seen is not None and each.seen.any() for each in self.threads):
            return []
        texts, arenas = self._texts()
        return [partial(self._merged, start, texts, arenas) for start in range(0, self._rows, BATCH_ROWS)]

    def _fresh(self) -> ThreadGroups:
        neutral = self._neutral()
        state = np.zeros((self._rows, neutral.shape[1]), np.uint64)
        if neutral.any():
            state[:] = neutral
        texts = self._fresh_texts() if self.accumulators.has_texts else None
        return ThreadGroups(state, seen=np.zeros(self._rows, np.uint8), texts=texts)

    def _module(self) -> tuple[str, Sequence[str]]:
        return _module(self.accumulators.words, self.accumulators.shape), (_ABSORB, REHASH_TEXTS)

    def _merged(self, start: int, texts: Texts, arenas: npt.NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
        """The groups from `start` on, of all threads."""
        self.run.check()
        whole, *others = self.threads
        stop = min(start + BATCH_ROWS, self._rows)
        for other in others:
            arrays = (whole.state, whole.seen, other.state, other.seen)
            addresses = [each.ctypes.data for each in arrays if each is not None]
            self._call(_ABSORB, *addresses, start, stop, arenas.ctypes.data)
        yield from self._states(whole, start, texts)

    def _states(self, groups: ThreadGroups, start: int, texts: Texts | None) -> Iterator[pa.RecordBatch]:
        """Keys and states of a thread's groups from `start` on."""
        assert groups.seen is not None
        rows, seen = groups.state[start : start + BATCH_ROWS], groups.seen[start : start + BATCH_ROWS]
        met = np.flatnonzero(seen)
        if not len(met):
            return
        if len(met) < len(rows):
            rows = rows[met]
        keys = [self._gathered(column, start, met, len(seen)) for column in self._columns]
        plain = [decoded_column(array, key.dataType) for array, key in zip(keys, self.built.keys, strict=True)]
        yield batch_of([*plain, *self.accumulators.states(rows, texts, self.calls, self.kernels)], len(met))

    def _gathered(self, column: pa.Array, start: int, met: npt.NDArray[np.int64], rows: int) -> pa.Array:
        if len(met) == rows:
            return column.slice(start, rows)
        return pc.take(column, pa.array(met + start), boundscheck=False)


@lru_cache(256)
def _module(stride: int, shape: Shape) -> str:
    return module_text([_absorb(stride, shape), rehash_texts()])


def _absorb(stride: int, shape: Shape) -> Function:
    """absorb(rows, seen, others, others seen, start, stop, arenas): adds the groups of another thread."""
    names = [(name, "ptr") for name in ("rows", "seen", "others", "others_seen")]
    f = Function(_ABSORB, [*names, ("start", "i64"), ("stop", "i64"), ("arenas", "ptr")])
    rows, seen, others, others_seen = (f.argument(name) for name, _ in names)
    with f.loop(f.argument("start"), f.argument("stop")) as number, f.when(others_seen.load("i8", number) != 0):
        seen.store(f.integer("i8", 1), number)
        place = number * stride
        merge(shape, rows.at(place, "i64"), others.at(place, "i64"), f.argument("arenas"))
    f.give(0)
    return f
