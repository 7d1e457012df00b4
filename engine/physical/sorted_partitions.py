"""Window functions over sorted rows, some whole partitions a morsel: as code where a function has it, else by kernels, each of
which works on all partitions of the morsel at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from engine.compile.windows.run import CompiledWindow, Sorted, compiled_window
from engine.errors import InternalError
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Expression
from engine.expressions.window import WindowCall, WindowExpression
from engine.functions.registry import lookup
from engine.kernels.aggregates import inputs_of
from engine.kernels.buffers import Ints
from engine.kernels.frames import aggregate_over, frames_of
from engine.kernels.sorting import SortKey, sort_partitions
from engine.kernels.windows import Layout, layout_of
from engine.lazy import cached_property
from engine.physical.batches import batch_of, sliced
from engine.physical.encoded_columns import EncodedColumns
from engine.physical.encoding import decoded_column
from engine.physical.execution import Execution
from engine.physical.keys import key_arrays, numbered, owners
from engine.physical.operator import Morsel
from engine.types import DataType, StringType

if TYPE_CHECKING:
    from engine.physical.window import WindowExec

_MORSEL_ROWS = 1 << 17


class SortedPartitions:
    """All rows in the order of partition and order. `partition` are the arrays that tell partitions."""

    def __init__(
        self, operator: WindowExec, rows: EncodedColumns, partition: Sequence[pa.Array], run: Execution, threads: int
    ) -> None:
        self._operator = operator
        self._rows = rows
        self._run = run
        columns = operator.child.output
        order = key_arrays([key.child for key in operator.order], rows, columns, run, kept=True)
        asked = zip(order, operator.order, strict=True)
        self._keys = [SortKey(numbered(array), key.ascending, key.nulls_first) for array, key in asked]
        self._places, self._first, self._peers = sort_partitions(
            owners(partition, rows.rows), self._keys, rows.rows, threads
        )
        run.check()
        self._starts = np.append(np.flatnonzero(self._first), rows.rows)
        sorted_rows = Sorted(self._places, self._starts, self._peers)
        program = compiled_window(operator.functions, rows, run)
        self._code = None if program is None else CompiledWindow(*program, operator.functions, rows, sorted_rows, run)
        places = {column.id: place for place, column in reversed(list(enumerate(columns)))}
        self._wanted = [places[column.id] for column in operator.columns]

    def morsels(self) -> Sequence[Morsel]:
        """Some whole partitions each."""
        return [partial(self._results, low, high) for low, high in itertools.pairwise(self._cuts())]

    def _cuts(self) -> list[int]:
        """Where to cut rows into pieces of whole partitions, from 0 to the end."""
        wanted = np.arange(0, self._rows.rows, _MORSEL_ROWS)
        return [*np.unique(self._starts[np.searchsorted(self._starts, wanted)]).tolist(), self._rows.rows]

    def _results(self, low: int, high: int) -> Iterator[pa.RecordBatch]:
        """The rows at some places of the order, those of whole partitions."""
        if low == high:
            return
        taken = pa.array(self._places[low:high])
        made = None if self._code is None else self._code.columns(low, high)
        values = _Values(self, low, high)
        columns = [self._rows.kept_column(place, taken) for place in self._wanted]
        for number, alias in enumerate(self._operator.functions):
            self._run.check()
            known = None if made is None else made.get(number)
            columns.append(values.of(alias.child) if known is None else known)
        yield from sliced(batch_of(columns, high - low))


class _Values:
    """The values of window expressions by kernels, over the rows from `low` to before `high` of the order."""

    def __init__(self, owner: SortedPartitions, low: int, high: int) -> None:
        self._owner = owner
        self._operator = owner._operator
        self._run = owner._run
        self._low = low
        self._high = high

    @cached_property
    def _places(self) -> Ints:
        return self._owner._places[self._low : self._high]

    @cached_property
    def _batch(self) -> pa.RecordBatch:
        return self._owner._rows.batch(self._places)

    @cached_property
    def _layout(self) -> Layout:
        own = slice(self._low, self._high)
        return layout_of(self._owner._first[own], self._owner._peers[own])

    @cached_property
    def _keys(self) -> list[SortKey]:
        wanted = pa.array(self._places)
        types = [key.dataType for key in self._operator.order]
        return [
            SortKey(_in_its_type(key.array.take(wanted), kind), key.ascending, key.nulls_first)
            for key, kind in zip(self._owner._keys, types, strict=True)
        ]

    def of(self, expression: Expression) -> pa.Array:
        """A column of one value per row."""
        assert isinstance(expression, WindowExpression)
        context = self._run.evaluation
        types = [key.dataType for key in self._operator.order]
        frames = frames_of(expression.spec.frame, self._layout, self._keys, types, context)
        call = expression.function
        if isinstance(call, AggregateCall):
            inputs = self._evaluated(inputs_of(call))
            chosen = None
            if call.condition is not None:
                mask = self._evaluated((call.condition,))[0].fill_null(False)
                chosen = np.asarray(mask.to_numpy(zero_copy_only=False), np.bool_)
            return aggregate_over(call, context, self._layout, frames, inputs, chosen)
        assert isinstance(call, WindowCall)
        return self._kernel(call).evaluate(self._layout, frames, self._evaluated(call.arguments))

    def _evaluated(self, expressions: Sequence[Expression]) -> list[pa.Array]:
        kernels = self._run.compile_all(expressions, self._operator.child.output)
        return [kernel(self._batch) for kernel in kernels]

    def _kernel(self, call: WindowCall) -> Any:
        for function in lookup(call.function):
            if function.kind == "window":
                return function.kernel(call, self._run.evaluation)
        raise InternalError(f"No window function {call.function}.")


def _in_its_type(array: pa.Array, data_type: DataType) -> pa.Array:
    """Order keys as frames add to them; texts, to which nothing is added, may be numbers."""
    return array if isinstance(data_type, StringType) else decoded_column(array, data_type)
