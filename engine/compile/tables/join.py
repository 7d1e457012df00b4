"""The table of a join: the rows of the built side by their keys, filled by compiled code and read by the code of the probe.

    ordered   no directory                    whole numbers that come in order: the place or the rank is the row's number
    direct    directory[key - low]            whole numbers that lie close together
    ranked    directory[rank of the key]      whole numbers that lie apart: a bit for each there may be (`ranks.py`)
    hashed    directory[hash >> shift ...]    a slot for each different key, linear steps, at most half full

A directory holds the number of a row plus one, 0 for none. Rows with the same key are a chain: `following[row]` is the
next one in the same manner. Which form it is, and whether there are chains at all, is found out from the keys themselves, so
nothing that statistics say has to be true.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.compile.binding import FrameWords, bind_column, bind_dictionary
from engine.compile.forms import Form, form_of
from engine.compile.inputs import stored_value
from engine.compile.ir import Value
from engine.compile.kept_programs import Parts, program_of
from engine.compile.numbering import Numbering
from engine.compile.program import NAME, SinkCode
from engine.compile.row import Row
from engine.compile.tables.addressing import Addressing
from engine.compile.tables.join_insert import Insertion
from engine.compile.tables.keys import addresses_directly
from engine.compile.tables.presence import Presence, presence_of
from engine.compile.tables.ranks import Marking, Ranks
from engine.compile.values import NotCompiled, Sql
from engine.config import typed
from engine.errors import InternalError
from engine.expressions.base import Attribute, Expression
from engine.kernels.buffers import fixed_values
from engine.lazy import pc
from engine.physical.batches import batch_of
from engine.physical.encoded_columns import EncodedColumns
from engine.physical.encoding import decoded_column, encoded, is_number, min_max
from engine.physical.execution import Execution
from engine.physical.parallel import in_parallel
from engine.records import dataclass

MOST_ROWS = (1 << 31) - 2
_MORSEL = 1 << 17
_SPREAD = 4
_SMALL = 1 << 12
"""A direct directory has at most so many places for each row, or so many at all."""
_RANKED_SPREAD = 256
_RANKED_SMALL = 1 << 22
"""There are at most so many bits for each row, or so many at all: what stays in a core's own cache."""
_SPARSE = 4
"""Where at most three of four numbers are keys, it pays to look for keys that are not there before anything else."""
_SPARSE_HASHED, _LARGEST_SPARSE = 8, 1 << 14
"""Small hashed directories have so many slots for each row, up to so many: most keys that are not there meet a free one."""
_NEAR = 1 << 20
"""Bytes of a directory that stays in a core's own cache."""
_MOST_MARKING = 4
"""Threads that set bits, each in words of its own."""

Numbers = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Shape:
    """What the code of probes depends on."""

    addressing: Addressing
    chained: bool
    presences: tuple[int, ...]
    """The keys, by their numbers, of which it is known which values there are."""
    keys_only: bool
    """It is only asked whether a key is there, not in which rows."""
    ordered: bool
    """Rows come in the order of their keys, each another one: the place of a key, or its rank, is the number of its row."""
    sparse: bool
    """Whether so few of the keys there may be are there that most that are asked for may well not be."""
    near: bool
    """Whether the directory is so small that it stays in a core's own cache."""


class JoinTable:
    """The rows of `columns` by `keys`, expressions over them. A null in a key that is not `null_safe` matches nothing.
    `keys_only`: nobody asks in which rows a key is."""

    def __init__(
        self,
        columns: EncodedColumns,
        keys: Sequence[Expression],
        null_safe: Sequence[bool],
        run: Execution,
        *,
        keys_only: bool = False,
    ) -> None:
        if columns.rows > MOST_ROWS:
            raise NotCompiled(f"a built side of {columns.rows} rows")
        self.rows: int = columns.rows
        self.attributes = list(columns.attributes)
        self.width = len(self.attributes)
        self.null_safe = tuple(null_safe)
        self._run = run
        self._near: int = typed(run.task.conf, "flint.compile.nearBytes")
        self._lock = threading.Lock()
        # code may read row 0 where there is no match, so there always is one
        self._arrays = [pa.nulls(1, array.type) if not self.rows else array for array in columns.encoded]
        self.forms = [form_of(array) for array in self._arrays]
        self._computed: dict[Expression, int] = {}
        self._keys = [self._key(key) for key in keys]
        self.ordered = False
        self.addressing, self.low, self.size = self._addressing()
        self.keys_only = keys_only
        self.ranks = Ranks(self.size) if self.addressing is Addressing.RANKED else None
        self.directory = np.zeros(0, np.int32)
        self.following: Numbers | None = None
        self.presences: dict[int, Presence] = {}
        if not run.task.memory.reservation("HashJoin").try_grow(self._bytes()):
            raise NotCompiled("a table without room in memory")
        self._fill()
        self.presences = self._presences()
        near, chained, presences = self.directory.nbytes <= _NEAR, self.following is not None, tuple(self.presences)
        self.shape = Shape(self.addressing, chained, presences, keys_only, self.ordered, self._is_sparse, near)

    def described(self, numbering: Numbering) -> Hashable:
        """All that the code of probes depends on."""
        columns, computed = self.attributes[: self.width], tuple(self._computed)
        rows = self.rows > 0, self.has_null_key, self.null_safe, self.far, self.has_far_rows
        seen = [self.seen(place) for place in range(len(self.attributes))]
        return self.shape, rows, tuple(seen), numbering.of((tuple(columns), computed)), tuple(self._keys)

    def seen(self, place: int) -> tuple[Form, bool]:
        """What code depends on that reads a column: its form, and whether it is far away."""
        return self.forms[place], self._arrays[place].nbytes >= self._near

    def computed(self, start: int) -> list[tuple[Expression, int]]:
        """The expressions that are columns from `start` on, with their places."""
        return [(each, place) for each, place in self._computed.items() if place >= start]

    @property
    def has_null_key(self) -> bool:
        """Whether some row can match nothing."""
        if not self.rows:
            return False
        nulls = [self._arrays[place].null_count for place in self._keys]
        return any(count and not safe for count, safe in zip(nulls, self.null_safe, strict=True))

    def place_of(self, expression: Expression) -> int:
        """The place of a column, or of an expression over columns, which is computed when it is first asked for.

        A computed one has one row more, for the row of nulls that an outer join makes."""
        if isinstance(expression, Attribute):
            for place, attribute in enumerate(self.attributes):
                if attribute.id == expression.id:
                    return place
        with self._lock:
            if expression not in self._computed:
                self._computed[expression] = self._compute(expression)
            return self._computed[expression]

    def column(self, row: Row, place: int, index: Value) -> Sql:
        """The value of a column in a built row."""
        return stored_value(row, self._word(place), self.forms[place], self.attributes[place].dataType, index)

    @property
    def far(self) -> bool:
        """Whether a look into the table is likely to wait for memory."""
        looked = self.directory.nbytes if self.ranks is None else self.ranks.bits.nbytes + self.directory.nbytes
        return looked >= self._near

    @property
    def has_far_rows(self) -> bool:
        """Whether a look at a built row is likely to wait for memory."""
        return self.rows * 8 >= self._near

    def ahead(self, row: Row, place: int, index: Value) -> None:
        """Asks for the value of a column in a built row, if it is far away."""
        form = self.forms[place]
        if form.storage not in ("", "i1") and self.seen(place)[1]:
            storage = "i32" if form.storage == "text" else form.storage
            row.function.prefetch(row.fixed(("data", self._word(place)), "ptr").at(index, storage))

    def key_ahead(self, row: Row, index: Value) -> None:
        """Asks for the keys of a built row."""
        for place in self._keys:
            self.ahead(row, place, index)

    def values(self, expression: Expression) -> pa.Array:
        """The values of an expression in all built rows; a computed one has another behind them."""
        return self._arrays[self.place_of(expression)]

    def take(self, expression: Expression, rows: npt.NDArray[np.int64]) -> pa.Array:
        """The values of an expression in some built rows, -1 for the row of nulls."""
        place = self.place_of(expression)
        missing = rows < 0
        wanted = pa.array(rows)
        if missing.any():
            computed = place >= self.width
            wanted = pa.array(np.where(missing, max(self.rows, 1), rows)) if computed else pa.array(rows, mask=missing)
        return pc.take(self._arrays[place], wanted, boundscheck=False)

    def bind(self, frame: FrameWords) -> None:
        """Fills the words that the code of a probe reads."""
        for place, (array, form) in enumerate(zip(self._arrays, self.forms, strict=True)):
            if form.storage:
                bind_column(frame, self._word(place), array, form)
                if form.codes:
                    bind_dictionary(frame, self._word(place), array.dictionary)
        self._bind_directory(frame)

    def word(self, row: Row, name: str, type: str = "i64") -> Value:
        """A word of this table."""
        return row.fixed((name, id(self)), type)

    def _bind_directory(self, frame: FrameWords) -> None:
        frame.set(("directory", id(self)), self.directory.ctypes.data, self.directory)
        if self.ranks is not None:
            frame.set(("bits", id(self)), self.ranks.bits.ctypes.data, self.ranks.bits)
            frame.set(("before", id(self)), self.ranks.before.ctypes.data, self.ranks.before)
        frame.set(("low", id(self)), self.low)
        frame.set(("size", id(self)), self.size)
        frame.set(("nulls", id(self)), max(self.rows, 1))
        frame.set(("shift", id(self)), 64 - (len(self.directory).bit_length() - 1))
        frame.set(("mask", id(self)), len(self.directory) - 1)
        if self.following is not None:
            frame.set(("following", id(self)), self.following.ctypes.data, self.following)
        for number, presence in self.presences.items():
            frame.set((f"presence {number}", id(self)), presence.bits.ctypes.data, presence.bits)
            frame.set((f"presence {number} low", id(self)), presence.low)
            frame.set((f"presence {number} size", id(self)), presence.size)

    def _word(self, place: int) -> Hashable:
        return ("built", id(self), place)

    def _key(self, key: Expression) -> int:
        """The place of a key, whose column becomes whole numbers where its type allows."""
        place = self.place_of(key)
        if is_number(key.dataType) and not pa.types.is_integer(self._arrays[place].type):
            self._arrays[place] = encoded(self._arrays[place], key.dataType, 32)
            self.forms[place] = form_of(self._arrays[place])
        return place

    def key_columns(self, numbering: Numbering) -> Hashable:
        """What the code depends on that reads keys."""
        columns = [(place, self.forms[place], numbering.of(self.attributes[place].dataType)) for place in self._keys]
        return tuple(columns)

    def key_values(self, row: Row, index: Value) -> list[Sql]:
        """The keys of a built row."""
        return [self.column(row, place, index) for place in self._keys]

    def _compute(self, expression: Expression) -> int:
        """Appends the column of an expression."""
        count = self.width
        read = [place for place in range(count) if self.attributes[place].id in expression.references]
        attributes = [self.attributes[place] for place in read]
        kernel = self._run.compile(expression, attributes)
        plain = [decoded_column(self._arrays[place], self.attributes[place].dataType) for place in read]
        rows = max(self.rows, 1)
        batch = batch_of([pa.concat_arrays([array, pa.nulls(1, array.type)]) for array in plain], rows + 1)
        found = encoded(kernel(batch), expression.dataType)
        self.attributes.append(Attribute("", expression.dataType, True))
        self._arrays.append(found)
        self.forms.append(form_of(found))
        return len(self._arrays) - 1

    def _addressing(self) -> tuple[Addressing, int, int]:
        """How the directory is addressed, and where by numbers: the least key, and how many there may be."""
        if len(self._keys) != 1 or not addresses_directly(self.attributes[self._keys[0]].dataType):
            return Addressing.HASHED, 0, 0
        array = self._arrays[self._keys[0]]
        if not self.rows:
            return Addressing.DIRECT, 0, 1
        if not pa.types.is_integer(array.type) or (self.null_safe[0] and array.null_count):
            return Addressing.HASHED, 0, 0
        least, most = min_max(array)
        if least is None or most is None:
            return Addressing.DIRECT, 0, 1
        size = most - least + 1
        self.ordered = (size == self.rows or 4 * size > _NEAR) and is_ascending(array)
        if size == self.rows if self.ordered else size <= max(_SPREAD * self.rows, _SMALL):
            return Addressing.DIRECT, least, size
        if size <= max(_RANKED_SPREAD * self.rows, _RANKED_SMALL):
            return Addressing.RANKED, least, size
        self.ordered = False
        return Addressing.HASHED, 0, 0

    def _bytes(self) -> int:
        """What the table takes at most while it is made."""
        if self.ranks is not None:
            return self.ranks.words * (8 * self._marking + 4) + (0 if self.ordered else 8 * self.rows)
        if self.ordered:
            return 0
        return 4 * ((self.size or _slots(self.rows)) + self.rows)

    def _presences(self) -> dict[int, Presence]:
        """What is worth knowing of the values of keys before the table is looked at."""
        found: dict[int, Presence] = {}
        if self.ranks is not None:
            return found
        for number, (place, safe) in enumerate(zip(self._keys, self.null_safe, strict=True)):
            array = self._arrays[place]
            if self.rows and not (safe and array.null_count) and addresses_directly(self.attributes[place].dataType):
                presence = presence_of(array, self.directory.nbytes)
                if presence is not None:
                    found[number] = presence
        return found

    @property
    def _is_sparse(self) -> bool:
        if self.addressing is Addressing.HASHED:
            return self.rows * _SPARSE_HASHED <= len(self.directory)
        keys_there = self.ranks.count if self.ranks is not None else self.rows
        return keys_there * _SPARSE < self.size * (_SPARSE - 1)

    @property
    def _threads(self) -> int:
        threads: int = self._run.task.threads
        return min(threads, self.rows // _MORSEL + 1)

    @property
    def _marking(self) -> int:
        return min(self._threads, _MOST_MARKING)

    def _fill(self) -> None:
        """Puts all rows into the directory, with all threads of the task. Raises Quarantined."""
        if self.ranks is not None:
            self._rank(self.ranks)
        if self.ordered or (self.keys_only and self.ranks is not None):
            return
        places = self.ranks.count if self.ranks is not None else self.size or _slots(self.rows)
        self.directory = np.zeros(places, np.int32)
        if not self.rows:
            return
        null_keys = self._arrays[self._keys[0]].null_count
        unique = self.ranks is not None and self.ranks.count == self.rows - null_keys
        if not unique:
            self.following = np.empty(self.rows, np.int32)
        frames = self._for_rows(Insertion(self, shared=self._threads > 1, unique=unique), self._threads, self.bind)
        if not any(frame.read("repeated") for frame in frames):
            self.following = None

    def _rank(self, ranks: Ranks) -> None:
        """Finds out which keys there are."""

        def begin(frame: FrameWords) -> None:
            self.bind(frame)
            part = ranks.begin()
            frame.set(("bits", id(self)), part.ctypes.data, part)

        self._for_rows(Marking(self), self._marking, begin)
        ranks.finish()

    def _for_rows(self, sink: SinkCode, threads: int, begin: Callable[[FrameWords], None]) -> list[FrameWords]:
        """Runs a sink over the numbers of all rows, in several threads; gives their frames. Raises Quarantined."""
        program, code = program_of(lambda: Parts((), (), (), sink, (self,)), self._run)
        frames = [FrameWords(program, self._run) for _ in range(threads)]
        starts = iter(range(0, self.rows, _MORSEL))

        def work(frame: FrameWords) -> None:
            begin(frame)
            for start in starts:
                self._run.check()
                with code.calling():
                    done = frame.call(code.addresses[NAME], start, min(start + _MORSEL, self.rows))
                if not done:
                    raise InternalError("The code that fills a table has failed.")

        in_parallel(work, frames)
        return frames


def is_ascending(keys: pa.Array) -> bool:
    """Whether each key is more than the one before; none is null."""
    if keys.null_count:
        return False
    values = fixed_values(keys)
    parts = (values[start : start + _MORSEL + 1] for start in range(0, len(values), _MORSEL))
    return all(bool((part[1:] > part[:-1]).all()) for part in parts)


def _slots(rows: int) -> int:
    few = min(_SPARSE_HASHED * rows, _LARGEST_SPARSE)
    return 1 << max(4, (max(2 * rows, few) - 1).bit_length())
