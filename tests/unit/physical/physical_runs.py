"""Runs logical plans with the physical planner in this process, with any number of threads and any size of batches."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from engine.expressions.base import Attribute
from engine.kernels.context import EvalContext
from engine.logical.plan import LogicalPlan, Scan
from engine.logical.relation import ScanRequest, Split, Splits, TableStatistics
from engine.memory.pool import SHARE
from engine.physical.program import ResultOutput
from engine.physical.task import TaskContext
from engine.plan.context import PlannerContext
from engine.plan.pipelines import program
from engine.plan.planner import plan_physical
from engine.types import StructType
from engine.types.arrow import from_arrow, from_arrow_schema


@dataclass(frozen=True, eq=False)
class Rows:
    """A table in memory as a relation: two splits, batches of `size` rows."""

    table: pa.Table
    size: int

    @property
    def schema(self) -> StructType:
        return from_arrow_schema(self.table.schema)

    @property
    def description(self) -> str:
        return "rows"

    def identity(self) -> Hashable:
        return id(self.table)

    def statistics(self) -> TableStatistics:
        return TableStatistics(self.table.num_rows, self.table.nbytes)

    def splits(self, request: ScanRequest) -> Splits:
        middle = self.table.num_rows // 3
        return Splits((Split((0, middle), middle), Split((middle, self.table.num_rows), self.table.num_rows - middle)))

    def read(self, split: Split, request: ScanRequest) -> Iterator[pa.RecordBatch]:
        start, stop = split.payload
        part = self.table.select(list(request.columns)).slice(start, stop - start).combine_chunks()
        yield from part.to_batches(max_chunksize=self.size)


def scan(table: pa.Table, size: int = 8192) -> Scan:
    """A scan of all columns of a table, each an attribute of its name."""
    columns = tuple(Attribute(f.name, from_arrow(f.type)) for f in table.schema)
    return Scan(Rows(table, size), columns, ("t",))


def run(
    plan: LogicalPlan,
    threads: int = 1,
    context: PlannerContext | None = None,
    conf: Mapping[str, str] | None = None,
    share: float | None = None,
) -> list[tuple[Any, ...]]:
    """The rows of a plan; with a `share` of 0 all that can goes to disk."""
    operator = plan_physical(plan, context or PlannerContext())
    with TaskContext.local(threads=threads, conf=conf, share=SHARE if share is None else share) as task:
        program(operator, ResultOutput(), EvalContext()).run(0, task)
        return [row for batch in task.emitted for row in zip(*(c.to_pylist() for c in batch.columns), strict=True)]


def shown(rows: list[tuple[Any, ...]]) -> list[str]:
    """Rows in an order of their own, with doubles cut to what sums in any order agree on."""

    def plain(value: Any) -> Any:
        if isinstance(value, Decimal):
            value = float(value)
        return round(value, 6) + 0.0 if isinstance(value, float) and value == value else value

    return sorted(repr(tuple(plain(value) for value in row)) for row in rows)


def random_table(seed: int, rows: int, **kinds: str) -> pa.Table:
    """Columns of random nullable values: i(nt), l(ong), d(ouble), s(tring), n(umeric decimal)."""
    rng = np.random.default_rng(seed)
    words = np.array(["", "a", "b", "abc", "ä", "a longer text"])
    columns = {}
    for name, kind in kinds.items():
        missing = rng.random(rows) < 0.15
        match kind:
            case "i":
                column = pa.array(rng.integers(-8, 8, rows).astype(np.int32), mask=missing)
            case "l":
                column = pa.array(rng.integers(-(10**12), 10**12, rows), mask=missing)
            case "d":
                column = pa.array(np.round(rng.normal(size=rows) * 100, 1), mask=missing)
            case "s":
                column = pa.array(words[rng.integers(0, len(words), rows)], mask=missing)
            case _:
                cents = rng.integers(-(10**6), 10**6, rows)
                values = [None if gone else Decimal(int(c)).scaleb(-2) for c, gone in zip(cents, missing, strict=True)]
                column = pa.array(values, pa.decimal128(12, 2))
        columns[name] = column
    return pa.table(columns)


THREADS_AND_SIZES = [(1, 1), (1, 2), (1, 8192), (3, 7), (3, 8192)]
