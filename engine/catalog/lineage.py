"""Which columns of tables the columns of a query are, under whatever name: those keep their comment, and CHAR or VARCHAR."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.catalog.tables import Entry, Table, TempView
from engine.expressions.base import Alias, Attribute
from engine.expressions.char import PaddedChar
from engine.logical.plan import CteDefinition, CteReference, LogicalPlan, Scan
from engine.types import StructField, StructType
from engine.types.char import has_lengths

Find = Callable[[tuple[str, ...]], Entry | TempView | None]


def schema_of_query(plan: LogicalPlan, find: Find) -> StructType:
    """The columns of an analyzed query, with the comments and the types that those of tables were defined with.

    `find` gives the table of a name."""
    found = _fields(plan, find)
    fields = []
    for column, field in zip(plan.output, plan.schema.fields, strict=True):
        source = found.get(column.id)
        if source is not None:
            kind = source.dataType if has_lengths(source.dataType) else field.dataType
            field = replace(field, dataType=kind, comment=source.comment)
        fields.append(field)
    return StructType(tuple(fields))


def _fields(plan: LogicalPlan, find: Find) -> dict[int, StructField]:
    found: dict[int, StructField] = {}
    for scan in plan.collect(Scan):
        entry = find(scan.name) if scan.name else None
        if isinstance(entry, Table) and entry.schema is not None:
            known = {field.name: field for field in entry.schema.fields}
            found |= {column.id: known[column.name] for column in scan.columns if column.name in known}
    aliases = plan.collect(Alias)
    definitions = {each.id: each.child for each in plan.collect(CteDefinition)}
    before = -1
    while before < len(found):
        before = len(found)
        for alias in aliases:
            child = alias.child.child if isinstance(alias.child, PaddedChar) else alias.child
            if isinstance(child, Attribute) and child.id in found:
                found[alias.id] = found[child.id]
        for reference in plan.collect(CteReference):
            definition = definitions.get(reference.id)
            pairs = zip(reference.columns, definition.output if definition is not None else (), strict=False)
            found |= {column.id: found[inner.id] for column, inner in pairs if inner.id in found}
    return found
