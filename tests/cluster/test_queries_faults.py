"""Faults and stopping as users meet them: SQL over Parquet on two executors."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from schedulers import eventually, settings

from engine import Session
from engine.errors import FlintError
from engine.events import Event

ROWS = 200_000
ENDLESS = {
    "cross join": "select count(*) from '{t}' x cross join '{t}' y cross join '{t}' z where x.v + y.v + z.v = -1",
    "scan": "select sum(v) from '{t}' cross join range(100000000000) where v + id < 0",
    "fetch": "select x.v, y.v w from '{t}' x cross join (select v from '{t}' where v < 100) y",
    "sort": "select x.v from '{t}' x cross join '{t}' y order by x.v * y.v, x.k",
    "join build": "select count(*) from '{t}' a join (select x.v from '{t}' x cross join '{t}' y) b on a.v = b.v",
    "explain analyze": "explain analyze select count(*) from '{t}' x cross join '{t}' y cross join '{t}' z where x.v < y.v",
}


class Workers:
    """The worker processes of a session, by what it announces."""

    def __init__(self, session: Session) -> None:
        self.pids: list[int] = []
        self.running = threading.Event()
        self.kill_new = False
        session.events.subscribe(self._hear)

    def _hear(self, event: Event) -> None:
        match type(event).__name__:
            case "ExecutorAdded":
                self.pids.append(event.pid)  # type: ignore[attr-defined]
                if self.kill_new:
                    os.kill(self.pids[-1], signal.SIGKILL)
            case "TaskStarted":
                self.running.set()

    def alive(self) -> list[int]:
        """Those that are there."""
        return [pid for pid in self.pids if psutil.pid_exists(pid)]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> str:
    """200,000 rows in 20 row groups: k is v % 100."""
    path = tmp_path_factory.mktemp("table") / "t.parquet"
    values = pa.array(range(ROWS))
    keys = pa.array([value % 100 for value in range(ROWS)])
    pq.write_table(pa.table({"k": keys, "v": values}), path, row_group_size=10_000)
    return str(path)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Two executors of one thread, everything shuffled; nothing may be left of them."""
    folder = tmp_path_factory.mktemp("run")
    conf = settings(folder) | {"spark.sql.autoBroadcastJoinThreshold": "-1", "spark.sql.shuffle.partitions": "4"}
    opened = Session(conf=conf)
    seen = Workers(opened)
    with opened:
        yield opened
    assert os.listdir(folder) == []
    eventually(lambda: not seen.alive())


@pytest.fixture
def workers(session: Session) -> Workers:
    """What `session` announces from now on."""
    return Workers(session)


def grouped(session: Session, table: str) -> list[tuple[int, int, int]]:
    """Counts and sums of a self-join by key: two shuffles."""
    text = f"""select x.k, count(*), sum(x.v % 2000) from '{table}' x join (select v from '{table}' where v < 4000) y
               on x.v % 2000 = y.v % 2000 where x.v < 20 * 2000 group by x.k order by x.k"""
    return [tuple(row) for row in session.sql(text).collect()]


def test_an_answer_on_two_executors(session: Session, workers: Workers, table: str) -> None:
    found = grouped(session, table)
    assert [key for key, _, _ in found] == list(range(100))
    assert {count for _, count, _ in found} == {800}
    assert sum(total for _, _, total in found) == 2 * 20 * sum(range(2000))


@pytest.mark.parametrize("after", [0.0, 0.05])
def test_a_worker_killed_in_the_middle_changes_nothing(
    session: Session, workers: Workers, table: str, after: float
) -> None:
    expected = grouped(session, table)
    victims = [
        child.pid
        for child in psutil.Process().children(recursive=True)
        if "boot.py" in " ".join(child.cmdline()) and not any(each.is_running() for each in child.children())
    ]
    found: list[object] = []
    workers.running.clear()
    reader = threading.Thread(target=lambda: found.append(grouped(session, table)))
    reader.start()
    assert workers.running.wait(20)
    time.sleep(after)
    os.kill(victims[0], signal.SIGKILL)
    reader.join(30)
    assert found == [expected]


def test_workers_that_die_again_and_again_end_in_one_error(tmp_path: Path, table: str) -> None:
    with Session(conf=settings(tmp_path)) as session:
        workers = Workers(session)
        workers.kill_new = True
        with pytest.raises(FlintError) as raised:
            session.sql(f"select sum(v) from '{table}'").collect()
        assert "SIGKILL" in str(raised.value)
        assert "Traceback" not in str(raised.value)
        workers.kill_new = False
        assert session.sql("select 1").collect() == [(1,)]
        assert session.sql(f"select count(*) from '{table}'").collect() == [(ROWS,)]
    assert os.listdir(tmp_path) == []


def interrupt(session: Session) -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("what", ENDLESS)
@pytest.mark.parametrize("stop", [interrupt, Session.cancel], ids=["ctrl-c", "cancel"])
def test_what_runs_is_stopped_and_the_next_query_runs(
    session: Session, workers: Workers, table: str, what: str, stop: Callable[[Session], None]
) -> None:
    def later() -> None:
        workers.running.wait(20)
        time.sleep(0.05)
        stop(session)

    workers.running.clear()
    threading.Thread(target=later).start()
    with pytest.raises((KeyboardInterrupt, FlintError)) as raised:
        while True:  # the result of "fetch" has an end
            for _ in session.sql(ENDLESS[what].format(t=table)).toBatches():
                pass
    if isinstance(raised.value, FlintError):
        assert raised.value.condition == "OPERATION_CANCELED"
    assert session.sql(f"select count(*) from '{table}'").collect() == [(ROWS,)]


def slow_to_plan(table: str) -> str:
    return f"select count(*) from '{table}' where " + " and ".join(f"v <> {n}" for n in range(6000))


@pytest.mark.parametrize("stop", [interrupt, Session.cancel], ids=["ctrl-c", "cancel"])
def test_planning_is_stopped(session: Session, table: str, stop: Callable[[Session], None]) -> None:
    threading.Timer(0.2, stop, (session,)).start()
    with pytest.raises((KeyboardInterrupt, FlintError)) as raised:
        session.sql(slow_to_plan(table)).query.stages  # noqa: B018 - planned now
    if isinstance(raised.value, FlintError):
        assert raised.value.condition == "OPERATION_CANCELED"
    assert session.sql("select 1").collect() == [(1,)]


@pytest.mark.parametrize("what", ["plan", "run"])
def test_the_time_limit_of_a_statement(session: Session, table: str, what: str) -> None:
    session.conf.set("spark.sql.statementTimeout", "200ms")
    try:
        with pytest.raises(FlintError) as raised:
            text = slow_to_plan(table) if what == "plan" else ENDLESS["cross join"].format(t=table)
            session.sql(text).collect()
    finally:
        session.conf.unset("spark.sql.statementTimeout")
    assert raised.value.condition == "QUERY_TIMEOUT"
    assert "0.2 s" in str(raised.value)
    assert session.sql("select 1").collect() == [(1,)]


def test_a_query_that_was_stopped_can_be_run_again(session: Session, table: str) -> None:
    frame = session.sql(f"select count(*) from '{table}'")
    batches = frame.toBatches()
    next(batches)
    frame.query.cancel()
    assert frame.collect() == [(ROWS,)]


def test_iterators_that_are_left_free_everything(session: Session, workers: Workers, table: str) -> None:
    ended: list[str] = []
    unsubscribe = session.events.subscribe(lambda event: ended.append(type(event).__name__))
    for batch in session.sql(ENDLESS["fetch"].format(t=table)).toBatches():
        assert batch.num_rows > 0
        break
    eventually(lambda: "JobEnded" in ended)
    unsubscribe()
    assert session.sql(f"select count(*) from '{table}'").collect() == [(ROWS,)]


def test_large_results_are_streamed(session: Session) -> None:
    process = psutil.Process()
    before, rows, most = process.memory_info().rss, 0, 0
    for batch in session.sql("select id, id * 2 w, cast(id as double) x from range(10000000)").toBatches():
        rows += batch.num_rows
        most = max(most, process.memory_info().rss)
    assert rows == 10_000_000
    assert most - before < 200 << 20  # the result has 240 MB


def test_no_place_for_files(tmp_path: Path, table: str) -> None:
    (tmp_path / "file").write_text("in the place of a directory")
    with Session(conf=settings(tmp_path / "file")) as session:
        with pytest.raises(FlintError) as raised:
            session.sql(f"select k, sum(v) from '{table}' group by k").collect()
        assert raised.value.condition == "SPILL_DISK_FULL"
        assert "spark.local.dir" in str(raised.value)
        assert session.sql("select 1").collect() == [(1,)]


def test_threads_share_a_session(session: Session, table: str) -> None:
    problems: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for _ in range(2):
                assert session.sql(f"select count(*) from '{table}' where k = {number}").collect() == [(ROWS // 100,)]
                assert session.sql(f"select {number}").collect() == [(number,)]
                with pytest.raises(FlintError):
                    session.sql("select 1 / 0").collect()
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
