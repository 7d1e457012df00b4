"""Window functions: `function OVER window`, the window named or written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.analyze.aliases import LATERAL
from engine.analyze.frames import check_window, frame_of
from engine.analyze.inlining import unsupported_place
from engine.errors import AnalysisError
from engine.expressions.aggregate import AggregateCall
from engine.expressions.routines import SQLScalarFunction
from engine.expressions.sql import sql
from engine.expressions.window import (
    WindowCall,
    WindowExpression,
    WindowSpec,
)
from engine.logical.unresolved import UnresolvedFunction, UnresolvedWindow

if TYPE_CHECKING:
    from engine.analyze.expressions import Resolver


def resolve_window(resolver: Resolver, node: UnresolvedWindow) -> WindowExpression:
    """`function OVER spec`, with the frame that counts where none is written."""
    if isinstance(node.spec, str):
        spec = (resolver.windows or {}).get(resolver.scope.fold(node.spec))
        if spec is None:
            raise AnalysisError("MISSING_WINDOW_SPECIFICATION", {"windowName": node.spec}, node.origin)
    else:
        spec = node.spec
    if resolver.aliases.ambiguous == LATERAL:
        resolver = replace(resolver, aliases=resolver.aliases.inside(node, resolver.scope))
    partition, order = resolver.all(spec.partition), resolver.all(spec.order)
    inner = node.function
    function = (
        resolver.function(inner, window=True) if isinstance(inner, UnresolvedFunction) else resolver.resolve(inner)
    )
    if isinstance(function, SQLScalarFunction):
        raise unsupported_place(function.at(node.origin), "Window")
    if not isinstance(function, AggregateCall | WindowCall):
        raise AnalysisError("UNSUPPORTED_EXPR_FOR_WINDOW", {"sqlExpr": sql(inner)}, node.origin)
    asked = spec.frame.map_children(lambda bound: bound.map_children(resolver.resolve)) if spec.frame else None
    frame = frame_of(WindowSpec(partition, order, asked), spec.origin or node.origin, resolver.context.ansi)
    check_window(function, order, frame, asked, node)
    return WindowExpression(function, WindowSpec(partition, order, frame))
