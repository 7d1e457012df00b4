"""Ways to start and to end: scripts of every kind, strange folders, forks, a driver that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from schedulers import eventually, settings

from engine.cluster.local import LocalCluster
from engine.cluster.rundir import RunDirectory
from engine.schedule.scheduler import Scheduler

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

SCRIPT = f"""
import sys
sys.path += [{str(ROOT)!r}, {str(HERE)!r}]
from toy_programs import Spin, result_job, shuffle_job, totals
from schedulers import settings
from pathlib import Path
from engine.cluster.local import LocalCluster
from engine.schedule.scheduler import Scheduler
import os, time

scheduler = Scheduler(LocalCluster(settings(Path("run").absolute())))
"""
QUERY = "print(totals(scheduler.submit(shuffle_job()).batches()))\n"
THREAD = f"import threading\nthread = threading.Thread(target=lambda: {QUERY.strip()})\nthread.start()\nthread.join()\n"
LOCAL_PROGRAM = """
class Here:
    def run(self, partition, task):
        import pyarrow as pa
        task.emit(pa.record_batch({"total": [7998000 // 2], "count": [2000]}))
print(totals(scheduler.submit(result_job(Here(), 2)).batches()))
"""
FORK = f"""
import warnings
warnings.simplefilter("ignore")  # newer Pythons warn of forks beside threads
{QUERY}
if os.fork() == 0:
    sys.exit()
os.wait()
assert os.listdir("run"), "the fork removed the directory of its parent"
"""


def run(arguments: list[str], folder: Path, text: str = "") -> str:
    """The output of a Python in `folder`, which must leave nothing behind."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, input=text, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stderr == ""
    assert os.listdir(folder / "run") == []
    return done.stdout


@pytest.mark.parametrize(
    ("ending", "start"),
    [(LOCAL_PROGRAM, "script.py"), (THREAD, "-"), (FORK, "script.py")],
    ids=["script", "thread-on-stdin", "fork"],
)
def test_programs_of_every_kind_work_and_clean_up(tmp_path: Path, ending: str, start: str) -> None:
    (tmp_path / "script.py").write_text(SCRIPT + ending)
    assert "(7998000, 4000)\n" in run([start], tmp_path, SCRIPT + ending if start == "-" else "")


def test_modules_in_the_working_directory_do_not_matter(tmp_path: Path) -> None:
    for name in ("engine", "types", "pickle", "pyarrow", "cli", "toy_programs"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a decoy was imported')\n")
    (tmp_path / "grammar").mkdir()
    (tmp_path / "grammar" / "__init__.py").write_text("raise SystemExit('a decoy was imported')\n")
    assert run(["-P", "-c", SCRIPT + QUERY], tmp_path) == "(7998000, 4000)\n"


def test_a_killed_driver_leaves_no_process_and_the_next_start_sweeps(tmp_path: Path) -> None:
    spin = "scheduler.submit(result_job(Spin('started', True), 2)).wait()\n"
    driver = subprocess.Popen([sys.executable, "-c", SCRIPT + spin], cwd=tmp_path)
    eventually(lambda: len([path for path in tmp_path.glob("started*") if path.read_text()]) == 2, 20)
    family = psutil.Process(driver.pid).children(recursive=True)
    assert len(family) == 3
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    _, alive = psutil.wait_procs(family, 5)
    assert alive == []
    (left,) = (tmp_path / "run").iterdir()
    scheduler = Scheduler(LocalCluster(settings(tmp_path / "run")))
    scheduler.start()
    eventually(lambda: not left.exists())
    scheduler.stop()
    assert os.listdir(tmp_path / "run") == []


def test_descriptors_and_threads_are_given_back(tmp_path: Path) -> None:
    process = psutil.Process()

    def use() -> None:
        scheduler = Scheduler(LocalCluster(settings(tmp_path)))
        scheduler.start()
        time.sleep(0.05)
        scheduler.stop()

    use()
    descriptors, threads = process.num_fds(), process.num_threads()
    use()
    use()
    assert process.num_fds() <= descriptors
    eventually(lambda: process.num_threads() <= threads)


def test_sweeping_spares_the_living_and_strangers(tmp_path: Path) -> None:
    living = RunDirectory(str(tmp_path))
    dead = RunDirectory(str(tmp_path))
    kept, gone = living.path, dead.path
    os.close(dead._descriptor)  # as the kernel does when the owner dies
    dead._descriptor = -1
    (gone / "job-1").mkdir()
    (tmp_path / "flint-run-of-someone").mkdir()
    link = tmp_path / f"{kept.name}-link"
    link.symlink_to(kept)
    assert RunDirectory(str(tmp_path)).sweep() == [gone]
    assert kept.exists()
    assert link.is_symlink()
    living.remove()
    assert not kept.exists()
