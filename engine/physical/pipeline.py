"""The shape in which a stage runs: pipelines of chains of operators between breakers. `plan/pipelines.py` makes them.

Aggregate                    Pipeline 1: customer            -> build of Join
└─ Join          =>          Pipeline 2: orders, Join        -> Aggregate
   ├─ orders                 Pipeline 3: Aggregate           -> result
   └─ customer
"""

from __future__ import annotations

from engine.physical.operator import Operator, Streaming
from engine.records import dataclass


@dataclass(frozen=True)
class Chain:
    """A source, or a finished breaker, and the streaming operators its batches pass.

    With `tail` the source is a join, and it gives what follows its last batch: such a chain starts when all chains before
    it in its pipeline are done.
    """

    source: Operator
    steps: tuple[Streaming, ...] = ()
    tail: bool = False


@dataclass(frozen=True)
class Pipeline:
    """Chains into one sink: that of `target`, or for None the output of the stage. A chain for each input of a UNION ALL.

    `build`: into the sink of an input that `target` needs before its main one. `repeated`: what `target` runs after that.
    `ordered`: batches must reach the sink in the order of the source, so one thread runs it.
    """

    chains: tuple[Chain, ...]
    target: Operator | None = None
    ordered: bool = False
    build: bool = False
    repeated: Repeated | None = None


@dataclass(frozen=True)
class QueryPipelines:
    """The pipelines of the query whose plan is the operator `id`."""

    id: int
    pipelines: tuple[Pipeline, ...]


@dataclass(frozen=True)
class Repeated:
    """The recursion of a loop: at each level `queries`, then `pipelines` into what the loop keeps."""

    queries: tuple[QueryPipelines, ...]
    pipelines: tuple[Pipeline, ...]
