"""A query and the ways to get at its rows. Nothing runs before one of them is called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from engine.dataframe.row import Row, rows
from engine.errors import ExecutionError
from engine.types import StructType
from engine.types.arrow import public_batch, public_schema
from engine.types.cells import style_of

if TYPE_CHECKING:
    from engine.query import Query


class DataFrame:
    """The rows of a query. Each call that gives rows runs the query."""

    def __init__(self, query: Query) -> None:
        self.query = query

    @property
    def schema(self) -> StructType:
        """The columns: names, types, nullability."""
        return self.query.schema

    @property
    def columns(self) -> list[str]:
        """The columns' names."""
        return self.schema.names

    @property
    def dtypes(self) -> list[tuple[str, str]]:
        """The columns' names and types as text."""
        return [(field.name, field.dataType.simpleString()) for field in self.schema.fields]

    def toBatches(self) -> Iterator[pa.RecordBatch]:
        """The rows as Arrow batches, while they are computed; few are held at a time."""
        schema = public_schema(self.schema)
        for batch in self.query.batches():
            yield public_batch(batch, self.schema, schema)

    def toArrow(self) -> pa.Table:
        """All rows as an Arrow table."""
        return pa.Table.from_batches(list(self.toBatches()), public_schema(self.schema))

    def collect(self) -> list[Row]:
        """All rows as Python values. Raises COLLECT_LIMIT_EXCEEDED beyond spark.sql.maxResultRows, where that is set."""
        limit = self.query.session.conf.value("spark.sql.maxResultRows")
        zone = self.query.session.conf.get("spark.sql.session.timeZone")
        found: list[Row] = []
        for batch in self.query.batches():
            if 0 <= limit < len(found) + batch.num_rows:
                raise ExecutionError("COLLECT_LIMIT_EXCEEDED", {"limit": limit, "setting": "spark.sql.maxResultRows"})
            found.extend(rows(batch, self.schema, zone))
        return found

    def toLocalIterator(self) -> Iterator[Row]:
        """The rows one by one, while they are computed."""
        zone = self.query.session.conf.get("spark.sql.session.timeZone")
        for batch in self.query.batches():
            yield from rows(batch, self.schema, zone)

    def take(self, n: int) -> list[Row]:
        """The first `n` rows."""
        found: list[Row] = []
        for row in self.toLocalIterator():
            if len(found) >= n:
                break
            found.append(row)
        return found[:n]

    def first(self) -> Row | None:
        """The first row, None if there is none."""
        return next(iter(self.take(1)), None)

    def count(self) -> int:
        """How many rows there are."""
        return sum(batch.num_rows for batch in self.query.batches())

    def show(self, n: int = 20, truncate: bool | int = True, vertical: bool = False) -> None:
        """Prints the first `n` rows as Spark does."""
        from engine.dataframe.show import show_string  # here: only printing needs it

        conf = self.query.session.conf
        style = style_of(conf.get("spark.sql.session.timeZone"), conf.get("spark.sql.binaryOutputStyle"))
        batches: list[pa.RecordBatch] = []
        for batch in self.query.batches():
            batches.append(batch)
            if sum(each.num_rows for each in batches) > n:
                break
        table = pa.Table.from_batches(batches, self.query.arrow_schema)
        print(show_string(table, self.schema, n, truncate, vertical, style), end="")  # noqa: T201 - what show() is for

    def explain(self, mode: str | bool = "simple") -> None:
        """Prints the plan; `mode` is simple, extended, formatted, cost, rules or analyze (True means extended)."""
        name = mode if isinstance(mode, str) else ("extended" if mode else "simple")
        print(self.query.explain(name))  # noqa: T201 - what explain() is for

    def __repr__(self) -> str:
        return "DataFrame[" + ", ".join(f"{name}: {kind}" for name, kind in self.dtypes) + "]"
