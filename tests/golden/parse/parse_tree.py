"""Parse trees as text: plans a line a node, expressions inline, fields that have their default left out."""

from __future__ import annotations

from dataclasses import MISSING, fields
from enum import Enum
from typing import Any

from engine.expressions.base import Expression, Literal
from engine.logical.plan import LogicalPlan
from engine.logical.unresolved import UnresolvedAttribute, UnresolvedStar
from engine.tree.node import TreeNode
from engine.types import DataType


def tree(value: Any) -> str:
    """A statement, an expression or a type, as the parser made it."""
    return "\n".join(_plan(value)) if isinstance(value, LogicalPlan) else _inline(value, [])


def _plan(plan: TreeNode, title: str = "") -> list[str]:
    below: list[tuple[str, TreeNode]] = []
    told = []
    for name, value in _told(plan):
        if isinstance(value, LogicalPlan):
            below.append((name, value))
        else:
            told.append(f"{name}={_inline(value, below)}")
    lines = [" ".join([*([f"{title}:"] if title else []), type(plan).__name__, *told])]
    for name, child in below:
        lines += ["  " + line for line in _plan(child, "" if name in ("child", "query") else name)]
    return lines


def _told(node: TreeNode) -> list[tuple[str, Any]]:
    told = []
    for field in fields(node):
        value = getattr(node, field.name)
        plain = (None, False, (), "") if field.default is MISSING else (field.default,)
        if field.name != "id" and not any(value == each and type(value) is type(each) for each in plain):
            told.append((field.name, value))
    return told


def _inline(value: Any, below: list[tuple[str, TreeNode]]) -> str:
    match value:
        case UnresolvedAttribute(parts):
            return ".".join(part if part.isidentifier() else f"`{part}`" for part in parts)
        case UnresolvedStar((), ()):
            return "*"
        case Literal(constant, data_type):
            return f"{constant!r}:{data_type.simpleString()}"
        case LogicalPlan():
            below.append((f"#{len(below) + 1}", value))
            return f"#{len(below)}"
        case Expression():
            told = [f"{name}={_inline(each, below)}" for name, each in _told(value)]
            return f"{type(value).__name__}({', '.join(told)})"
        case tuple():
            return "[" + ", ".join(_inline(each, below) for each in value) + "]"
        case Enum():
            return value.value
        case DataType():
            return value.simpleString() + _not_null(value)
    return repr(value)


def _not_null(data_type: DataType) -> str:
    """What simpleString does not tell of a struct: fields that are not nullable, and comments."""
    notes = [
        f"{field.name}{'' if field.nullable else ' not null'}{f' {field.comment!r}' if field.comment else ''}"
        for field in getattr(data_type, "fields", ())
        if not field.nullable or field.comment
    ]
    return f" ({', '.join(notes)})" if notes else ""
