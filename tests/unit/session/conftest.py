"""One session for the tests of a file, over small files that are right and files that are wrong."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """One executor of one thread; nothing may be left of it afterwards."""
    folder = tmp_path_factory.mktemp("local")
    with Session("local[1]", conf={"spark.local.dir": str(folder), "spark.executor.memory": "400m"}) as opened:
        yield opened
    assert os.listdir(folder) == []


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files: t.parquet (a int, b string, d double), wide.parquet (c0 .. c999), and broken ones."""
    folder = tmp_path_factory.mktemp("files")
    small = pa.table(
        {"a": pa.array([1, 2, None, 4], pa.int32()), "b": ["x", "y", None, "ü"], "d": [1.5, None, float("nan"), 2.0]}
    )
    pq.write_table(small, folder / "t.parquet")
    pq.write_table(pa.table({f"c{number}": [number, number + 1] for number in range(1000)}), folder / "wide.parquet")
    raw = (folder / "t.parquet").read_bytes()
    broken = {
        "truncated": raw[: len(raw) // 2],
        "zero": b"",
        "garbage": bytes(range(256)) * 4,
        "overwritten": raw[:4] + bytes(len(raw) - 204) + raw[-200:],
        "long-footer": raw[:-8] + struct.pack("<I", 0x7FFFFFFF) + b"PAR1",
        "short-footer": raw[:-8] + struct.pack("<I", 12) + b"PAR1",
        "data": raw[:4] + b"\xff" * 60 + raw[64:],
    }
    for name, content in broken.items():
        (folder / f"{name}.parquet").write_bytes(content)
    (folder / "ragged.csv").write_text("a,b\n1,2\n3\n4,5,6\n")
    (folder / "empty.csv").write_text("")
    (folder / "empty.json").write_text("")
    (folder / "latin.csv").write_bytes(b"a,b\n\xff\xfe,2\n")
    (folder / "nothing").mkdir()
    return folder
