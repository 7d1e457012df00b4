"""What every physical operator is: parameters, and a way to turn batches into batches.

A stage runs as pipelines (`plan/pipelines.py`): all threads of an executor pull morsels from the source of a pipeline, push
their batches through its streaming operators and into its one sink. So there are three kinds of operators:

    Source     makes morsels                      scans, shuffle readers, local rows
    Streaming  batches in, batches out            filter, project, probe of a join: one generator per thread
    Breaker    takes everything, then is a source  aggregate, sort, window, build of a join: a Sink shared by all threads

A batch is a pa.RecordBatch whose columns are the operator's `output`, by position; its column names are meaningless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import pyarrow as pa

from engine.expressions.base import Attribute
from engine.physical.task import TaskContext
from engine.tree.node import TreeNode

Morsel: TypeAlias = Callable[[], Iterator[pa.RecordBatch]]
"""A piece of work for one thread: gives its batches when called."""


@dataclass(frozen=True)
class Operator(TreeNode):
    """A step of a physical plan."""

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        """The columns of the batches that come out."""
        return self.inputs[0].output

    @cached_property
    def inputs(self) -> tuple[Operator, ...]:
        """The child operators."""
        return tuple(child for child in self.children if isinstance(child, Operator))


class Sink(Protocol):
    """Takes all batches of a pipeline, from several threads, and becomes the source of the next one."""

    def local(self) -> Any:
        """State of one thread."""

    def add(self, local: Any, batch: pa.RecordBatch) -> None:
        """Takes a batch into a thread's state; no lock in here."""

    def combine(self, local: Any) -> None:
        """Hands a thread's state over, once per thread; may lock."""

    def finish(self) -> Sequence[Morsel]:
        """Called once after all threads; gives the result as morsels."""


@dataclass(frozen=True)
class Source(Operator):
    """An operator without inputs in its stage."""

    def morsels(self, task: TaskContext) -> Sequence[Morsel]:
        """What this task has to read."""
        raise TypeError(type(self).__name__)


@dataclass(frozen=True)
class Streaming(Operator):
    """An operator that needs no more than the batch at hand."""

    def stream(self, batches: Iterator[pa.RecordBatch], task: TaskContext) -> Iterator[pa.RecordBatch]:
        """The output for `batches`, which are those one thread pulls. State lives in the generator."""
        raise TypeError(type(self).__name__)


@dataclass(frozen=True)
class Breaker(Operator):
    """An operator that needs all of its input before it gives anything."""

    def sink(self, task: TaskContext) -> Sink:
        """A fresh sink for the input."""
        raise TypeError(type(self).__name__)
