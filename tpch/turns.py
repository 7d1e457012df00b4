"""Engines take turns on the statements of a workload, on the same files, each in a process of its own.

Statement by statement there are rounds. In a round all engines run the same text, one after another; the first round has
the statement's first form (TPC-H: validation literals), later ones have others (random literals). Answers of a round are
compared. A run during which other processes used the machine is noise: it is made up for, with a text of its own, as long
as there is patience.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import pyarrow as pa

from tpch.measure import Engine, EngineFailed
from tpch.timing import Sample, Timing, Timings

MADE_UP = 1000  # the number of the first round that makes up for noise
REFERENCE = "duckdb"


class Workload(Protocol):
    """Statements over some tables, and how to tell whether an answer is right."""

    @property
    def title(self) -> str: ...

    @property
    def tables(self) -> Mapping[str, Sequence[str]]:
        """Parquet files by table."""

    @property
    def statements(self) -> Sequence[str]:
        """Their names."""

    def text(self, name: str, number: int, peer: str) -> str:
        """The text in round `number`, in the dialect of `peer`."""

    def checks(self, number: int) -> bool:
        """Whether answers of round `number` are compared."""

    def wrong(self, name: str, number: int, answer: pa.Table, reference: pa.Table | None) -> str | None:
        """What is wrong with an answer in round `number`, empty if nothing; None if there is nothing to compare it with."""


class Turns:
    """One run of `workload`: a round with the first form of each statement, then `rounds` more.

    patience: how many more runs an engine has of a statement, for each of its rounds, to make up for noisy ones.
    forget: whether engines forget compiled code before each run.
    """

    def __init__(
        self, workload: Workload, engines: Sequence[Engine], rounds: int, patience: int = 0, forget: bool = False
    ) -> None:
        self.workload = workload
        self.engines = engines
        self._rounds = rounds
        self._patience = patience
        self._forget = forget

    def run(self, told: Callable[[str, dict[str, Timing]], None]) -> Timings:
        """Measures everything; `told` hears of each statement when it is done."""
        timings: Timings = {}
        with TemporaryDirectory(prefix="flint-bench-") as folder:
            for name in self.workload.statements:
                row = timings[name] = {engine.name: Timing() for engine in self.engines}
                for number in range(self._rounds + 1):
                    self._round(name, number, row, Path(folder))
                for engine in self.engines:
                    self._make_up(name, engine, row[engine.name])
                told(name, row)
        return timings

    def _round(self, name: str, number: int, row: dict[str, Timing], folder: Path) -> None:
        answers: dict[str, Path] = {}
        turn = number % len(self.engines)
        for engine in (*self.engines[turn:], *self.engines[:turn]):
            answer = folder / f"{engine.name}.arrow" if self.workload.checks(number) else None
            sample = self._sample(name, number, engine, row[engine.name], answer)
            if sample is None:
                continue
            if answer is not None:
                answers[engine.name] = answer
            if number:
                row[engine.name].repeated.append(sample)
            else:
                row[engine.name].first = sample
        self._check(name, number, row, answers)

    def _sample(self, name: str, number: int, engine: Engine, timing: Timing, keep: Path | None) -> Sample | None:
        """One run; nothing if this engine cannot do the statement."""
        if timing.note.startswith("failed") or (number and timing.first is None):
            return None
        try:
            if self._forget:
                engine.forget()
            sample, rows = engine.run(self.workload.text(name, number, engine.peer), keep)
        except EngineFailed as error:
            timing.note = f"failed: {error}"
            return None
        if not number:
            timing.rows = rows
        return sample

    def _check(self, name: str, number: int, row: dict[str, Timing], answers: Mapping[str, Path]) -> None:
        tables = {engine: _read(file) for engine, file in answers.items()}
        reference = next((engine for engine in tables if engine.startswith(REFERENCE)), None)
        for engine, table in tables.items():
            other = None if reference in (None, engine) else tables[reference or ""]
            found = self.workload.wrong(name, number, table, other)
            row[engine].checked += found is not None
            if found and not row[engine].note:
                row[engine].note = f"wrong: {found}"

    def _make_up(self, name: str, engine: Engine, timing: Timing) -> None:
        number = MADE_UP
        while sum(not sample.noisy for sample in timing.repeated) < self._rounds:
            if number >= MADE_UP + self._rounds * self._patience:
                return
            sample = self._sample(name, number, engine, timing, None)
            if sample is None:
                return
            timing.repeated.append(sample)
            number += 1


def _read(file: Path) -> pa.Table:
    with pa.memory_map(str(file)) as source:
        return pa.ipc.open_file(source).read_all()
