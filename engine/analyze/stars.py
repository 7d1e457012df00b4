"""The columns of `*` without those that EXCEPT names: whole columns, or fields of structs, however deep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.analyze.scope import Scope
from engine.errors import AnalysisError
from engine.expressions.base import Alias, Attribute, Expression, Literal
from engine.expressions.calls import Field
from engine.expressions.conditional import If
from engine.expressions.predicates import IsNull
from engine.expressions.subquery import OuterReference
from engine.functions.resolve import resolve_call
from engine.logical.unresolved import UnresolvedStar
from engine.types import STRING, StructType

Path = tuple[int, ...]
"""The number of a column, then those of fields in it."""


def without_excluded(columns: tuple[Expression, ...], star: UnresolvedStar, scope: Scope) -> tuple[Expression, ...]:
    """What is left of `columns`, which are those of `star`. A struct that loses fields is made anew, under its name.

    Raises AnalysisError for a name that means none of them and EXCEPT_OVERLAPPING_COLUMNS for one that is in another.
    """
    attributes = tuple(map(_attribute, columns))
    names = Scope(attributes, case_sensitive=scope.case_sensitive)
    places = {attribute.id: number for number, attribute in enumerate(attributes)}
    paths: list[Path] = []
    for parts in star.excluded:
        found = names.find(parts, star.origin)
        if found is None:
            raise scope.unresolved(parts, star.origin)
        paths.append(_path(found, places))
    for number, path in enumerate(paths):
        if any(path[: len(other)] == other for other in (*paths[:number], *paths[number + 1 :])):
            written = ", ".join(".".join(parts) for parts in star.excluded)
            raise AnalysisError("EXCEPT_OVERLAPPING_COLUMNS", {"columns": written}, star.origin)
    kept: list[Expression] = []
    for number, (column, attribute) in enumerate(zip(columns, attributes, strict=True)):
        inside = [path[1:] for path in paths if path[0] == number]
        if not inside:
            kept.append(column)
        elif () not in inside:
            kept.append(Alias(_without_fields(column, inside), attribute.name).at(star.origin))
    return tuple(kept)


def _attribute(column: Expression) -> Attribute:
    """A column as it is named: one of a table, of a table outside, or a field of the struct whose star it is."""
    if isinstance(column, OuterReference):
        return column.attribute
    assert isinstance(column, Attribute | Field)
    return column if isinstance(column, Attribute) else Alias(column, column.name).to_attribute()


def _path(found: Expression, places: Mapping[int, int]) -> Path:
    inside: list[int] = []
    while isinstance(found, Field):
        inside.append(found.ordinal)
        found = found.child
    assert isinstance(found, Attribute)
    return (places[found.id], *reversed(inside))


def _without_fields(struct: Expression, paths: Sequence[Path]) -> Expression:
    assert isinstance(struct.dataType, StructType)
    arguments: list[Expression] = []
    for ordinal, field in enumerate(struct.dataType.fields):
        inside = [path[1:] for path in paths if path[0] == ordinal]
        if () in inside:
            continue
        value: Expression = Field(struct, field.name, ordinal, field.dataType, field.nullable)
        arguments += [Literal(field.name, STRING), _without_fields(value, inside) if inside else value]
    made = resolve_call("named_struct", tuple(arguments))
    return If(IsNull(struct), Literal(None, made.dataType), made) if struct.nullable else made
