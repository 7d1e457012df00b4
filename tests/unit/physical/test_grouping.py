"""Numbers and hashes of keys, and the table of a join, by themselves."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from engine.kernels.grouping import group_rows, hash_rows
from engine.kernels.joins import JoinTable

COLUMNS = {
    "near integers": pa.array([5, 7, 5, None, 7, None]),
    "far integers": pa.array([1 << 60, -(1 << 60), 1 << 60, None, -(1 << 60), None]),
    "letters": pa.array(["A", "B", "A", None, "B", None]),
    "texts": pa.array(["", "a longer text", "", None, "a longer text", None]),
    "doubles": pa.array([0.0, float("nan"), -0.0, None, float("nan"), None]),
    "booleans": pa.array([True, False, True, None, False, None]),
    "decimals": pa.array([Decimal(1), Decimal(10**30), Decimal(1), None, Decimal(10**30), None], pa.decimal128(38, 0)),
    "structs": pa.array([{"x": 1}, {"x": None}, {"x": 1}, None, {"x": None}, None]),
    "lists": pa.array([[1], [], [1], None, [], None]),
    "bytes": pa.array([b"\0", b"\0\0", b"\0", None, b"\0\0", None]),
}


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS.keys())
def test_equal_values_are_one_group_and_hash_alike(column: pa.Array) -> None:
    for array in (column, pa.concat_arrays([column.slice(5), column, column]).slice(1, 6)):
        groups = group_rows([array], len(array))
        assert groups.count == 3
        assert [groups.ids[a] == groups.ids[b] for a, b in ((0, 2), (1, 4), (3, 5), (0, 1), (1, 3))] == [1, 1, 1, 0, 0]
        assert sorted(groups.first.tolist()) == [0, 1, 3]
        hashes = hash_rows([array], len(array))
        assert len(set(hashes.tolist())) == 3
        assert (hashes == hash_rows([column], 6)).all()


def test_several_keys() -> None:
    keys = [COLUMNS["near integers"], COLUMNS["texts"], pa.array([1, 1, 2, 1, 1, 1])]
    groups = group_rows(keys, 6)
    assert groups.count == 4
    assert groups.ids[1] == groups.ids[4] and groups.ids[3] == groups.ids[5]
    assert len(set(hash_rows(keys, 6).tolist())) == 4
    wide = [pa.array(np.arange(3) * (1 << 61)) for _ in range(4)]  # ranges that do not multiply into 64 bits
    assert group_rows(wide, 3).count == 3


def test_hashes_are_the_same_in_every_process() -> None:
    code = (
        "import pyarrow as pa; from engine.kernels.grouping import hash_rows;"
        "print(hash_rows([pa.array(['a', None, 'xyz']), pa.array([1.5, 2.0, None])], 3).tolist())"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert eval(found) == hash_rows([pa.array(["a", None, "xyz"]), pa.array([1.5, 2.0, None])], 3).tolist()


@pytest.mark.parametrize("in_order", [False, True])
@pytest.mark.parametrize("spread", [1, 1 << 40])
@pytest.mark.parametrize("repeated", [False, True])
def test_join_table(in_order: bool, spread: int, repeated: bool) -> None:
    """Dense and far keys, unique and repeated, in a table and in order."""
    rng = np.random.default_rng(8)
    built = rng.permutation(500) * spread if not repeated else rng.integers(0, 100, 500) * spread
    probed = rng.integers(-50, 600, 300) * spread
    table = JoinTable([pa.array(built)], 500, [False], in_order)
    keys = [pa.array(probed)]
    found = table.lookup(keys, 300)
    pairs = {(a, b) for left, right in table.pairs(found, keys, 64) for a, b in zip(left, right, strict=True)}
    assert pairs == {(i, j) for i, a in enumerate(probed) for j, b in enumerate(built) if a == b}
    assert table.exact and found.total == len(pairs)
