"""The selection of a block: which of its rows can come out of a chain at all, found before the chain's code sees them.

The conditions of the first steps (filters, and whether a key is in the table of a join) are evaluated for every row of a
block without branches, a byte each, which LLVM makes vectors of; then the code goes over the rows that are left. Written row by
row they would be branches that processors cannot foresee, each of which costs as much as all these conditions together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from engine.compile.ir import Value
from engine.compile.row import Row
from engine.compile.stages import BLOCK, Staging
from engine.records import dataclass

_WORD = 64
_MOST = 8
"""Steps that are asked."""


@dataclass(frozen=True)
class Selected:
    """What a step says of a row beforehand. `keep`: whether it may come out, None: it may. `rest` is the step for rows
    that are left. `settled`: rows come out once each, as `keep` says, so the step after it may say something, too."""

    keep: Value | None
    rest: Staging
    settled: bool


class Selecting(Protocol):
    """A step that is asked for its part of the selection."""

    def selection(self, row: Row) -> Selected | None:
        """What it says of a row of the source, in straight code; None: nothing."""


@dataclass(frozen=True)
class Selection:
    """What all steps say: whether the row is left, what is still to be written of the steps asked, how many are settled."""

    keep: Value
    rests: Sequence[Staging]
    settled: int


def selection_of(row: Row, codes: Sequence[Selecting], count: Callable[[int, Value], None]) -> Selection:
    """Asks one step after the other; `count` is told for each one that is settled whether the row comes out of it."""
    keep = row.function.boolean(True)
    rests: list[Staging] = []
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


class Sieve:
    """The rows of a block that the selection leaves, a byte for each row of the block."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self._bytes = row.function.variable(f"[{BLOCK + _WORD} x i8]").address

    def fill(self, base: Value, count: Value, selection: Callable[[], Selection]) -> Selection:
        """Evaluates the selection for `count` rows from `base` on."""
        function, row = self._row.function, self._row
        with function.loop(base, base + count) as index, row.branch():
            row.index = index
            found = selection()
            self._bytes.store(found.keep.unsigned("i8"), index - base)
        for eighth in range(_WORD // 8):  # what is behind the last row is not left over from another block
            self._bytes.at(count).store(row.number("i64", 0), eighth, align=1)
        return found

    @contextmanager
    def each(self, count: Value) -> Iterator[Value]:
        """For each row that is left of `count`; gives its place in the block."""
        function = self._row.function
        with function.loop(0, (count + (_WORD - 1)) >> 6) as word:
            left = function.variable("i64", function.bitmask(self._bytes.at(word << 6)))
            with function.forever() as done:
                function.leave_if(left.get() == 0, done)
                place = function.intrinsic("llvm.cttz.i64", "i64", left.get(), function.boolean(True))
                left.set(left.get() & (left.get() - 1))
                with self._row.branch():
                    yield (word << 6) + place
