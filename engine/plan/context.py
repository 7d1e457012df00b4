"""What the physical planner knows besides the plan: executors, settings, and estimates of sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from engine.config import typed
from engine.kernels.context import EvalContext
from engine.logical.hints import Hints
from engine.logical.plan import LogicalPlan
from engine.records import dataclass

Estimate = Callable[[LogicalPlan], float | None]


def unknown(plan: LogicalPlan) -> float | None:  # noqa: ARG001 - stands for an estimator that knows nothing
    """No estimate."""
    return None


@dataclass(frozen=True)
class PlannerContext:
    """`executors` of `cores` threads each. `rows` and `bytes` estimate the output of a logical plan. `broadcast_threshold` in
    bytes, negative for never; `shuffle_partitions` 0 means: decided from bytes. `most_levels` and
    `most_rows` are those of a recursion, -1 for no limit. `evaluation` is how constants are folded."""

    executors: int = 1
    cores: int = 1
    broadcast_threshold: int = 10 << 20
    shuffle_partitions: int = 0
    prefer_sort_merge: bool = False
    default_parallelism: int = 0
    most_levels: int = 100
    most_rows: int = 1_000_000
    rows: Estimate = unknown
    bytes: Estimate = unknown
    evaluation: EvalContext = field(default_factory=EvalContext)
    hints: Hints = field(default_factory=Hints)

    @property
    def distributed(self) -> bool:
        """Whether rows may have to move between executors."""
        return self.executors > 1

    @classmethod
    def of(
        cls,
        conf: Mapping[str, str],
        executors: int,
        cores: int,
        rows: Estimate = unknown,
        bytes: Estimate = unknown,
        evaluation: EvalContext | None = None,
        hints: Hints | None = None,
    ) -> PlannerContext:
        """The context under the settings `conf`."""
        return cls(
            executors=executors,
            cores=cores,
            broadcast_threshold=typed(conf, "spark.sql.autoBroadcastJoinThreshold"),
            shuffle_partitions=typed(conf, "spark.sql.shuffle.partitions") or 0,
            prefer_sort_merge=typed(conf, "spark.sql.join.preferSortMergeJoin"),
            default_parallelism=typed(conf, "spark.default.parallelism") or 0,
            most_levels=typed(conf, "spark.sql.cteRecursionLevelLimit"),
            most_rows=typed(conf, "spark.sql.cteRecursionRowLimit"),
            rows=rows,
            bytes=bytes,
            evaluation=evaluation or EvalContext(),
            hints=hints or Hints(),
        )
