"""Stages on two worker processes: right answers, results of every size, metrics, typed errors."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from schedulers import Recorder, settings
from toy_programs import Fail, Numbers, Rows, Sum, result_job, shuffle_job, totals

from engine.cluster.inline import InlineCluster
from engine.errors import ClusterError, ExecutionError, FlintError, InternalError
from engine.physical.task import TaskContext
from engine.schedule.scheduler import Scheduler
from engine.schedule.stage import Job, Stage, next_job_id


def test_two_executors_answer_a_two_stage_job(two: Scheduler, recorder: Recorder) -> None:
    handle = two.submit(shuffle_job(maps=4, reduces=3, count=1000))
    assert totals(handle.batches()) == (sum(range(4000)), 4000)
    assert {event.executor_id for event in recorder.of("TaskStarted")} == {"1", "2"}  # type: ignore[attr-defined]
    assert [event.stage_id for event in recorder.of("StageCompleted")] == [0, 1]  # type: ignore[attr-defined]
    assert handle.metrics[0].operators[1, "rows"].total == 4000
    assert handle.metrics[0].operators[1, "rows"].median == 1000
    assert handle.metrics[1].operators[2, "rows"].maximum == 1334


def test_partitions_come_in_order_when_asked(two: Scheduler) -> None:
    batches = list(two.submit(result_job(Rows(3, 10), 6)).batches(ordered=True))
    assert [partition for partition, _ in batches] == [number for number in range(6) for _ in range(3)]
    assert [batch["n"][0].as_py() for _, batch in batches] == [0, 10, 20] * 6


@pytest.mark.parametrize("cluster", ["two", "one"])
def test_large_results_are_whole_and_in_order(cluster: str, request: pytest.FixtureRequest) -> None:
    scheduler: Scheduler = request.getfixturevalue(cluster)
    rows = [value for _, batch in scheduler.submit(result_job(Rows(30, 100_000))).batches() for value in ends(batch)]
    assert rows[0] == 0
    assert rows[-1] == 2_999_999
    assert rows == sorted(rows)


def ends(batch: pa.RecordBatch) -> list[int]:
    """The first and last number of a batch."""
    return [batch["n"][0].as_py(), batch["n"][-1].as_py()]


def test_a_job_without_partitions_is_empty(two: Scheduler) -> None:
    stages = (Stage(0, (), 0, Numbers(1, 1), "shuffle", 1), Stage(1, (0,), 1, Sum(0), "result"))
    assert totals(two.submit(Job(next_job_id(), stages)).batches()) == (0, 0)
    assert list(two.submit(result_job(Rows(1, 1), 0)).batches()) == []


def test_errors_of_programs_keep_their_type_and_are_not_tried_again(two: Scheduler, recorder: Recorder) -> None:
    with pytest.raises(ExecutionError) as typed:
        two.submit(result_job(Fail("typed"))).wait()
    assert typed.value.condition == "DIVIDE_BY_ZERO"
    with pytest.raises(InternalError) as bug:
        two.submit(result_job(Fail("bug"))).wait()
    assert "a bug" in bug.value.message
    assert "toy_programs.py" in bug.value.details
    assert len(recorder.of("TaskStarted")) == 2


def test_a_program_that_cannot_be_sent_is_one_error(two: Scheduler) -> None:
    with pytest.raises(InternalError, match="cannot be sent"):
        two.submit(result_job(Unsendable(threading.Lock()))).wait()
    assert totals(two.submit(shuffle_job()).batches()) == (sum(range(4000)), 4000)


@dataclass(frozen=True)
class Unsendable:
    """Holds what cannot be pickled."""

    lock: object

    def run(self, partition: int, task: TaskContext) -> None:
        """Is never reached."""


@dataclass(frozen=True)
class Shared:
    """Emits how often a shared value was built in its executor so far, and the process."""

    folder: str

    def run(self, partition: int, task: TaskContext) -> None:
        """Several tasks ask; one builds."""
        built = task.shared("table", self.build)
        task.emit(pa.record_batch({"pid": [built], "job": [task.job_id]}))

    def build(self) -> int:
        """Leaves a file for each call."""
        calls = Path(self.folder, f"built-{os.getpid()}")
        calls.write_text(calls.read_text() + "x" if calls.exists() else "x")
        return os.getpid()


def test_shared_values_are_built_once_an_executor_and_job(two: Scheduler, tmp_path: Path) -> None:
    for runs in (1, 2):
        list(two.submit(result_job(Shared(str(tmp_path)), 8)).batches())
        assert all(len(path.read_text()) <= runs for path in tmp_path.glob("built-*"))
        assert max(len(path.read_text()) for path in tmp_path.glob("built-*")) == runs


@dataclass(frozen=True)
class Greedy:
    """Reserves more than its executor has."""

    def run(self, partition: int, task: TaskContext) -> None:
        """Fails on the second reservation."""
        task.memory.reservation("HashAggregate").grow(150 << 20)
        task.memory.reservation("Sort").grow(150 << 20)


def test_memory_beyond_the_budget_is_a_typed_error_and_is_given_back(two: Scheduler) -> None:
    for _ in range(3):
        with pytest.raises(ClusterError) as error:
            two.submit(result_job(Greedy())).wait()
        assert error.value.condition == "OUT_OF_MEMORY"
        assert "Sort" in error.value.message
        assert "spark.executor.memory" in error.value.message


def test_jobs_of_many_threads_share_the_executors(two: Scheduler) -> None:
    answers: list[tuple[int, int]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(totals(two.submit(shuffle_job()).batches()))) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == [(sum(range(4000)), 4000)] * 5


def test_an_unread_result_does_not_hold_up_other_queries(one: Scheduler) -> None:
    slow = one.submit(result_job(Rows(100, 100_000))).batches()
    next(slow)
    assert totals(one.submit(shuffle_job()).batches()) == (sum(range(4000)), 4000)
    assert sum(batch.num_rows for _, batch in slow) == 99 * 100_000


def test_inline_executors_give_the_same(tmp_path: Path) -> None:
    scheduler = Scheduler(InlineCluster(settings(tmp_path), executors=2, cores=2))
    assert totals(scheduler.submit(shuffle_job()).batches()) == (sum(range(4000)), 4000)
    assert sum(batch.num_rows for _, batch in scheduler.submit(result_job(Rows(20, 100_000))).batches()) == 2_000_000
    with pytest.raises(FlintError):
        scheduler.submit(result_job(Fail("typed"))).wait()
    scheduler.stop()
    assert os.listdir(tmp_path) == []
