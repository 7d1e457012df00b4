"""Values of another row: lag, lead, first_value, last_value, nth_value."""

from __future__ import annotations

from collections.abc import Callable

from engine.compile.ir import Value
from engine.compile.row import Row
from engine.compile.values import storage_of
from engine.compile.windows.frames import Bounds
from engine.compile.windows.loop import PLACES, Loop, Place
from engine.expressions.base import Expression

Find = Callable[[Loop, Place], tuple[Value, Value]]
"""The place of the other row in the order, and whether there is one."""


class Fetched:
    """The value of `expression` in the row that `find` tells, `default` (None: null) where there is none. Texts are not read:
    code only says of which row they are."""

    def __init__(
        self, expression: Expression, find: Find, asks_for_peers: bool, default: Expression | None, output: int
    ) -> None:
        self.expression = expression
        self.storage = storage_of(expression.dataType)
        self.asks_for_peers = asks_for_peers
        self.note = f"{expression!r} of another row"
        self._find = find
        self._default = default
        self._output = output

    def partition(self, loop: Loop, low: Value, high: Value) -> None:
        """Nothing: each row is found anew."""

    def peers(self, loop: Loop, first: Value, last: Value) -> None:
        """Nothing."""

    def row(self, loop: Loop, row: Row, place: Place) -> None:
        f = loop.function
        other, inside = self._find(loop, place)
        at = loop.output(place)
        if self.storage == "text":
            found = f.variable("i64", -1)
            with f.when(inside, likely=True):
                found.set(loop.fixed(PLACES, "ptr").load("i64", other))
            loop.fixed(("window rows", self._output), "ptr").store(found.get(), at)
            return
        value, valid = f.variable(self.storage), f.variable("i1", False)
        value.set(f.value(self.storage, 0))

        def take(row: Row, expression: Expression) -> None:
            taken = row.value(expression)
            raw = taken.value
            value.set(raw if raw.type == self.storage else raw.signed(self.storage))
            valid.set(True if taken.null is None else ~taken.null)

        if self._default is None:
            with f.when(inside, likely=True):
                take(loop.sorted_row(other), self.expression)
        else:
            default = self._default
            f.either(
                inside,
                lambda: take(loop.sorted_row(other), self.expression),
                lambda: take(loop.row(row.index), default),
            )
        loop.fixed(("window values", self._output), "ptr").store(value.get(), at)
        loop.fixed(("window valid", self._output), "ptr").store(valid.get().unsigned("i8"), at)


def neighbour(steps: int) -> Find:
    """The row so many places after the current one, in its partition."""

    def find(loop: Loop, place: Place) -> tuple[Value, Value]:  # noqa: ARG001
        other = place.number + steps
        return other, (other >= place.low) & (other < place.high)

    return find


def nth(bounds: Bounds, number: int, from_end: bool = False) -> Find:
    """Row `number`, from 0, of the frame, counted from its start or its end."""

    def find(loop: Loop, place: Place) -> tuple[Value, Value]:
        low, high = bounds.of(loop.function, place)
        other = high - 1 - number if from_end else low + number
        return other, (other >= low) & (other < high)

    return find
