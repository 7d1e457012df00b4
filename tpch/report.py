"""What is told of a run: a line for each statement while it goes on, then sums, as text, as Markdown and for JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tpch.measure import Engine
from tpch.timing import (
    Column,
    Sample,
    Timing,
    Timings,
    cpu,
    execution,
    first,
    geometric_mean,
    planning,
    ratio,
    ratios,
    repeated,
    total,
)

SUBJECT = "flint"


@dataclass(frozen=True)
class Cell:
    """One column of the table: its head, and its text for a statement."""

    head: str
    text: Callable[[dict[str, Timing]], str]


class Report:
    """The tables of one run of `engines`; `settings` say what was measured where."""

    def __init__(self, engines: Sequence[Engine], settings: dict[str, Any]) -> None:
        self.engines = engines
        self.settings = settings
        self.names = [engine.name for engine in engines]
        self.subject = next((name for name in self.names if name.startswith(SUBJECT)), None)
        self.peers = [name for name in self.names if name != self.subject]
        self._cells = self._columns()
        self._widths = [max(len(cell.head), 7) for cell in self._cells]

    def _columns(self) -> list[Cell]:
        cells = []
        for name in self.names:
            cells.append(Cell(f"{name} first", lambda row, name=name: _ms(first(row[name]))))  # type: ignore[misc]
            cells.append(Cell(name, lambda row, name=name: _marked(row[name])))  # type: ignore[misc]
            cells.append(Cell("cpu", lambda row, name=name: _ms(cpu(row[name]))))  # type: ignore[misc]
            if name == self.subject:
                cells.append(Cell("plan", lambda row, name=name: _ms(planning(row[name]))))  # type: ignore[misc]
        for peer in self.peers if self.subject else ():
            cells.append(Cell(f"/{peer}", lambda row, peer=peer: _ratio(self._ratio(row, peer))))  # type: ignore[misc]
        return cells

    def _ratio(self, row: dict[str, Timing], peer: str) -> float | None:
        return ratio(row, self.subject or "", peer)

    # as text

    def heading(self) -> str:
        """What is measured where, and the heads of the columns."""
        about = "{workload}; {mode}, object code cache {object_cache}; {rounds} rounds; {threads} threads each"
        place = "{machine}, Python {python}"
        lines = [about.format(**self.settings), place.format(**self.settings)]
        lines += [f"{engine.name} {engine.version}" for engine in self.engines]
        lines += [
            "",
            "Milliseconds: first run, median of later ones, CPU; ratios of medians; ! is explained below.",
            "",
        ]
        return "\n".join([*lines, self._line("", [cell.head for cell in self._cells])])

    def line(self, name: str, row: dict[str, Timing]) -> str:
        """One statement's."""
        return self._line(name, [cell.text(row) for cell in self._cells])

    def _line(self, name: str, cells: Sequence[str]) -> str:
        return f"{name:5}" + "".join(text.rjust(width + 2) for text, width in zip(cells, self._widths, strict=True))

    def summary(self, timings: Timings) -> str:
        """Sums, means of ratios, memory; then what went wrong, in words."""
        lines = [self.line("sum", self._sums(timings)), "", *self.figures(timings), "", *self.memory(), ""]
        return "\n".join([*lines, *notes(timings)]).rstrip()

    def _sums(self, timings: Timings) -> dict[str, Timing]:
        return {name: _sum(timings, name) for name in self.names}

    # as Markdown

    def markdown(self, timings: Timings) -> str:
        """The same as tables for a note."""
        heads = ["", *(cell.head for cell in self._cells)]
        lines = [self.heading().split("\n\n")[0].replace("\n", " · "), "", _bar(heads), _bar(["---"] * len(heads))]
        for name, row in {**timings, "sum": self._sums(timings)}.items():
            lines.append(_bar([name, *(cell.text(row) for cell in self._cells)]))
        facts = [*self.figures(timings), *self.memory(), *notes(timings)]
        return "\n".join([*lines, "", *(f"- {fact}" for fact in facts)]) + "\n"

    # figures

    def figures(self, timings: Timings) -> list[str]:
        """Geometric means, totals and the worst ratios of the subject to each peer; what planning takes."""
        if self.subject is None:
            return []
        lines = []
        for peer in self.peers:
            found = ratios(timings, self.subject, peer)
            if not found:
                continue
            worst = sorted(found, key=lambda name: found[name])[-3:][::-1]
            listed = ", ".join(f"{label} {_ratio(mean)}" for label, mean in self._means(timings, peer).items())
            lines.append(f"{self.subject} / {peer}, geometric mean of {len(found)}: {listed}")
            both = {name: timings[name] for name in found}
            mine, other = total(both, self.subject), total(both, peer)
            sums = _ratio(mine / other) if mine and other else "-"
            lines.append(f"  total {sums}; worst " + ", ".join(f"{name} {found[name]:.2f}" for name in worst))
        plans = {name: planning(row[self.subject]) for name, row in timings.items()}
        slowest = max(((value, name) for name, value in plans.items() if value is not None), default=None)
        if slowest is not None:
            lines.append(f"{self.subject} plans in {_ms(slowest[0])} ms at most ({slowest[1]})")
        return lines

    def _means(self, timings: Timings, peer: str) -> dict[str, float | None]:
        """Geometric means of the subject's ratios to `peer`, by what is compared."""
        return {
            label: geometric_mean(list(ratios(timings, self.subject or "", peer, column).values()))
            for label, column in _COMPARED.items()
        }

    def memory(self) -> list[str]:
        """What tables in memory take, and the peak above what the engine has when idle."""
        lines = []
        for engine in self.engines:
            text = f"{engine.name}: peak {_mb(engine.peak - engine.idle)} above {_mb(engine.idle)} idle"
            if engine.loading is not None:
                text += f"; loaded in {engine.loading:.1f} s, {_mb(engine.loaded - engine.idle)}"
            lines.append(text)
        return lines

    def json(self, timings: Timings) -> dict[str, Any]:
        """All that was measured: times in seconds, memory in bytes."""
        engines = {
            engine.name: {
                "version": engine.version,
                "idle_bytes": engine.idle,
                "loaded_bytes": engine.loaded,
                "loading": engine.loading,
                "peak_bytes": engine.peak,
            }
            for engine in self.engines
        }
        means = {peer: self._means(timings, peer) for peer in (self.peers if self.subject else ())}
        queries = {name: {engine: asdict(timing) for engine, timing in row.items()} for name, row in timings.items()}
        return {**self.settings, "engines": engines, "geometric_means": means, "queries": queries}


_COMPARED: Mapping[str, Column] = {
    "wall": repeated,
    "execution": execution,
    "cpu": cpu,
    "first": first,
}


def scaling(timings: Timings, smaller: Mapping[str, Any], engine: str) -> list[str]:
    """How execution grew from a run at a smaller scale, which `smaller` holds as `Report.json` gave it."""
    grown = {}
    before = after = 0.0
    for name, row in timings.items():
        small = _timing(smaller["queries"].get(name, {}).get(engine, {}))
        mine, other = (execution(row[engine]), execution(small)) if engine in row else (None, None)
        if mine is not None and other:
            grown[name] = mine / other
            before, after = before + other, after + mine
    if not grown:
        return []
    worst = max(grown, key=lambda name: grown[name])
    scale = smaller["workload"]
    return [
        f"{engine} against {scale}: execution {after / before:.1f} times in total, {worst} {grown[worst]:.1f} times"
    ]


def _timing(written: Mapping[str, Any]) -> Timing:
    return Timing(repeated=[Sample(**sample) for sample in written.get("repeated", [])])


def _sum(timings: Timings, name: str) -> Timing:
    """Sums over the statements that this engine did, as a timing."""
    firsts = total(timings, name, first)
    wall, used, plan = (total(timings, name, of) for of in (repeated, cpu, planning))
    made = Timing(None if firsts is None else Sample(firsts))
    if wall is not None:
        made.repeated.append(Sample(wall, used or 0.0, 0.0, plan))
    return made


def notes(timings: Timings) -> list[str]:
    """What went wrong, a line for each statement and engine."""
    return [
        f"! {name} {engine}: {' '.join(timing.note.split())[:200]}"
        for name, row in timings.items()
        for engine, timing in row.items()
        if timing.note
    ]


def _bar(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _marked(timing: Timing) -> str:
    return _ms(repeated(timing)) + ("!" if timing.note else "")


def _ms(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds * 1000:,.0f}" if seconds >= 0.01 else f"{seconds * 1000:.1f}"


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
