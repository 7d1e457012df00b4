"""Small stage programs: numbers are made, split by remainder through a shuffle, and summed."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.errors import ExecutionError
from engine.physical.task import TaskContext
from engine.schedule.stage import Job, Stage, next_job_id


@dataclass(frozen=True)
class Numbers:
    """Writes `count` numbers starting at partition * count, split by remainder."""

    count: int
    splits: int

    def run(self, partition: int, task: TaskContext) -> None:
        """One batch per split."""
        writer = task.shuffle_writer(self.splits)
        numbers = pa.array(range(partition * self.count, (partition + 1) * self.count), pa.int64())
        batch = pa.record_batch({"n": numbers})
        for split in range(self.splits):
            remainder = pc.subtract(numbers, pc.multiply(pc.divide(numbers, self.splits), self.splits))
            writer.write(split, batch.filter(pc.equal(remainder, split)))
        task.metrics.add(1, "rows", self.count)
        task.metrics.progress(self.count, self.count * 8)
        writer.commit()


@dataclass(frozen=True)
class Sum:
    """Emits the sum and count of a shuffle partition."""

    parent: int

    def run(self, partition: int, task: TaskContext) -> None:
        """One row."""
        total, count = 0, 0
        for morsel in task.read_shuffle(self.parent, [partition]):
            for batch in morsel():
                total += pc.sum(batch["n"]).as_py() or 0
                count += batch.num_rows
        task.metrics.add(2, "rows", count)
        task.emit(pa.record_batch({"total": pa.array([total]), "count": pa.array([count])}))


@dataclass(frozen=True)
class Once:
    """Does something drastic the first time `partition` runs (told by a file), then what `program` does."""

    program: object
    partition: int
    marker: str
    action: str = "kill"

    def run(self, partition: int, task: TaskContext) -> None:
        """Dies or damages its input before the first run."""
        marker = Path(self.marker)
        if partition == self.partition and not marker.exists():
            marker.write_text("x")
            if self.action == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            for files in task._inputs.values():
                damage(files[0].data, self.action)
        self.program.run(partition, task)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Die:
    """Kills its process with a signal, always."""

    signal: int

    def run(self, partition: int, task: TaskContext) -> None:
        """Does not return."""
        os.kill(os.getpid(), self.signal)
        time.sleep(10)


@dataclass(frozen=True)
class Spin:
    """Runs until cancelled; deaf ones do not look at the flag."""

    started: str
    deaf: bool = False

    def run(self, partition: int, task: TaskContext) -> None:
        """Leaves a file when it starts."""
        Path(self.started + str(partition)).write_text(str(os.getpid()))
        while True:
            time.sleep(0.01)
            task.metrics.progress(1, 8)
            if not self.deaf:
                task.cancel.check()


@dataclass(frozen=True)
class Fail:
    """Raises."""

    kind: str

    def run(self, partition: int, task: TaskContext) -> None:
        """A typed error or a bug."""
        if self.kind == "typed":
            raise ExecutionError("DIVIDE_BY_ZERO", {"config": "x"})
        raise KeyError("a bug")


@dataclass(frozen=True)
class Rows:
    """Emits `batches` batches of `size` numbers."""

    batches: int
    size: int
    kill_after: int = -1
    marker: str = ""

    def run(self, partition: int, task: TaskContext) -> None:
        """Numbers count up through the partition."""
        for number in range(self.batches):
            if number == self.kill_after and not Path(self.marker).exists():
                Path(self.marker).write_text("x")
                os.kill(os.getpid(), signal.SIGKILL)
            first = number * self.size
            task.emit(pa.record_batch({"n": pa.array(np.arange(first, first + self.size))}))


def damage(path: Path, action: str) -> None:
    """Removes, shortens or flips a byte of a file."""
    if action == "remove":
        path.unlink()
    elif action == "shorten":
        path.write_bytes(path.read_bytes()[:-9])
    else:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)


def shuffle_job(maps: int = 4, reduces: int = 3, count: int = 1000, **options: object) -> Job:
    """Numbers into Sum; `numbers` and `sums` replace the programs, `conf` sets settings."""
    numbers = options.get("numbers", Numbers(count, reduces))
    sums = options.get("sums", Sum(0))
    first = Stage(0, (), maps, numbers, "shuffle", reduces, deterministic=bool(options.get("deterministic", True)))  # type: ignore[arg-type]
    second = Stage(1, (0,), reduces, sums, "result")  # type: ignore[arg-type]
    return Job(next_job_id(), (first, second), "query", options.get("conf", {}))  # type: ignore[arg-type]


def result_job(program: object, partitions: int = 1, **conf: str) -> Job:
    """One result stage."""
    return Job(next_job_id(), (Stage(0, (), partitions, program, "result"),), "query", conf)  # type: ignore[arg-type]


def totals(batches: object) -> tuple[int, int]:
    """Sum and count over the rows of Sum."""
    rows = [row for _, batch in batches for row in batch.to_pylist()]  # type: ignore[attr-defined]
    return sum(row["total"] for row in rows), sum(row["count"] for row in rows)
