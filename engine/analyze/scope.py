"""Which columns a name may mean at some place of a query.

A scope holds the columns of a FROM clause; a subquery's scope has the enclosing one as `outer`. Names match by Spark's rule:
the longest qualifier wins (`db.t.c`, then `t.c`, then `c`), what follows the column is a path of struct fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from engine.analyze.proposals import proposed
from engine.errors import AnalysisError, Position, quoted, suggestions
from engine.expressions.base import Attribute, Expression, Literal
from engine.expressions.calls import Call, Field
from engine.expressions.sql import sql
from engine.expressions.subquery import OuterReference
from engine.functions.resolve import resolve_call
from engine.lazy import cached_property
from engine.records import dataclass
from engine.types import STRING, ArrayType, MapType, StringType, StructType


@dataclass(frozen=True)
class Scope:
    """`columns` are what `*` means, in order; `hidden` can be named only (the other side of a USING join). `having`: whether
    subqueries may ask for aggregates over these columns."""

    columns: tuple[Attribute, ...] = ()
    hidden: tuple[Attribute, ...] = ()
    outer: Scope | None = None
    case_sensitive: bool = False
    having: bool = False

    @cached_property
    def _by_name(self) -> dict[str, list[Attribute]]:
        found: dict[str, list[Attribute]] = {}
        for column in (*self.columns, *self.hidden):
            found.setdefault(self.fold(column.name), []).append(column)
        return found

    def fold(self, name: str) -> str:
        """The form of `name` under which names are equal."""
        return name if self.case_sensitive else name.lower()

    def find(self, parts: tuple[str, ...], origin: Position | None = None) -> Expression | None:
        """The column or field that `parts` means here (not in outer scopes), or None.

        Raises AnalysisError AMBIGUOUS_REFERENCE, or FIELD_NOT_FOUND where the column has no such field.
        """
        for index in range(len(parts) - 1, -1, -1):
            found = self._candidates(parts[:index], parts[index])
            if len(found) > 1:
                raise self._ambiguous(parts[: index + 1], found, origin)
            if found:
                column = found[0]
                if column.name != parts[index]:
                    column = column.with_name(parts[index])
                return self._fields(column, parts[index + 1 :], origin)
        return None

    def find_outside(self, parts: tuple[str, ...], origin: Position | None = None) -> Expression | None:
        """As `find`, in the nearest enclosing scope that has it; its columns become OuterReferences."""
        scope = self.outer
        while scope is not None:
            found = scope.find(parts, origin)
            if found is not None:
                outer: Expression = found.transform_up(lambda e: OuterReference(e) if isinstance(e, Attribute) else e)
                return outer
            scope = scope.outer
        return None

    def expand(self, target: tuple[str, ...], origin: Position | None = None) -> tuple[Expression, ...]:
        """The columns of `target.*` (all for no target): of a table, or the fields of a struct column."""
        if not target:
            return self.columns
        # a USING join hides one side's key, which t.* still shows, before the table's other columns
        qualified: list[Expression] = [c for c in (*self.hidden, *self.columns) if self._qualifier_fits(c, target)]
        if not qualified and self.outer is not None:  # LATERAL (SELECT t.*)
            beyond = (*self.outer.hidden, *self.outer.columns)
            qualified = [OuterReference(c) for c in beyond if self._qualifier_fits(c, target)]
        if qualified:
            return tuple(qualified)
        column = self.find(target, origin) or self.find_outside(target, origin)
        if column is not None and isinstance(column.dataType, StructType):
            return tuple(extract_field(column, field.name, self.case_sensitive) for field in column.dataType.fields)
        names = sorted({".".join(c.qualifier) for c in self.columns if c.qualifier})
        raise AnalysisError(
            "CANNOT_RESOLVE_STAR_EXPAND",
            {"targetString": quoted(target), "columns": ", ".join(quoted(c.name) for c in self.columns)},
            origin,
            hint=f"Tables here: {', '.join(names)}." if names else "",
        )

    def matching(self, pattern: str, target: tuple[str, ...]) -> tuple[Attribute, ...]:
        """The columns whose names are what a regular expression says."""
        matches = re.compile(pattern, 0 if self.case_sensitive else re.IGNORECASE).fullmatch
        columns = (c for c in self.columns if not target or self._qualifier_fits(c, target))
        return tuple(c for c in columns if matches(c.name))

    def qualified(self, qualifier: tuple[str, ...]) -> Scope:
        """This scope's columns seen through a table alias."""
        columns = tuple(c.with_qualifier(qualifier) for c in self.columns)
        return replace(self, columns=columns, hidden=())

    def unresolved(self, parts: tuple[str, ...], origin: Position | None) -> AnalysisError:
        """The error for a name that means nothing here, with the nearest names that do."""
        near = proposed(parts, [(*c.qualifier, c.name) for c in self.columns])
        if not near:
            return AnalysisError("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", {"objectName": quoted(parts)}, origin)
        parameters = {"objectName": quoted(parts), "proposal": ", ".join(near)}
        return AnalysisError("UNRESOLVED_COLUMN.WITH_SUGGESTION", parameters, origin)

    def _candidates(self, qualifier: tuple[str, ...], name: str) -> list[Attribute]:
        found = self._by_name.get(self.fold(name), [])
        if qualifier:
            return _distinct(c for c in found if self._qualifier_fits(c, qualifier))
        hidden = {c.id for c in self.hidden}
        visible = _distinct(c for c in found if c.id not in hidden)
        return visible or _distinct(found)

    def _qualifier_fits(self, column: Attribute, qualifier: tuple[str, ...]) -> bool:
        own = column.qualifier[-len(qualifier) :]
        return len(own) == len(qualifier) and all(
            self.fold(a) == self.fold(b) for a, b in zip(own, qualifier, strict=True)
        )

    def _fields(self, column: Expression, path: tuple[str, ...], origin: Position | None) -> Expression:
        for name in path:
            column = extract_field(column, name, self.case_sensitive, origin)
        return column

    def _ambiguous(self, parts: tuple[str, ...], found: list[Attribute], origin: Position | None) -> AnalysisError:
        names = ", ".join(quoted((*c.qualifier, c.name)) for c in found)
        return AnalysisError("AMBIGUOUS_REFERENCE", {"name": quoted(parts), "referenceNames": f"[{names}]"}, origin)


def extract_field(
    base: Expression, name: str, case_sensitive: bool = False, origin: Position | None = None
) -> Expression:
    """`base.name` of a struct, a map or each struct of an array.

    Raises AnalysisError FIELD_NOT_FOUND or INVALID_EXTRACT_BASE_FIELD_TYPE.
    """
    if isinstance(base.dataType, MapType) and isinstance(base.dataType.keyType, StringType):
        return resolve_call("map_subscript", (base, Literal(name, STRING)), origin=origin)
    if isinstance(base.dataType, ArrayType):
        return _field_of_each(base, base.dataType, name, case_sensitive, origin)
    if not isinstance(base.dataType, StructType):
        parameters = {"base": getattr(base, "name", "expression"), "other": base.dataType.sql}
        raise AnalysisError("INVALID_EXTRACT_BASE_FIELD_TYPE", parameters, origin)
    fields = base.dataType.fields
    same = [
        i for i, f in enumerate(fields) if f.name == name or (not case_sensitive and f.name.lower() == name.lower())
    ]
    if len(same) > 1:
        raise AnalysisError("AMBIGUOUS_REFERENCE", {"name": quoted(name), "referenceNames": str(len(same))}, origin)
    if not same:
        near = suggestions(name, base.dataType.names)
        parameters = {"fieldName": quoted(name), "fields": ", ".join(map(quoted, base.dataType.names))}
        hint = f"Did you mean {quoted(near[0])}?" if near else ""
        raise AnalysisError("FIELD_NOT_FOUND", parameters, origin, hint=hint)
    field = fields[same[0]]
    return Field(base, field.name, same[0], field.dataType, field.nullable).at(origin)


def _field_of_each(
    base: Expression, kind: ArrayType, name: str, case_sensitive: bool, origin: Position | None
) -> Expression:
    """`array.field`: the array of that field of each of its structs."""
    if not isinstance(kind.elementType, StructType):
        parameters = {
            "sqlExpr": f'"{sql(base)}[{name}]"',
            "paramIndex": "second",
            "requiredType": '"INTEGRAL"',
            "inputSql": f'"{name}"',
            "inputType": '"STRING"',
        }
        raise AnalysisError("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", parameters, origin)
    field = extract_field(Attribute("element", kind.elementType), name, case_sensitive, origin)
    assert isinstance(field, Field)
    result = ArrayType(field.dataType, kind.containsNull or field.nullable)
    return Call("fields_of_structs", (base, Literal(field.name, STRING)), result, base.nullable).at(origin)


def _distinct(columns: Iterable[Attribute]) -> list[Attribute]:
    return list({column.id: column for column in columns}.values())
