"""What goes wrong in a cluster: killed workers, lost files, full disks. The answer is right, or there is one clear
error.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
import time
from pathlib import Path

import psutil
import pytest
from schedulers import Recorder, eventually, settings
from toy_programs import Die, Numbers, Once, Rows, Spin, Sum, result_job, shuffle_job, totals

from engine.cluster.local import LocalCluster
from engine.errors import ClusterError
from engine.schedule.scheduler import Scheduler

RIGHT = (sum(range(4000)), 4000)


def started(recorder: Recorder, stage_id: int) -> list[int]:
    """The partitions of a stage in the order they were started."""
    return [event.partition for event in recorder.of("TaskStarted", stage_id=stage_id)]  # type: ignore[attr-defined]


def parent_of_workers(recorder: Recorder) -> psutil.Process:
    """The zygote."""
    pids = [event.pid for event in recorder.of("ExecutorAdded")]  # type: ignore[attr-defined]
    return psutil.Process(psutil.Process(next(filter(psutil.pid_exists, pids))).ppid())


def test_a_worker_killed_in_a_map_task_costs_that_task(two: Scheduler, recorder: Recorder, tmp_path: Path) -> None:
    handle = two.submit(shuffle_job(numbers=Once(Numbers(1000, 3), 2, str(tmp_path / "marker"))))
    assert totals(handle.batches()) == RIGHT
    assert sorted(started(recorder, 0)) == [0, 1, 2, 2, 3]
    assert sorted(started(recorder, 1)) == [0, 1, 2]
    removed = recorder.of("ExecutorRemoved")
    assert ["SIGKILL" in event.reason for event in removed] == [True]  # type: ignore[attr-defined]


def test_a_worker_killed_from_outside_keeps_finished_maps(two: Scheduler, recorder: Recorder, tmp_path: Path) -> None:
    waits = Once(Sum(0), 1, str(tmp_path / "marker"), "kill")
    handle = two.submit(shuffle_job(sums=waits))
    assert totals(handle.batches(ordered=True)) == RIGHT
    assert sorted(started(recorder, 0)) == [0, 1, 2, 3]
    assert sorted(started(recorder, 1)) == [0, 1, 1, 2]


def test_a_killed_result_task_gives_no_row_twice(two: Scheduler, tmp_path: Path) -> None:
    handle = two.submit(result_job(Rows(40, 100_000, kill_after=30, marker=str(tmp_path / "marker")), 2))
    assert sum(batch.num_rows for _, batch in handle.batches()) == 8_000_000


@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGKILL, "SIGKILL"), (signal.SIGSEGV, "SIGSEGV"), (signal.SIGABRT, "SIGABRT")]
)
def test_repeated_deaths_end_in_one_error(two: Scheduler, recorder: Recorder, number: int, name: str) -> None:
    with pytest.raises(ClusterError) as error:
        two.submit(result_job(Die(number), **{"spark.task.maxFailures": "3"})).wait()
    assert error.value.condition == "EXECUTOR_LOST"
    assert name in error.value.message
    assert len(recorder.of("TaskStarted")) == 3
    assert totals(two.submit(shuffle_job()).batches()) == RIGHT


def test_rows_that_were_delivered_are_not_sent_again(one: Scheduler, tmp_path: Path) -> None:
    handle = one.submit(result_job(Rows(120, 100_000, kill_after=90, marker=str(tmp_path / "marker"))))
    with pytest.raises(ClusterError) as error:
        list(handle.batches())
    assert error.value.condition == "EXECUTOR_LOST"
    assert "delivered" in error.value.message


@pytest.mark.parametrize("action", ["remove", "shorten", "flip"])
def test_a_lost_map_file_is_made_anew(two: Scheduler, recorder: Recorder, tmp_path: Path, action: str) -> None:
    job = shuffle_job(sums=Once(Sum(0), 1, str(tmp_path / "marker"), action))
    assert totals(two.submit(job).batches()) == RIGHT
    assert sorted(started(recorder, 0)) == [0, 0, 1, 2, 3]
    assert recorder.of("TaskEnded", status="fetch_failed")


def test_a_lost_map_that_may_split_otherwise_reruns_what_read_it(two: Scheduler, tmp_path: Path) -> None:
    job = shuffle_job(sums=Once(Sum(0), 2, str(tmp_path / "marker"), "remove"), deterministic=False)
    handle = two.submit(job)
    with pytest.raises(ClusterError) as error:
        list(handle.batches())
    assert error.value.condition == "FETCH_FAILED"
    assert "delivered" in error.value.message


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    scheduler = Scheduler(LocalCluster(settings(tmp_path / "file")))
    with pytest.raises(ClusterError) as error:
        scheduler.submit(shuffle_job()).wait()
    assert error.value.condition == "SPILL_DISK_FULL"
    assert str(tmp_path / "file") in error.value.message
    assert "spark.local.dir" in error.value.message
    scheduler.stop()


def test_workers_that_cannot_start_are_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no python here >&2\nexit 3\n")
    broken.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(broken))
    scheduler = Scheduler(LocalCluster(settings(tmp_path / "run")))
    for _ in range(2):
        with pytest.raises(ClusterError) as error:
            scheduler.submit(shuffle_job()).wait()
        assert error.value.condition == "EXECUTOR_START_FAILED"
        assert "no python here" in error.value.details
    scheduler.stop()


def test_the_run_directory_is_private(two: Scheduler, tmp_path: Path) -> None:
    scheduler = Scheduler(LocalCluster(settings(tmp_path)))
    scheduler.submit(shuffle_job()).wait()
    (run,) = tmp_path.iterdir()
    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    eventually(lambda: not list(run.glob("job-*")))
    scheduler.stop()
    assert os.listdir(tmp_path) == []


def test_idle_workers_that_are_killed_are_replaced(two: Scheduler, recorder: Recorder, tmp_path: Path) -> None:
    handle = two.submit(result_job(Spin(str(tmp_path / "pid"))))
    eventually((tmp_path / "pid0").exists)
    time.sleep(0.05)
    pid = int((tmp_path / "pid0").read_text())
    handle.cancel()
    eventually(lambda: recorder.of("TaskEnded"))
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: recorder.of("ExecutorAdded"))
    assert totals(two.submit(shuffle_job()).batches()) == RIGHT


def test_the_death_of_the_parent_of_the_workers_costs_nothing(tmp_path: Path) -> None:
    scheduler = Scheduler(LocalCluster(settings(tmp_path)))
    recorder = Recorder(scheduler)
    assert totals(scheduler.submit(shuffle_job()).batches()) == RIGHT
    eventually(lambda: len(recorder.of("ExecutorAdded")) == 2)
    parent_of_workers(recorder).kill()
    assert totals(scheduler.submit(shuffle_job()).batches()) == RIGHT
    os.kill(recorder.of("ExecutorAdded")[0].pid, signal.SIGKILL)  # type: ignore[attr-defined]
    eventually(lambda: len(recorder.of("ExecutorAdded")) == 3)
    assert totals(scheduler.submit(shuffle_job()).batches()) == RIGHT
    scheduler.stop()
    assert os.listdir(tmp_path) == []


def test_where_forking_is_not_safe_workers_are_new_pythons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.cluster.process.FORKS", False)
    scheduler = Scheduler(LocalCluster(settings(tmp_path)))
    recorder = Recorder(scheduler)
    job = shuffle_job(numbers=Once(Numbers(1000, 3), 2, str(tmp_path.parent / f"{tmp_path.name}-marker")))
    assert totals(scheduler.submit(job).batches()) == RIGHT
    eventually(lambda: all("worker" in child.cmdline() for child in parent_of_workers(recorder).children()))
    assert [event.expected for event in recorder.of("ExecutorRemoved")] == [False]  # type: ignore[attr-defined]
    scheduler.stop()
    assert os.listdir(tmp_path) == []
