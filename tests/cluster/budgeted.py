"""Runs statements under a budget, and writes what each took above idle: `budgeted.py BYTES FOLDER TEXT ...`.

A process of its own, so that what is measured is the session, its executors and nothing else.
"""

from __future__ import annotations

import json
import os
import sys

from engine import Session
from tpch.measure import Memory, tree_bytes


def measured(budget: int, folder: str, text: str) -> tuple[int, str]:
    """The most bytes above idle, and what EXPLAIN ANALYZE tells."""
    conf = {"spark.executor.memory": str(budget), "spark.local.dir": folder, "flint.local.rowLimit": "0"}
    with Session("local[2]", conf) as session:
        session.sql("select count(*) from range(100000) where id > 5").collect()
        idle = tree_bytes(os.getpid())
        memory = Memory(os.getpid())
        try:
            (told,) = session.sql(f"explain analyze {text}").collect()[0]
        finally:
            memory.stop()
        return memory.peak - idle, str(told)


if __name__ == "__main__":
    print(json.dumps([measured(int(sys.argv[1]), sys.argv[2], text) for text in sys.argv[3:]]))
