"""The decisions of the scheduler, one message at a time, on a cluster that only notes what it is told."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engine.compile.object_cache import Quarantined
from engine.errors import Cancelled, ClusterError, FlintError, InternalError
from engine.events import CodeCrashed, Event, EventBus
from engine.schedule.backend import ExecutorDown, ExecutorUp, TaskBatch, TaskDone, TaskLaunch
from engine.schedule.dispatch import Dispatcher
from engine.schedule.results import ResultQueue
from engine.schedule.stage import Job, Stage, next_job_id
from engine.schedule.state import JobRun
from engine.shuffle.store import FetchFailed, MapFile, MapOutput


class Program:
    """Never runs here."""

    def run(self, partition: int, task: Any) -> None:
        """Does nothing."""


class Noted:
    """A cluster that notes calls."""

    def __init__(self) -> None:
        self.launched: list[tuple[str, TaskLaunch]] = []
        self.cancelled: list[int] = []
        self.forgotten: list[int] = []

    def start(self, report: Any) -> int:
        """Two executors."""
        return 2

    def launch(self, executor_id: str, task: TaskLaunch, program: Any) -> None:
        """Notes the task."""
        self.launched.append((executor_id, task))

    def cancel(self, task_id: int) -> None:
        """Notes the task."""
        self.cancelled.append(task_id)

    def forget(self, job_id: int) -> None:
        """Notes the job."""
        self.forgotten.append(job_id)

    def stop(self) -> None:
        """Does nothing."""


class World:
    """A dispatcher with executors that the test plays."""

    def __init__(self, *executors: str, folder: Path | None = None) -> None:
        self.cluster = Noted()
        bus = EventBus()
        self.events: list[Event] = []
        bus.subscribe(self.events.append)
        self.dispatcher = Dispatcher(self.cluster, bus)
        self.dispatcher.executors = len(executors)
        self.folder = folder or Path("/nowhere")
        for executor in executors:
            self.up(executor)

    def up(self, executor: str) -> None:
        """An executor is ready."""
        self.dispatcher.report(ExecutorUp(executor, 1, 1))
        self.dispatcher.assign()

    def down(self, executor: str, expected: bool = False) -> None:
        """An executor is gone."""
        self.dispatcher.report(ExecutorDown(executor, "its process was killed (SIGKILL)", expected))
        self.dispatcher.assign()

    def submit(self, *stages: Stage, **conf: str) -> JobRun:
        """A new job."""
        job = Job(next_job_id(), stages, "q", conf)
        results = ResultQueue(max((stage.partitions for stage in stages if stage.output == "result"), default=0))
        run = JobRun(job, results, 0.0, None, ClusterError("QUERY_TIMEOUT"))
        self.dispatcher.submit(run)
        self.dispatcher.assign()
        return run

    @property
    def tasks(self) -> list[tuple[int, int, int]]:
        """(stage, partition, attempt) in the order of launches."""
        return [(task.stage_id, task.partition, task.attempt) for _, task in self.cluster.launched]

    def task(self, *key: int) -> TaskLaunch:
        """The launch with this (stage, partition, attempt)."""
        return next(task for _, task in self.cluster.launched if (task.stage_id, task.partition, task.attempt) == key)

    def done(self, *key: int, error: FlintError | None = None, shuffle: bool = True) -> None:
        """An attempt ended."""
        task = self.task(*key)
        output = MapOutput(self.file(task), 1, (8,)) if shuffle and error is None else None
        if output is not None:
            self.folder.mkdir(exist_ok=True)
            output.file.data.touch()
            output.file.index.touch()
        self.dispatcher.report(TaskDone(task.task_id, error, output))
        self.dispatcher.assign()

    def file(self, task: TaskLaunch) -> MapFile:
        """The map file an attempt writes."""
        stem = self.folder / f"{task.stage_id}-{task.partition}-{task.attempt}"
        return MapFile(task.stage_id, task.partition, task.attempt, str(stem))


def shuffle(stage_id: int, partitions: int, *parents: int, **more: Any) -> Stage:
    """A shuffle stage."""
    return Stage(stage_id, parents, partitions, Program(), "shuffle", 1, **more)


def result(stage_id: int, partitions: int, *parents: int, **more: Any) -> Stage:
    """A result stage."""
    return Stage(stage_id, parents, partitions, Program(), "result", **more)


BATCH = pa.record_batch({"n": [1, 2]})


def test_a_stage_starts_when_its_parents_are_done(tmp_path: Path) -> None:
    world = World("a", "b", folder=tmp_path)
    run = world.submit(shuffle(0, 1), shuffle(1, 1), result(2, 1, 0, 1))
    assert world.tasks == [(0, 0, 0), (1, 0, 0)]
    world.done(0, 0, 0)
    assert len(world.tasks) == 2
    world.done(1, 0, 0)
    assert world.task(2, 0, 0).inputs == {0: (world.file(world.task(0, 0, 0)),), 1: (world.file(world.task(1, 0, 0)),)}
    assert not run.ended
    world.done(2, 0, 0, shuffle=False)
    assert run.ended
    assert world.cluster.forgotten == [run.job.job_id]


def test_held_batches_count_only_with_their_task() -> None:
    world = World("a", "b")
    run = world.submit(result(0, 1))
    world.dispatcher.report(TaskBatch(world.task(0, 0, 0).task_id, BATCH))
    world.down("a")
    assert world.tasks == [(0, 0, 0), (0, 0, 1)]
    world.dispatcher.report(TaskBatch(world.task(0, 0, 0).task_id, BATCH))
    world.dispatcher.report(TaskBatch(world.task(0, 0, 1).task_id, BATCH))
    world.done(0, 0, 1, shuffle=False)
    assert list(run.queue.read(False)) == [(0, BATCH)]


def test_late_ends_of_old_attempts_are_ignored(tmp_path: Path) -> None:
    world = World("a", "b", folder=tmp_path)
    run = world.submit(shuffle(0, 1), result(1, 1, 0))
    world.down("a")
    world.done(0, 0, 0)
    assert not run.stages[0].complete
    world.done(0, 0, 1)
    assert run.stages[0].files[0].attempt == 1


def test_deaths_are_counted_up_to_the_setting() -> None:
    world = World("a")
    run = world.submit(result(0, 1), **{"spark.task.maxFailures": "2"})
    world.down("a", expected=True)
    world.up("b")
    world.down("b")
    world.up("c")
    world.down("c")
    assert run.ended
    assert run.queue.error is not None
    assert run.queue.error.condition == "EXECUTOR_LOST"
    assert run.queue.error.message_parameters["times"] == "2"
    assert len(world.tasks) == 3


def test_what_needs_code_that_has_crashed_is_run_without_compiled_code() -> None:
    world = World("a")
    run = world.submit(result(0, 1))
    error = Quarantined("key")
    assert pickle.loads(pickle.dumps(error)).key == "key"
    world.done(0, 0, 0, error=error)
    assert world.task(0, 0, 1).conf["flint.compile.enabled"] == "false"
    world.done(0, 0, 1, error=error)  # it does not ask for code now: something else is wrong
    assert run.queue.error is error


def test_a_crash_runs_the_task_without_compiled_code() -> None:
    world = World("a")
    world.submit(result(0, 1))
    assert "flint.compile.enabled" not in world.task(0, 0, 0).conf
    world.dispatcher.report(ExecutorDown("a", "its process crashed (SIGSEGV)", False, crashed=True, keys=("key",)))
    world.up("b")
    assert world.task(0, 0, 1).conf["flint.compile.enabled"] == "false"
    assert [event.keys for event in world.events if isinstance(event, CodeCrashed)] == [("key",)]


def test_a_lost_map_is_made_anew_with_those_missing_beside_it(tmp_path: Path) -> None:
    world = World("a", "b", folder=tmp_path)
    run = world.submit(shuffle(0, 3), result(1, 2, 0))
    for partition in range(3):
        world.done(0, partition, 0)
    lost = world.file(world.task(0, 0, 0))
    world.file(world.task(0, 2, 0)).data.unlink()
    world.done(1, 0, 0, error=FetchFailed(lost, "gone"))
    assert world.tasks[-1] == (0, 0, 1)
    world.done(1, 1, 0, error=FetchFailed(lost, "gone"))
    assert world.tasks[-1] == (0, 2, 1)
    world.done(0, 0, 1)
    world.done(0, 2, 1)
    assert sorted(world.tasks[-2:]) == [(1, 0, 1), (1, 1, 1)]
    assert [file.attempt for file in world.task(1, 0, 1).inputs[0]] == [1, 0, 1]
    assert not run.ended


def test_a_map_that_splits_otherwise_takes_its_readers_back(tmp_path: Path) -> None:
    world = World("a", "b", folder=tmp_path)
    run = world.submit(shuffle(0, 2, deterministic=False), shuffle(1, 2, 0), result(2, 1, 1))
    world.done(0, 0, 0)
    world.done(0, 1, 0)
    world.done(1, 0, 0)
    world.done(1, 1, 0, error=FetchFailed(world.file(world.task(0, 1, 0)), "gone"))
    assert sorted(world.tasks[-2:]) == [(0, 0, 1), (0, 1, 1)]
    world.done(0, 0, 1)
    world.done(0, 1, 1)
    assert sorted(world.tasks[-2:]) == [(1, 0, 1), (1, 1, 1)]
    assert not run.ended


def test_readers_that_run_while_their_input_changes_are_stopped(tmp_path: Path) -> None:
    world = World("a", "b", folder=tmp_path)
    world.submit(shuffle(0, 1, deterministic=False), shuffle(1, 2, 0), result(2, 1, 1))
    world.done(0, 0, 0)
    world.done(1, 0, 0, error=FetchFailed(world.file(world.task(0, 0, 0)), "gone"))
    assert world.cluster.cancelled == [world.task(1, 1, 0).task_id]
    world.done(1, 1, 0)
    world.done(0, 0, 1)
    assert sorted(world.tasks[-2:]) == [(1, 0, 1), (1, 1, 1)]


def test_input_that_is_lost_again_and_again_ends_the_job(tmp_path: Path) -> None:
    world = World("a", folder=tmp_path)
    run = world.submit(shuffle(0, 1), result(1, 1, 0))
    for attempt in range(4):
        world.done(0, 0, attempt)
        world.done(1, 0, attempt, error=FetchFailed(world.file(world.task(0, 0, attempt)), "gone"))
    assert run.queue.error is not None
    assert run.queue.error.condition == "FETCH_FAILED"


def test_errors_of_programs_end_the_job_and_stop_its_tasks() -> None:
    world = World("a", "b")
    run = world.submit(result(0, 2))
    world.done(0, 0, 0, error=InternalError("a bug"))
    assert run.queue.error is not None
    assert world.cluster.cancelled == [world.task(0, 1, 0).task_id]
    assert world.cluster.forgotten == []
    world.done(0, 1, 0, error=Cancelled())
    assert world.cluster.forgotten == [run.job.job_id]


def test_free_executors_go_to_the_job_with_the_fewest_tasks() -> None:
    world = World("a", "b")
    world.submit(result(0, 4))
    world.submit(result(7, 4))
    world.done(0, 0, 0, shuffle=False)
    assert world.tasks == [(0, 0, 0), (0, 1, 0), (7, 0, 0)]
    world.done(0, 1, 0, shuffle=False)
    assert world.tasks[-1] == (0, 2, 0)


def test_wishes_for_executors_are_met_where_possible() -> None:
    world = World("b")
    world.submit(result(0, 3, preferred={0: "a", 1: "b", 2: "gone"}))
    assert world.tasks == [(0, 1, 0)]
    world.up("a")
    assert world.cluster.launched[-1][0] == "a"
    assert world.tasks[-1] == (0, 0, 0)


def test_what_was_read_once_is_read_there_again() -> None:
    world = World("a", "b")
    world.submit(result(0, 2, reads={0: "first", 1: "second"}))
    places = {launch[1].partition: launch[0] for launch in world.cluster.launched}
    for partition in (0, 1):
        world.done(0, partition, 0, shuffle=False)
    world.submit(result(5, 3, reads={0: "second", 1: "new", 2: "first"}))
    again = {launch[1].partition: launch[0] for launch in world.cluster.launched[2:]}
    assert again == {0: places[1], 2: places[0]}


def test_a_streaming_task_lends_its_executor_to_other_jobs_while_nobody_reads() -> None:
    world = World("a")
    run = world.submit(result(0, 2))
    world.submit(result(5, 1))
    assert world.tasks == [(0, 0, 0)]
    task = world.task(0, 0, 0)
    assert task.streamed
    rows = pa.record_batch({"n": pa.nulls(task.held_bytes // 8, pa.int64())})
    world.dispatcher.report(TaskBatch(task.task_id, rows, streamed=True))
    world.dispatcher.assign()
    assert world.tasks == [(0, 0, 0), (5, 0, 0)]
    assert next(run.queue.read(True))[0] == 0


def test_broken_clusters_end_jobs_now_and_later() -> None:
    world = World()
    first = world.submit(result(0, 1))
    world.dispatcher.broken(ClusterError("EXECUTOR_START_FAILED", {"reason": "none"}))
    second = world.submit(result(0, 1))
    for run in (first, second):
        with pytest.raises(ClusterError):
            list(run.queue.read(False))


def test_jobs_are_checked() -> None:
    with pytest.raises(InternalError):
        Job(1, (result(1, 1, 0), shuffle(0, 1)))
    with pytest.raises(InternalError):
        Job(1, (result(0, 1), result(1, 1)))
