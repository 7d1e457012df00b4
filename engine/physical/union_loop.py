"""Recursion: the rows of the anchor, then of level after level, each made of the one before by the same pipelines.

What the recursion reads that is the same at each level (the built side of a join) is made once, before the first. The rows
of all levels are kept, on disk where memory does not suffice; those of one level are the input of the next.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from copy import copy
from functools import partial

from engine.errors import ExecutionError
from engine.expressions.base import Attribute
from engine.expressions.sql import Name
from engine.lazy import cached_property
from engine.logical.recursion import ALL_ROWS
from engine.memory.pool import TaskMemory
from engine.physical.emit import EmitSink
from engine.physical.execution import Execution, Level
from engine.physical.operator import Breaker, Morsel, Operator, Sink, Source, texts
from engine.physical.pipeline import Repeated
from engine.physical.spool import Spool
from engine.physical.subqueries import run_with_queries
from engine.tree.node import node

NO_LIMIT = -1


@node
class UnionLoopExec(Breaker):
    """The rows of `anchor`, then those that `recursion` makes of the level before until there are none, as `columns`.

    More than `most_levels` levels or as many as `most_rows` rows are an error (NO_LIMIT: never); with a `limit` it ends
    without one when it has so many rows. Those with one `key` share one result.
    """

    key: int
    name: str
    columns: tuple[Attribute, ...]
    most_levels: int
    most_rows: int
    limit: int | None
    anchor: Operator
    recursion: Operator

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns

    @property
    def ordered(self) -> bool:
        return False

    @property
    def result_key(self) -> Hashable:
        """Under what the result is kept."""
        return ("loop", self.key)

    def sink(self, run: Execution) -> Sink:
        return LoopSink(self, run)

    def details(self, name: Name | None) -> str:
        levels = "" if self.most_levels == NO_LIMIT else f" at most {self.most_levels} levels"
        rows = "" if self.limit in (None, ALL_ROWS) else f" limit {self.limit}"
        return f"{self.name} {texts(self.columns, name)}{levels}{rows}"


@node
class UnionLoopRefExec(Source):
    """The rows of the level before of the loop `key`."""

    key: int
    columns: tuple[Attribute, ...]

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns

    def morsels(self, run: Execution) -> Sequence[Morsel]:
        return run.results[_level(self.key)]

    def details(self, name: Name | None) -> str:
        return texts(self.columns, name)


class LoopSink(EmitSink):
    """Takes the rows of the anchor, then runs level after level."""

    def __init__(self, operator: UnionLoopExec, run: Execution) -> None:
        self.operator = operator
        self.run = run
        self.spool = Spool(operator, run)
        super().__init__(self.spool.append, run)

    def repeat(self, repeated: Repeated) -> None:
        """Runs the recursion to its end. Raises RECURSION_LEVEL_LIMIT_EXCEEDED or RECURSION_ROW_LIMIT_EXCEEDED."""
        begin, rows, level = 0, 0, 1
        while self.spool.rows > rows and not self._is_complete(level):
            begin, rows, previous = len(self.spool), self.spool.rows, begin
            self._step(level, repeated, self.spool.morsels(previous))
            level += 1

    def finish(self) -> Sequence[Morsel]:
        return self.spool.morsels()

    def _is_complete(self, level: int) -> bool:
        operator = self.operator
        if operator.most_levels != NO_LIMIT and level > operator.most_levels:
            raise ExecutionError("RECURSION_LEVEL_LIMIT_EXCEEDED", {"levelLimit": operator.most_levels})
        if operator.limit is not None:
            return operator.limit != ALL_ROWS and self.spool.rows >= operator.limit
        if operator.most_rows != NO_LIMIT and self.spool.rows >= operator.most_rows:
            raise ExecutionError("RECURSION_ROW_LIMIT_EXCEEDED", {"rowLimit": operator.most_rows})
        return False

    def _step(self, level: int, repeated: Repeated, before: Sequence[Morsel]) -> None:
        """Appends the rows of the next level. What its breakers reserve is given back with it."""
        task = copy(self.run.task)
        task.memory = TaskMemory(task.memory.pool, task.partition)
        run = Level(self.run, task, level)
        try:
            run.results[_level(self.operator.key)] = before
            output = partial(EmitSink, self.spool.append, run)
            run_with_queries(repeated.queries, repeated.pipelines, run, output)
        finally:
            run.close()
            task.memory.close()


def _level(key: int) -> Hashable:
    return ("level", key)
