"""Groups that are the built rows of a join: the same as by their keys, whichever join it is and whatever comes after it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session
from engine.cluster.inline import InlineCluster
from engine.memory.pool import Reservation
from engine.physical.aggregate import AggregateSink

JOINS = ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]
CALLS = "count(*) c, count(f.v) n, sum(f.v) s, avg(f.v) a, min(f.v) l, max(f.d) g, sum(f.d) t, count_if(f.v > 5) i"
BESIDE = "groups are the built rows"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("groups")
    draw = random.Random(4)
    owners = list(range(-500, 1500))
    draw.shuffle(owners)
    tables = {
        "owner": pa.table(
            {
                "id": owners,
                "gap": [None if each % 50 == 0 else each for each in owners],
                "name": [f"name {each}" if each % 7 else None for each in owners],
                "kind": [f"kind {each % 5}" for each in owners],
                "real": [-0.0 if each % 2 else 1.5 for each in owners],
            }
        ),
        "repeated": pa.table({"id": [each % 300 for each in owners], "kind": [f"kind {each % 5}" for each in owners]}),
        "fact": pa.table(
            {
                "owner": [draw.choice((None, *range(900, 2000), *range(5))) for _ in range(20_000)],
                "v": pa.array([draw.choice((None, *range(10))) for _ in range(20_000)], pa.int64()),
                "d": [draw.random() for _ in range(20_000)],
                "w": [f"w{draw.randrange(9)}" for _ in range(20_000)],
            }
        ),
        "nothing": pa.table({"id": pa.array([], pa.int64()), "name": pa.array([], pa.string())}),
    }
    conf = {"flint.compile.minRows": 0, "flint.compile.cache.enabled": "false", "spark.executor.cores": 2}
    with Session(conf=conf) as made:
        for name, table in tables.items():
            pq.write_table(table, folder / f"{name}.parquet", row_group_size=3000)
            made.sql(f"CREATE TEMP VIEW {name} USING parquet OPTIONS (path '{folder}/{name}.parquet')")
        yield made


def answer(session: Session, text: str, **conf: Any) -> list[str]:
    for name, value in conf.items():
        session.conf.set(name.replace("_", "."), value)
    try:
        found = session.sql(text).toArrow().to_pylist()
    finally:
        for name in conf:
            session.conf.unset(name.replace("_", "."))
    rounded = [{k: round(v, 6) + 0.0 if isinstance(v, float) else v for k, v in row.items()} for row in found]
    return sorted(map(repr, rounded))


def check(session: Session, text: str, beside: bool = True) -> None:
    expected = answer(session, text, flint_compile_enabled=False)
    for level in ("0", "2"):
        assert answer(session, text, flint_compile_optimize=level, flint_compile_checked=level == "0") == expected
    shown = session.sql(f"EXPLAIN CODEGEN {text}").toArrow()[0][0].as_py()
    assert (BESIDE in shown) == beside


def of(kind: str, keys: str, on: str, calls: str = CALLS, rest: str = "") -> str:
    return f"SELECT /*+ shuffle_hash(o) */ {keys}, {calls} FROM owner o {kind} fact f ON {on} {rest} GROUP BY {keys}"


@pytest.mark.parametrize("kind", JOINS)
@pytest.mark.parametrize("keys", ["o.id", "o.name, o.id", "upper(o.name), o.id, o.kind"])
def test_groups_of_the_key_of_the_built_side(session: Session, kind: str, keys: str) -> None:
    check(session, of(kind, keys, "o.id = f.owner"), beside=kind in ("JOIN", "LEFT JOIN"))


@pytest.mark.parametrize("kind", JOINS)
def test_groups_of_the_key_of_the_streamed_side(session: Session, kind: str) -> None:
    check(session, of(kind, "f.owner, o.kind", "o.id = f.owner"), beside=kind == "JOIN")


@pytest.mark.parametrize("kind", JOINS)
def test_keys_that_are_null(session: Session, kind: str) -> None:
    answers = [
        answer(session, of(kind, "o.gap, o.kind", on), flint_compile_enabled=enabled)
        for on in ("o.gap = f.owner", "o.gap <=> f.owner")
        for enabled in (True, False)
    ]
    assert answers[0] == answers[1]
    assert answers[2] == answers[3]


def test_rows_lost_between_join_and_groups(session: Session) -> None:
    where = "WHERE coalesce(f.v, 3) > 2 AND (o.kind <> 'kind 1' OR f.w = 'w1')"
    for kind in ("JOIN", "LEFT JOIN"):
        check(session, of(kind, "o.id, o.name", "o.id = f.owner", rest=where))
    check(session, of("LEFT JOIN", "o.id", "o.id = f.owner AND f.v > length(o.name)"))


def test_built_rows_without_a_match_are_found_by_the_same_code(session: Session) -> None:
    shown = session.sql(f"EXPLAIN CODEGEN {of('LEFT JOIN', 'o.id', 'o.id = f.owner')}").toArrow()[0][0].as_py()
    assert shown.count(BESIDE) == 2
    for keys in ("o.kind, f.w", "o.kind, f.w, f.v, f.d", "coalesce(f.w, o.name), f.v IS NULL, length(f.w)"):
        for kind in ("LEFT JOIN", "FULL JOIN"):
            text = of(kind, keys, "o.id = f.owner")
            expected = answer(session, text, flint_compile_enabled=False)
            assert answer(session, text, flint_compile_checked=True) == expected


def test_keys_alone(session: Session) -> None:
    check(session, "SELECT /*+ shuffle_hash(o) */ DISTINCT o.id, o.name FROM owner o JOIN fact f ON o.id = f.owner")


def test_groups_that_are_not_built_rows(session: Session) -> None:
    for keys in ("o.kind", "o.id, f.w", "o.real, o.id", "o.name"):
        check(session, of("JOIN", keys, "o.id = f.owner"), beside=False)


def test_built_rows_that_share_a_key(session: Session) -> None:
    """What EXPLAIN cannot know: the built rows are not unique."""
    text = "SELECT /*+ shuffle_hash(r) */ r.id, count(*), sum(f.v) FROM repeated r JOIN fact f ON r.id = f.owner GROUP BY r.id"
    assert answer(session, text) == answer(session, text, flint_compile_enabled=False)


def test_no_built_rows(session: Session) -> None:
    text = "SELECT /*+ shuffle_hash(n) */ n.id, count(*) FROM nothing n JOIN fact f ON n.id = f.owner GROUP BY n.id"
    check(session, text)


def test_another_join_multiplies_rows(session: Session) -> None:
    text = (
        "SELECT /*+ shuffle_hash(o), shuffle_hash(r) */ o.id, o.name, count(*), sum(f.v) FROM fact f "
        "JOIN owner o ON o.id = f.owner JOIN repeated r ON r.id = f.v GROUP BY o.id, o.name"
    )
    assert answer(session, text) == answer(session, text, flint_compile_enabled=False)


class InProcess(Session):
    """A session whose executor is two threads of this process."""

    @property
    def cluster(self) -> Any:
        return self._once("cluster", lambda: InlineCluster(self.conf.mapping(), cores=2))


@pytest.mark.parametrize("room", [True, False])
def test_groups_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: bool) -> None:
    """They go to disk after each call of the code, or are not made at all."""

    def called(self: AggregateSink, local: Any, *_: Any) -> None:
        self._spill_groups(local)

    monkeypatch.setattr(AggregateSink, "called", called)
    monkeypatch.setattr(Reservation, "try_grow", lambda *_: room)
    owners = pa.table({"id": list(range(3000)), "name": [f"name {each}" for each in range(3000)]})
    facts = pa.table({"owner": [each % 4000 for each in range(9000)], "v": [each << 30 for each in range(9000)]})
    for name, table in (("owner", owners), ("fact", facts)):
        pq.write_table(table, tmp_path / f"{name}.parquet", row_group_size=1000)
    conf = {"flint.compile.minRows": 0, "flint.compile.cache.enabled": "false", "flint.local.rowLimit": "0"}
    with InProcess("local[2]", conf) as session:
        for name in ("owner", "fact"):
            session.sql(f"CREATE TEMP VIEW {name} USING parquet OPTIONS (path '{tmp_path}/{name}.parquet')")
        for kind in ("JOIN", "LEFT JOIN"):
            text = of(kind, "o.id, o.name", "o.id = f.owner", "count(*), count(f.v), sum(f.v), max(f.v)")
            assert answer(session, text) == answer(session, text, flint_compile_enabled=False)
