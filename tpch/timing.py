"""What was measured: samples of each engine on each statement, and the figures made of them.

A sample is noisy if other processes used more than `NOISE` of a core while it ran: the median is taken over the quietest.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

NOISE = 0.15
TOO_SHORT = 0.05  # seconds: the machine's clocks of used time are too coarse below


@dataclass(frozen=True)
class Sample:
    """One run of a statement. Times in seconds.

    cpu: used by the engine's processes. busy: cores that other processes used meanwhile.
    planning: the part of `seconds` before execution, from engines that tell.
    """

    seconds: float
    cpu: float = 0.0
    busy: float = 0.0
    planning: float | None = None

    @property
    def noisy(self) -> bool:
        return self.seconds > TOO_SHORT and self.busy > NOISE


@dataclass
class Timing:
    """One engine on one statement. `note` says what is wrong, empty if all is well.

    first: of the statement in its first form, the first time this engine saw it. repeated: of its later forms.
    checked: how many answers were compared with a record or with another engine's.
    """

    first: Sample | None = None
    repeated: list[Sample] = field(default_factory=list)
    rows: int | None = None
    checked: int = 0
    note: str = ""

    @property
    def quiet(self) -> list[Sample]:
        """The repeated samples that count: those without noise, or the quieter half if there are fewer."""
        clean = sum(not sample.noisy for sample in self.repeated)
        enough = max(clean, (len(self.repeated) + 1) // 2)
        return sorted(self.repeated, key=lambda sample: (sample.noisy, sample.busy))[:enough]

    def median(self, of: Callable[[Sample], float | None]) -> float | None:
        """The median over the quiet samples of what `of` gives; None if there is nothing."""
        found = [value for sample in self.quiet if (value := of(sample)) is not None]
        return statistics.median(found) if found else None


Timings = dict[str, dict[str, Timing]]
"""By statement, then by engine."""

Column = Callable[[Timing], float | None]
"""A figure of a timing, None where there is none."""


def first(timing: Timing) -> float | None:
    """Wall seconds of the first run."""
    return None if timing.first is None else timing.first.seconds


def repeated(timing: Timing) -> float | None:
    """Wall seconds of later runs, median."""
    return timing.median(lambda sample: sample.seconds)


def cpu(timing: Timing) -> float | None:
    """CPU seconds of later runs, median."""
    return timing.median(lambda sample: sample.cpu)


def planning(timing: Timing) -> float | None:
    """Wall seconds before execution of later runs, median; None for engines that do not tell."""
    return timing.median(lambda sample: sample.planning)


def execution(timing: Timing) -> float | None:
    """Wall seconds of later runs without planning, median; with it for engines that do not tell."""
    return timing.median(lambda sample: sample.seconds - (sample.planning or 0.0))


def ratio(row: dict[str, Timing], engine: str, base: str, column: Column = repeated) -> float | None:
    """`engine` over `base` on one statement, if both did it right."""
    if engine not in row or base not in row or row[engine].note or row[base].note:
        return None
    mine, other = column(row[engine]), column(row[base])
    return mine / other if mine and other else None  # a CPU time may be below what the machine counts


def ratios(timings: Timings, engine: str, base: str, column: Column = repeated) -> dict[str, float]:
    """`ratio` by statement, for those both did right."""
    found = {name: ratio(row, engine, base, column) for name, row in timings.items()}
    return {name: value for name, value in found.items() if value is not None}


def total(timings: Timings, engine: str, column: Column = repeated) -> float | None:
    """The sum over the statements that `engine` did."""
    found = [value for row in timings.values() if engine in row and (value := column(row[engine])) is not None]
    return sum(found) if found else None


def geometric_mean(values: Sequence[float]) -> float | None:
    return math.exp(statistics.fmean(map(math.log, values))) if values else None
