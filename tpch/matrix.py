"""The 22 queries under many settings: the answers must never depend on them.

Executors, partitions of exchanges, broadcasts on and off, optimizer batches left out one at a time, sort-merge joins preferred,
and one executor killed in every query.

    python -m tpch.matrix --scale 1 [--only executors,kill] [--data DIR]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tpch.check import Outcome, answer_queries
from tpch.load import load, register
from tpch.params import QUERIES

if TYPE_CHECKING:
    from engine import Session

BATCHES = ("Fold constants", "Infer filters", "Join order", "Distinct aggregates", "Prune columns", "Scans")
"""Optimizer batches without which all queries still end in reasonable time; see engine/optimize/optimizer.py."""


@dataclass(frozen=True)
class Setup:
    """A row of the matrix: `kill` ends one executor with SIGKILL some time into each query."""

    name: str
    conf: dict[str, str] = field(default_factory=dict)
    kill: bool = False


def setups() -> Iterator[Setup]:
    """The rows of the matrix."""
    for executors in ("1", "2", "4"):
        yield Setup(f"executors {executors}", {"spark.executor.instances": executors})
    for partitions in ("1", "2", "7"):
        conf = {"spark.executor.instances": "2", "spark.sql.shuffle.partitions": partitions}
        yield Setup(f"partitions {partitions}", conf)
    two = {"spark.executor.instances": "2"}
    yield Setup("no broadcasts", two | {"spark.sql.autoBroadcastJoinThreshold": "-1"})
    merge = {"spark.sql.autoBroadcastJoinThreshold": "-1", "spark.sql.join.preferSortMergeJoin": "true"}
    yield Setup("sort-merge joins", two | merge)
    for batch in BATCHES:
        yield Setup(f"without {batch}", {"spark.sql.optimizer.excludedRules": batch})
    yield Setup("kill an executor", two, kill=True)


class Killer:
    """Ends a random executor of a session once in each query, `delay` seconds after the query was seen to start."""

    def __init__(self, session: Session, seed: int = 1) -> None:
        self.kills = 0
        self._random = random.Random(seed)
        self._pids: dict[str, int] = {}
        self._unsubscribe = session.events.subscribe(self._hear)

    def close(self) -> None:
        """Stops listening."""
        self._unsubscribe()

    def _hear(self, event: object) -> None:
        match type(event).__name__:
            case "ExecutorAdded":
                self._pids[event.executor_id] = event.pid  # type: ignore[attr-defined]
            case "ExecutorRemoved":
                self._pids.pop(event.executor_id, None)  # type: ignore[attr-defined]
            case "JobStarted":
                threading.Timer(self._random.uniform(0.02, 0.3), self._kill).start()

    def _kill(self) -> None:
        pids = sorted(pid for pid in self._pids.values() if pid > 0 and pid != os.getpid())
        if pids:
            with suppress(ProcessLookupError):  # it ended by itself
                os.kill(self._random.choice(pids), signal.SIGKILL)
                self.kills += 1


def run(setup: Setup, scale: float, path: Path) -> tuple[list[Outcome], int]:
    """The outcome of each query under `setup`, and how many executors were killed."""
    from engine import Session  # start-up: --help needs no engine

    with Session(conf=setup.conf) as session:
        register(session, path)
        killer = Killer(session) if setup.kill else None
        outcomes = list(answer_queries(session, QUERIES, scale))
        if killer is not None:
            killer.close()
        return outcomes, killer.kills if killer is not None else 0


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: all right everywhere; 1: something is wrong somewhere."""
    parser = argparse.ArgumentParser(
        "tpch.matrix", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--data", type=Path, help="folder of sf<scale> folders")
    parser.add_argument("--only", default="", help="rows whose names hold one of these words, comma separated")
    options = parser.parse_args(arguments)
    path = load(options.scale, options.data)
    words = [word for word in options.only.split(",") if word]
    failed = 0
    for setup in setups():
        if words and not any(word in setup.name for word in words):
            continue
        began = time.perf_counter()
        outcomes, kills = run(setup, options.scale, path)
        wrong = [outcome for outcome in outcomes if not outcome.right]
        failed += len(wrong)
        note = f", {kills} killed" if setup.kill else ""
        spent = time.perf_counter() - began
        print(
            f"{setup.name:<30} {len(outcomes) - len(wrong):>2} of {len(outcomes)} right {spent:7.1f} s{note}",
            flush=True,
        )
        for outcome in wrong:
            print(f"    q{outcome.query:02}: {'; '.join(outcome.differences)[:300]}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
