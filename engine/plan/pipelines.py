"""From a tree of operators to the pipelines that run it, in order: what a join builds or a breaker holds comes first."""

from __future__ import annotations

import itertools
from collections.abc import Hashable
from dataclasses import field, replace
from typing import Any

from engine.expressions.subquery import SubqueryExpression
from engine.kernels.context import EvalContext
from engine.physical.lifetimes import result_key
from engine.physical.limit import LimitExec
from engine.physical.operator import Breaker, Operator, Source, Streaming
from engine.physical.pipeline import Chain, Pipeline, QueryPipelines, Repeated
from engine.physical.program import Output, StageProgram
from engine.physical.union import UnionExec
from engine.physical.union_loop import UnionLoopExec, UnionLoopRefExec
from engine.records import dataclass


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
    copied.__setstate__(node.__getstate__())
    return copied


def program(root: Operator, output: Output, evaluation: EvalContext) -> StageProgram:
    """The program of a stage: the queries in its expressions, innermost first, and its own pipelines."""
    maker = _Maker()
    scope = _Scope(None)
    maker.add_queries(root, (scope,))
    made = maker.made_of(root, (scope,))
    return StageProgram(made, tuple(scope.queries.values()), output, evaluation)


def pipelines(root: Operator) -> tuple[Pipeline, ...]:
    """The pipelines of a tree, those others need before them; the last one gives the output."""
    return _Maker().made_of(root, (_Scope(None),))


@dataclass
class _Scope:
    """What runs together: the stage, a query in an expression, or a level of the loop `key`; and what it needs before."""

    key: int | None
    queries: dict[int, QueryPipelines] = field(default_factory=dict)
    pipelines: list[Pipeline] = field(default_factory=list)


_Scopes = tuple[_Scope, ...]
"""Scopes around an operator, the stage first. What reads no level of the inner ones runs once, in an outer one."""


class _Maker:
    """Makes the pipelines of one stage. `made` are the breakers that have theirs already, whichever scope they are in."""

    def __init__(self) -> None:
        self.made: set[Hashable] = set()
        self.queries: set[int] = set()

    def made_of(self, root: Operator, scopes: _Scopes) -> tuple[Pipeline, ...]:
        """The pipelines of the innermost scope, whose output is that of `root`."""
        last = _pipeline(self.chains(root, scopes), None)
        return (*scopes[-1].pipelines, last)

    def add_queries(self, operator: Operator, scopes: _Scopes) -> None:
        """The queries in expressions of `operator` and below, but those that read levels of loops further in."""
        if not operator.has(SubqueryExpression):
            return
        keys = {scope.key for scope in scopes}
        for node in operator.walk():
            if isinstance(node, SubqueryExpression) and node.plan.id not in self.queries:
                read = _levels(node.plan)
                if read <= keys:
                    self.queries.add(node.plan.id)
                    around = scopes[: scopes.index(_innermost(scopes, read)) + 1]
                    self.add_queries(node.plan, around)
                    own = (*around[:-1], _Scope(around[-1].key))
                    made = self.made_of(node.plan, own)
                    around[-1].queries[node.plan.id] = QueryPipelines(node.plan.id, made)

    def chains(self, operator: Operator, scopes: _Scopes) -> tuple[Chain, ...]:
        """The chains that end in `operator`; the pipelines they need go to their scopes."""
        if isinstance(operator, UnionExec):
            inner = [chain for member in operator.members for chain in self.chains(member, scopes)]
            return tuple(Chain(c.source, (*c.steps, operator), c.tail) for c in inner)
        if isinstance(operator, Streaming):
            self._build(operator, scopes)
            inner = list(self.chains(operator.streamed, scopes))
            passed = [Chain(chain.source, (*chain.steps, operator), chain.tail) for chain in inner]
            if operator.may_have_tail:
                passed.append(Chain(operator, (), tail=True))
            return tuple(passed)
        if isinstance(operator, Breaker):
            key = result_key(operator)
            if key not in self.made:
                self.made.add(key)
                self._build(operator, scopes)
                made = _pipeline(self.chains(operator.inputs[0], scopes), operator)
                if isinstance(operator, UnionLoopExec):
                    made = replace(made, repeated=self._repeated(operator, scopes))
                _innermost(scopes, _levels(operator)).pipelines.append(made)
            return (Chain(operator),)
        assert isinstance(operator, Source)
        return (Chain(operator),)

    def _build(self, operator: Streaming | Breaker, scopes: _Scopes) -> None:
        for child in operator.built:
            made = _pipeline(self.chains(child, scopes), operator, build=True)
            # what remembers which built rows had a match starts anew at each level
            anew = isinstance(operator, Streaming) and operator.has_tail
            scope = scopes[-1] if anew else _innermost(scopes, _levels(child))
            scope.pipelines.append(made)

    def _repeated(self, loop: UnionLoopExec, scopes: _Scopes) -> Repeated:
        scope = _Scope(loop.key)
        within = (*scopes, scope)
        self.add_queries(loop.recursion, within)
        made = self.made_of(loop.recursion, within)
        return Repeated(tuple(scope.queries.values()), made)


def _levels(operator: Operator) -> frozenset[int]:
    """The loops around an operator whose levels it reads."""
    if not operator.has(UnionLoopRefExec):
        return frozenset()
    own = {loop.key for loop in operator.collect(UnionLoopExec)}
    return frozenset(ref.key for ref in operator.collect(UnionLoopRefExec)) - own


def _innermost(scopes: _Scopes, read: frozenset[int]) -> _Scope:
    return next((scope for scope in reversed(scopes) if scope.key in read), scopes[0])


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
