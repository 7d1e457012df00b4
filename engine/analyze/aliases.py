"""The names that a select list gives: what later items of it (lateral column aliases), HAVING, QUALIFY and ORDER BY may say."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from engine.errors import AnalysisError, Position, quoted
from engine.expressions.base import Attribute, Expression, NamedExpression
from engine.expressions.sql import sql
from engine.logical.unresolved import UnresolvedAttribute, UnresolvedWindow

if TYPE_CHECKING:
    from engine.analyze.scope import Scope

LATERAL = "AMBIGUOUS_LATERAL_COLUMN_ALIAS"
REFERENCE = "AMBIGUOUS_REFERENCE"


class Aliases:
    """Values of a select list by folded name. `ambiguous` is the error for a name of several columns; without one the first
    is meant. `used` are the names that were asked for."""

    def __init__(self, ambiguous: str = "") -> None:
        self.ambiguous = ambiguous
        self.used: set[str] = set()
        self._found: dict[str, dict[int, tuple[NamedExpression, Expression]]] = {}
        self._inside: tuple[Expression, Scope] | None = None

    def add(self, folded: str, column: NamedExpression, value: Expression) -> None:
        """A column with its value; a column that is listed twice is still one."""
        self._found.setdefault(folded, {})[column.to_attribute().id] = (column, value)

    def __contains__(self, folded: str) -> bool:
        return folded in self._found

    def get(self, folded: str, origin: Position | None) -> Expression | None:
        """The value called `folded`; None for no such name. Raises AnalysisError for one of several columns."""
        found = self._found.get(folded)
        if found is None:
            return None
        names = [column.to_attribute().name for column, _ in found.values()]
        if len(names) > 1 and self.ambiguous:
            shown: dict[str, str | int] = {"name": quoted(names[0])}
            if self.ambiguous == LATERAL:
                raise AnalysisError(LATERAL, shown | {"n": len(names)})
            raise AnalysisError(REFERENCE, shown | {"referenceNames": f"[{', '.join(map(quoted, names))}]"}, origin)
        column, value = next(iter(found.values()))
        if self._inside is not None and not isinstance(column, Attribute):
            raise self._misplaced(names[0], *self._inside)
        self.used.add(folded)
        return value

    def is_lateral(self, folded: str) -> bool:
        """Whether the name is a lateral column alias: not the column that a generator made."""
        columns = [column for column, _ in self._found.get(folded, {}).values()]
        return self.ambiguous == LATERAL and any(not isinstance(column, Attribute) for column in columns)

    def inside(self, call: Expression, scope: Scope) -> Aliases:
        """These names inside of an aggregate function or a window, which are computed before the list: plain columns only."""
        found = copy(self)
        found._inside = (call, scope)
        return found

    def _misplaced(self, name: str, call: Expression, scope: Scope) -> AnalysisError:
        if self.ambiguous != LATERAL:
            shown = f'"{name}"'
            read = ", ".join(f'"{column.name}"' for column in scope.columns)
            parameters = {"missingAttributes": shown, "input": read, "operator": sql(call), "operation": shown}
            same = "APPEAR_IN_OPERATION" if scope.find((name,)) is not None else "MISSING_FROM_INPUT"
            return AnalysisError(f"MISSING_ATTRIBUTES.RESOLVED_ATTRIBUTE_{same}", parameters, call.origin)
        shown = f'"{sql(call.transform_up(lambda each: self._shown(each, name)))}"'
        if isinstance(call, UnresolvedWindow):
            condition, parameters = "WINDOW", {"lca": quoted(name), "windowExpr": shown}
        else:
            condition, parameters = "AGGREGATE_FUNC", {"lca": quoted(name), "aggFunc": shown}
        return AnalysisError(f"UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_{condition}", parameters)

    def _shown(self, node: Any, name: str) -> Any:
        is_meant = isinstance(node, UnresolvedAttribute) and node.parts[0].lower() == name.lower()
        return UnresolvedAttribute((f"lateralAliasReference({name})", *node.parts[1:])) if is_meant else node
