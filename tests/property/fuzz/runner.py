"""Runs seeds of oracles, shrinks what fails, and reports it: the seed, the SQL, both answers."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .lab import Lab
from .oracles import ORACLES, Oracle
from .pieces import Piece, shrunk
from .tables import write_tables
from .typed_tables import write_typed_tables


@dataclass(frozen=True)
class Finding:
    """A seed for which the oracle called `oracle` disagrees, as `report` says."""

    oracle: str
    seed: int
    report: str

    def __str__(self) -> str:
        return f"### {self.oracle} {self.seed}\n{self.report}\n"


def case_of(oracle: str, seed: int) -> Piece:
    """The case of a seed: the same one every time."""
    return ORACLES[oracle].make(random.Random(f"{oracle} {seed}"))


def examined(lab: Lab, name: str, seed: int, shrink: bool) -> Finding | None:
    """What is wrong with a seed, if anything."""
    oracle: Oracle = ORACLES[name]
    case = case_of(name, seed)
    report = oracle.disagreement(lab, case, seed)
    if not report:
        return None
    if shrink:
        small = shrunk(case, lambda smaller: bool(oracle.disagreement(lab, smaller, seed)))
        report = oracle.disagreement(lab, small, seed) or report
    return Finding(name, seed, report)


def findings(
    seeds: Sequence[tuple[str, int]], shrink: bool = True, until: float = float("inf")
) -> Iterator[Finding | None]:
    """One after another, what the pairs of an oracle and a seed find; stops at the time `until`."""
    with TemporaryDirectory() as folder:
        write_tables(Path(folder))
        write_typed_tables(Path(folder))
        lab = Lab(Path(folder))
        try:
            for name, seed in seeds:
                if time.time() > until:
                    return
                yield examined(lab, name, seed, shrink)
        finally:
            lab.close()


def fixed() -> list[tuple[str, int]]:
    """The seeds of every run of the suite."""
    return [(name, seed) for name, oracle in ORACLES.items() for seed in range(oracle.seeds)]
