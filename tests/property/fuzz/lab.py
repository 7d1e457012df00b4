"""Runs statements in several ways, all in this process, and says what came out in a form that can be compared."""

from __future__ import annotations

import datetime
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from engine import Session
from engine.cluster.inline import InlineCluster
from engine.errors import FlintError
from engine.optimize.context import OptimizerContext
from engine.optimize.optimizer import REQUIRED, batches
from engine.plan.strategies import leaves

from .tables import TABLES
from .typed_tables import ROWS

T = TypeVar("T")
EXCLUDED = "spark.sql.optimizer.excludedRules"
_BASE = {"flint.optimizer.check": "true", "flint.local.rowLimit": "0", "spark.sql.catalogImplementation": "in-memory"}
_BATCHES = batches(OptimizerContext())
OPTIONAL_BATCHES = tuple(batch.name for batch in _BATCHES if batch.name not in REQUIRED)
RULES = tuple(dict.fromkeys(rule.name for batch in _BATCHES if batch.name not in REQUIRED for rule in batch.rules))
UNOPTIMIZED = {EXCLUDED: ",".join(OPTIONAL_BATCHES)}
COLD = {"flint.columnCache.enabled": "false"}
INTERPRETED = {"flint.compile.enabled": "false"}
_COMPILED = {"flint.compile.minRows": "0", "flint.compile.cache.enabled": "false"}
COMPILED = {level: _COMPILED | {"flint.compile.optimize": level} for level in ("0", "2")}
CHECKED = COMPILED["0"] | {"flint.compile.checked": "true", "flint.compile.nearBytes": "0"}


@dataclass(frozen=True)
class Outcome:
    """What a statement answered: column types and rows in an order of their own, or the condition of its error."""

    types: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    error: str = ""
    message: str = field(default="", compare=False)

    def __str__(self) -> str:
        if self.error:
            return f"[{self.error}] {self.message[:300]}"
        shown = [" | ".join(row) for row in self.rows[:20]]
        return "\n".join([f"{', '.join(self.types)} ({len(self.rows)} rows)", *shown])


class InProcess(Session):
    """A session whose executors are threads of this process."""

    def __init__(self, conf: Mapping[str, str], executors: int, cores: int) -> None:
        super().__init__("local[1]", conf)
        self.executors = executors
        self.cores = cores

    @property
    def cluster(self) -> Any:
        return self._once("cluster", lambda: InlineCluster(self.conf.mapping(), self.executors, cores=self.cores))


class Lab:
    """Sessions over the tables in `folder`: one executor, three that exchange rows, one with several threads, and
    one that may fill no memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._small = leaves._SMALL_BYTES
        leaves._SMALL_BYTES = 0  # else so few rows are read by one executor
        self.one = self._opened(1)
        self.three = self._opened(3)
        self.threaded = self._opened(1, cores=3)
        self.spilling = self._opened(1, cores=2, conf={"spark.memory.fraction": "0"})

    def _opened(self, executors: int, cores: int = 1, conf: Mapping[str, str] | None = None) -> Session:
        session = InProcess({**_BASE, **(conf or {})}, executors, cores)
        for name in (*TABLES, *ROWS):
            if (self.folder / name).exists():
                session.sql(f"create temporary view {name} as select * from parquet.`{self.folder}/{name}`")
        return session

    def run(
        self,
        text: str,
        conf: Mapping[str, str] | None = None,
        executors: int = 1,
        batch_rows: int = 0,
        threads: bool = False,
        spilling: bool = False,
    ) -> Outcome:
        """The outcome of a statement under settings of its own."""
        session = self.threaded if threads else self.one if executors == 1 else self.three
        session = self.spilling if spilling else session
        conf = {**(conf or {}), **(COLD if batch_rows else {})}  # columns are kept in pieces of one size
        with _set(session, conf), _batches_of(batch_rows):
            return outcome(lambda: session.sql(text))

    def rows(self, text: str, conf: Mapping[str, str]) -> list[Any]:
        """The rows of a statement on one executor. Raises what the engine raises."""
        with _set(self.one, conf):
            return self.one.sql(text).collect()

    def close(self) -> None:
        """Ends the sessions."""
        leaves._SMALL_BYTES = self._small
        self.one.stop()
        self.three.stop()
        self.threaded.stop()
        self.spilling.stop()


def outcome(run: Callable[[], Any]) -> Outcome:
    """What a DataFrame answers. An error that is no FlintError is one, too: of the engine."""
    try:
        frame = run()
        rows = [tuple(row) for row in frame.collect()]
    except FlintError as error:
        return Outcome(error=error.condition or type(error).__name__, message=str(error))
    except Exception as error:
        return Outcome(error=f"INTERNAL {type(error).__name__}", message=str(error))
    return Outcome(tuple(kind for _, kind in frame.dtypes), tuple(sorted(tuple(map(shown, row)) for row in rows)))


def shown(value: Any) -> str:
    """A value as text: NaN is NaN, -0.0 is 0.0, decimals by value, maps by key."""
    match value:
        case float():
            return "NaN" if math.isnan(value) else repr(value) if value else "0.0"
        case Decimal():
            return f"{value:f}"
        case datetime.datetime() | datetime.date():
            return value.isoformat()
        case dict():
            return "{" + ", ".join(sorted(f"{shown(k)}: {shown(v)}" for k, v in value.items())) + "}"
        case list():
            return "[" + ", ".join(map(shown, value)) + "]"
        case tuple():
            return "(" + ", ".join(map(shown, value)) + ")"
    return repr(value)


@contextmanager
def _set(session: Session, conf: Mapping[str, str]) -> Iterator[None]:
    for name, value in conf.items():
        session.conf.set(name, value)
    try:
        yield
    finally:
        for name in conf:
            session.conf.unset(name)


@contextmanager
def _batches_of(rows: int) -> Iterator[None]:
    """Makes the engine's batches so many rows large at most; 0 leaves them."""
    modules = [module for name, module in list(sys.modules.items()) if name.startswith("engine.")]
    sizes = ("BATCH_ROWS", "PIECE_ROWS")
    before = [(module, name, getattr(module, name)) for module in modules for name in sizes if hasattr(module, name)]
    for module, name, _ in before if rows else ():
        setattr(module, name, rows)
    try:
        yield
    finally:
        for module, name, size in before:
            setattr(module, name, size)
