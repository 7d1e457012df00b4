"""Window functions over one partition that does not fit into memory: sorted rows pass by, and each keeps what it needs.

    row_number, rank ...                            how many rows, and groups of peers, were before
    aggregates from the start to the row or its peers   their states so far, which are merged with those of the rows at hand
    lag, lead, frames of some rows around the row   those rows before and after the rows at hand
    aggregates of all rows                          their values, from a pass over the rows before

Rows at hand end with a group of peers where some function asks for those. Whoever asks for more needs all rows in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from engine.compile.values import NotCompiled
from engine.compile.windows.frames import Bounds
from engine.errors import InternalError
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Expression
from engine.expressions.window import RANKINGS, WindowCall, WindowExpression
from engine.functions.registry import lookup
from engine.kernels.aggregate_sums import Average, Count, Sum
from engine.kernels.aggregate_values import Extreme
from engine.kernels.aggregates import aggregate_kernel, inputs_of
from engine.kernels.buffers import Ints, Mask
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import evaluate_constant
from engine.kernels.frames import aggregate_over, states_over
from engine.kernels.sorting import first_of_runs
from engine.kernels.windows import Frames, Layout, layout_of, ranks
from engine.physical.batches import Columns, arrow_types, batch_of, sliced
from engine.physical.execution import Execution
from engine.physical.external_sort import Runs

if TYPE_CHECKING:
    from engine.physical.window import WindowExec

_OF_PLACES = (*RANKINGS, "percent_rank", "cume_dist", "ntile")
_OF_PEERS = ("rank", "dense_rank", "percent_rank", "cume_dist")
_MOST_AROUND = 1 << 16


class Streamed:
    """One function. `before` and `after` are how many rows around a row it looks at; `kind` is "places", "around", "running" or
    "whole". Raises NotCompiled where it needs more."""

    def __init__(self, expression: Expression, context: EvalContext) -> None:
        assert isinstance(expression, WindowExpression)
        self.call = expression.function
        self.before = self.after = 0
        self.states: list[pa.Array] = []
        """Of a running aggregate, and of one over all rows."""
        bounds = Bounds(expression.spec, context)
        self.bounds = bounds
        self.asks_for_peers = bounds.asks_for_peers
        if isinstance(self.call, WindowCall):
            self._of_window(self.call, context)
            return
        assert isinstance(self.call, AggregateCall)
        self.kernel = aggregate_kernel(self.call, context)
        usual = isinstance(self.kernel, Average | Count | Extreme | Sum) and not self.call.order
        if bounds.kind in ("rows", "peers", "whole") and usual:
            self.kind = "whole" if bounds.kind == "whole" else "running"
        else:
            self._around(*bounds.steps)

    def _of_window(self, call: WindowCall, context: EvalContext) -> None:
        if call.function in _OF_PLACES:
            self.kind, self.asks_for_peers = "places", call.function in _OF_PEERS
            return
        if call.function not in ("lag", "lead") or call.ignore_nulls:
            raise NotCompiled("rows that may be anywhere")
        value = evaluate_constant(call.arguments[1], context).value if len(call.arguments) > 1 else 1
        steps = int(value or 0) * (1 if call.function == "lead" else -1)
        self.asks_for_peers = False
        self._around(min(steps, 0), max(steps, 0))

    def _around(self, low: int | None, high: int | None) -> None:
        if low is None or high is None or self.asks_for_peers or max(-low, high) > _MOST_AROUND:
            raise NotCompiled("rows that may be anywhere")
        self.kind, self.before, self.after = "around", max(-low, 0), max(high, 0)


def streams(operator: WindowExec, context: EvalContext) -> bool:
    """Whether all functions can be computed while rows pass by."""
    try:
        for alias in operator.functions:
            Streamed(alias.child, context)
    except NotCompiled:
        return False
    return not operator.partition


class StreamedWindow:
    """The results for the rows of `runs`, in order."""

    def __init__(self, operator: WindowExec, runs: Runs, run: Execution) -> None:
        self._operator = operator
        self._runs = runs
        self._run = run
        self._columns = operator.child.output
        self._functions = [Streamed(alias.child, run.evaluation) for alias in operator.functions]
        self._before = max(each.before for each in self._functions)
        self._after = max(each.after for each in self._functions)
        self._by_peers = any(each.asks_for_peers for each in self._functions)
        self._done = 0  # rows that have passed
        self._groups = 0  # groups of peers that have passed

    def results(self) -> Iterator[pa.RecordBatch]:
        """The rows with the functions' values."""
        self._see_all()
        held, start = self._joined([]), 0  # rows before `start` have passed
        with self._run.task.memory.reservation(self._operator.title) as reservation:
            for batch in self._rows():
                held = self._joined([held, batch])
                reservation.resize(2 * held.nbytes)
                stop = self._stop(held, held.num_rows - self._after)
                if stop > start:
                    yield from self._passed(held, start, stop)
                    dropped = max(stop - self._before, 0)
                    held, start = held.slice(dropped), stop - dropped
            yield from self._passed(held, start, held.num_rows)

    def _rows(self) -> Iterator[pa.RecordBatch]:
        for morsel in self._runs.morsels(0):
            for batch in morsel():
                self._run.check()
                yield batch

    def _joined(self, batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
        columns = Columns(batches, arrow_types(self._columns))
        return batch_of(columns.arrays, columns.rows)

    def _see_all(self) -> None:
        """Computes what is made of all rows."""
        whole = [each for each in self._functions if each.kind == "whole"]
        for batch in self._rows() if whole else ():
            for each in whole:
                inputs, chosen = self._inputs(each, batch)
                rows = np.arange(batch.num_rows) if chosen is None else np.flatnonzero(chosen)
                found = each.kernel.update(
                    np.zeros(len(rows), np.int64), 1, [value.take(pa.array(rows)) for value in inputs]
                )
                each.states = _merged(each, found, 1)

    def _stop(self, held: pa.RecordBatch, limit: int) -> int:
        """Up to where rows can pass, now that there are `limit` with all that is after them."""
        if not self._by_peers or limit <= 0:
            return limit
        begins = np.flatnonzero(self._peers(held))
        place = int(np.searchsorted(begins, limit, side="right")) - 1
        return int(begins[place])

    def _peers(self, batch: pa.RecordBatch) -> Mask:
        kernels = self._run.compile_all([key.child for key in self._operator.order], self._columns)
        return first_of_runs([kernel(batch) for kernel in kernels], batch.num_rows)

    def _passed(self, held: pa.RecordBatch, start: int, stop: int) -> Iterator[pa.RecordBatch]:
        """The results for the rows from `start` to before `stop` of those that are held."""
        if start == stop:
            return
        own = held.slice(start, stop - start)
        peers = self._peers(own) if self._by_peers else np.ones(own.num_rows, np.bool_)
        first = np.zeros(own.num_rows, np.bool_)
        first[0] = True
        layout = layout_of(first, peers)
        made = []
        for each in self._functions:
            made.append(self._values(each, held, start, own, layout))
        self._done += own.num_rows
        self._groups += int(np.count_nonzero(peers))
        places = {column.id: place for place, column in reversed(list(enumerate(self._columns)))}
        kept = [own.column(places[column.id]) for column in self._operator.columns]
        yield from sliced(batch_of([*kept, *made], own.num_rows))

    def _values(
        self, each: Streamed, held: pa.RecordBatch, start: int, own: pa.RecordBatch, layout: Layout
    ) -> pa.Array:
        if each.kind == "places":
            return self._of_places(each, layout)
        if each.kind == "around":
            return self._of_rows_around(each, held).slice(start, own.num_rows)
        if each.kind == "running":
            inputs, chosen = self._inputs(each, own)
            low = np.zeros(own.num_rows, np.int64)
            high = layout.peer_stops if each.bounds.kind == "peers" else layout.numbers + 1
            found = _merged(each, states_over(each.kernel, layout, Frames(low, high), inputs, chosen), own.num_rows)
            each.states = [state.slice(own.num_rows - 1) for state in found]
            return each.kernel.finish(found, each.call.dataType)
        value = each.kernel.finish(each.states, each.call.dataType)
        return value.take(pa.array(np.zeros(own.num_rows, np.int64)))

    def _of_places(self, each: Streamed, layout: Layout) -> pa.Array:
        """As if the rows that have passed, and those that follow, were there."""
        assert isinstance(each.call, WindowCall)
        if each.call.function == "dense_rank":
            return pa.array(ranks("dense_rank", layout) + self._groups).cast(pa.int32())
        starts, stops = layout.starts - self._done, layout.starts + (self._runs.rows - self._done)
        whole = Layout(layout.rows, layout.partition, starts, stops, layout.peer_starts, layout.peer_stops)
        found: pa.Array = self._kernel(each.call).evaluate(whole, Frames(starts, stops), [])
        return found

    def _of_rows_around(self, each: Streamed, held: pa.RecordBatch) -> pa.Array:
        """The values for all rows that are held, of which those are right that see all they need."""
        first = np.zeros(held.num_rows, np.bool_)
        first[0] = True
        layout = layout_of(first, np.ones(held.num_rows, np.bool_))
        if isinstance(each.call, WindowCall):
            values = [self._evaluated(argument, held) for argument in each.call.arguments]
            made: pa.Array = self._kernel(each.call).evaluate(layout, Frames(layout.starts, layout.stops), values)
            return made
        assert isinstance(each.call, AggregateCall)
        low, high = each.bounds.steps
        assert low is not None and high is not None
        lows = np.clip(layout.numbers + low, 0, held.num_rows)
        highs: Ints = np.maximum(np.clip(layout.numbers + high + 1, 0, held.num_rows), lows)
        inputs, chosen = self._inputs(each, held)
        return aggregate_over(each.call, self._run.evaluation, layout, Frames(lows, highs), inputs, chosen)

    def _inputs(self, each: Streamed, batch: pa.RecordBatch) -> tuple[list[pa.Array], Mask | None]:
        """What an aggregate takes, and which rows pass its FILTER."""
        call = each.call
        assert isinstance(call, AggregateCall)
        inputs = [self._evaluated(expression, batch) for expression in inputs_of(call)]
        if call.condition is None:
            return inputs, None
        mask = self._evaluated(call.condition, batch).fill_null(False)
        return inputs, np.asarray(mask.to_numpy(zero_copy_only=False), np.bool_)

    def _evaluated(self, expression: Expression, batch: pa.RecordBatch) -> pa.Array:
        return self._run.compile(expression, self._columns)(batch)

    def _kernel(self, call: WindowCall) -> Any:
        for function in lookup(call.function):
            if function.kind == "window":
                return function.kernel(call, self._run.evaluation)
        raise InternalError(f"No window function {call.function}.")


def _merged(each: Streamed, states: Sequence[pa.Array], rows: int) -> list[pa.Array]:
    """States of `rows` groups, each with what was accumulated before."""
    if not each.states:
        return list(states)
    groups = np.arange(rows, dtype=np.int64)
    earlier = [state.take(pa.array(np.zeros(rows, np.int64))) for state in each.states]
    both = [pa.concat_arrays([old, new]) for old, new in zip(earlier, states, strict=True)]
    return each.kernel.merge(np.append(groups, groups), rows, both)
