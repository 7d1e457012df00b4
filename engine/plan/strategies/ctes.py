"""Common table expressions that are read more than once: computed by the first that needs them, kept for the others."""

from __future__ import annotations

from engine.errors import InternalError
from engine.logical import plan as lp
from engine.physical.materialize import MaterializeExec
from engine.physical.operator import Operator
from engine.plan.planner import Needed, Planner


def plan_with(node: lp.WithCte, planner: Planner, needed: Needed) -> Operator:
    """WITH: definitions are planned in order, each may refer to earlier ones."""
    for definition in node.definitions:
        planner.definitions[definition.id] = (definition.name, planner.plan(definition.child))
    return planner.plan(node.child, needed)


def plan_reference(node: lp.CteReference, planner: Planner, needed: Needed) -> Operator:  # noqa: ARG001
    """A use of a definition."""
    if node.id not in planner.definitions:
        raise InternalError(f"Common table expression {node.id} is not defined.")
    name, child = planner.definitions[node.id]
    return MaterializeExec(node.id, name, node.columns, child)
