"""A chain of operators as one function: for each row of a batch, through all steps, into the sink.

    i64 run(ptr frame, i64 start, i64 stop)      0: done    1: an expression has no value for some row    2: checked code would
                                             have read or written where nothing is

Steps are written inside out: each writes its own code and calls `following` at the place where a row has passed it, so a
filter is an `if` around the rest, and a join a loop around it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from engine.compile.forms import Form
from engine.compile.frame import Frame
from engine.compile.inputs import Inputs
from engine.compile.ir import Function, Value, Variable, module_text
from engine.compile.row import Row
from engine.compile.selection import Selected, Selection, passing, selected_rows, selection_of
from engine.compile.values import NotCompiled
from engine.expressions.base import Attribute, Expression, NamedExpression
from engine.expressions.predicates import conjunction, conjuncts
from engine.lazy import cached_property
from engine.physical.filter import FilterExec
from engine.physical.operator import Operator
from engine.protocols import provides
from engine.records import dataclass

if TYPE_CHECKING:
    from engine.compile.binding import FrameWords

NAME = "run"
VIOLATED = 2

MOST_ROWS = 1 << 20
"""Rows of the source in one call."""
_MOST_KEPT = 0.9
"""A filter that is expected to keep more of its rows than that decides about each as it comes: processors foresee it."""


class StepCode(Protocol):
    """Writes one step of a chain. Made anew for each variant of a program."""

    def write(self, row: Row, following: Callable[[], None]) -> None:
        """Writes the step; `following` writes what is done with each row that comes out. Raises NotCompiled."""

    def selection(self, row: Row) -> Selected | None:
        """What it says of rows beforehand (`selection.py`)."""

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
class Vectorized(Protocol):
    """A sink whose code LLVM makes vectors of, together with the conditions before it."""

    vectorized: bool


@dataclass(frozen=True)
class Filtered:
    """Rows whose condition is true go on."""

    condition: Expression

    def write(self, row: Row, following: Callable[[], None]) -> None:
        keep = row.value(self.condition).is_true
        with row.function.when(keep), row.branch():
            following()

    def selection(self, row: Row) -> Selected | None:
        """Says what the terms do that take a few instructions; those before one that may raise."""
        rest = list(conjuncts(self.condition))
        keep = row.function.boolean(True)
        for term in tuple(rest):
            value = row.beforehand(term)
            if value is not None:
                keep = keep & value.is_true
                rest.remove(term)
            elif term.can_raise:
                break
        if not rest:
            return Selected(keep, passing, settled=True)
        return Selected(keep, Filtered(conjunction(*rest)).write, settled=False)

    def bind(self, frame: FrameWords) -> None:
        """Reads nothing of its own."""


@dataclass(frozen=True)
class Projected:
    """Columns are defined; what is not asked for is not computed, but what may raise is."""

    projections: tuple[NamedExpression, ...]

    def write(self, row: Row, following: Callable[[], None]) -> None:
        for each in self.projections:
            if not isinstance(each, Attribute):
                row.define(each.to_attribute().id, each)
                if each.can_raise:
                    row.value(each)
        following()

    def selection(self, row: Row) -> Selected | None:
        """Nothing, but columns are defined."""
        if any(each.can_raise for each in self.projections):
            return None
        self.write(row, lambda: None)
        return Selected(None, passing, settled=True)

    def bind(self, frame: FrameWords) -> None:
        """Reads nothing of its own."""


@dataclass(frozen=True)
class Step:
    """A step of a chain: the operator it stands for, and what writes it."""

    operator: Operator
    code: StepCode


@dataclass
class Program:
    """What was written: the function, its frame, and what each batch must be bound with."""

    function: Function
    frame: Frame
    inputs: Inputs
    steps: Sequence[Step]
    sink: SinkCode
    counters: list[int] = field(default_factory=list)
    """Ids of the operators whose output rows are counted, under the words ("rows", id)."""

    @cached_property
    def text(self) -> str:
        """The module to compile."""
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
    _rows(row, steps, counts, sink)
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


def _rows(row: Row, steps: Sequence[Step], counts: dict[int, Variable], sink: SinkCode) -> None:
    """The loop over the rows."""
    function, codes = row.function, [step.code for step in steps]
    start, stop = function.argument("start"), function.argument("stop")

    def count(number: int, out: Value) -> None:
        counts[steps[number].operator.id].add(out.unsigned("i64"))

    if _drops_rows(steps, sink):
        selected = lambda: selection_of(row, codes, count)  # noqa: E731
        if selected_rows(row, start, stop, selected, lambda found: _steps(row, steps, counts, 0, sink, found)):
            return
    with function.loop(start, stop) as index, row.branch():
        row.index = index
        _steps(row, steps, counts, 0, sink)


def _drops_rows(steps: Sequence[Step], sink: SinkCode) -> bool:
    """Whether enough rows do not come out for it to pay to look for them beforehand."""
    if any(len(step.operator.inputs) > 1 for step in steps):
        return True
    if provides(sink, Vectorized):
        return False
    return any(_selects(step.operator) for step in steps)


def _selects(operator: Operator) -> bool:
    if not isinstance(operator, FilterExec):
        return False
    before, after = operator.inputs[0].estimated_rows, operator.estimated_rows
    return before is None or after is None or after < _MOST_KEPT * before


def _steps(
    row: Row,
    steps: Sequence[Step],
    counts: dict[int, Variable],
    number: int,
    sink: SinkCode,
    selection: Selection | None = None,
) -> None:
    if number == len(steps):
        _attempt(number, lambda: sink.write(row))
        return
    step = steps[number]
    row.function.note(step.operator.describe)

    def following() -> None:
        if selection is None or number >= selection.settled:
            counts[step.operator.id].add(1)
        _steps(row, steps, counts, number + 1, sink, selection)

    write = selection.rests[number] if selection is not None and number < len(selection.rests) else step.code.write
    _attempt(number, lambda: write(row, following))


def _attempt(number: int, work: Callable[[], None]) -> None:
    try:
        work()
    except CannotWrite:
        raise
    except NotCompiled as reason:
        raise CannotWrite(str(reason), number) from None
