"""What every physical operator is: parameters, and a way to turn batches into batches.

A stage runs as pipelines (`plan/pipelines.py`): all threads of an executor pull morsels from the source of a pipeline, push
their batches through its streaming operators and into its one sink. So there are three kinds of operators:

    Source     makes morsels                      scans, shuffle readers, local rows
    Streaming  batches in, batches out            filter, project, probe of a join: one generator per thread
    Breaker    takes everything, then is a source  aggregate, sort, window, build of a join: a Sink shared by all threads

A batch is a pa.RecordBatch whose columns are the operator's `output`, by position; its column names are meaningless.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

import pyarrow as pa

from engine.errors import InternalError
from engine.expressions.base import Attribute, Expression
from engine.expressions.sql import Name, sql
from engine.lazy import cached_property
from engine.tree.node import TreeNode, node

if TYPE_CHECKING:
    from engine.physical.execution import Execution
    from engine.physical.pipeline import Repeated

Morsel: TypeAlias = Callable[[], Iterator[pa.RecordBatch]]
"""A piece of work for one thread: gives its batches when called."""


@node
class Operator(TreeNode):
    """A step of a physical plan.

    `id` is assigned once the plan is complete (`plan/pipelines.py`); metrics and results are kept under it.
    `estimated_rows` is what the planner expected. Neither is part of what the operator is.
    """

    id: int = field(default=-1, compare=False, kw_only=True)
    estimated_rows: float | None = field(default=None, compare=False, kw_only=True)

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        """The columns of the batches that come out."""
        return self.inputs[0].output

    @cached_property
    def inputs(self) -> tuple[Operator, ...]:
        """The child operators."""
        return tuple(child for child in self.children if isinstance(child, Operator))

    @property
    def plans(self) -> tuple[Operator, ...]:
        """The child operators, under the name that printers of trees use."""
        return self.inputs

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """The expressions this very operator holds."""
        return tuple(child for child in self.children if isinstance(child, Expression))

    @property
    def ordered(self) -> bool:
        """Whether its rows come in an order that must be kept."""
        return any(child.ordered for child in self.inputs)

    @property
    def title(self) -> str:
        """The name of the operator in EXPLAIN."""
        return type(self).__name__.removesuffix("Exec")

    def details(self, name: Name | None) -> str:  # noqa: ARG002 - for operators that print columns
        """What follows the title; `name` writes columns."""
        return ""

    def describe(self, name: Name | None = None) -> str:
        """The line of the operator in EXPLAIN."""
        return f"{self.title} {self.details(name)}".rstrip()


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


@runtime_checkable
class OrderedSink(Protocol):
    """A sink that cares for the order of its input, whichever thread it comes from."""

    def begin(self, local: Any, number: int) -> None:
        """What the thread adds from now on is of morsel `number`; its morsel before that is done."""


@runtime_checkable
class RepeatingSink(Protocol):
    """A sink that makes more rows of those it was given, by pipelines of its own."""

    def repeat(self, repeated: Repeated) -> None:
        """Called once after all threads, before `finish`."""


@runtime_checkable
class HoldingSink(Protocol):
    """A sink that keeps memory or files for what it gives."""

    def release(self) -> None:
        """Gives them back, once nothing will read its result any more."""


@node
class Source(Operator):
    """An operator without inputs in its stage."""

    @abstractmethod
    def morsels(self, run: Execution) -> Sequence[Morsel]:
        """What this task has to read."""


@node
class Streaming(Operator):
    """An operator that needs no more than the batch at hand. Its first input streams; others are built before."""

    @property
    def streamed(self) -> Operator:
        """The input whose batches pass through."""
        return self.inputs[0]

    @property
    def built(self) -> tuple[Operator, ...]:
        """The inputs that must be complete before the first batch passes: each goes to `build_sink`."""
        return ()

    @property
    def has_tail(self) -> bool:
        """Whether rows follow after the last batch of all threads (a join that keeps unmatched built rows)."""
        return False

    @property
    def may_have_tail(self) -> bool:
        """Whether rows follow at least where memory does not suffice (a join of what was put on disk)."""
        return self.has_tail

    def build_sink(self, run: Execution) -> Sink:
        """A fresh sink for the built input."""
        raise InternalError(f"{self.title} of stage {run.task.stage_id} builds nothing.")

    @abstractmethod
    def stream(self, batches: Iterator[pa.RecordBatch], run: Execution) -> Iterator[pa.RecordBatch]:
        """The output for `batches`, which are those one thread pulls. State lives in the generator, or, where threads
        share it, in `run.state`."""

    def tail(self, run: Execution) -> Sequence[Morsel]:
        """The rows that follow."""
        raise InternalError(f"{self.title} of stage {run.task.stage_id} has no tail.")


@node
class Breaker(Operator):
    """An operator that needs all of its input, the first one, before it gives anything."""

    @property
    def built(self) -> tuple[Operator, ...]:
        """Further inputs, complete before the first: each goes to `build_sink`."""
        return ()

    def build_sink(self, run: Execution) -> Sink:
        """A fresh sink for a further input."""
        raise InternalError(f"{self.title} of stage {run.task.stage_id} builds nothing.")

    @abstractmethod
    def sink(self, run: Execution) -> Sink:
        """A fresh sink for the input."""

    def given(self, found: Sequence[Morsel]) -> Sequence[Morsel]:
        """What its sink has given, as who reads it takes it."""
        return found


def texts(items: Sequence[TreeNode], name: Name | None) -> str:
    """Expressions as a list for `details`."""
    return "[" + ", ".join(sql(item, name) for item in items) + "]"
