"""Equal parts of a physical plan, whatever their columns are called: what is computed once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.expressions.base import Alias, Attribute
from engine.physical.exchange import ExchangeExec
from engine.physical.materialize import MaterializeExec
from engine.physical.operator import Operator
from engine.physical.scan import ScanExec
from engine.physical.union_loop import UnionLoopExec, UnionLoopRefExec


def canonical_exchange(exchange: ExchangeExec) -> Operator:
    """An exchange with ids of columns by position of first appearance and without names."""
    columns: dict[int, int] = {}
    loops = {loop.key: place for place, loop in enumerate(exchange.collect(UnionLoopExec))}

    def visit(node: Any) -> Any:
        if isinstance(node, Attribute):
            return Attribute("", node.type, node.is_nullable, columns.setdefault(node.id, len(columns)))
        if isinstance(node, ScanExec):
            # sources are asked for columns by name, and equal ids would hide that these differ
            return replace(node.map_children(visit), name=tuple(column.name for column in node.columns))
        if isinstance(node, ExchangeExec):
            # by position: what the columns are called on this side says nothing
            node = ExchangeExec(node.split, node.child.output, node.child)
        mapped = node.map_children(visit)
        match mapped:
            case Alias(child, _, number):
                return Alias(child, "", columns.setdefault(number, len(columns)))
            case MaterializeExec(key, _, names, child):
                return MaterializeExec(key, "", names, child)
            case UnionLoopExec(key, _, names, levels, rows, limit, anchor, recursion):
                return UnionLoopExec(loops[key], "", names, levels, rows, limit, anchor, recursion)
            case UnionLoopRefExec(key, names):
                return UnionLoopRefExec(loops.get(key, -1 - key), names)
        return mapped

    result: Operator = visit(exchange)
    return result
