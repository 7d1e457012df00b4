"""From a tree of operators to the pipelines that run it, in order: what a join builds or a breaker holds comes first."""

from __future__ import annotations

import itertools
from collections.abc import Hashable
from typing import Any

from engine.expressions.subquery import SubqueryExpression
from engine.kernels.context import EvalContext
from engine.physical.limit import LimitExec
from engine.physical.operator import Breaker, Operator, Source, Streaming
from engine.physical.pipeline import Chain, Pipeline
from engine.physical.program import Output, StageProgram
from engine.physical.run import result_key
from engine.physical.subqueries import QueryPipelines
from engine.physical.union import UnionExec


def assign_ids(root: Operator, start: int = 1) -> Operator:
    """The same tree with operators numbered from the top; one object that is met twice stays one."""
    numbers = itertools.count(start)
    done: dict[int, Operator] = {}

    def visit(node: Any) -> Any:
        if not isinstance(node, Operator):
            return node.map_children(visit) if node.has(SubqueryExpression) else node
        if id(node) in done:
            return done[id(node)]
        number = next(numbers)
        numbered = node.map_children(visit)
        if numbered is node:
            numbered = _copy(node)
        numbered.__dict__["id"] = number
        done[id(node)] = numbered
        return numbered

    result: Operator = visit(root)
    return result


def _copy(node: Operator) -> Operator:
    copied = object.__new__(type(node))
    copied.__dict__.update(node.__getstate__())
    return copied


def program(root: Operator, output: Output, evaluation: EvalContext) -> StageProgram:
    """The program of a stage: the queries in its expressions, innermost first, and its own pipelines."""
    made: set[Hashable] = set()
    queries: dict[int, QueryPipelines] = {}

    def add(operator: Operator) -> None:
        for node in operator.walk():
            if isinstance(node, SubqueryExpression) and node.plan.id not in queries:
                add(node.plan)
                queries[node.plan.id] = QueryPipelines(node.plan.id, pipelines(node.plan, made))

    if root.has(SubqueryExpression):
        add(root)
    return StageProgram(pipelines(root, made), tuple(queries.values()), output, evaluation)


def pipelines(root: Operator, made: set[Hashable] | None = None) -> tuple[Pipeline, ...]:
    """The pipelines of a tree, those others need before them; the last one gives the output. `made` are the breakers that
    have their pipeline already; it grows."""
    found: list[Pipeline] = []
    made = set() if made is None else made

    def build(operator: Operator) -> None:
        built = operator.built if isinstance(operator, Streaming | Breaker) else ()
        for child in built:
            found.append(_pipeline(chains(child), operator, build=True))

    def chains(operator: Operator) -> tuple[Chain, ...]:
        if isinstance(operator, UnionExec):
            inner = [chain for member in operator.members for chain in chains(member)]
            return tuple(Chain(c.source, (*c.steps, operator), c.tail) for c in inner)
        if isinstance(operator, Streaming):
            build(operator)
            inner = list(chains(operator.streamed))
            passed = [Chain(chain.source, (*chain.steps, operator), chain.tail) for chain in inner]
            if operator.has_tail:
                passed.append(Chain(operator, (), tail=True))
            return tuple(passed)
        if isinstance(operator, Breaker):
            key = result_key(operator)
            if key not in made:
                made.add(key)
                build(operator)
                found.append(_pipeline(chains(operator.inputs[0]), operator))
            return (Chain(operator),)
        assert isinstance(operator, Source)
        return (Chain(operator),)

    result = _pipeline(chains(root), None)
    return (*found, result)


def _pipeline(chains: tuple[Chain, ...], target: Operator | None, build: bool = False) -> Pipeline:
    # the output keeps the order of morsels itself; other sinks and LIMIT see what comes first first
    limited = any(isinstance(step, LimitExec) for chain in chains for step in chain.steps)
    sorted_input = any(chain.source.ordered and not chain.tail for chain in chains)
    ordered = limited or (sorted_input and target is not None)
    return Pipeline(chains, target, ordered or _random(chains, target), build)


def _random(chains: tuple[Chain, ...], target: Operator | None) -> bool:
    """Whether values depend on which rows came before (rand, monotonically_increasing_id): then one thread sees them all."""
    operators = {id(step): step for chain in chains for step in chain.steps}
    reading = [*operators.values(), *([target] if target is not None else [])]
    return any(not expression.deterministic for operator in reading for expression in operator.expressions)
