"""Cuts a batch into its shuffle partitions, keeping the order of rows within each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def split(
    batch: pa.RecordBatch, targets: npt.NDArray[np.integer], partitions: int
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The non-empty pieces of `batch` as (partition, rows); `targets` has each row's partition, 0 to partitions - 1.

    Rows are gathered once, in order of partition; the pieces are slices of that.
    """
    if partitions == 1:
        yield 0, batch
        return
    narrow = targets.astype(np.uint16 if partitions <= 1 << 16 else np.uint32)  # 16 bits are sorted by radix
    gathered = batch.take(pa.array(np.argsort(narrow, kind="stable")))
    start = 0
    for partition, count in enumerate(np.bincount(narrow, minlength=partitions).tolist()):
        if count:
            yield partition, gathered.slice(start, count)
            start += count
