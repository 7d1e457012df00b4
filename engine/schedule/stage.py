"""What the scheduler runs: a job of stages, each one program over numbered partitions.

A stage ends at a shuffle (its tasks write map files for its consumers) or at the result (its tasks emit batches to the
driver). A broadcast is a shuffle stage with one shuffle partition, which every task of its consumers reads.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Literal, Protocol

from engine.errors import InternalError
from engine.records import dataclass

if TYPE_CHECKING:
    from engine.physical.task import TaskContext

_JOB_IDS = itertools.count(1)


class TaskProgram(Protocol):
    """The work of one stage. Picklable, and free of state: many tasks may run one program object at the same time."""

    def run(self, partition: int, task: TaskContext) -> None:
        """Computes `partition`, writing through `task.shuffle_writer` or `task.emit`; returns when all of it is
        written.
        """


@dataclass(frozen=True)
class Stage:
    """`partitions` tasks of one `program`, startable when all `parents` are complete.

    `output` says where rows go; a shuffle stage splits them into `shuffle_partitions`. `deterministic` is false when a
    re-run could split its rows otherwise (rand, an unordered LIMIT): then a lost map output re-runs the consumers too.
    `preferred` names the executor a partition would like to run on; it is a wish. `reads` names what a partition reads of
    files: without another wish, it would like to run where that was read last.
    """

    stage_id: int
    parents: tuple[int, ...]
    partitions: int
    program: TaskProgram
    output: Literal["shuffle", "result"]
    shuffle_partitions: int = 0
    deterministic: bool = True
    preferred: Mapping[int, str] = field(default_factory=dict)
    reads: Mapping[int, Hashable] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """The stages of one query (or of one part of it), parents before children, with the settings its tasks see.

    `job_id` is unique in this process (`next_job_id`). At most one stage is a result stage.
    """

    job_id: int
    stages: tuple[Stage, ...]
    query_id: str = ""
    conf: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        seen: set[int] = set()
        for stage in self.stages:
            if stage.stage_id in seen or not seen.issuperset(stage.parents):
                raise InternalError(f"Stage {stage.stage_id} is listed twice or before one of its parents.")
            if stage.output == "shuffle" and stage.shuffle_partitions < 1:
                raise InternalError(f"Shuffle stage {stage.stage_id} has no shuffle partitions.")
            seen.add(stage.stage_id)
        if sum(stage.output == "result" for stage in self.stages) > 1:
            raise InternalError("A job has at most one result stage.")


def next_job_id() -> int:
    """A number no other job of this process has."""
    return next(_JOB_IDS)
