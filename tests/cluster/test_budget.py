"""The budget is held: what the processes of a session take above idle, anonymous and shared, while their operators spill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BUDGET = 160 << 20
ROWS = 6_000_000
QUERIES = {
    "aggregate": f"select count(*), sum(n) from (select id * 7919 % {ROWS} k, max(id) n, min(id) m from range({ROWS})"
    " group by 1) where m >= 0",
    "join": f"select /*+ shuffle_hash(b) */ count(*), sum(b.w) from range({ROWS}) a"
    f" join (select id * 7919 % {ROWS} as id, id + 1 w, cast(id as string) s, id + 2 v from range({ROWS})) b"
    " on a.id = b.id where b.s <> '' and b.v > 0",
    "window": f"select count(*), sum(r) from (select id, row_number() over (partition by id % 100000 order by id * 7919 % 1000)"
    f" as r from range({ROWS}))",
}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """By query: bytes above idle, and what is told of it."""
    folder, root = tmp_path_factory.mktemp("budget"), Path(__file__).resolve().parents[2]
    command = [sys.executable, str(Path(__file__).with_name("budgeted.py")), str(BUDGET), str(folder)]
    environment = {"PYTHONPATH": str(root)} | {key: each for key, each in os.environ.items() if key != "PYTHONPATH"}
    found = subprocess.run(
        [*command, *QUERIES.values()], check=True, cwd=root, env=environment, stdout=subprocess.PIPE, timeout=300
    )
    return dict(zip(QUERIES, json.loads(found.stdout), strict=True))


@pytest.mark.parametrize("name", QUERIES)
def test_operators_hold_the_budget(measured: dict[str, tuple[int, str]], name: str) -> None:
    most, told = measured[name]
    assert "MB spilled" in told
    assert most <= 1.1 * BUDGET
