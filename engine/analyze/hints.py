"""Hints of a SELECT: join strategies by table name or for the whole SELECT, and how rows are spread.

A hint that nobody knows, or for a relation that is not in FROM, is no error: EXPLAIN says why it is not used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.analyze.scope import Scope
from engine.errors import AnalysisError
from engine.expressions.base import Expression, Literal
from engine.expressions.sql import sql
from engine.logical.hints import Hints
from engine.logical.plan import LogicalPlan, Repartition, ResolvedHint
from engine.logical.unresolved import Hint, UnresolvedAttribute
from engine.types import IntegralType

if TYPE_CHECKING:
    from engine.analyze.expressions import Resolver

JOIN_HINTS = {
    "broadcast": "broadcast",
    "broadcastjoin": "broadcast",
    "mapjoin": "broadcast",
    "merge": "merge",
    "shuffle_merge": "merge",
    "mergejoin": "merge",
    "shuffle_hash": "shuffle_hash",
    "shuffle_replicate_nl": "shuffle_replicate_nl",
}
PARTITION_HINTS = ("repartition", "repartition_by_range", "coalesce", "rebalance")
Strategies = dict[str, tuple[str, int]]
"""By the folded name of a relation: the join strategy asked for it, and the hint's number."""


class SelectHints:
    """The hints of one SELECT, noted in `log`. `strategies` are those of its relations, `whole` those of the SELECT itself."""

    def __init__(self, written: tuple[Hint, ...], log: Hints) -> None:
        self.log = log
        self.strategies: Strategies = {}
        self.whole: list[tuple[str, int]] = []
        self.partitioning: list[tuple[Hint, int]] = []
        for hint in written:
            name = hint.name.lower()
            if name in JOIN_HINTS:
                self._join_hint(hint, JOIN_HINTS[name])
            elif name in PARTITION_HINTS:
                self.partitioning.append((hint, log.ask(_shown(hint))))
            else:
                log.refuse(log.ask(_shown(hint)), "no hint is called that")

    def _join_hint(self, hint: Hint, strategy: str) -> None:
        if not hint.parameters:
            self.whole.append((strategy, self.log.ask(hint.name.upper())))
        for parameter in hint.parameters:
            parts = _name(parameter)
            if not parts:
                parameters = {"unsupported": sql(parameter), "class": type(parameter).__name__}
                raise AnalysisError("_LEGACY_ERROR_TEMP_1046", parameters, parameter.origin)
            shown = ".".join(parts)
            number = self.log.ask(f"{hint.name.upper()}({shown})")
            name = parts[-1].lower()
            first = self.strategies.get(name)
            if first is not None:  # the first hint for a relation counts
                self.log.refuse(number, f"overridden by {first[0].upper()}({shown})")
                continue
            self.strategies[name] = strategy, number
            self.log.refuse(number, f"there is no relation {shown} in FROM")

    def applied(self, plan: LogicalPlan, resolver: Resolver) -> LogicalPlan:
        """`plan`, of the whole SELECT, with what is asked for it."""
        for hint, number in self.partitioning:
            plan = _repartitioned(hint, number, plan, resolver)
        for strategy, number in self.whole:
            self.log.refuse(number, NO_JOIN)
            plan = ResolvedHint(strategy, plan, number)
        return plan


NO_JOIN = "no join is made with it"


def _shown(hint: Hint) -> str:
    parameters = ", ".join(map(sql, hint.parameters))
    return f"{hint.name.upper()}({parameters})" if parameters else hint.name.upper()


def _repartitioned(hint: Hint, number: int, plan: LogicalPlan, resolver: Resolver) -> LogicalPlan:
    """`plan` spread as COALESCE(n), REPARTITION([n,] columns), REPARTITION_BY_RANGE or REBALANCE ask for."""
    name = hint.name.upper()
    first, *rest = hint.parameters or (None,)
    count = first.value if isinstance(first, Literal) and isinstance(first.type, IntegralType) else None
    columns = tuple(rest) if count is not None else hint.parameters
    if (name == "COALESCE" and (count is None or columns)) or (count is not None and count < 1):
        raise AnalysisError("_LEGACY_ERROR_TEMP_1048", {"hintName": name}, hint.origin)
    keys = [_column(name, each, plan, resolver) for each in columns]
    visible = plan.output_ids
    kept: tuple[Expression, ...] = tuple(key for key in keys if key.references <= visible)
    return Repartition(count, kept, plan, name.lower(), number)


def _column(hint: str, written: Expression, plan: LogicalPlan, resolver: Resolver) -> Expression:
    """A column of REPARTITION: of the select list, else of what it reads."""
    parts = _name(written)
    if not parts:
        parameters = {"hintName": hint, "invalidParams": sql(written)}
        raise AnalysisError("_LEGACY_ERROR_TEMP_1047", parameters, written.origin)
    selected = Scope(plan.output, (), None, resolver.scope.case_sensitive).find(parts, written.origin)
    return selected or resolver.resolve(UnresolvedAttribute(parts).at(written.origin))


def _name(written: Expression) -> tuple[str, ...]:
    """The parts of a name, which may be written as a string; none where it is no name."""
    match written:
        case UnresolvedAttribute(parts):
            return parts
        case Literal(str() as text):
            return tuple(text.split("."))
    return ()
