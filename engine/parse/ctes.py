"""Transformer of grammar/relations.lark: WITH and what it names."""

from __future__ import annotations

from engine.errors import ParseError
from engine.logical.plan import LogicalPlan
from engine.logical.unresolved import UnresolvedCte, UnresolvedWith
from engine.parse.lexer import Token
from engine.parse.parts import CteList, TailItem
from engine.parse.relations import organized


def ctes(recursive: Token | None, *definitions: UnresolvedCte) -> CteList:
    return CteList(definitions, recursive is not None)


def cte(name: str, columns: tuple[str, ...] | None, levels: Token | None, plan: LogicalPlan) -> UnresolvedCte:
    """`name [(columns)] [MAX RECURSION LEVEL levels] AS (plan)`."""
    if levels is not None and not levels.text.isdecimal():
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": f"'{levels.text}'", "hint": ""}, levels.position)
    return UnresolvedCte(name, columns or (), None if levels is None else int(levels.text), plan)


def with_query(named: CteList, plan: LogicalPlan) -> LogicalPlan:
    """WITH before a query. Raises ParseError for a name that is given twice, or a level without RECURSIVE."""
    names = [each.name.lower() for each in named.definitions]
    twice = sorted({f"`{name}`" for name in names if names.count(name) > 1})
    if twice:
        raise ParseError("DUPLICATED_CTE_NAMES", {"duplicateNames": ", ".join(twice)})
    if not named.recursive and any(each.max_level is not None for each in named.definitions):
        message = "Cannot specify MAX RECURSION LEVEL when the CTE is not marked as RECURSIVE"
        raise ParseError("_LEGACY_ERROR_TEMP_0035", {"message": message})
    return UnresolvedWith(named.definitions, named.recursive, plan)


def with_organized(named: CteList, plan: LogicalPlan, items: tuple[TailItem, ...]) -> LogicalPlan:
    return with_query(named, organized(plan, items).at(plan.origin))
