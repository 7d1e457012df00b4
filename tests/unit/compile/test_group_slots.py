"""Slots of single whole numbers in tables of groups: the numbers themselves, and hashes where those are bad slots."""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session
from engine.compile.ir import Function, module_text
from engine.compile.llvm import compiler
from engine.compile.tables.group_table import GroupTable
from engine.compile.tables.grouping import NAMES, PLAIN, OpenTable, find, functions
from engine.compile.tables.layout import layout_of
from engine.compile.tables.texts import TextTable
from engine.expressions.base import Attribute
from engine.types import LongType

ROWS = 24_000
BIG = 1 << 45
KEYS: dict[str, list[int | None]] = {
    "dense": [row * 7919 % 9000 for row in range(ROWS)],
    "negative": [-(row * 7919 % 9000) - 1 for row in range(ROWS)],
    "table sizes": [(row % 9000) << 21 for row in range(ROWS)],
    "high": [(row % 9000 - 4500) << 45 for row in range(ROWS)],
    "dense, then one slot": [row if row < ROWS // 2 else (row % 6000) << 20 for row in range(ROWS)],
    "extremes": [(-(1 << 63), (1 << 63) - 1, 0, -1, row * BIG)[row % 5] for row in range(ROWS)],
    "gaps": [row // 16 * 32 + row % 8 for row in range(ROWS)],
    "nulls": [None if row % 7 == 0 else row * 7919 % 9000 - 4500 for row in range(ROWS)],
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    path = tmp_path_factory.mktemp("slots") / "t.parquet"
    columns: dict[str, Any] = {f"k{number}": pa.array(keys, pa.int64()) for number, keys in enumerate(KEYS.values())}
    short = pa.array([None if key is None else key * 3 for key in KEYS["nulls"]], pa.int32())
    pq.write_table(pa.table(columns | {"short": short, "v": pa.array(range(ROWS))}), path, row_group_size=5000)
    with Session(conf={"flint.compile.minRows": 0, "flint.compile.cache.enabled": "false"}) as made:
        made.sql(f"CREATE TEMP VIEW t USING parquet OPTIONS (path '{path}')")
        yield made


def answer(session: Session, key: str, **conf: str) -> list[dict[str, Any]]:
    for name, value in conf.items():
        session.conf.set(f"flint.compile.{name}", value)
    try:
        found = session.sql(f"SELECT {key} k, count(*) c, sum(v) s, min(v) m FROM t GROUP BY 1").toArrow().to_pylist()
    finally:
        for name in conf:
            session.conf.unset(f"flint.compile.{name}")
    return sorted(found, key=lambda row: (row["k"] is None, row["k"] or 0))


@pytest.mark.parametrize("conf", [{"optimize": "0"}, {"optimize": "2"}, {"checked": "true"}], ids=str)
def test_groups_whose_keys_are_slots(session: Session, conf: dict[str, str]) -> None:
    for key in (*(f"k{number}" for number in range(len(KEYS))), "short"):
        assert answer(session, key, **conf) == answer(session, key, enabled="false"), key


@dataclass
class Slots:
    """A table of groups, and the code that finds keys in it."""

    table: GroupTable
    add: Any
    code: Any


def slots() -> Slots:
    layout = layout_of([Attribute("k", LongType(), False)], lambda _: False)
    made = functions(layout, 2, lambda into, row, _: into.store(into.load("i64", 1) + row.load("i64", 1), 1))
    f = Function("add", [("words", "ptr"), ("key", "i64"), ("full", "ptr")])
    opened = OpenTable(f, f.argument("words"), 2)

    def full() -> None:
        opened.close()
        f.give(1)

    row = opened.row(
        find(opened, layout, [f.argument("key")], lambda new: new.store(f.integer("i64", 0), 1), full=full)
    )
    row.store(row.load("i64", 1) + 1, 1)
    opened.close()
    f.give(0)
    code = compiler(None).compile(module_text([*made, f]), [*NAMES, "add"], 0)

    def call(name: str, *arguments: int) -> Any:
        kinds = [ctypes.c_int64] * len(arguments)
        return ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(code.addresses[name])(*arguments)

    def grown(_: int) -> None:
        return

    table = GroupTable(2, call, TextTable(0, grown), grown)

    def add(key: int) -> None:
        while call("add", table.words.ctypes.data, key, 0):
            table.full(0)

    return Slots(table, add, code)


@pytest.mark.parametrize(
    ("keys", "plain"),
    [
        (range(3000), True),
        (range(-3000, 0), True),
        ([key << 21 for key in range(3000)], False),
        ([*range(1000), *(key << 21 for key in range(1000))], False),
        ([-(1 << 63), (1 << 63) - 1, 0, -1], True),
    ],
    ids=["dense", "negative", "one slot", "one slot at last", "extremes"],
)
def test_bad_slots_are_left_soon(keys: Sequence[int], plain: bool) -> None:
    made = slots()
    for key in keys:
        made.add(key)
        made.add(key)
    assert bool(made.table.words[PLAIN]) == plain
    found = {int(key): int(count) for key, count in made.table.rows.view(np.int64)}
    assert found == {key: 2 * count for key, count in Counter(keys).items()}
