"""Cuts a physical plan at its exchanges: what is below one becomes a stage of its own.

HashAggregate(final)                       stage 1: Scan, HashAggregate(partial)  -> split by key
└─ ShuffleExchange hash [k] into 2   =>    stage 2: read stage 1, HashAggregate(final)  -> result
   └─ HashAggregate(partial)
      └─ Scan
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Literal

from engine.expressions.base import Expression
from engine.kernels.context import EvalContext
from engine.logical.relation import Columnar
from engine.physical.exchange import Broadcast, ExchangeExec, RoundRobin, ShuffleOutput, ShuffleReadExec
from engine.physical.limit import LimitExec
from engine.physical.operator import Operator
from engine.physical.program import ResultOutput, StageProgram
from engine.physical.range import RangeExec
from engine.physical.scan import ScanExec
from engine.plan.pipelines import program
from engine.plan.reuse import canonical_exchange
from engine.records import dataclass


@dataclass(frozen=True)
class StagePlan:
    """A stage as the scheduler takes it (`engine.schedule.stage.Stage` has the same fields), and the operators it runs."""

    stage_id: int
    parents: tuple[int, ...]
    partitions: int
    program: StageProgram
    output: Literal["shuffle", "result"]
    shuffle_partitions: int
    deterministic: bool
    reads: Mapping[int, Hashable]
    operators: Operator


def cut(root: Operator, evaluation: EvalContext | None = None) -> list[StagePlan]:
    """The stages of a numbered plan, parents before children, the one that gives the result last."""
    cutter = _Cutter(evaluation or EvalContext())
    cutter.add(root, None)
    return cutter.stages


class _Cutter:
    """Collects the stages of one plan. Equal exchanges become one stage."""

    def __init__(self, evaluation: EvalContext) -> None:
        self.evaluation = evaluation
        self.stages: list[StagePlan] = []
        self._forms: list[tuple[Operator, StagePlan]] = []  # operators may hold batches, which have no hash
        self._done: dict[int, tuple[Operator, Any]] = {}

    def add(self, root: Operator, exchange: ExchangeExec | None) -> StagePlan:
        """The stage of the operators `root`, after those it reads, which end in `exchange` or in the result."""
        tree = self._cut(root)
        reads = [node for node in tree.walk() if isinstance(node, ShuffleReadExec)]
        split = None if exchange is None else exchange.split
        output = ResultOutput() if split is None else ShuffleOutput(split, tree.output)
        stage = StagePlan(
            stage_id=len(self.stages) + 1,
            parents=tuple(sorted({read.stage_id for read in reads})),
            partitions=_partitions(tree),
            program=program(tree, output, self.evaluation),
            output="result" if split is None else "shuffle",
            shuffle_partitions=0 if split is None else split.partitions,
            deterministic=_deterministic(tree) and not isinstance(split, RoundRobin),
            reads=_reads(tree),
            operators=tree,
        )
        self.stages.append(stage)
        return stage

    def _cut(self, node: Any) -> Any:
        """The tree with reads of other stages where its exchanges were."""
        if not node.has(ExchangeExec):
            return node
        if id(node) not in self._done:
            self._done[id(node)] = node, self._replaced(node)
        return self._done[id(node)][1]

    def _replaced(self, node: Any) -> Any:
        if not isinstance(node, ExchangeExec):
            return node.map_children(self._cut)
        form = canonical_exchange(node)
        stage = next((stage for known, stage in self._forms if known == form), None)
        if stage is None:
            stage = self.add(node.child, node)
            self._forms.append((form, stage))
        mode: Literal["own", "all"] = "all" if isinstance(node.split, Broadcast) else "own"
        return ShuffleReadExec(
            stage.stage_id,
            mode,
            node.split.partitions,
            node.columns,
            id=node.id,
            estimated_rows=node.estimated_rows,
        )


def _partitions(tree: Operator) -> int:
    """How many tasks a stage has: as many as its most split source."""
    counts = [1]
    for node in _own(tree):
        if isinstance(node, ScanExec | RangeExec) or (isinstance(node, ShuffleReadExec) and node.mode == "own"):
            counts.append(node.partitions)
    return max(counts)


def _reads(tree: Operator) -> dict[int, Hashable]:
    """What each task reads of the largest table of files, named by the split in the middle of its share: queries that leave
    out others at the ends share it."""
    scans = [node for node in _own(tree) if isinstance(node, ScanExec) and node.shares]
    scans = [scan for scan in scans if isinstance(scan.relation, Columnar)]
    if not scans:
        return {}
    largest = max(scans, key=lambda scan: sum(split.bytes or 0 for split in scan.splits))
    shares = enumerate(largest.shares)
    return {part: largest.splits[(first + last) // 2].payload for part, (first, last) in shares if first < last}


def _own(tree: Operator) -> list[Operator]:
    """The operators of a stage, without those of queries in expressions."""
    return [tree, *(node for child in tree.inputs for node in _own(child))]


def _deterministic(tree: Operator) -> bool:
    """Whether a second run gives the same rows: no random values, and no LIMIT of rows in any order."""
    for node in _own(tree):
        if isinstance(node, LimitExec) and not node.child.ordered:
            return False
        if not all(each.deterministic for each in node.expressions if isinstance(each, Expression)):
            return False
    return True
