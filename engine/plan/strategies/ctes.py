"""Common table expressions that are read more than once: computed by the first that needs them, kept for the others. And
those that repeat themselves."""

from __future__ import annotations

from dataclasses import replace

from engine.errors import InternalError
from engine.logical import plan as lp
from engine.logical.canonical import canonical
from engine.logical.recursion import UnionLoop, UnionLoopRef, refers_to_a_loop
from engine.physical.materialize import MaterializeExec
from engine.physical.operator import Operator
from engine.physical.union_loop import UnionLoopExec, UnionLoopRefExec
from engine.plan.planner import Needed, Planner


def plan_with(node: lp.WithCte, planner: Planner, needed: Needed) -> Operator:
    """WITH: definitions are planned in order, each may refer to earlier ones."""
    for definition in node.definitions:
        planner.definitions[definition.id] = (definition.name or "shared", planner.plan(definition.child))
    return planner.plan(node.child, needed)


def plan_reference(node: lp.CteReference, planner: Planner, needed: Needed) -> Operator:  # noqa: ARG001
    """A use of a definition."""
    if node.id not in planner.definitions:
        raise InternalError(f"Common table expression {node.id} is not defined.")
    name, child = planner.definitions[node.id]
    return MaterializeExec(node.id, name, node.columns, child)


def plan_loop(node: UnionLoop, planner: Planner, needed: Needed) -> Operator:  # noqa: ARG001
    """WITH RECURSIVE; equal loops share their rows."""
    form = canonical(node)
    shared = () if refers_to_a_loop(node) else planner.loops
    operator = next((known for other, known in shared if other == form), None)
    if operator is None:
        levels = planner.context.most_levels if node.max_level is None else node.max_level
        anchor, recursion = planner.plan(node.anchor), planner.plan(node.recursion)
        operator = UnionLoopExec(
            node.id, node.name, node.columns, levels, planner.context.most_rows, node.limit, anchor, recursion
        )
        planner.loops.append((form, operator))
        return operator
    again: Operator = replace(operator, columns=node.columns)
    return again


def plan_level(node: UnionLoopRef, planner: Planner, needed: Needed) -> Operator:  # noqa: ARG001
    """What a recursion reads of itself."""
    return UnionLoopRefExec(node.id, node.columns)
