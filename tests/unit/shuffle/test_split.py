"""Splitting a batch by partition number."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from engine.shuffle.split import split

BATCH = pa.record_batch({"n": list(range(7)), "s": ["a", None, "c", "d", "e", None, "g"]})


@pytest.mark.parametrize(
    ("targets", "partitions", "expected"),
    [
        ([2, 0, 2, 0, 5, 2, 0], 6, {0: [1, 3, 6], 2: [0, 2, 5], 5: [4]}),
        ([0] * 7, 1, {0: [0, 1, 2, 3, 4, 5, 6]}),
        ([70_000, 0, 0, 0, 0, 0, 1], 70_001, {0: [1, 2, 3, 4, 5], 1: [6], 70_000: [0]}),
    ],
)
def test_rows_keep_their_order(targets: list[int], partitions: int, expected: dict[int, list[int]]) -> None:
    pieces = dict(split(BATCH, np.array(targets), partitions))
    assert {partition: piece["n"].to_pylist() for partition, piece in pieces.items()} == expected
    assert pa.Table.from_batches(pieces.values()).sort_by("n").to_pylist() == BATCH.to_pylist()


def test_empty_batches_have_no_pieces() -> None:
    assert list(split(BATCH.slice(0, 0), np.array([], np.int64), 3)) == []
