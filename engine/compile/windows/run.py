"""Runs the loop of window functions over pieces of sorted rows, on any thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from engine.compile.binding import FrameWords
from engine.compile.code import code_of, enabled
from engine.compile.forms import array_of, dtype_of
from engine.compile.object_cache import Quarantined
from engine.compile.prepared import prepared
from engine.compile.program import NAME
from engine.compile.windows.fetched import Fetched
from engine.compile.windows.loop import BASE, PEERS, PLACES, STARTS
from engine.compile.windows.program import WindowProgram, window_program
from engine.config import typed
from engine.expressions.base import Alias
from engine.kernels.buffers import Ints, Mask
from engine.physical.batches import batch_of
from engine.physical.encoded_columns import EncodedColumns
from engine.physical.execution import Execution
from engine.physical.keys import key_arrays
from engine.records import dataclass
from engine.types.arrow import to_arrow


@dataclass(frozen=True)
class Sorted:
    """Sorted rows: where each is among the columns, where partitions begin and the last ends, and which begin peers."""

    places: Ints
    starts: Ints
    peers: Mask


class CompiledWindow:
    """The loop for `functions` over `rows`, in the order `order`. `made` makes it."""

    def __init__(
        self,
        program: WindowProgram,
        code: Any,
        functions: Sequence[Alias],
        rows: EncodedColumns,
        order: Sorted,
        run: Execution,
    ) -> None:
        self._program = program
        self._code = code
        self._functions = functions
        self._rows = rows
        self._order = order
        self._run = run
        self._lock = threading.Lock()
        self._batch = batch_of(rows.encoded, rows.rows)
        self._frames: list[FrameWords] = []
        self._texts = {number: self._text(each) for number, each in program.fetched.items() if each.storage == "text"}

    def columns(self, low: int, high: int) -> dict[int, pa.Array] | None:
        """The values of the functions that have code, by their numbers, for the partitions from row `low` to before row `high`
        of the order. None where an expression has no value: kernels raise the error."""
        with self._lock:
            frame = self._frames.pop() if self._frames else None
        frame = self._frame() if frame is None else frame
        first, last = np.searchsorted(self._order.starts, (low, high)).tolist()
        outputs = self._room(frame, high - low)
        frame.set(BASE, low)
        with self._code.calling():
            done = frame.call(self._code.addresses[NAME], first, last)
        with self._lock:
            self._frames.append(frame)
        return self._made(outputs, high - low) if done else None

    def _frame(self) -> FrameWords:
        assert self._program.program is not None
        frame = FrameWords(self._program.program, self._run)
        order, peers = self._order, self._order.peers.view(np.int8)
        frame.inputs.bind(self._batch)
        frame.set(PLACES, order.places.ctypes.data, order.places)
        frame.set(STARTS, order.starts.ctypes.data, order.starts)
        frame.set(PEERS, peers.ctypes.data, peers)
        return frame

    def _room(self, frame: FrameWords, rows: int) -> dict[tuple[str, int], np.ndarray[Any, Any]]:
        """Where the code writes."""
        made: dict[tuple[str, int], np.ndarray[Any, Any]] = {}
        for number, counted in self._program.counted.items():
            made["window values", number] = np.empty(rows, dtype_of(counted.storage))
        for number, fetched in self._program.fetched.items():
            if fetched.storage == "text":
                made["window rows", number] = np.empty(rows, np.int64)
                continue
            made["window values", number] = np.empty(rows, dtype_of(fetched.storage))
            made["window valid", number] = np.empty(rows, np.uint8)
        for each in self._program.accumulated:
            made["window states", each.number] = np.empty((rows, each.accumulators.words), np.uint64)
        for key, array in made.items():
            frame.set(key, array.ctypes.data, array)
        return made

    def _made(self, outputs: dict[tuple[str, int], np.ndarray[Any, Any]], rows: int) -> dict[int, pa.Array]:
        found: dict[int, pa.Array] = {}
        for number, counted in self._program.counted.items():
            found[number] = array_of(counted.storage, self._type(number), outputs["window values", number], None, rows)
        for number, fetched in self._program.fetched.items():
            if fetched.storage == "text":
                taken = outputs["window rows", number]
                found[number] = self._texts[number].take(pa.array(taken, mask=taken < 0)).cast(self._type(number))
            else:
                values, valid = outputs["window values", number], outputs["window valid", number]
                found[number] = array_of(fetched.storage, self._type(number), values, valid, rows)
        for each in self._program.accumulated:
            own = [call.call for call in each.calls]
            kernels = [call.kernel for call in each.calls]
            states = each.accumulators.states(outputs["window states", each.number], None, own, kernels)
            for call in each.calls:
                count = len(call.kernel.state_types([to_arrow(argument.dataType) for argument in call.call.arguments]))
                found[call.output] = call.kernel.finish(states[:count], call.call.dataType)
                states = states[count:]
        return found

    def _type(self, number: int) -> pa.DataType:
        return to_arrow(self._functions[number].dataType)

    def _text(self, fetched: Fetched) -> pa.Array:
        """All values of an expression of texts."""
        return key_arrays((fetched.expression,), self._rows, self._rows.attributes, self._run)[0]


def compiled_window(
    functions: Sequence[Alias], rows: EncodedColumns, run: Execution
) -> tuple[WindowProgram, Any] | None:
    """The program of functions over `rows` and its code; None where there is none, or the rows are few."""
    if not enabled(run) or rows.rows < typed(run.task.conf, "flint.compile.minRows"):
        return None
    forms = prepared(batch_of(rows.encoded, rows.rows)).forms
    checked = typed(run.task.conf, "flint.compile.checked")
    made = window_program(functions, rows.attributes, forms, run.evaluation, checked=checked)
    if made.program is None:
        return None
    try:
        return made, code_of(made.program.text, [NAME], run)
    except Quarantined:
        return None
