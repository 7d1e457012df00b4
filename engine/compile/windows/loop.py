"""The loop of window functions over sorted rows, as one function:

    i64 run(ptr frame, i64 start, i64 stop)      the partitions from `start` to before `stop`; gives what `program.py` says

    for each partition [low, high)                  begin again
        for each group of peers [first, last)       where some function asks for it
            for each row                            a value for each function

Rows are known by their places in the order; where they are among the columns, `places` says. So nothing is gathered beforehand:
columns are read where they are, in whatever form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from engine.compile.forms import Form
from engine.compile.frame import Frame
from engine.compile.inputs import Inputs
from engine.compile.ir import Function, Value
from engine.compile.program import NAME, VIOLATED, Program
from engine.compile.row import Row
from engine.expressions.base import Attribute
from engine.records import dataclass

PLACES = "places of rows in order"
STARTS = "starts of partitions"
PEERS = "starts of peers"
BASE = "first row of the piece"


@dataclass(frozen=True)
class Place:
    """Where the loop is: at row `number` of the order, in the partition from `low` to before `high`, among the peers from
    `first` to before `last` (which are the row alone where nobody asks for them)."""

    number: Value
    low: Value
    high: Value
    first: Value
    last: Value


class Writer(Protocol):
    """Writes the values of some functions of the operator."""

    asks_for_peers: bool
    note: str
    """What it writes, for who reads the code."""

    def partition(self, loop: Loop, low: Value, high: Value) -> None:
        """Before the rows of a partition."""

    def peers(self, loop: Loop, first: Value, last: Value) -> None:
        """Before the rows of a group of peers, where some function asks for them."""

    def row(self, loop: Loop, row: Row, place: Place) -> None:
        """For each row."""


class Loop:
    """The function while it is written, over columns `attributes` of those forms."""

    def __init__(self, attributes: Sequence[Attribute], forms: Sequence[Form], checked: bool, time_zone: str) -> None:
        self.function = Function(NAME, [("frame", "ptr"), ("start", "i64"), ("stop", "i64")])
        self.frame = Frame(checked)
        self.inputs = Inputs(attributes, forms)
        self._failed = self.function.label("failed")
        self._time_zone = time_zone
        self._general = self.row(self.function.integer("i64", 0))

    def row(self, index: Value) -> Row:
        """The row at a place among the columns. Values of different rows are never mixed up: each has its own."""
        row = Row(self.function, self.frame, self._failed, self._time_zone)
        row.providers.append(self.inputs)
        row.index = index
        return row

    def sorted_row(self, number: Value) -> Row:
        """The row at a place in the order."""
        return self.row(self.fixed(PLACES, "ptr").load("i64", number))

    def fixed(self, key: object, type: str = "i64") -> Value:
        """A word of the frame."""
        return self._general.fixed(key, type)

    def output(self, place: Place) -> Value:
        """Where the values of a row go."""
        return place.number - self.fixed(BASE)

    def update(self, first: Value, last: Value, work: Callable[[Row], None]) -> None:
        """Does something with each row between two places in the order."""
        with self.function.loop(first, last) as number:
            work(self.sorted_row(number))


def write(loop: Loop, writers: Sequence[Writer]) -> Program:
    """The function that writes what `writers` say."""
    f, starts = loop.function, loop.fixed(STARTS, "ptr")
    asked = any(writer.asks_for_peers for writer in writers)
    with f.loop(f.argument("start"), f.argument("stop")) as number:
        low, high = starts.load("i64", number), starts.load("i64", number + 1)
        for writer in writers:
            writer.partition(loop, low, high)
        if asked:
            _peers(loop, writers, low, high)
        else:
            _rows(loop, writers, lambda at: Place(at, low, high, at, at + 1), low, high)
    f.give(0)
    f.place(loop._failed)
    f.give(1)
    if f.rooms:
        f.place(f.violated)
        f.give(VIOLATED)
    return Program(f, loop.frame, loop.inputs, (), _Nothing())


def _peers(loop: Loop, writers: Sequence[Writer], low: Value, high: Value) -> None:
    f, flags = loop.function, loop.fixed(PEERS, "ptr")
    begin, end = f.variable("i64", low), f.variable("i64")
    with f.forever() as done:
        first = begin.get()
        f.leave_if(first >= high, done)
        end.set(first + 1)
        with f.forever() as ended:
            f.leave_if(end.get() >= high, ended)
            f.leave_if(flags.load("i8", end.get()) != 0, ended)
            end.add(1)
        last = end.get()
        for writer in writers:
            writer.peers(loop, first, last)
        _rows(loop, writers, lambda at: Place(at, low, high, first, last), first, last)
        begin.set(last)


def _rows(loop: Loop, writers: Sequence[Writer], place: Callable[[Value], Place], first: Value, last: Value) -> None:
    with loop.function.loop(first, last) as number:
        row = loop.sorted_row(number)
        for writer in writers:
            loop.function.note(partial(str, writer.note))
            writer.row(loop, row, place(number))


class _Nothing:
    """The loop stores what it makes itself."""

    def begin(self, row: Row) -> None:
        """Nothing."""

    def write(self, row: Row) -> None:
        """Nothing."""

    def end(self, row: Row) -> None:
        """Nothing."""
