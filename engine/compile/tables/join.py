"""The table of a join: the rows of the built side by their keys, filled by compiled code and read by the code of the probe.

    direct    directory[key - low]            whole numbers that lie close enough together
    hashed    directory[hash >> shift ...]    a slot for each different key, linear steps, at most half full

A directory holds the number of a row plus one, 0 for none. Rows with the same key are a chain: `following[row]` is the
next one in the same manner. Which form it is, and whether there are chains at all, is found out from the keys themselves, so
nothing that statistics say has to be true.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.compile.binding import FrameWords, bind_column, bind_dictionary
from engine.compile.forms import form_of
from engine.compile.inputs import stored_value
from engine.compile.ir import Value
from engine.compile.program import NAME, write
from engine.compile.row import Row
from engine.compile.tables.join_insert import Insertion
from engine.compile.tables.keys import addresses_directly
from engine.compile.tables.presence import Presence, presence_of
from engine.compile.values import NotCompiled, Sql
from engine.compile.variants import compile_program
from engine.config import typed
from engine.errors import InternalError
from engine.expressions.base import Attribute, Expression
from engine.physical.batches import batch_of
from engine.physical.encoded_columns import EncodedColumns
from engine.physical.encoding import decoded_column, encoded, is_number, min_max
from engine.physical.execution import Execution
from engine.physical.parallel import in_parallel

MOST_ROWS = (1 << 31) - 2
_MORSEL = 1 << 17
_SPREAD = 16
"""A direct directory has at most so many places for each row, or `_SMALL`."""
_SMALL = 1 << 20

Numbers = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Shape:
    """What the code of probes depends on."""

    direct: bool
    chained: bool
    presences: tuple[int, ...]
    """The keys, by their numbers, of which it is known which values there are."""


class JoinTable:
    """The rows of `columns` by `keys`, expressions over them. A null in a key that is not `null_safe` matches nothing."""

    def __init__(
        self, columns: EncodedColumns, keys: Sequence[Expression], null_safe: Sequence[bool], run: Execution
    ) -> None:
        if columns.rows > MOST_ROWS:
            raise NotCompiled(f"a built side of {columns.rows} rows")
        self.rows = columns.rows
        self.attributes = list(columns.attributes)
        self.width = len(self.attributes)
        self.null_safe = tuple(null_safe)
        self._run = run
        self._lock = threading.Lock()
        # code may read row 0 where there is no match, so there always is one
        self._arrays = [pa.nulls(1, array.type) if not self.rows else array for array in columns.encoded]
        self.forms = [form_of(array) for array in self._arrays]
        self._computed: dict[Expression, int] = {}
        self._keys = [self._key(key) for key in keys]
        self.low, self.size = self._range()
        places = self.size or _slots(self.rows)
        if not run.task.memory.reservation("HashJoin").try_grow(4 * (places + self.rows)):
            raise NotCompiled("a table without room in memory")
        self.directory = np.zeros(places, np.int32)
        self.following: Numbers | None = None
        self.presences: dict[int, Presence] = {}
        if self.rows:
            self._fill()
        self.presences = self._presences()
        self.shape = Shape(self.size > 0, self.following is not None, tuple(self.presences))

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

    def _range(self) -> tuple[int, int]:
        """The least key and how many there may be, where the directory is addressed directly; else no size."""
        if len(self._keys) != 1 or not addresses_directly(self.attributes[self._keys[0]].dataType):
            return 0, 0
        array = self._arrays[self._keys[0]]
        if not self.rows:
            return 0, 1
        if not pa.types.is_integer(array.type) or (self.null_safe[0] and array.null_count):
            return 0, 0
        least, most = min_max(array)
        if least is None or most is None:
            return 0, 1
        size = most - least + 1
        return (least, size) if size <= max(_SPREAD * self.rows, _SMALL) else (0, 0)

    def _presences(self) -> dict[int, Presence]:
        """What is worth knowing of the values of keys before the table is looked at."""
        found = {}
        for number, (place, safe) in enumerate(zip(self._keys, self.null_safe, strict=True)):
            array = self._arrays[place]
            if self.rows and not (safe and array.null_count) and addresses_directly(self.attributes[place].dataType):
                presence = presence_of(array, self.directory.nbytes)
                if presence is not None:
                    found[number] = presence
        return found

    def _fill(self) -> None:
        """Puts all rows into the directory, with all threads of the task. Raises Quarantined."""
        threads = min(self._run.task.threads, self.rows // _MORSEL + 1)
        self.following = np.empty(self.rows, np.int32)
        insertion = Insertion(self, self.size > 0, threads > 1)
        program = write([], [], [], insertion, checked=bool(typed(self._run.task.conf, "flint.compile.checked")))
        code = compile_program(program, self._run)
        frames = [FrameWords(program, self._run) for _ in range(threads)]
        starts = iter(range(0, self.rows, _MORSEL))

        def work(frame: FrameWords) -> None:
            self.bind(frame)
            for start in starts:
                self._run.check()
                with code.calling():
                    done = frame.call(code.addresses[NAME], start, min(start + _MORSEL, self.rows))
                if not done:
                    raise InternalError("The code that fills a table has failed.")

        in_parallel(work, frames)
        if not any(frame.read("repeated") for frame in frames):
            self.following = None


def _slots(rows: int) -> int:
    return 1 << max(4, (2 * rows - 1).bit_length())
