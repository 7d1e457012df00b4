"""The name of a select-list column without AS: the text of its expression, as Spark writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.expressions.base import Attribute, Expression
from engine.expressions.calls import Field
from engine.expressions.sql import sql
from engine.logical.unresolved import UnresolvedAttribute, UnresolvedExtract, UnresolvedWindow

if TYPE_CHECKING:
    from engine.analyze.expressions import Resolver


def display_name(written: Expression, resolved: Expression, resolver: Resolver) -> str:
    """The name of the column made by `written`, which was resolved to `resolved`."""
    if isinstance(resolved, Attribute):
        return resolved.name
    if isinstance(resolved, Field) and isinstance(written, UnresolvedAttribute | UnresolvedExtract):
        return resolved.name
    if isinstance(written, UnresolvedAttribute):
        return (
            f"{written.parts[-1]}()"
            if not resolver.scope.find(written.parts) and not resolved.children
            else written.parts[-1]
        )

    def shown(node: Any) -> Any:
        if isinstance(node, UnresolvedWindow) and isinstance(node.spec, str):
            spec = (resolver.windows or {}).get(resolver.scope.fold(node.spec), node.spec)
            return UnresolvedWindow(node.function, spec)
        if not isinstance(node, UnresolvedAttribute):
            return node
        found = resolver.scope.find(node.parts)
        depth = 0
        while isinstance(found, Field):
            found, depth = found.child, depth + 1
        return UnresolvedAttribute(node.parts[len(node.parts) - depth - 1 :])

    return sql(written.transform_down(shown) if written.has(UnresolvedAttribute, UnresolvedWindow) else written)
