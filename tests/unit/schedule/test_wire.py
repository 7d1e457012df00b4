"""Frames of result batches: what goes in comes out, from slices, with nulls, texts, lists and no columns."""

from __future__ import annotations

import socket
import threading

import pyarrow as pa
import pytest

from engine.cluster.wire import BlockingChannel
from engine.schedule.backend import TaskBatch

ROWS = 300_000
NUMBERS = pa.array(range(ROWS), pa.int64())
TEXTS = pa.array([None if row % 5 == 0 else f"text {row}" for row in range(ROWS)])
LISTS = pa.array([[row, None] if row % 3 else None for row in range(ROWS)], pa.list_(pa.int32()))


@pytest.mark.parametrize(
    "batch",
    [
        pa.RecordBatch.from_arrays([NUMBERS, TEXTS, LISTS], ["a", "b", "c"]),
        pa.RecordBatch.from_arrays([NUMBERS, TEXTS, LISTS], ["a", "b", "c"]).slice(7, 1001),
        pa.RecordBatch.from_arrays([NUMBERS] * 2000, [str(place) for place in range(2000)]).slice(3, 2),
        pa.RecordBatch.from_arrays([pa.array([], pa.string())], ["a"]),
        pa.RecordBatch.from_struct_array(pa.StructArray.from_buffers(pa.struct([]), 5, [None])),
    ],
    ids=["whole", "slice", "wide", "empty", "no columns"],
)
def test_batches_cross_as_they_are(batch: pa.RecordBatch) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=BlockingChannel(ours).send, args=(TaskBatch(7, batch, streamed=True),))
        sender.start()
        found = BlockingChannel(theirs).receive()
        sender.join()
    assert found == TaskBatch(7, batch, streamed=True)
    found.batch.validate(full=True)
