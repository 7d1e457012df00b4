"""Programs of every kind that use a Session: they work, and nothing is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from schedulers import eventually, settings

from engine import Session

ROOT = Path(__file__).resolve().parents[2]
START = f"""
import sys
sys.path.append({str(ROOT)!r})
from engine import Session
conf = {{"spark.executor.instances": "2", "spark.executor.cores": "1", "spark.local.dir": "run"}}
session = Session(conf=conf)
def count(): return session.sql("select count(*), sum(v) from 't.parquet'").collect()
"""
PROGRAMS = {
    "forgotten": "print(count())",
    "half read": "rows = session.sql(\"select * from 't.parquet'\").toBatches(); next(rows); print(count())",
    "exit": "print(count()); sys.exit(0)",
    "thread": "import threading\nt = threading.Thread(target=lambda: print(count())); t.start(); t.join()",
    "asyncio": "import asyncio\nasync def main(): print(await asyncio.to_thread(count))\nasyncio.run(main())",
    "loop": "import asyncio\nasync def main(): print(count())\nasyncio.run(main())",
    "stopped twice": "print(count()); session.stop(); session.stop()",
    "context": "with session: print(count())",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with t.parquet, modules that must not be imported, and an empty `run`."""
    pq.write_table(pa.table({"v": list(range(1000))}), tmp_path / "t.parquet", row_group_size=100)
    for name in ("engine", "types", "cli"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a decoy was imported')\n")
    (tmp_path / "run").mkdir()
    return tmp_path


def python(folder: Path, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """A finished Python in `folder`."""
    command = [sys.executable, "-P", *arguments]
    return subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(folder: Path, name: str) -> None:
    done = python(folder, "-", text=START + PROGRAMS[name])
    assert (done.returncode, done.stdout, done.stderr) == (0, "[Row(count(1)=1000, sum(v)=499500)]\n", "")
    assert os.listdir(folder / "run") == []


def test_after_stop_there_is_one_clear_error(folder: Path) -> None:
    session = Session(conf=settings(folder / "run"))
    frame = session.sql(f"select * from '{folder}/t.parquet'")
    session.stop()
    session.stop()
    for use in (frame.collect, lambda: session.sql("select 1"), lambda: session.table("t")):
        with pytest.raises(Exception, match="The session was stopped"):
            use()


def test_a_killed_driver_leaves_no_process_and_the_next_session_sweeps(folder: Path) -> None:
    text = START + "print(count(), flush=True); input()"
    driver = subprocess.Popen(
        [sys.executable, "-P", "-c", text], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert driver.stdout is not None and driver.stdin is not None
    driver.stdout.readline()
    family = psutil.Process(driver.pid).children(recursive=True)
    assert len(family) >= 2
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    driver.stdout.close()
    driver.stdin.close()
    assert psutil.wait_procs(family, 5)[1] == []
    (left,) = (folder / "run").iterdir()
    with Session(conf=settings(folder / "run")) as session:
        assert session.sql(f"select count(*) from '{folder}/t.parquet'").collect() == [(1000,)]
        eventually(lambda: not left.exists())
    assert os.listdir(folder / "run") == []


def test_commands_side_by_side_share_a_warehouse(folder: Path) -> None:
    command = [sys.executable, "-P", str(ROOT / "cli.py"), "--conf", "spark.local.dir=run", "--format", "csv", "-e"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    running = [
        subprocess.Popen(
            [*command, f"create table t{n} as select v + {n} as v from 't.parquet'; select max(v) m from t{n}"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(3)
    ]
    assert [each.communicate(timeout=60)[0] for each in running] == [f"m\n{999 + n}\n" for n in range(3)]
    text = "select count(*) n from t0 join t1 using (v) join t2 using (v)"
    done = subprocess.run([*command, text], cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "n\n998\n"), done.stderr
    assert os.listdir(folder / "run") == []
