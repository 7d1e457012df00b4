"""The tables of the questions, drawn evenly: 100 large groups or rows / 100 small ones; keys of which nine in ten match."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

GROUPS = 100
ROW_GROUP = 1 << 20

Array = npt.NDArray[Any]


def load(task: str, rows: int, folder: Path) -> dict[str, list[str]]:
    """The files of `task` ("groupby" or "join") by table, made if they are not there yet."""
    home = folder / f"{task}_{rows}"
    names = ("x",) if task == "groupby" else ("x", "small", "medium", "big")
    files = {name: home / f"{name}.parquet" for name in names}
    if not all(file.exists() for file in files.values()):
        home.mkdir(parents=True, exist_ok=True)
        tables = groupby(rows) if task == "groupby" else join(rows)
        for name, columns in tables.items():
            _write(columns, files[name])
    return {name: [str(file)] for name, file in files.items()}


def groupby(rows: int) -> dict[str, dict[str, pa.Array]]:
    """The one table of the group-by questions."""
    random = np.random.Generator(np.random.PCG64(rows))
    small = max(1, rows // GROUPS)

    def numbers(count: int) -> Array:
        return random.integers(1, count + 1, rows, dtype=np.int32)

    return {
        "x": {
            "id1": _texts(numbers(GROUPS), 3),
            "id2": _texts(numbers(GROUPS), 3),
            "id3": _texts(numbers(small), 10),
            "id4": pa.array(numbers(GROUPS)),
            "id5": pa.array(numbers(GROUPS)),
            "id6": pa.array(numbers(small)),
            "v1": pa.array(numbers(5)),
            "v2": pa.array(numbers(5)),
            "v3": pa.array(np.round(random.random(rows) * 100, 4)),
        }
    }


def join(rows: int) -> dict[str, dict[str, pa.Array]]:
    """The four tables of the join questions. A key that several tables have was drawn from the same numbers."""
    random = np.random.Generator(np.random.PCG64(rows))
    sizes = {"id1": max(10, rows // 1_000_000), "id2": max(10, rows // 1_000), "id3": rows}
    keys = {
        name: random.permutation(np.arange(1, size + size // 10 + 1, dtype=np.int32)) for name, size in sizes.items()
    }
    left = {name: key[: sizes[name]] for name, key in keys.items()}
    right = {name: key[sizes[name] // 10 :][: sizes[name]] for name, key in keys.items()}
    tables = {"x": _drawn(random, left, rows, "v1", 3)}
    for size, (name, depth) in zip(sizes.values(), (("small", 1), ("medium", 2), ("big", 3)), strict=True):
        tables[name] = _drawn(random, right, size, "v2", depth)
    return tables


def _drawn(
    random: np.random.Generator, keys: dict[str, Array], rows: int, value: str, depth: int
) -> dict[str, pa.Array]:
    """Rows with the first `depth` of `keys`, each key at least once if there are enough rows, as numbers and as texts."""
    drawn = {}
    for name, key in list(keys.items())[:depth]:
        more = key[random.integers(0, len(key), max(0, rows - len(key)))]
        drawn[name] = random.permutation(np.concatenate([key[:rows], more]))
    texts = {f"id{place + 4}": _texts(column, 1) for place, column in enumerate(drawn.values())}
    plain = {name: pa.array(column) for name, column in drawn.items()}
    return plain | texts | {value: pa.array(np.round(random.random(rows) * 100, 6))}


def _texts(numbers: Array, width: int) -> pa.Array:
    """ "id001": the numbers with leading zeros."""
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")
    return pc.binary_join_element_wise("id", digits, "")


def _write(columns: dict[str, pa.Array], target: Path) -> None:
    partial = target.with_suffix(f".{os.getpid()}")
    try:
        pq.write_table(pa.table(columns), partial, compression="snappy", row_group_size=ROW_GROUP)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
