"""Frames as code: from which row to which the current one sees, by places in the order."""

from __future__ import annotations

from engine.compile.ir import Function, Value
from engine.compile.values import NotCompiled
from engine.compile.windows.loop import Place
from engine.expressions.base import Expression
from engine.expressions.window import CurrentRow, Frame, Offset, Unbounded, WindowSpec
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import evaluate_constant

MOST_SEEN = 64
"""Rows of frames that are gone through for each row; there are better ways for longer ones."""


class Bounds:
    """The frame of a window expression. `kind` says what aggregates make of it:

    rows     from the start of the partition to the row       peers    from there to the last of the row's peers
    whole    the partition                                    few      a few rows around the row
    other    anything else
    """

    def __init__(self, spec: WindowSpec, context: EvalContext) -> None:
        self._frame = spec.frame or Frame("range", Unbounded(), CurrentRow() if spec.order else Unbounded())
        self._low = _steps(self._frame, self._frame.lower, context)
        self._high = _steps(self._frame, self._frame.upper, context)
        self.kind = self._kind()
        self.key = self.kind, self._low, self._high
        """What is equal for equal frames."""

    @property
    def steps(self) -> tuple[int | None, int | None]:
        """How many rows after the current one the ends are; None: those of the partition."""
        return self._low, self._high

    @property
    def asks_for_peers(self) -> bool:
        """Whether an end is told by peers."""
        return self._frame.unit == "range" and not (self._low is None and self._high is None)

    @property
    def may_be_empty(self) -> bool:
        """Whether a row may see none."""
        return self.kind in ("few", "other")

    def of(self, function: Function, place: Place) -> tuple[Value, Value]:
        """The first row seen, and the place after the last one."""
        ranged = self._frame.unit == "range"
        low = place.low if self._low is None else place.first if ranged else _moved(function, place, self._low)
        high = place.high if self._high is None else place.last if ranged else _moved(function, place, self._high + 1)
        return low, function.select(high < low, low, high)

    def _kind(self) -> str:
        if self._low is None and self._high is None:
            return "whole"
        if self._low is None and self._high == 0:
            return "peers" if self._frame.unit == "range" else "rows"
        if self._low is None or self._high is None or self._frame.unit == "range":
            return "other"
        return "few" if self._high - self._low < MOST_SEEN else "other"


def _steps(frame: Frame, bound: Expression, context: EvalContext) -> int | None:
    """How many rows after the current one an end is; None: it is that of the partition."""
    if isinstance(bound, Unbounded):
        return None
    if isinstance(bound, CurrentRow):
        return 0
    if frame.unit == "range" or not isinstance(bound, Offset):
        raise NotCompiled("a RANGE frame with an offset")
    return int(evaluate_constant(bound.value, context).value)


def _moved(function: Function, place: Place, steps: int) -> Value:
    moved = place.number + steps
    moved = function.select(moved < place.low, place.low, moved)
    return function.minimum(moved, place.high)
