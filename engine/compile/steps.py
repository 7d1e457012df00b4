"""Which operators have code: the one place where streaming operators are given what writes them."""

from __future__ import annotations

from engine.compile.program import Filtered, Projected, Step
from engine.physical.execution import Execution
from engine.physical.filter import FilterExec
from engine.physical.operator import Operator
from engine.physical.project import ProjectExec


def step_of(operator: Operator, run: Execution) -> Step | None:  # noqa: ARG001 - joins ask it for their tables
    """The step that stands for a streaming operator, made anew at each call; None where there is none."""
    if isinstance(operator, FilterExec):
        return Step(operator, Filtered(operator.condition))
    if isinstance(operator, ProjectExec):
        return Step(operator, Projected(operator.projections))
    return None
