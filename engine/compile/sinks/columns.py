"""The rows that come out of a chain as batches, for what follows it interpreted.

Texts of the source, and columns of built sides, that pass through are not touched by the code: it notes which rows they are
of, and Arrow takes those. Computed values, and numbers of the source, are stored. When the room for a batch is full the code
calls back. Rows that need no more of the source's batch may stay in the room until then, so that many batches of which few
rows are left become one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import field
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
import pyarrow as pa

from engine.compile.binding import FrameWords
from engine.compile.forms import array_of, dtype_of
from engine.compile.inputs import Inputs
from engine.compile.ir import Value, Variable
from engine.compile.numbering import NotKept, Numbering, Renaming
from engine.compile.row import Row
from engine.compile.values import NotCompiled, Sql, storage_of
from engine.expressions.base import Alias, Attribute, Expression
from engine.physical.batches import batch_of
from engine.physical.encoding import decoded_column, is_number
from engine.protocols import provides
from engine.records import dataclass
from engine.types.arrow import to_arrow

ROOM = 1 << 16
"""Rows of a batch that is made, if its maker says nothing else."""


@runtime_checkable
class Taker(Protocol):
    """A provider whose rows can be taken by number (`FrameWords.take`)."""

    def selected(self, row: Row) -> Value:
        """The number of its row, an i64; -1 for none (then columns are null)."""


@dataclass
class _Output:
    """One output column: taken from `provider`, or stored in `storage`; codes of the dictionary of input column `coded`."""

    attribute: Attribute
    expression: Expression
    provider: Any = None
    storage: str = ""
    nullable: bool = False
    coded: int | None = None


@dataclass
class ColumnsCode:
    """Writes rows into columns. `encoded`: pass-through columns may keep their encoded form."""

    outputs: Sequence[Attribute]
    encoded: bool = False
    room: int = ROOM
    columns: list[_Output] = field(default_factory=list)
    takers: list[Any] = field(default_factory=list)

    @property
    def needs_batch(self) -> bool:
        """Whether rows have to be taken while the source's batch is there."""
        return any(isinstance(taker, Inputs) for taker in self.takers)

    def shape(self, numbering: Numbering) -> Hashable:
        return ColumnsCode, numbering.of(tuple(self.outputs)), self.encoded, self.room

    def kept(self, providers: Sequence[Any], numbering: Numbering) -> Any:  # noqa: ARG002 - as all sinks
        """How each column comes out, and whose rows are taken."""
        places = {id(provider): place for place, provider in enumerate(providers)}
        if any(id(taker) not in places for taker in self.takers):
            raise NotKept("rows of another kind of provider")
        columns = [
            (None if each.provider is None else (_plain(each.expression), places[id(each.provider)]), _stored_as(each))
            for each in self.columns
        ]
        return columns, [places[id(taker)] for taker in self.takers]

    def follow(self, kept: Any, providers: Sequence[Any], numbering: Numbering, renamed: Renaming) -> bool:  # noqa: ARG002
        """Columns come out as they did."""
        columns, takers = kept
        self.takers = [providers[place] for place in takers]
        for attribute, (taken, stored) in zip(
            self.outputs if columns else (), columns, strict=True
        ):  # none: no row can come
            expression, provider = (attribute, None) if taken is None else (renamed(taken[0]), providers[taken[1]])
            self.columns.append(_Output(attribute, expression, provider, *stored))
        return True

    def begin(self, row: Row) -> None:
        self.count: Variable = row.function.variable("i64", 0)
        self.count.set(row.frame.word(row.function, "left").load("i64"))

    def write(self, row: Row) -> None:
        values = [self._plan(row, attribute) for attribute in self.outputs]
        place = self.count.get()
        for number, taker in enumerate(self.takers):
            row.fixed(("rows of", number), "ptr").store(taker.selected(row), place)
        for number, (output, value) in enumerate(zip(self.columns, values, strict=True)):
            if value is None:
                continue
            stored = _code(row, value, output.storage) if output.coded is not None else _stored(value, output.storage)
            row.fixed(("output", number), "ptr").store(stored, place)
            if value.null is not None:
                output.nullable = True
                row.fixed(("output valid", number), "ptr").store((~value.null).unsigned("i8"), place)
        self.count.add(1)
        with row.function.when(self.count.get() == self.room, likely=False):
            row.call_back("flush", self.count.get())
            self.count.set(0)

    def end(self, row: Row) -> None:
        row.frame.word(row.function, "left").store(self.count.get())

    def _plan(self, row: Row, attribute: Attribute) -> Sql | None:
        """Decides how a column comes out; its value where it is stored."""
        expression = row.expanded(attribute)
        if isinstance(expression, Attribute):
            provider = next((each for each in row.providers if expression.id in each.columns), None)
            if isinstance(provider, Inputs) and (form := provider.stored(expression)) is not None:
                coded = provider.place_of(expression) if form.codes else None
                self.columns.append(_Output(attribute, expression, None, form.storage, coded=coded))
                return row.value(expression)
            if provides(provider, Taker):
                self._taken(attribute, expression, cast(Taker, provider))
                return None
        storage = storage_of(attribute.dataType)
        try:
            if storage == "text":
                raise NotCompiled("text that is computed")
            value = row.value(expression)
        except NotCompiled:
            owner = next((each for each in row.providers if expression.references <= each.columns), None)
            if (
                not provides(owner, Taker)
                or expression.can_raise
                or not expression.deterministic
                or not expression.references
            ):
                raise
            self._taken(attribute, expression, cast(Taker, owner))
            return None
        self.columns.append(_Output(attribute, expression, None, storage))
        return value

    def _taken(self, attribute: Attribute, expression: Expression, provider: Taker) -> None:
        if provider not in self.takers:
            self.takers.append(provider)
        self.columns.append(_Output(attribute, expression, provider))


def _stored_as(column: _Output) -> tuple[str, bool, int | None]:
    return column.storage, column.nullable, column.coded


def _plain(expression: Expression) -> Expression:
    while isinstance(expression, Alias):
        expression = expression.child
    return expression


def _code(row: Row, value: Sql, storage: str) -> Value:
    """The code of a text; one that there is where the text is null."""
    assert value.text.code is not None
    code = value.text.code.value
    return (code if value.null is None else row.function.select(value.null, row.number("i64", 0), code)).signed(storage)


def _stored(value: Sql, storage: str) -> Value:
    if storage in ("float", "double"):
        return value.value
    return value.value if storage == "i1" and value.value.type == "i1" else value.value.signed(storage)


class ColumnsBuffers:
    """The room for one thread's rows, and the batches made of it. `take` is given each batch."""

    def __init__(self, code: ColumnsCode, frame: FrameWords, take: Callable[[pa.RecordBatch], None]) -> None:
        self.code = code
        self.frame = frame
        self.take = take
        self._rows = [np.empty(code.room, np.int64) for _ in code.takers]
        self._values = [None if c.provider else np.empty(code.room, dtype_of(c.storage)) for c in code.columns]
        self._valid = [np.empty(code.room, np.uint8) if c.nullable else None for c in code.columns]
        self._coded = {column.coded for column in code.columns if column.coded is not None}
        self._dictionaries: dict[int, pa.Array] = {}
        frame.callback("flush", self._flush)
        if self._coded:
            frame.inputs.bound = self._bound
        self._bind()

    def _bound(self) -> None:
        """Called with each batch: rows with codes of other dictionaries do not stay."""
        found = {place: self.frame.inputs.dictionary(place) for place in self._coded}
        if any(self._dictionaries.get(place) is not each for place, each in found.items()):
            self.finish()
            self._dictionaries = found

    def called(self) -> None:
        """After a call: what is left may stay, if it does not need the batch."""
        if self.code.needs_batch:
            self.finish()

    def finish(self) -> None:
        """What is left becomes a batch."""
        left = self.frame.read("left")
        if left:
            self.frame.set("left", 0)
            self._flush(left)

    def _bind(self) -> None:
        for number, rows in enumerate(self._rows):
            self.frame.set(("rows of", number), rows.ctypes.data)
        for number, (values, valid) in enumerate(zip(self._values, self._valid, strict=True)):
            if values is not None:
                self.frame.set(("output", number), values.ctypes.data)
            if valid is not None:
                self.frame.set(("output valid", number), valid.ctypes.data)

    def _flush(self, count: int) -> None:
        self.frame.run.check()
        arrays = [self._array(number, column, count) for number, column in enumerate(self.code.columns)]
        self.take(batch_of(arrays, count))

    def _array(self, number: int, column: _Output, count: int) -> pa.Array:
        if column.provider is None:
            values, valid = self._values[number], self._valid[number]
            assert values is not None
            kept = None if valid is None else valid[:count]
            made = array_of(column.storage, _kind(column), values[:count].copy(), kept, count)
            if column.coded is not None:
                made = pa.DictionaryArray.from_arrays(made, self._dictionaries[column.coded], safe=False)
            return made if self._stays(made) else decoded_column(made, column.attribute.dataType)
        rows = self._rows[self.code.takers.index(column.provider)][:count]
        found = self.frame.take(column.provider, column.expression, rows)
        return found if self._stays(found) else decoded_column(found, column.attribute.dataType)

    def _stays(self, array: pa.Array) -> bool:
        """Whether a column goes on as it is encoded: a few codes would keep a dictionary of many texts."""
        return self.code.encoded and not (pa.types.is_dictionary(array.type) and len(array.dictionary) > len(array))


def _kind(column: _Output) -> pa.DataType:
    """The Arrow type of stored values: numbers of the source keep their width."""
    kind = to_arrow(column.attribute.dataType)
    if column.coded is not None:
        return pa.from_numpy_dtype(dtype_of(column.storage))
    if is_number(column.attribute.dataType) and column.storage != storage_of(column.attribute.dataType):
        return pa.from_numpy_dtype(dtype_of(column.storage))
    return kind
