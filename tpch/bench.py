"""TPC-H timings: Flint beside other engines, on the same files, interleaved in one run.

Query by query the engines take turns, each in a process of its own with the same number of threads. Wall time runs from
the text to an Arrow table, planning included. The first statement and the repeated one (median) are separate columns,
since an engine may keep plans, compiled code or decoded columns. Each first answer is checked against the record, where
there is one.

    python -m tpch.bench --scale 1 [--engines flint,duckdb,spark] [--reps 3] [--queries 1,6] [--json out.json]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from tpch import params
from tpch.answer import NoAnswer, recorded_answer
from tpch.check import differences
from tpch.load import GenerateError, load
from tpch.measure import Engine, EngineFailed
from tpch.peers import PEERS

BASELINE = "duckdb"
LAST_PLACE = 1  # DataFusion cuts off the decimals that Spark rounds: no reason to leave its time out
WIDTH = 27  # of one engine's columns


@dataclass
class Timing:
    """One engine on one query. Times in seconds; `note` says what is wrong, empty if all is well."""

    first: float | None = None
    repeated: list[float] = field(default_factory=list)
    rows: int | None = None
    note: str = ""

    @property
    def median(self) -> float | None:
        return statistics.median(self.repeated) if self.repeated else None


Timings = dict[int, dict[str, Timing]]


def measure(engines: Sequence[Engine], queries: Sequence[int], scale: float, reps: int) -> Timings:
    """Runs each query once and then `reps` times more on every engine, taking turns; prints a line per query."""
    timings: Timings = {}
    with tempfile.TemporaryDirectory(prefix="flint-bench-") as folder:
        for query in queries:
            text = params.text(query, scale)
            row = timings[query] = {engine.name: Timing() for engine in engines}
            for repetition in range(reps + 1):
                for engine in engines:
                    keep = Path(folder) / "answer.arrow" if repetition == 0 else None
                    _time(engine, row[engine.name], query, text, scale, keep)
            print(_line(query, row), flush=True)
    return timings


def _time(engine: Engine, timing: Timing, query: int, text: str, scale: float, keep: Path | None) -> None:
    if keep is None and timing.first is None:
        return  # it could not do the first
    try:
        answer = engine.run(text, keep)
    except EngineFailed as error:
        timing.note = timing.note or f"failed: {error}"
        return
    if keep is None:
        timing.repeated.append(answer["seconds"])
        return
    timing.first, timing.rows = answer["seconds"], answer["rows"]
    timing.note = _wrong(query, scale, keep)


def _wrong(query: int, scale: float, answer: Path) -> str:
    """What is wrong with the kept answer; empty if it is right or nothing is recorded at this scale."""
    try:
        expected = recorded_answer(query, scale)
    except NoAnswer:
        return ""
    with pa.memory_map(str(answer)) as source:
        found = differences(query, expected, pa.ipc.open_file(source).read_all(), LAST_PLACE)
    return f"wrong: {found[0]}" if found else ""


def ratios(timings: Timings, engine: str, column: str) -> list[float]:
    """Time of `engine` over that of the baseline, for each query both did right; column: "first" or "median"."""
    found = []
    for row in timings.values():
        mine, base = row[engine], row.get(BASELINE)
        if base is None or mine.note:
            continue
        time, base_time = (timing.first if column == "first" else timing.median for timing in (mine, base))
        if time is not None and base_time is not None:
            found.append(time / base_time)
    return found


def geometric_mean(values: Sequence[float]) -> float | None:
    return math.exp(statistics.fmean(map(math.log, values))) if values else None


def _line(query: int, row: dict[str, Timing]) -> str:
    base = row.get(BASELINE)
    cells = [_cell(timing, base) for timing in row.values()]
    return f"q{query:02} " + "".join(cells)


def _cell(timing: Timing, base: Timing | None) -> str:
    if timing.first is None:
        return "failed".rjust(WIDTH)
    ratio = None
    if base is not None and base.median and timing.median:
        ratio = timing.median / base.median
    mark = "!" if timing.note else " "
    return f"{_ms(timing.first):>9}{_ms(timing.median):>9}{_ratio(ratio):>8}{mark}"


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:,.0f}"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}x"


def print_heading(engines: Sequence[Engine], settings: dict[str, Any]) -> None:
    """What is measured where, versions and threads, then the heads of the columns."""
    print("TPC-H at scale {scale:g}, {reps} repetitions; {machine}, Python {python}".format(**settings))
    print("\n".join(f"{engine.name} {engine.version}, {settings['threads']} threads" for engine in engines), end="\n\n")
    print(f"Milliseconds; ratio of the repeated statement to {BASELINE}; ! is explained below the table\n")
    print("    " + "".join(engine.name.rjust(WIDTH - 1) + " " for engine in engines))
    print("    " + "".join(f"{'first':>9}{'repeat':>9}{'ratio':>8} " for _ in engines))


def print_summary(engines: Sequence[Engine], timings: Timings) -> None:
    """Totals, geometric means of ratios, memory; then what went wrong, in words."""
    print("sum " + "".join(_cell(_total(timings, engine.name), None) for engine in engines))
    for column, label in (("first", "first"), ("median", "repeated")):
        means = [geometric_mean(ratios(timings, engine.name, column)) for engine in engines]
        print("geo " + "".join(_ratio(mean).rjust(WIDTH - 1) + " " for mean in means) + f"  of ratios, {label}")
    for label, sizes in (("idle", [e.idle for e in engines]), ("peak", [e.peak for e in engines])):
        print("mem " + "".join(f"{size / 1e6:,.0f} MB".rjust(WIDTH - 1) + " " for size in sizes) + f"  {label}")
    for query, row in timings.items():
        for name, timing in row.items():
            if timing.note:
                print(f"! q{query:02} {name}: {' '.join(timing.note.split())[:200]}")


def _total(timings: Timings, name: str) -> Timing:
    """Sums over the queries that this engine did."""
    done = [row[name] for row in timings.values() if row[name].first is not None]
    firsts = [timing.first for timing in done if timing.first is not None]
    medians = [timing.median for timing in done if timing.median is not None]
    return Timing(sum(firsts), [sum(medians)] if medians else [])


def report(engines: Sequence[Engine], timings: Timings, settings: dict[str, Any]) -> dict[str, Any]:
    """All that was measured, for JSON: times in seconds, memory in bytes."""
    summary = {
        engine.name: {
            "version": engine.version,
            "idle_bytes": engine.idle,
            "peak_bytes": engine.peak,
            "geometric_mean_first": geometric_mean(ratios(timings, engine.name, "first")),
            "geometric_mean_repeated": geometric_mean(ratios(timings, engine.name, "median")),
        }
        for engine in engines
    }
    queries = {f"q{query:02}": {name: asdict(t) for name, t in row.items()} for query, row in timings.items()}
    return {**settings, "engines": summary, "queries": queries}


def _names(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no engine {', '.join(unknown)} (there are {', '.join(PEERS)})")
    return names


def _queries(text: str) -> list[int]:
    queries = [int(part) for part in text.split(",")]
    if not set(queries) <= set(params.QUERIES):
        raise argparse.ArgumentTypeError("queries are 1 to 22")
    return queries


def _python(text: str) -> tuple[str, str]:
    name, equals, place = text.partition("=")
    if not equals or name not in PEERS:
        raise argparse.ArgumentTypeError(f"expected engine=/path/to/python, got {text!r}")
    return name, place


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tpch.bench", description="Time TPC-H on Flint and other engines.")
    made.add_argument("--scale", type=float, default=1, help="scale factor (default 1)")
    made.add_argument("--engines", type=_names, help="comma-separated; default: all that are installed")
    made.add_argument("--queries", type=_queries, default=list(params.QUERIES), help="for example 1,6 (default: all)")
    made.add_argument("--reps", type=int, default=3, help="repetitions after the first (default 3)")
    made.add_argument("--threads", type=int, default=2, help="threads of each engine (default 2)")
    made.add_argument("--timeout", type=float, default=300, help="seconds allowed for a statement (default 300)")
    made.add_argument("--python", type=_python, action="append", default=[], help="engine=/path: its interpreter")
    made.add_argument("--data", type=Path, help="the folder that holds sf0.1, sf1, ... (default: the user's cache)")
    made.add_argument("--json", type=Path, help="also write everything measured to this file")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: measured; 1: Flint failed or was wrong; 2: nothing to measure."""
    options = parser().parse_args(arguments)
    try:
        path = load(options.scale, options.data)
    except GenerateError as error:
        print(f"tpch.bench: {error}", file=sys.stderr)
        return 2
    engines = _start(options, path)
    if not engines:
        print("tpch.bench: none of the engines could be started", file=sys.stderr)
        return 2
    settings = {
        "scale": options.scale,
        "threads": options.threads,
        "reps": options.reps,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
    }
    try:
        print_heading(engines, settings)
        timings = measure(engines, options.queries, options.scale, options.reps)
    finally:
        for engine in engines:
            engine.stop()
    print_summary(engines, timings)
    if options.json is not None:
        options.json.write_text(json.dumps(report(engines, timings, settings), indent=1) + "\n", encoding="utf-8")
    return 1 if any(row["flint"].note for row in timings.values() if "flint" in row) else 0


def _start(options: argparse.Namespace, path: Path) -> list[Engine]:
    """The engines asked for, or all; one that cannot be started (not installed) is named on stderr and left out."""
    pythons = dict(options.python)
    started = []
    for name in options.engines or PEERS:
        engine = Engine(name, path, options.threads, pythons.get(name, sys.executable), options.timeout)
        try:
            engine.start()
        except EngineFailed as error:
            print(f"tpch.bench: without {name}: {error}", file=sys.stderr)
        else:
            started.append(engine)
    return started


if __name__ == "__main__":
    sys.exit(main())
