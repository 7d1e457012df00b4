"""What is counted in a partition: row_number, rank, dense_rank, percent_rank, cume_dist, ntile."""

from __future__ import annotations

from collections.abc import Callable

from engine.compile.ir import Value, Variable
from engine.compile.row import Row
from engine.compile.windows.loop import Loop, Place


class Counted:
    """A function whose value is made of the place of a row. `shares` is ntile's number."""

    def __init__(self, function: str, output: int, shares: int = 1) -> None:
        self.storage = "double" if function in ("percent_rank", "cume_dist") else "i32"
        self.asks_for_peers = function not in ("row_number", "ntile")
        self.note = function
        self._function = function
        self._output = output
        self._shares = shares
        self._counter: Variable | None = None

    def partition(self, loop: Loop, low: Value, high: Value) -> None:  # noqa: ARG002
        if self._function == "dense_rank":
            self._counter = loop.function.variable("i64", 0)

    def peers(self, loop: Loop, first: Value, last: Value) -> None:  # noqa: ARG002
        if self._counter is not None:
            self._counter.add(1)

    def row(self, loop: Loop, row: Row, place: Place) -> None:  # noqa: ARG002
        value = self._value(loop, place)
        value = value if value.type == "double" else value.signed(self.storage)
        loop.fixed(("window values", self._output), "ptr").store(value, loop.output(place))

    def _value(self, loop: Loop, place: Place) -> Value:
        if self._counter is not None:
            return self._counter.get()
        made: dict[str, Callable[[], Value]] = {
            "row_number": lambda: place.number - place.low + 1,
            "rank": lambda: place.first - place.low + 1,
            "percent_rank": lambda: self._percent(loop, place),
            "cume_dist": lambda: (place.last - place.low).to_float() / (place.high - place.low).to_float(),
            "ntile": lambda: self._tile(loop, place),
        }
        return made[self._function]()

    def _percent(self, loop: Loop, place: Place) -> Value:
        f, others = loop.function, place.high - place.low - 1
        found = (place.first - place.low).to_float() / others.to_float()
        return f.select(others > 0, found, f.number("double", 0.0))

    def _tile(self, loop: Loop, place: Place) -> Value:
        """The first tiles have a row more than the others."""
        f, number, rows = loop.function, place.number - place.low, place.high - place.low
        size, larger = rows // self._shares, rows % self._shares
        in_larger = number < larger * (size + 1)
        divisor = f.select(in_larger, size + 1, f.select(size < 1, f.integer("i64", 1), size))
        return f.select(in_larger, number, number - larger) // divisor + 1
