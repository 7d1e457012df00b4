"""Stages: steps that go over the rows of a block one after the other, before the rest of the code sees those that are left.

A look into a large table waits for memory for as long as a hundred instructions take. Processors wait for ten such looks
at once, but only as far as they see ahead: a branch they could not foresee, or a costly condition, between two looks makes
each wait for itself. So up to the last step that looks into memory far away, each step is a loop of its own: rows that are left
and the numbers of built rows that were found for them are a list, which it makes shorter; what the next loop reads is asked
for (`foresee`) before it begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from engine.compile.ir import Value, Variable
from engine.compile.row import Row
from engine.records import dataclass

BLOCK = 1 << 10
"""Rows of a block."""
Write = Callable[[Row, Callable[[], None]], None]
"""Writes a step for rows that arrive, and with its second argument what follows it."""
Foresee = Callable[[Row], None]
"""Writes what asks for memory of a row, without branches."""


def passing(row: Row, following: Callable[[], None]) -> None:  # noqa: ARG001 - as every step is written
    """The step for rows of which everything is known."""
    following()


@dataclass(frozen=True)
class Looked:
    """Whether a row is left (None: it is), and the number of the built row that was found for it, if one was looked for."""

    keep: Value | None
    number: Value | None = None


@dataclass(frozen=True)
class Stage:
    """A step as a stage. `look` is its loop (None: it has none), which reads what each of `foresee`, loops before it, asked
    for; `write` writes what it does with rows that are left, and `ahead` asks for what that reads. Wherever rows are gone over
    again, `at` is told the number that was found; `begin` comes before the first time."""

    look: Callable[[Row], Looked] | None = None
    write: Write = passing
    at: Callable[[Value], None] | None = None
    begin: Foresee | None = None
    foresee: Sequence[Foresee] = ()
    ahead: Foresee | None = None
    once: bool = True
    """Whether rows that are left come out, once each: the next step may be a stage, too."""
    far: bool = False

    def stage(self) -> Stage:
        """Itself."""
        return self


class Staging(Protocol):
    """A step that may be a stage."""

    def write(self, row: Row, following: Callable[[], None]) -> None:
        """Writes the step as it is without stages."""

    def stage(self) -> Stage | None:
        """The step as a stage; None: it cannot be one."""


class Passing:
    """The step of rows of which everything is known."""

    def write(self, row: Row, following: Callable[[], None]) -> None:
        """Goes on."""
        passing(row, following)

    def stage(self) -> Stage:
        """Goes on."""
        return Stage()


def stages_of(codes: Sequence[Staging]) -> list[Stage]:
    """The first steps as stages, up to the last one that looks far away."""
    found: list[Stage] = []
    for code in codes:
        stage = code.stage()
        if stage is None:
            break
        found.append(stage)
        if not stage.once:
            break
    while found and not found[-1].far:
        found.pop()
    return found


class Left:
    """The rows of a block that are left, with the numbers that `stages` have found for them: at first all `size` rows from
    `base` on, or those that are appended."""

    def __init__(self, row: Row, stages: Sequence[Stage], base: Value, size: Value | None = None) -> None:
        f = row.function
        self.count: Variable = f.variable("i64", 0 if size is None else size)
        self._row = row
        self._stages = stages
        self._base = base
        self._rows = f.variable(f"[{BLOCK} x i32]").address
        self._numbers = [f.variable(f"[{BLOCK} x i32]").address if stage.at is not None else None for stage in stages]
        self._listed = size is None
        self._done = 0

    def append(self, place: Value) -> None:
        """Row `base` + `place` is left."""
        self._rows.store(place.signed("i32"), self.count.get())
        self.count.add(1)

    def stage(self) -> None:
        """Writes the next stage."""
        stage = self._stages[self._done]
        if stage.look is not None:
            self._look(stage, stage.look)
        self._done += 1
        if stage.begin is not None:
            stage.begin(self._row)

    def body(self, body: Callable[[], None], ahead: Sequence[Foresee]) -> None:
        """Writes `body` for each row that is left, and before it what `ahead` and the stages want to ask for."""
        f = self._row.function
        begin, before, done = f.label("rows"), f.label("ahead"), f.label("done")
        f.jump(before)
        f.place(begin)
        with self._each():
            body()
        f.jump(done)
        f.place(before)  # it is written behind: what is read is known only now
        with self._each():
            for foresee in (*(stage.ahead for stage in self._stages), *ahead):
                if foresee is not None:
                    foresee(self._row)
        f.jump(begin)
        f.place(done)

    def _look(self, stage: Stage, look: Callable[[Row], Looked]) -> None:
        for foresee in stage.foresee:
            with self._each():
                foresee(self._row)
        left = self._row.function.variable("i64", 0)
        with self._each() as place:
            found = look(self._row)
            self._keep(place, left.get(), found)
            left.add(1 if found.keep is None else found.keep.unsigned("i64"))
        self.count.set(left.get())
        self._listed = self._listed or found.keep is not None

    def _keep(self, place: Value, into: Value, found: Looked) -> None:
        """Writes what is known of a row behind the rows that are left; the next one overwrites it unless it is one of them."""
        if found.keep is not None:
            self._rows.store((self._row.index - self._base).signed("i32"), into)
            for numbers in self._numbers[: self._done]:
                if numbers is not None:
                    numbers.store(numbers.load("i32", place), into)
        numbers = self._numbers[self._done]
        if numbers is not None:
            assert found.number is not None
            numbers.store(found.number.signed("i32"), into)

    @contextmanager
    def _each(self) -> Iterator[Value]:
        """For each row that is left; gives its place in the list."""
        row = self._row
        with row.function.loop(0, self.count.get()) as place, row.branch():
            offset = self._rows.load("i32", place).unsigned("i64") if self._listed else place
            row.index = self._base + offset
            for stage, numbers in zip(self._stages[: self._done], self._numbers, strict=False):
                if stage.at is not None and numbers is not None:
                    stage.at(numbers.load("i32", place).unsigned("i64"))
            yield place
