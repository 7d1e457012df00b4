"""The progress block of a long statement, on stderr and only if that is a terminal.

stage 2 of 3  ████████████░░░░░░░░  24/40 tasks, 4 running  12,345,678 rows
3.2 s · 4.1 M rows/s · about 2 s left · Ctrl-C stops it

It hears events and nothing else. Nothing is drawn before half a second; then five times a second, in place.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import field
from types import TracebackType
from typing import TextIO

from engine import events
from engine.records import dataclass
from engine.shell import text as screen

_DELAY = 0.5
_INTERVAL = 0.2
_BAR = 20
_LINES = 4  # stages shown at once


@dataclass
class _Stage:
    tasks: int
    done: set[int] = field(default_factory=set)
    running: set[tuple[int, int]] = field(default_factory=set)
    rows: dict[tuple[int, int], int] = field(default_factory=dict)
    complete: bool = False


class Tally:
    """What the events of one statement add up to: stages with their tasks and rows."""

    def __init__(self) -> None:
        self._stages: dict[tuple[int, int], _Stage] = {}
        self._lock = threading.Lock()

    def hear(self, event: events.Event) -> None:
        """Notes one event; called from any thread."""
        with self._lock:
            match event:
                case events.JobStarted(job_id=job, tasks=tasks):
                    for stage, count in tasks.items():
                        self._stages.setdefault((job, stage), _Stage(count))
                case events.StageSubmitted(job_id=job, stage_id=stage, tasks=count):
                    known = self._stages.setdefault((job, stage), _Stage(count))
                    known.complete = False
                case events.StageCompleted(job_id=job, stage_id=stage):
                    self._stage(job, stage).complete = True
                case events.TaskStarted(job_id=job, stage_id=stage, partition=partition, attempt=attempt):
                    self._stage(job, stage).running.add((partition, attempt))
                case events.TaskEnded(job_id=job, stage_id=stage, partition=partition, attempt=attempt, status=status):
                    self._end(self._stage(job, stage), (partition, attempt), status)
                case events.Progress(job_id=job, stage_id=stage, partition=partition, attempt=attempt, rows=rows):
                    self._stage(job, stage).rows[partition, attempt] = rows

    def _stage(self, job: int, stage: int) -> _Stage:
        return self._stages.setdefault((job, stage), _Stage(0))

    @staticmethod
    def _end(stage: _Stage, task: tuple[int, int], status: str) -> None:
        stage.running.discard(task)
        if status == "succeeded":
            stage.done.add(task[0])
        else:  # what a lost or cancelled attempt has read is read again
            stage.rows.pop(task, None)

    def lines(self, seconds: float, width: int) -> list[str]:
        """The block after `seconds`, each line at most `width` columns."""
        with self._lock:
            stages = list(self._stages.values())
            busy = [(number, stage) for number, stage in enumerate(stages, 1) if stage.running and not stage.complete]
            lines = [_bar(number, len(stages), stage) for number, stage in busy[-_LINES:]]
            rows = sum(sum(stage.rows.values()) for stage in stages)
            parts = [screen.duration(round(seconds, 1))]
            if rows:
                parts.append(_rate(rows / seconds))
            left = _left(stages, seconds)
            if left:
                parts.append(left)
        lines.append(" · ".join([*parts, "Ctrl-C stops it"]))
        return [screen.cut(line, width) for line in lines]


def _bar(number: int, count: int, stage: _Stage) -> str:
    total = max(stage.tasks, len(stage.done) + len(stage.running), 1)
    full = _BAR * len(stage.done) // total
    rows = sum(stage.rows.values())
    return (
        f"stage {number} of {count}  {'█' * full}{'░' * (_BAR - full)}  {len(stage.done)}/{total} tasks, "
        f"{len(stage.running)} running" + (f"  {screen.count(rows, 'row')}" if rows else "")
    )


def _rate(rows: float) -> str:
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if rows >= size:
            return f"{rows / size:.1f}{unit} rows/s"
    return f"{rows:.0f} rows/s"


def _left(stages: list[_Stage], seconds: float) -> str:
    """A guess at the time left from the share of tasks done; empty while it would be worth nothing."""
    total = sum(max(stage.tasks, 1) for stage in stages)
    done = sum(max(stage.tasks, 1) if stage.complete else len(stage.done) for stage in stages)
    if total < 4 or done * 10 < total or done >= total:
        return ""
    return f"about {screen.duration(max(1, round(seconds * (total - done) / done)))} left"


class Progress:
    """Draws the block while the statement within its `with` runs."""

    def __init__(self, bus: events.EventBus, stream: TextIO) -> None:
        self._bus = bus
        self._stream = stream
        self._tally = Tally()
        self._stop = threading.Event()
        self._drawn = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    def __enter__(self) -> Progress:
        if self._stream.isatty():
            self._unsubscribe = self._bus.subscribe(self._tally.hear)
            self._thread = threading.Thread(target=self._draw_until_stopped, name="flint-progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hide()
        self._unsubscribe()
        if self._thread is not None:
            self._thread.join()

    def hide(self) -> None:
        """Takes the block off the screen for good: the result is about to be written."""
        self._stop.set()
        with self._lock:
            self._erase()
            self._stream.flush()

    def _draw_until_stopped(self) -> None:
        started = time.monotonic()
        delay = _DELAY
        while not self._stop.wait(delay):
            delay = _INTERVAL
            lines = self._tally.lines(time.monotonic() - started, shutil.get_terminal_size().columns - 1)
            with self._lock:
                if self._stop.is_set():
                    return
                self._erase()
                self._stream.write("\n".join(lines))
                self._drawn = len(lines)
                self._stream.flush()

    def _erase(self) -> None:
        if self._drawn:
            up = f"\x1b[{self._drawn - 1}A" if self._drawn > 1 else ""
            self._stream.write(f"\r{up}\x1b[J")
            self._drawn = 0
