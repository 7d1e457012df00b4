"""Transformer of INSERT and TRUNCATE (grammar/statements.lark)."""

from __future__ import annotations

from typing import Any

from engine.errors import ParseError
from engine.expressions.base import Expression
from engine.logical.commands import Command, InsertInto, InsertMany, InsertTarget, TruncateTable
from engine.logical.plan import LogicalPlan
from engine.logical.unresolved import UnresolvedRelation
from engine.parse.ctes import with_query
from engine.parse.lexer import Token
from engine.parse.parts import CteList, SelectHead
from engine.parse.relations import select

Partition = tuple[tuple[str, Expression | None], ...]


def insert(target: InsertTarget, query: LogicalPlan) -> Command:
    return InsertInto(target, query)


def with_insert(named: CteList, command: InsertInto | InsertMany) -> Command:
    """WITH before INSERT belongs to its query."""
    if isinstance(command, InsertMany):
        return InsertMany(tuple(with_insert(named, each) for each in command.inserts))  # type: ignore[misc]
    return InsertInto(command.target, with_query(named, command.query).at(command.query.origin))


def insert_select(
    target: InsertTarget, head: SelectHead, *clauses: Any
) -> tuple[InsertTarget, SelectHead, tuple[Any, ...]]:
    return target, head, clauses


def insert_many(child: LogicalPlan, *parts: tuple[InsertTarget, SelectHead, tuple[Any, ...]]) -> Command:
    """FROM t INSERT INTO a SELECT ... INSERT INTO b SELECT ..."""
    return InsertMany(tuple(InsertInto(target, select(head, child, *clauses)) for target, head, clauses in parts))


def insert_head(
    mode: Token, table: UnresolvedRelation, partition: Partition | None, if_not_exists: Token | None
) -> InsertTarget:
    dynamic = [name for name, value in partition or () if value is None]
    if if_not_exists is not None and dynamic:
        message = f"IF NOT EXISTS with dynamic partitions: {', '.join(dynamic)}"
        raise ParseError("_LEGACY_ERROR_TEMP_0035", {"message": message})
    return InsertTarget(table, mode.kind == "OVERWRITE", partition or (), if_not_exists is not None)


def insert_columns(head: InsertTarget, names: tuple[str, ...]) -> InsertTarget:
    return InsertTarget(head.table, head.overwrite, head.partition, head.if_not_exists, names)


def insert_by_name(head: InsertTarget) -> InsertTarget:
    return InsertTarget(head.table, head.overwrite, head.partition, head.if_not_exists, by_name=True)


def partition_spec(*values: tuple[str, Expression | None]) -> Partition:
    return values


def partition_value(name: str, value: Expression | None) -> tuple[str, Expression | None]:
    return name, value


def truncate(table: UnresolvedRelation, partition: Partition | None) -> Command:
    return TruncateTable(table, partition or ())
