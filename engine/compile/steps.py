"""Which operators have code: the one place where streaming operators are given what writes them."""

from __future__ import annotations

from collections.abc import Sequence

from engine.compile.expand import Expanded
from engine.compile.filters import Projected, filtered
from engine.compile.join_tail import following_of
from engine.compile.joins import probe_of
from engine.compile.program import Step
from engine.compile.union import Renamed
from engine.expressions.base import Attribute
from engine.physical.built_rows import BuiltRowsExec
from engine.physical.execution import Execution
from engine.physical.expand import ExpandExec
from engine.physical.filter import FilterExec
from engine.physical.hash_join import HashJoinExec
from engine.physical.operator import Operator
from engine.physical.project import ProjectExec
from engine.physical.union import UnionExec


def steps_of(given: Sequence[Attribute], operators: Sequence[Operator], run: Execution) -> list[Step]:
    """The steps of the first operators of a chain, as far as they are of kinds that have code; `given` are its source's
    columns."""
    made: list[Step] = []
    for operator in operators:
        step = _step_of(operator, given, run)
        if step is None:
            break
        made.append(step)
        given = operator.output
    return made


def _step_of(operator: Operator, given: Sequence[Attribute], run: Execution) -> Step | None:
    """The step that stands for a streaming operator which is given such columns, made anew at each call."""
    if isinstance(operator, FilterExec):
        return Step(operator, filtered(operator))
    if isinstance(operator, ProjectExec):
        return Step(operator, Projected(operator.projections))
    if isinstance(operator, ExpandExec):
        return Step(operator, Expanded(operator))
    if isinstance(operator, UnionExec):
        return Step(operator, Renamed(tuple(given), operator.columns))
    if isinstance(operator, HashJoinExec):
        probe = probe_of(operator, run)
        return Step(operator, probe) if probe is not None else None
    if isinstance(operator, BuiltRowsExec):
        following = following_of(operator, run)
        return Step(operator, following) if following is not None else None
    return None
