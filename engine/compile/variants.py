"""The programs of one chain: how far it can be compiled, and a variant for each combination of forms its batches come in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from engine.compile.forms import Form
from engine.compile.join_tail import Following
from engine.compile.joins import Probe
from engine.compile.kept_programs import Parts, program_of
from engine.compile.object_cache import Quarantined
from engine.compile.program import CannotWrite, Program, SinkCode, Step, combines
from engine.compile.sinks.columns import ColumnsCode
from engine.compile.steps import steps_of
from engine.expressions.base import Attribute
from engine.physical.execution import Execution
from engine.physical.operator import Operator, Streaming
from engine.records import dataclass

_MOST_VARIANTS = 8

Made = TypeVar("Made")


@dataclass(frozen=True)
class Level:
    """How far a chain is compiled: so many of its steps, and with `whole` its sink, too."""

    steps: int
    whole: bool


@dataclass(frozen=True)
class Variant:
    """A program for batches of certain forms, and its machine code."""

    program: Program
    code: Any
    level: Level


class Variants:
    """The programs of a chain of `operators`, whose sink's code is made by `sink` (None: it has none).

    The level is settled by the first batch: operators after it are given batches from then on. A batch whose forms do not
    allow that level is interpreted. `reasons` says why an operator has no code, by its id.
    """

    def __init__(
        self,
        attributes: Sequence[Attribute],
        operators: Sequence[Streaming],
        sink: Callable[[], SinkCode | None],
        run: Execution,
    ) -> None:
        self.attributes = tuple(attributes)
        self.reasons: dict[int, str] = {}
        self.level: Level | None = None
        self.seconds = 0.0
        """What writing and compiling took."""
        self._operators = operators
        self._sink = sink
        self._run = run
        self._known: dict[tuple[Form, ...], Variant | None] = {}
        self._lock = threading.Lock()

    def variant(self, forms: tuple[Form, ...]) -> Variant | None:
        """The program for batches of these forms, compiled; None where there is none."""
        if forms not in self._known:
            with self._lock:
                if forms not in self._known:
                    self._known[forms] = self._made(forms) if len(self._known) < _MOST_VARIANTS else None
        return self._known[forms]

    def write(self, forms: Sequence[Form]) -> Program | None:
        """The program for batches of these forms, as far as the chain can be compiled; settles the level. None: nowhere."""
        return self._settled(forms, lambda parts: parts().write(self._run))

    def _settled(self, forms: Sequence[Form], work: Callable[[Callable[[], Parts]], Made]) -> Made | None:
        """What `work` makes of the parts of the chain, as many as it can be compiled of."""
        steps, code = self._steps(), self._sink()
        level = self.level or Level(len(steps), code is not None)
        while level.whole or level.steps:
            try:
                made = work(partial(self._parts, level, forms))
            except CannotWrite as reason:
                if self.level is not None:
                    return None
                self._explain(reason)
                level = _shorter(level, reason.steps, self._steps()[: level.steps])
            except Quarantined:
                self.level = level
                raise
            else:
                self.level = level
                return made
        self.level = level
        return None

    def _steps(self) -> list[Step]:
        """Their code, made anew for each program."""
        return steps_of(self.attributes, self._operators, self._run)

    def _parts(self, level: Level, forms: Sequence[Form]) -> Parts:
        steps = self._steps()[: level.steps]
        probes = [step.code for step in steps if isinstance(step.code, Probe | Following)]
        tables, sides = [probe.table for probe in probes], [probe.side for probe in probes]
        return Parts(self.attributes, forms, steps, self._end(level, steps), tables, sides)

    def _made(self, forms: tuple[Form, ...]) -> Variant | None:
        started = time.perf_counter()
        try:
            made = self._settled(forms, lambda parts: program_of(parts, self._run))
        except Quarantined:
            self.reasons.setdefault(-1, "this code has ended a process before")
            return None
        self.seconds += time.perf_counter() - started
        if made is None or self.level is None:
            return None
        return Variant(*made, self.level)

    def _end(self, level: Level, steps: Sequence[Step]) -> SinkCode:
        if level.whole:
            code = self._sink()
            assert code is not None
            return code
        return ColumnsCode(steps[-1].operator.output)

    def _explain(self, reason: CannotWrite) -> None:
        steps = self._steps()
        if reason.steps < len(steps):
            self.reasons[steps[reason.steps].operator.id] = str(reason)
        else:
            self.reasons.setdefault(-1, str(reason))


def _shorter(level: Level, failed: int, steps: Sequence[Step]) -> Level:
    """The next level to try where step `failed` has no code (or what stores its output has none)."""
    count = min(failed, level.steps if level.whole else level.steps - 1)
    while count and not worthwhile(steps[count - 1].operator):
        count -= 1
    return Level(count, False)


def worthwhile(operator: Operator) -> bool:
    """Whether a step does something for rows: one that only picks columns does not."""
    return combines(operator) or any(each.children for each in operator.expressions)
