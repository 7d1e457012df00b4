"""What operators are given while one task runs its pipelines: the task, compiled expressions, and results of breakers."""

from __future__ import annotations

import threading
from collections import ChainMap
from collections.abc import Callable, Hashable, MutableMapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import pyarrow as pa

from engine.expressions.base import Attribute, Expression
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import compile_expression, compile_predicate
from engine.physical.lifetimes import Lifetimes
from engine.physical.operator import Morsel
from engine.physical.shared_columns import SharedColumns
from engine.physical.task import TaskContext

Kernel = Callable[[pa.RecordBatch], pa.Array]
Value = TypeVar("Value")


class Execution:
    """One task's run of its stage.

    `partition` is which share of each source it takes. `results` holds, by operator id, the morsels of finished breakers,
    `holds` how to give back what such results keep. `failed` tells threads that wait for others that one of them has failed.
    """

    def __init__(self, task: TaskContext, evaluation: EvalContext) -> None:
        self.task = task
        self.partition = task.partition
        self.evaluation = evaluation
        self.failed = False
        self.results: MutableMapping[Hashable, Sequence[Morsel]] = {}
        self.holds: dict[Hashable, Callable[[], None]] = {}
        self.lifetimes = Lifetimes(())
        self.shared = SharedColumns((), task.memory)
        self._states: MutableMapping[Hashable, Any] = {}
        self._at_end: list[Callable[[], None]] = []
        self._lock = threading.RLock()

    def compile(self, expression: Expression, columns: Sequence[Attribute]) -> Kernel:
        """The kernel that evaluates `expression` over batches of `columns`.

        One that is random, or counts its rows, goes on where it was when it is asked for again (by another input of a
        UNION); its pipeline has one thread (`plan/pipelines.py`).
        """
        if expression.deterministic:
            return compile_expression(expression, columns, self.evaluation)
        make = partial(compile_expression, expression, columns, self.evaluation)
        # the expression is kept with its kernel, so that its id stays its own
        _, kernel = self.state(("kernel", id(expression)), lambda: (expression, make()))
        return kernel

    def compile_all(self, expressions: Sequence[Expression], columns: Sequence[Attribute]) -> list[Kernel]:
        """A kernel for each expression."""
        return [self.compile(expression, columns) for expression in expressions]

    def predicate(self, condition: Expression, columns: Sequence[Attribute]) -> Callable[[pa.RecordBatch], Any]:
        """The kernel that tells which rows of a batch fulfil `condition`."""
        return (
            compile_predicate(condition, columns, self.evaluation)
            if condition.deterministic
            else self.compile(condition, columns)
        )

    def state(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What the threads of this task share under `key` (an operator's id first), made by the first that asks."""
        with self._lock:
            if key not in self._states:
                self._states[key] = make()
            found: Value = self._states[key]
            return found

    def put(self, key: Hashable, value: Any) -> None:
        """Sets what `state` gives for `key`."""
        with self._lock:
            self._states[key] = value

    def drop(self, key: Hashable) -> None:
        """Sets nothing for `key` any more."""
        with self._lock:
            self._states.pop(key, None)

    def release(self, key: Hashable) -> None:
        """Gives back what is held under `key`: nothing will read it any more."""
        self.results.pop(key, None)
        give_back = self.holds.pop(key, None)
        if give_back is not None:
            give_back()

    def at_end(self, work: Callable[[], None]) -> None:
        """Has `work` done when the run is over: it takes apart what holds itself, which else would wait for the collector."""
        self._at_end.append(work)

    def close(self) -> None:
        """Ends the run: what operators keep here is let go, with the memory and files behind it."""
        self.shared.forget()
        for work in self._at_end:
            work()
        for kept in (self._at_end, self._states, self.results, self.holds):
            kept.clear()

    def check(self) -> None:
        """Raises Cancelled when the task was asked to stop."""
        self.task.cancel.check()


class Level(Execution):
    """The run of one level of a recursion: it finds what `outer` has, and keeps what it makes for itself. `number` is 1 for
    the first after the anchor."""

    def __init__(self, outer: Execution, task: TaskContext, number: int) -> None:
        super().__init__(task, replace(outer.evaluation, level=number - 1))
        self.results = ChainMap({}, outer.results)
        self._states = ChainMap({}, outer._states)
