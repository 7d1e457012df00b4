"""A chain of operators as one function: for each row of a batch, through all steps, into the sink.

    i64 run(ptr frame, i64 start, i64 stop)      0: done    1: an expression has no value for some row    2: checked code would
                                             have read or written where nothing is

Steps are written inside out: each writes its own code and calls `following` at the place where a row has passed it, so a
filter is an `if` around the rest, and a join a loop around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from engine.compile.filters import Filtered
from engine.compile.forms import Form
from engine.compile.frame import Frame
from engine.compile.inputs import Inputs
from engine.compile.ir import Function, Value, Variable, module_text
from engine.compile.row import Row
from engine.compile.selection import Selected, Sieve, selection_of
from engine.compile.stages import BLOCK, Left, Stage, Staging, stages_of
from engine.compile.values import NotCompiled
from engine.expressions.base import Attribute
from engine.lazy import cached_property
from engine.physical.operator import Operator
from engine.physical.union import UnionExec
from engine.protocols import provides
from engine.records import dataclass

if TYPE_CHECKING:
    from engine.compile.binding import FrameWords

NAME = "run"
VIOLATED = 2

MOST_ROWS = 1 << 20
"""Rows of the source in one call."""


class StepCode(Protocol):
    """Writes one step of a chain. Made anew for each variant of a program."""

    def write(self, row: Row, following: Callable[[], None]) -> None:
        """Writes the step; `following` writes what is done with each row that comes out. Raises NotCompiled."""

    def selection(self, row: Row) -> Selected | None:
        """What it says of rows beforehand (`selection.py`)."""

    def stage(self) -> Stage | None:
        """The step as a loop over the rows of a block (`stages.py`); None: it cannot be one."""

    def bind(self, frame: FrameWords) -> None:
        """Fills the words of the frame that the step reads, once for each thread."""


class SinkCode(Protocol):
    """Writes the end of a chain. Made anew for each variant of a program."""

    def begin(self, row: Row) -> None:
        """Before the first row."""

    def write(self, row: Row) -> None:
        """For each row that arrives. Raises NotCompiled."""

    def end(self, row: Row) -> None:
        """After the last row."""


@runtime_checkable
class Foreseeing(Protocol):
    """A sink whose code reads memory that may be far away."""

    def ahead(self, row: Row) -> None:
        """After `write`: writes what asks for that memory, without branches."""


@runtime_checkable
class Vectorized(Protocol):
    """A sink whose code LLVM makes vectors of, together with the conditions before it."""

    vectorized: bool


@dataclass(frozen=True)
class Step:
    """A step of a chain: the operator it stands for, and what writes it."""

    operator: Operator
    code: StepCode


@dataclass
class Program:
    """What was written: the function, its frame, and what each batch must be bound with."""

    function: Function | None
    """None for a program that was not written for this chain (`kept_programs.py`)."""
    frame: Frame
    inputs: Inputs
    steps: Sequence[Step]
    sink: SinkCode
    counters: list[int] = field(default_factory=list)
    """Ids of the operators whose output rows are counted, under the words ("rows", id)."""

    @cached_property
    def text(self) -> str:
        """The module to compile."""
        assert self.function is not None, "it has its code already"
        return module_text([self.function])


class CannotWrite(NotCompiled):
    """A chain cannot be written beyond its first `steps` steps (all of them: its sink has no code)."""

    def __init__(self, reason: str, steps: int) -> None:
        super().__init__(reason)
        self.steps = steps


def write(
    attributes: Sequence[Attribute],
    forms: Sequence[Form],
    steps: Sequence[Step],
    sink: SinkCode,
    *,
    checked: bool = False,
    time_zone: str = "",
) -> Program:
    """The function for batches with columns `attributes` of those forms; `checked` code looks where it reads and writes. Raises
    CannotWrite."""
    function = Function(NAME, [("frame", "ptr"), ("start", "i64"), ("stop", "i64")])
    frame, inputs, failed = Frame(checked), Inputs(attributes, forms), function.label("failed")
    row = Row(function, frame, failed, time_zone)
    row.providers.append(inputs)
    counts = {step.operator.id: function.variable("i64", 0) for step in steps}
    _attempt(len(steps), lambda: sink.begin(row))
    _Rows(row, steps, counts, sink).write()
    sink.end(row)
    for operator, count in counts.items():
        place = frame.word(function, ("rows", operator))
        place.store(place.load("i64") + count.get())
    function.give(0)
    function.place(failed)
    function.give(1)
    if function.rooms:
        function.place(function.violated)
        function.give(VIOLATED)
    return Program(function, frame, inputs, steps, sink, list(counts))


class _Rows:
    """The loop over the rows: of blocks, where rows fall away beforehand or steps are stages."""

    def __init__(self, row: Row, steps: Sequence[Step], counts: dict[int, Variable], sink: SinkCode) -> None:
        self.row = row
        self.steps = steps
        self.counts = counts
        self.sink = sink
        self.parts: list[Staging] = [step.code for step in steps]
        """What is still to be written of each step."""
        self.settled = 0
        """Steps whose rows are counted already."""

    def write(self) -> None:
        """Writes it."""
        function, row = self.row.function, self.row
        start, stop = function.argument("start"), function.argument("stop")
        if _drops_rows(self.steps, self.sink) and self._selected(start, stop):
            return
        stages = stages_of(self.parts)
        if stages:
            with self._blocks(start, stop) as (base, size):
                left = Left(row, stages, base, size)
                self._staged(left, stages)
            return
        with function.loop(start, stop) as index, row.branch():
            row.index = index
            self._body(0)

    def _selected(self, start: Value, stop: Value) -> bool:
        """For rows that the selection leaves; whether there is one: nothing is written where the steps say nothing."""
        function, row, codes = self.row.function, self.row, [step.code for step in self.steps]
        before, sieve = function.mark(), Sieve(row)
        with self._blocks(start, stop) as (base, size):
            found = sieve.fill(base, size, lambda: selection_of(row, codes, self._count))
            says = found.keep.constant is None
            if says:
                self.parts[: len(found.rests)], self.settled = found.rests, found.settled
                self._sieved(sieve, base, size)
        if not says:
            function.undo(before)
        return says

    def _sieved(self, sieve: Sieve, base: Value, size: Value) -> None:
        row, stages = self.row, stages_of(self.parts)
        if stages:
            left = Left(row, stages, base)
            with sieve.each(size) as place:
                left.append(place)
            self._staged(left, stages)
            return
        with sieve.each(size) as place:
            row.index = base + place
            self._body(0)

    @contextmanager
    def _blocks(self, start: Value, stop: Value) -> Iterator[tuple[Value, Value]]:
        """For each block: its first row, and how many it has."""
        with self.row.function.loop(start, stop, BLOCK) as base, self.row.branch():
            yield base, self.row.function.minimum(stop - base, BLOCK)

    def _staged(self, left: Left, stages: Sequence[Stage]) -> None:
        """The stages of a block, and the rest for rows that are left then."""
        for number, stage in enumerate(stages):
            _attempt(number, left.stage)
            self.parts[number] = stage
            if stage.once:
                if number >= self.settled:
                    self._count(number, left.count.get())
                self.settled = max(self.settled, number + 1)
        ahead = [cast(Foreseeing, self.sink).ahead] if provides(self.sink, Foreseeing) else []
        left.body(lambda: self._body(0), ahead)

    def _count(self, number: int, out: Value) -> None:
        self.counts[self.steps[number].operator.id].add(out.unsigned("i64"))

    def _body(self, number: int) -> None:
        """The steps from `number` on, and the sink."""
        row = self.row
        if number == len(self.steps):
            _attempt(number, lambda: self.sink.write(row))
            return
        step = self.steps[number]
        row.function.note(step.operator.describe)

        def following() -> None:
            if number >= self.settled:
                self.counts[step.operator.id].add(1)
            self._body(number + 1)

        _attempt(number, lambda: self.parts[number].write(row, following))


def _drops_rows(steps: Sequence[Step], sink: SinkCode) -> bool:
    """Whether enough rows do not come out for it to pay to look for them beforehand."""
    if any(combines(step.operator) for step in steps):
        return True
    if provides(sink, Vectorized):
        return False
    return any(isinstance(step.code, Filtered) and step.code.selects for step in steps)


def combines(operator: Operator) -> bool:
    """Whether rows meet those of another side: each may come out several times, or not at all."""
    return len(operator.inputs) > 1 and not isinstance(operator, UnionExec)


def _attempt(number: int, work: Callable[[], None]) -> None:
    try:
        work()
    except CannotWrite:
        raise
    except NotCompiled as reason:
        raise CannotWrite(str(reason), number) from None
