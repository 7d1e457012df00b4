"""The selection of a block: which of its rows can come out of a chain at all, found before the chain's code sees them.

The conditions of the first steps (filters, and whether a key is in the table of a join) are evaluated for every row of a
block without branches, a byte each, which LLVM makes vectors of; then the code goes over the rows that are left. Written row by
row they would be branches that processors cannot foresee, each of which costs as much as all these conditions together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from engine.compile.ir import Value
from engine.compile.row import Row
from engine.records import dataclass

_BLOCK = 1 << 10
_WORD = 64
_MOST = 8
"""Steps that are asked."""

Write = Callable[[Row, Callable[[], None]], None]
"""Writes a step for rows that arrive, and with its second argument what follows it."""


@dataclass(frozen=True)
class Selected:
    """What a step says of a row beforehand. `keep`: whether it may come out, None: it may. `rest` is the step for rows
    that are left. `settled`: rows come out once each, as `keep` says, so the step after it may say something, too."""

    keep: Value | None
    rest: Write
    settled: bool


class Selecting(Protocol):
    """A step that is asked for its part of the selection."""

    def selection(self, row: Row) -> Selected | None:
        """What it says of a row of the source, in straight code; None: nothing."""


@dataclass(frozen=True)
class Selection:
    """What all steps say: whether the row is left, what is still to be written of the steps asked, how many are settled."""

    keep: Value
    rests: Sequence[Write]
    settled: int


def passing(row: Row, following: Callable[[], None]) -> None:  # noqa: ARG001 - as every step is written
    """The step for rows of which everything is known."""
    following()


def selection_of(row: Row, codes: Sequence[Selecting], count: Callable[[int, Value], None]) -> Selection:
    """Asks one step after the other; `count` is told for each one that is settled whether the row comes out of it."""
    keep = row.function.boolean(True)
    rests: list[Write] = []
    for number, code in enumerate(codes[:_MOST]):
        said = code.selection(row)
        if said is None:
            break
        rests.append(said.rest)
        if said.keep is not None:
            keep = keep & said.keep
        if not said.settled:
            return Selection(keep, rests, number)
        count(number, keep)
    return Selection(keep, rests, len(rests))


def selected_rows(
    row: Row, start: Value, stop: Value, selection: Callable[[], Selection], body: Callable[[Selection], None]
) -> bool:
    """The loop over rows from `start` to before `stop`, with `body` for those that the selection leaves; whether there is one:
    nothing is written where the steps say nothing."""
    function = row.function
    before = function.mark()
    bytes_ = function.variable(f"[{_BLOCK + _WORD} x i8]").address
    with function.loop(start, stop, _BLOCK) as base:
        end = function.minimum(base + _BLOCK, stop)
        with function.loop(base, end) as index, row.branch():
            row.index = index
            found = selection()
            bytes_.store(found.keep.unsigned("i8"), index - base)
        if found.keep.constant is None:
            _left_rows(row, bytes_, base, end - base, partial(body, found))
    if found.keep.constant is not None:
        function.undo(before)
    return found.keep.constant is None


def _left_rows(row: Row, bytes_: Value, base: Value, rows: Value, body: Callable[[], None]) -> None:
    """The loop over those of some rows from `base` on whose bytes are not 0."""
    function = row.function
    for eighth in range(_WORD // 8):  # what is behind the last row is not left over from another block
        bytes_.at(rows).store(row.number("i64", 0), eighth, align=1)
    with function.loop(0, (rows + (_WORD - 1)) >> 6) as word:
        left = function.variable("i64", function.bitmask(bytes_.at(word << 6)))
        with function.forever() as done:
            function.leave_if(left.get() == 0, done)
            place = function.intrinsic("llvm.cttz.i64", "i64", left.get(), function.boolean(True))
            left.set(left.get() & (left.get() - 1))
            row.index = base + (word << 6) + place
            with row.branch():
                body()
