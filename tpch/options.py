"""What the benchmarks have in common: their options, the start of engines, the run from the heading to the last figure."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tpch.measure import IN_MEMORY, Engine, EngineFailed, Opening
from tpch.peers import PEERS
from tpch.report import SUBJECT, Report, scaling
from tpch.turns import Turns, Workload


@dataclass(frozen=True)
class Mode:
    """Where tables are: what it is called in reports, the engines if none are named, and settings of each peer."""

    title: str
    engines: tuple[str, ...]
    settings: dict[str, dict[str, str]] = field(default_factory=dict)


MODES = {
    "warm": Mode("from Parquet, columns warm", (*PEERS, f"duckdb{IN_MEMORY}")),
    "first": Mode("from Parquet, first touch", tuple(PEERS), {SUBJECT: {"flint.columnCache.enabled": "false"}}),
    "cached": Mode("tables in memory", tuple(f"{peer}{IN_MEMORY}" for peer in ("flint", "duckdb", "polars"))),
}


def _names(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name.removesuffix(IN_MEMORY) not in PEERS]
    if unknown:
        known = ", ".join(PEERS)
        raise argparse.ArgumentTypeError(
            f"no engine {', '.join(unknown)} (there are {known}, each also with {IN_MEMORY})"
        )
    return names


def _of_peer(text: str) -> tuple[str, str]:
    name, equals, rest = text.partition("=")
    if not equals or name not in PEERS:
        raise argparse.ArgumentTypeError(f"expected engine=..., got {text!r}")
    return name, rest


def _setting(text: str) -> tuple[str, str, str]:
    name, rest = _of_peer(text)
    key, equals, value = rest.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"expected engine=setting=value, got {text!r}")
    return name, key, value


def add_options(made: argparse.ArgumentParser) -> None:
    """The options of every benchmark."""
    made.add_argument("--engines", type=_names, help=f"comma-separated, {IN_MEMORY} behind a name: held in memory")
    made.add_argument("--mode", choices=MODES, default="warm", help="where tables are (default warm)")
    made.add_argument(
        "--object-cache", choices=("warm", "empty"), default="warm", help="of compiled code (default warm)"
    )
    made.add_argument("--reps", type=int, default=3, help="rounds after the first (default 3)")
    made.add_argument("--patience", type=int, default=1, help="more runs per round to make up for noise (default 1)")
    made.add_argument("--threads", type=int, default=2, help="threads of each engine (default 2)")
    made.add_argument("--timeout", type=float, default=300, help="seconds allowed for a statement (default 300)")
    made.add_argument("--python", type=_of_peer, action="append", default=[], help="engine=/path: its interpreter")
    made.add_argument("--conf", type=_setting, action="append", default=[], help="engine=name=value: a setting of it")
    made.add_argument("--json", type=Path, help="also write everything measured to this file")
    made.add_argument("--markdown", type=Path, help="also write the tables to this file, as Markdown")
    made.add_argument("--smaller", type=Path, help="a --json file at a smaller scale: how execution grew from there")


def benchmark(workload: Workload, options: argparse.Namespace) -> int:
    """Measures and tells. Exit code 0: measured; 1: Flint failed or was wrong; 2: nothing to measure."""
    engines = _start(workload, options)
    if not engines:
        print("none of the engines could be started", file=sys.stderr)
        return 2
    report = Report(engines, _about(workload, options))
    print(report.heading(), flush=True)
    turns = Turns(workload, engines, options.reps, options.patience, forget=options.object_cache == "empty")
    try:
        timings = turns.run(lambda name, row: print(report.line(name, row), flush=True))
    finally:
        for engine in engines:
            engine.stop()
    print(report.summary(timings))
    markdown = report.markdown(timings)
    if options.smaller is not None and report.subject is not None:
        lines = scaling(timings, json.loads(options.smaller.read_text(encoding="utf-8")), report.subject)
        print("\n".join(lines))
        markdown += "".join(f"- {line}\n" for line in lines)
    if options.markdown is not None:
        options.markdown.write_text(markdown, encoding="utf-8")
    if options.json is not None:
        options.json.write_text(json.dumps(report.json(timings), indent=1) + "\n", encoding="utf-8")
    return 1 if any(row[report.subject].note for row in timings.values() if report.subject) else 0


def _about(workload: Workload, options: argparse.Namespace) -> dict[str, Any]:
    return {
        "workload": workload.title,
        "mode": MODES[options.mode].title,
        "object_cache": options.object_cache,
        "rounds": options.reps,
        "threads": options.threads,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "settings": _settings(options),
    }


def _settings(options: argparse.Namespace) -> dict[str, dict[str, str]]:
    settings = {peer: dict(given) for peer, given in MODES[options.mode].settings.items()}
    for peer, key, value in options.conf:
        settings.setdefault(peer, {})[key] = value
    return settings


def _start(workload: Workload, options: argparse.Namespace) -> list[Engine]:
    """The engines asked for, or all; one that cannot be started (not installed) is named on stderr and left out."""
    pythons = dict(options.python)
    opening = Opening(workload.tables, options.threads, _settings(options))
    started = []
    for name in options.engines or MODES[options.mode].engines:
        peer = name.removesuffix(IN_MEMORY)
        engine = Engine(name, opening, pythons.get(peer, sys.executable), options.timeout)
        try:
            engine.start()
        except EngineFailed as error:
            print(f"without {name}: {error}", file=sys.stderr)
        else:
            started.append(engine)
    return started
