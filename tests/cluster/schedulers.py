"""Schedulers on real worker processes, and a look at what they leave behind."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from engine.cluster.local import LocalCluster
from engine.events import Event, EventBus
from engine.schedule.scheduler import Scheduler


class Recorder:
    """Events of a scheduler, by class name."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.events: list[Event] = []
        scheduler.events.subscribe(self.events.append)

    def of(self, name: str, **values: object) -> list[Event]:
        """The events of a class with these values."""
        return [
            event
            for event in self.events
            if type(event).__name__ == name and all(getattr(event, key) == value for key, value in values.items())
        ]


def running(directory: Path, executors: int) -> Iterator[Scheduler]:
    """A scheduler that is stopped afterwards and must leave no file and no process."""
    scheduler = Scheduler(LocalCluster(settings(directory, executors)), EventBus())
    recorder = Recorder(scheduler)
    yield scheduler
    scheduler.stop()
    assert os.listdir(directory) == []
    assert not any(psutil.pid_exists(event.pid) for event in recorder.of("ExecutorAdded"))  # type: ignore[attr-defined]


def settings(directory: Path, executors: int = 2, **more: str) -> dict[str, str]:
    """What a cluster is made from."""
    return {
        "spark.executor.instances": str(executors),
        "spark.executor.cores": "1",
        "spark.executor.memory": "200m",
        "spark.local.dir": str(directory),
    } | more


def eventually(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Waits until `condition` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
