"""Stopping: by the user, by Ctrl-C, by a time limit, by not reading on. The next query runs at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from schedulers import Recorder, eventually, settings
from toy_programs import Rows, Spin, result_job, shuffle_job, totals

from engine.cluster.inline import InlineCluster
from engine.errors import Cancelled, ClusterError, FlintError
from engine.physical.task import TaskContext
from engine.schedule.results import JobHandle
from engine.schedule.scheduler import Scheduler

RIGHT = (sum(range(4000)), 4000)


def spinning(scheduler: Scheduler, folder: Path, deaf: bool) -> JobHandle:
    """A job whose tasks run on all executors."""
    handle = scheduler.submit(result_job(Spin(str(folder / "started"), deaf), 2))
    eventually(lambda: len(list(folder.glob("started*"))) == 2)
    return handle


@pytest.mark.parametrize("deaf", [False, True])
def test_cancelled_tasks_give_way_to_the_next_query(
    two: Scheduler, recorder: Recorder, tmp_path: Path, deaf: bool
) -> None:
    handle = spinning(two, tmp_path, deaf)
    handle.cancel()
    with pytest.raises(Cancelled):
        handle.wait()
    assert totals(two.submit(shuffle_job()).batches()) == RIGHT
    removed = recorder.of("ExecutorRemoved")
    assert [event.expected for event in removed] == [True] * (2 if deaf else 0)  # type: ignore[attr-defined]


def test_deaf_tasks_in_this_process_do_not_hold_up_others(tmp_path: Path) -> None:
    scheduler = Scheduler(InlineCluster(settings(tmp_path / "run")))
    handle = scheduler.submit(result_job(Nap()))
    handle.cancel()
    assert totals(scheduler.submit(shuffle_job()).batches()) == RIGHT
    scheduler.stop()


@dataclass(frozen=True)
class Nap:
    """Looks at nothing for two seconds."""

    def run(self, partition: int, task: TaskContext) -> None:
        """Sleeps."""
        time.sleep(2)


def test_progress_is_told_while_tasks_run(two: Scheduler, recorder: Recorder, tmp_path: Path) -> None:
    handle = spinning(two, tmp_path, False)
    eventually(lambda: len(recorder.of("Progress", partition=0)) > 1)
    handle.cancel()
    rows = [event.rows for event in recorder.of("Progress", partition=0)]  # type: ignore[attr-defined]
    assert 0 < rows[0] < rows[1]


def test_ctrl_c_gets_through_to_the_reader_and_cancels(two: Scheduler, recorder: Recorder, tmp_path: Path) -> None:
    handle = spinning(two, tmp_path, False)
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        list(handle.batches())
    eventually(lambda: len(recorder.of("TaskEnded", status="cancelled")) == 2)


def test_a_time_limit_names_its_setting(two: Scheduler, tmp_path: Path) -> None:
    handle = two.submit(result_job(Spin(str(tmp_path / "started"))), timeout=0.2, setting="spark.sql.statementTimeout")
    with pytest.raises(FlintError) as error:
        handle.wait()
    assert error.value.condition == "QUERY_TIMEOUT"
    assert "spark.sql.statementTimeout" in error.value.message
    assert totals(two.submit(shuffle_job(), timeout=60).batches()) == RIGHT


@pytest.mark.parametrize("cluster", ["two", "one"])
def test_leaving_the_loop_ends_the_job(cluster: str, request: pytest.FixtureRequest) -> None:
    scheduler: Scheduler = request.getfixturevalue(cluster)
    ended: list[object] = []
    unsubscribe = scheduler.events.subscribe(lambda event: ended.append(event))
    for _ in scheduler.submit(result_job(Rows(400, 1000), 4)).batches():
        break
    eventually(lambda: [event for event in ended if type(event).__name__ == "JobEnded"])
    assert totals(scheduler.submit(shuffle_job()).batches()) == RIGHT
    unsubscribe()


def test_a_dropped_handle_ends_the_job(two: Scheduler, recorder: Recorder, tmp_path: Path) -> None:
    spinning(two, tmp_path, False)
    eventually(lambda: len(recorder.of("TaskEnded", status="cancelled")) == 2)


def test_stopping_ends_what_runs_and_refuses_what_comes(tmp_path: Path) -> None:
    scheduler = Scheduler(InlineCluster(settings(tmp_path / "run")))
    handles = [scheduler.submit(result_job(Spin(str(tmp_path / "started")), 2)) for _ in range(3)]
    scheduler.stop()
    for handle in handles:
        with pytest.raises(Cancelled):
            handle.wait()
    with pytest.raises(Cancelled):
        scheduler.submit(shuffle_job())


def test_listeners_cannot_stop_the_scheduler(tmp_path: Path) -> None:
    scheduler = Scheduler(InlineCluster(settings(tmp_path / "run")))

    def leave(event: object) -> None:
        raise SystemExit

    scheduler.events.subscribe(leave)
    assert totals(scheduler.submit(shuffle_job()).batches()) == RIGHT
    scheduler.stop()


def test_cancel_all_reaches_readers_in_other_threads(two: Scheduler, tmp_path: Path) -> None:
    handle = spinning(two, tmp_path, False)
    heard: list[FlintError] = []

    def read() -> None:
        try:
            handle.wait()
        except FlintError as error:
            heard.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    time.sleep(0.05)
    two.cancel_all(ClusterError("QUERY_TIMEOUT", {"seconds": "1", "setting": "x"}))
    reader.join(5)
    assert [error.condition for error in heard] == ["QUERY_TIMEOUT"]
