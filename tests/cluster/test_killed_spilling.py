"""kill -9 while operators have rows on disk: no file, no process is left, and where only a worker died the answer is right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from schedulers import eventually, settings

from engine import Session

ROOT = Path(__file__).resolve().parents[2]
ROWS = 2_000_000
PROGRAM = f"""
import sys
sys.path.append({str(ROOT)!r})
from engine import Session
conf = {{"spark.executor.cores": "1", "spark.local.dir": "run", "spark.executor.memory": "40m"}}
conf |= {{"spark.memory.fraction": "0.3", "flint.local.rowLimit": "0"}}
with Session(conf=conf) as session:
    print(session.sql("select count(*), sum(n) from (select id * 7919 % {ROWS} k, count(*) n from range({ROWS}) group by 1)"
                      " where n > 0").collect())
"""


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process whose query is about to spill."""
    (tmp_path / "run").mkdir()
    command = [sys.executable, "-P", "-c", PROGRAM]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    with process:
        yield process
        process.kill()


def spilled(process: psutil.Process) -> bool:
    """Whether a process has a file without a name that holds something."""
    folder = Path(f"/proc/{process.pid}/fd")
    try:
        found = [
            each
            for each in folder.iterdir()
            if os.readlink(each).endswith(" (deleted)") and "/run/" in os.readlink(each)
        ]
        return any(each.stat().st_size > 1 << 20 for each in found)
    except OSError:
        return False


def spilling(driver: subprocess.Popen[str]) -> psutil.Process:
    """The worker that has rows on disk, once there is one."""
    found: list[psutil.Process] = []

    def look() -> bool:
        found[:] = [each for each in psutil.Process(driver.pid).children(recursive=True) if spilled(each)]
        return bool(found)

    eventually(look, 60)
    return found[0]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are looked up in /proc")
def test_a_killed_driver_leaves_nothing(tmp_path: Path, driver: subprocess.Popen[str]) -> None:
    spilling(driver)
    family = psutil.Process(driver.pid).children(recursive=True)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert psutil.wait_procs(family, 10)[1] == []
    (left,) = (tmp_path / "run").iterdir()
    assert not any(each.is_file() and each.stat().st_size > 1 << 20 for each in left.rglob("*"))
    with Session(conf=settings(tmp_path / "run", 1, **{"flint.local.rowLimit": "0"})) as session:
        session.sql("select count(*) from range(10) where id > 5").collect()
        eventually(lambda: not left.exists())
    assert os.listdir(tmp_path / "run") == []


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are looked up in /proc")
def test_a_killed_worker_changes_nothing(tmp_path: Path, driver: subprocess.Popen[str]) -> None:
    victim = spilling(driver)
    victim.send_signal(signal.SIGKILL)
    assert driver.communicate(timeout=120)[0] == f"[Row(count(1)={ROWS}, sum(n)={ROWS})]\n"
    assert driver.returncode == 0 and not victim.is_running()
    assert os.listdir(tmp_path / "run") == []
