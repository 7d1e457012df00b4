"""Frames while code runs: one for each thread and program, filled with constants once and with addresses for each batch."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Hashable
from dataclasses import field
from typing import Any

import numpy as np
import pyarrow as pa

from engine.compile.forms import Form, addresses, rooms_of
from engine.compile.inputs import Hoisted, Inputs
from engine.compile.prepared import prepared
from engine.compile.program import VIOLATED, Program
from engine.errors import InternalError
from engine.expressions.base import Attribute, Expression, Literal
from engine.kernels.literals import unscaled
from engine.lazy import pc
from engine.physical.batches import batch_of
from engine.physical.encoding import decoded_column
from engine.physical.execution import Execution
from engine.records import dataclass
from engine.types import BinaryType, DoubleType, FloatType, StringType

_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
_RUN = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
_WORD = 1 << 64
_SMALL_BYTES = 1 << 12
_MOST_SMALL = 256


class FrameWords:
    """The frame of one thread for `program`."""

    def __init__(self, program: Program, run: Execution) -> None:
        self.program = program
        self.run = run
        self.words = np.zeros(max(1, program.frame.size), np.int64)
        self.inputs = BoundInputs(program.inputs, self)
        self.state: Any = None
        """What a sink keeps for this frame."""
        self._counters = np.array([program.frame.words["rows", each] for each in program.counters], np.intp)
        self._error: BaseException | None = None
        self._keep: dict[Hashable, Any] = {}
        for key in program.frame.words:
            if isinstance(key, tuple) and key[0] == "literal":
                self._set_literal(key[1], key)
            elif isinstance(key, tuple) and key[0] == "own":
                self._set_text(key, key[1].encode())
        for step in program.steps:
            step.code.bind(self)
        run.at_end(self._forget)

    def set(self, key: Hashable, value: int, keep: Any = None, room: int = 0) -> None:
        """Sets a word, where the code reads it. `keep` is held as long as the word is not set again: whose address it is.
        `room` is how many bytes are there, for checked code."""
        place = self.program.frame.words.get(key)
        if place is not None:
            self.words[place] = value - _WORD if value >= _WORD >> 1 else value
            if keep is not None:
                self._keep[key] = keep
        checked = self.program.frame.words.get(("room", key))
        if checked is not None:
            self.words[checked] = keep.nbytes if isinstance(keep, np.ndarray) else room

    def read(self, key: Hashable) -> int:
        """What a word holds; 0 for one the code does not have."""
        place = self.program.frame.words.get(key)
        return 0 if place is None else int(self.words[place])

    def callback(self, key: Hashable, work: Callable[[int], None]) -> None:
        """Makes `work` what the code calls under `key`. Its errors are raised when the code has returned."""

        def call(argument: int) -> int:
            try:
                work(argument)
            except BaseException as error:  # nothing may pass through compiled code
                self._error = error
                return 1
            return 0

        function = _CALLBACK(call)
        address = ctypes.c_void_p.from_address(ctypes.addressof(function)).value  # a cast would tie it to itself
        self.set(key, address or 0, function)

    def call(self, address: int, start: int, stop: int) -> bool:
        """Runs the code over rows of the bound batch; whether each expression had a value. Raises errors of callbacks."""
        status = _RUN(address)(self.words.ctypes.data, start, stop)
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        if status == VIOLATED:
            raise InternalError("Compiled code would have read or written where nothing is.")
        return bool(status == 0)

    def take(self, provider: Any, expression: Expression, rows: np.ndarray[Any, Any]) -> pa.Array:
        """Values of a provider's column, or of an expression over its columns, in some of its rows."""
        if isinstance(provider, Inputs):
            return self.inputs.take(expression, rows)
        found: pa.Array = provider.take(expression, rows, self)
        return found

    def counts(self) -> dict[int, int]:
        """How many rows came out of each operator since the last time."""
        counted = self.words[self._counters].tolist()
        self.words[self._counters] = 0
        return dict(zip(self.program.counters, counted, strict=True))

    def _forget(self) -> None:
        """Lets go of what knows this frame: its inputs, and what code calls."""
        del self.inputs, self.state
        self._keep.clear()

    def _set_text(self, key: tuple[Any, ...], data: bytes) -> None:
        held = np.frombuffer(data + bytes(16), np.uint8)
        self.set((*key[:2], "address"), held.ctypes.data, held)
        self.set((*key[:2], "length"), len(data))

    def _set_literal(self, literal: Literal, key: tuple[Any, ...]) -> None:
        if isinstance(literal.dataType, StringType | BinaryType):
            self._set_text(key, literal.value.encode() if isinstance(literal.value, str) else bytes(literal.value))
        elif isinstance(literal.dataType, DoubleType):
            self.set(key, struct.unpack("<q", struct.pack("<d", literal.value))[0])
        elif isinstance(literal.dataType, FloatType):
            self.set(key, struct.unpack("<i", struct.pack("<f", literal.value))[0])
        else:
            number = unscaled(literal)
            self.set(key, number % _WORD)
            if not -(_WORD >> 1) <= number < _WORD >> 1:
                self.words[self.program.frame.words[key] + 1] = number >> 64


@dataclass
class _Entries:
    """A dictionary, and what was looked up in it: kept as long as batches come with it."""

    array: pa.Array
    offsets: int
    bytes: int
    tables: dict[Expression, tuple[int, int, int, int]] = field(default_factory=dict)
    keep: list[Any] = field(default_factory=list)
    words: dict[int, np.ndarray[Any, Any]] = field(default_factory=dict)

    def words_of(self, place: int) -> np.ndarray[Any, Any]:
        """A word for each text of input column `place`, which is coded by this dictionary; 0 until code has set it."""
        if place not in self.words:
            self.words[place] = np.zeros(len(self.array) + 2, np.int64)
        return self.words[place]


@dataclass(frozen=True)
class _Bound:
    """The dictionary that a column comes with now: known by its address, so it is held. `entries` may be of an equal one."""

    identity: tuple[int, int]
    dictionary: pa.Array
    entries: _Entries


class BoundInputs:
    """Binds the columns of batches, and computes what is hoisted."""

    def __init__(self, inputs: Inputs, frame: FrameWords) -> None:
        self.inputs = inputs
        self.frame = frame
        self.batch: pa.RecordBatch = batch_of([], 0)
        self._known = prepared(self.batch)
        self.bound: Callable[[], None] | None = None
        """Called when a batch was bound."""
        self._bound: dict[int, _Bound] = {}
        self._small: dict[tuple[int, bytes, bytes], _Entries] = {}
        self._kernels: dict[Expression, tuple[list[int], Any]] = {}
        self._hoists = {made.place: made for made in inputs.hoists.values()}
        self._read = [place for place in inputs.used if place not in self._hoists]
        self._set: dict[int, _Entries] = {}
        places = frame.program.frame.words
        parts = [(place, part, places.get((name, place))) for place in self._read for part, name in enumerate(COLUMN)]
        self._parts = [(place, part) for place, part, word in parts if word is not None]
        self._words = np.array([word for _, _, word in parts if word is not None], np.intp)

    def bind(self, batch: pa.RecordBatch) -> None:
        """Fills the words of the source's columns. Raises what kernels do that compute something beforehand."""
        self.batch = batch
        known = self._known = prepared(batch)
        self.frame.words[self._words] = [known.addresses(place)[part] for place, part in self._parts]
        for place in self._read:
            if self.inputs.forms[place].codes:
                self._bind_codes(place, self._dictionary(place))
        for hoisted in self._hoists.values():
            if hoisted.place not in self.inputs.used:
                continue
            if hoisted.over is None:
                bind_column(self.frame, hoisted.place, self._computed(hoisted.expression), hoisted.form)
            else:
                self._bind_table(hoisted, self._dictionary(hoisted.over))
        if self.frame.program.frame.checked:
            self._bind_rooms()
        if self.bound is not None:
            self.bound()

    def _bind_rooms(self) -> None:
        for place in self._read:
            bind_column(self.frame, place, self._known.arrays[place], self.inputs.forms[place])

    def dictionary_address(self, place: int) -> int:
        """Where the dictionary of a column of the batch is: another one is elsewhere, as long as this one is bound."""
        return self._dictionary(place).offsets

    def dictionary(self, place: int) -> pa.Array:
        """The dictionary of a column of the batch: the same object as long as it is the same."""
        return self._dictionary(place).array

    def forget_words(self) -> None:
        """Takes back the words that code has set for texts of dictionaries."""
        for entries in (*self._small.values(), *(each.entries for each in self._bound.values())):
            for words in entries.words.values():
                words.fill(0)

    def take(self, expression: Expression, rows: np.ndarray[Any, Any]) -> pa.Array:
        """A column, or an expression over columns, in some rows."""
        wanted = None if self._is_every(rows) else pa.array(rows)
        if isinstance(expression, Attribute):
            column = self._known.arrays[self.inputs.place_of(expression)]
            return column if wanted is None else pc.take(column, wanted, boundscheck=False)
        return self._computed(expression, wanted)

    def _is_every(self, rows: np.ndarray[Any, Any]) -> bool:
        """Whether these are all rows in their order; joins may repeat some and leave out others."""
        count = self.batch.num_rows
        return len(rows) == count and rows[-1] == count - 1 and bool((rows == np.arange(count)).all())

    def _bind_codes(self, place: int, entries: _Entries) -> None:
        if self._set.get(place) is entries:
            return
        frame = self.frame
        self._set[place] = entries
        frame.set(("entries", place), len(entries.array))
        frame.set(("entry offsets", place), entries.offsets, None, 4 * (len(entries.array) + 2))
        frame.set(("entry bytes", place), entries.bytes)
        self._bind_words(place, entries)

    def _computed(self, expression: Expression, rows: pa.Array | None = None) -> pa.Array:
        """The values of an expression over the batch, or over some of its rows."""
        places, kernel = self._kernel(expression)
        arrays = [self._known.arrays[place] for place in places]
        if rows is not None:
            arrays = [pc.take(array, rows, boundscheck=False) for array in arrays]
        count = self.batch.num_rows if rows is None else len(rows)
        types = [self.inputs.attributes[place].dataType for place in places]
        plain = [decoded_column(array, kind) for array, kind in zip(arrays, types, strict=True)]
        found: pa.Array = kernel(batch_of(plain, count))
        return found

    def _kernel(self, expression: Expression) -> tuple[list[int], Any]:
        if expression not in self._kernels:
            attributes = self.inputs.attributes
            places = [place for place, each in enumerate(attributes) if each.id in expression.references]
            kernel = self.frame.run.compile(expression, [attributes[place] for place in places])
            self._kernels[expression] = places, kernel
        return self._kernels[expression]

    def _dictionary(self, place: int) -> _Entries:
        """The dictionary of a coded column, and one entry more that is null."""
        identity, dictionary = self._known.dictionary(place)
        known = self._bound.get(place)
        if known is None or known.identity != identity:
            known = self._bound[place] = _Bound(identity, dictionary, self._entries_of(place, dictionary))
        return known.entries

    def _entries_of(self, place: int, dictionary: pa.Array) -> _Entries:
        """What is known of a dictionary. Row groups tend to come with the same few texts: those are looked up once."""
        offsets, texts = _offsets(dictionary), dictionary.buffers()[2]
        made = _Entries(dictionary, offsets.ctypes.data, texts.address if texts is not None else 0, keep=[offsets])
        if texts is None or texts.size > _SMALL_BYTES or len(self._small) > _MOST_SMALL:
            return made
        return self._small.setdefault((place, offsets.tobytes(), texts.to_pybytes()), made)

    def _bind_table(self, hoisted: Hoisted, entries: _Entries) -> None:
        """The values of an expression by code."""
        if self._set.get(hoisted.place) is entries:
            return
        if hoisted.expression not in entries.tables:
            entries.tables[hoisted.expression] = self._table(hoisted, entries)
        self._set[hoisted.place] = entries
        value, null, offsets, texts = entries.tables[hoisted.expression]
        place = hoisted.place
        self.frame.set(
            ("entries", place), len(entries.array) + 1
        )  # as many values at most: one for each entry, and for null
        self.frame.set(("entry value", place), value, entries)
        self.frame.set(("entry null", place), null)
        self.frame.set(("entry offsets", place), offsets)
        self.frame.set(("entry bytes", place), texts)
        self._bind_words(place, entries)

    def _bind_words(self, place: int, entries: _Entries) -> None:
        if place in self.inputs.remapped:
            words = entries.words_of(place)
            self.frame.set(("words", place), words.ctypes.data, words)

    def _table(self, hoisted: Hoisted, entries: _Entries) -> tuple[int, int, int, int]:
        assert hoisted.over is not None
        with_null = pa.concat_arrays([entries.array, pa.nulls(1, entries.array.type)])
        _, kernel = self._kernel(hoisted.expression)
        found: pa.Array = kernel(batch_of([with_null], len(with_null)))
        null = found.is_null().cast(pa.uint8()).to_numpy()
        if found.null_count and not hoisted.form.nullable:
            raise InternalError(f"An expression that cannot be null is: {hoisted.expression!r}")
        keep: list[Any] = [null, found]
        offsets = texts = 0
        if pa.types.is_boolean(found.type):
            values = found.fill_null(False).cast(pa.uint8()).to_numpy()
        elif pa.types.is_string(found.type):
            codes = found.dictionary_encode()
            values = codes.indices.fill_null(0).to_numpy()
            dictionary = codes.dictionary
            starts = _offsets(dictionary)
            keep.append(starts)
            offsets = starts.ctypes.data
            texts = dictionary.buffers()[2].address if dictionary.buffers()[2] is not None else 0
            keep.append(dictionary)
        else:
            values = None
        if values is not None:
            values = np.ascontiguousarray(values)
            keep.append(values)
        entries.keep += keep
        start = values.ctypes.data if values is not None else addresses(found, Form(hoisted.form.storage)).data
        return start, null.ctypes.data, offsets, texts


def _offsets(dictionary: pa.Array) -> np.ndarray[Any, Any]:
    """Where the entries of a dictionary begin, with an empty one more: what the code of null locates."""
    count, buffer = len(dictionary) + 1, dictionary.buffers()[1]
    if buffer is None or not buffer.size:
        return np.zeros(2, np.int32)
    found = np.frombuffer(buffer, np.int32, count, 4 * dictionary.offset)
    return np.append(found, found[-1:])


COLUMN = ("data", "validity", "bit", "bytes")
"""The names of a column's words, as `Addresses` has them."""


def bind_column(frame: FrameWords, place: Hashable, array: pa.Array, form: Form) -> None:
    """Fills the words of a column (`stored_value`), without those of its dictionary."""
    found = addresses(array, form)
    rooms = rooms_of(array, form)
    frame.set(("data", place), found.data, array, rooms.data)
    frame.set(("validity", place), found.validity, None, rooms.validity)
    frame.set(("bit", place), found.bit)
    frame.set(("bytes", place), found.bytes, None, rooms.bytes)


def bind_dictionary(frame: FrameWords, place: Hashable, dictionary: pa.Array) -> None:
    """Fills the words of the dictionary of a column."""
    texts, offsets = dictionary.buffers()[2], _offsets(dictionary)
    frame.set(("entries", place), len(dictionary), dictionary)
    frame.set(("entry offsets", place), offsets.ctypes.data, offsets)
    frame.set(("entry bytes", place), texts.address if texts is not None else 0, dictionary)
