"""A session that answers from a table of canned results, and a terminal that records what is written to it."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from engine.errors import Cancelled, ParseError, Position
from engine.events import LOGGER, EventBus
from engine.types import StructField, StructType
from engine.types.arrow import from_arrow


class FakeFrame:
    def __init__(self, session: FakeSession, table: pa.Table) -> None:
        self._session = session
        self._table = table
        self.schema = StructType(tuple(StructField(field.name, from_arrow(field.type)) for field in table.schema))

    def toBatches(self) -> Iterator[pa.RecordBatch]:
        yield from self._table.to_batches()

    def collect(self) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self._table.to_pylist()]


class FakeCatalog:
    current_database = "default"

    def listed(self, database: str | None = None) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="t"), SimpleNamespace(name="big")]


class FakeSession:
    """`results` maps statements to tables, errors to raise, or "wait": runs until cancelled."""

    def __init__(self) -> None:
        self.events = EventBus()
        self.catalog = FakeCatalog()
        self.conf = {"spark.sql.session.timeZone": "UTC"}
        self.ran: list[tuple[str, str | None]] = []
        self.running = threading.Event()
        self.cancelled = threading.Event()
        self.stopped = False
        self.results: dict[str, Any] = {
            "select 1": pa.table({"1": [1]}),
            "select 2": pa.table({"2": [2]}),
            "select null": pa.table({"x": pa.nulls(1)}),
            "create view v": pa.table({}),
            "many": pa.table({"n": range(100)}),
            "selct": ParseError("PARSE_SYNTAX_ERROR", {"error": "'selct'", "hint": ""}, Position(0, 5)),
            "bug": ZeroDivisionError("oh no"),
        }
        self.tables = {
            "`t`": pa.table({"id": [1], "name": ["x"]}),
            "`big`": pa.table({f"c{number}": [1] for number in range(20)}),
        }

    def sql(self, text: str, dialect: str | None = None) -> FakeFrame:
        self.ran.append((text, dialect))
        result = self.results[text]
        if isinstance(result, str):
            self.running.set()
            assert self.cancelled.wait(10)
            raise Cancelled
        if isinstance(result, Exception):
            raise result.located(text) if isinstance(result, ParseError) else result
        return FakeFrame(self, result)

    def table(self, name: str) -> FakeFrame:
        return FakeFrame(self, self.tables[name])

    def warm_up(self) -> None:
        pass

    def cancel(self) -> None:
        self.cancelled.set()

    def stop(self) -> None:
        self.stopped = True


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """As in the shell, what is logged does not reach the screen."""
    nowhere = logging.NullHandler()
    LOGGER.addHandler(nowhere)
    yield
    LOGGER.removeHandler(nowhere)


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def terminal() -> Screen:
    return Screen()
