"""Functions that Spark shows by what they became for the types of their arguments: lpad(x, 2) with the blank it pads with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.expressions.base import Expression, Literal
from engine.logical import unresolved as un
from engine.types import BINARY, STRING, BinaryType, DataType, DateType, TimestampNTZType, TimestampType

Typed = Callable[[un.UnresolvedFunction, DataType], un.UnresolvedFunction]


def _padded(node: un.UnresolvedFunction, first: DataType) -> un.UnresolvedFunction:
    if len(node.arguments) != 2:
        return node
    blank = Literal(b"\0", BINARY) if isinstance(first, BinaryType) else Literal(" ", STRING)
    return replace(node, arguments=(*node.arguments, blank))


def _formatted(node: un.UnresolvedFunction, first: DataType) -> un.UnresolvedFunction:
    if isinstance(first, DateType | TimestampType | TimestampNTZType):
        return replace(node, name=("date_format",))
    if not isinstance(first, BinaryType) or len(node.arguments) != 2:
        return node
    if node.name[-1].lower() == "to_varchar":
        by_name = isinstance(node.arguments[1], Literal) and str(node.arguments[1].value).lower() in ("base64", "hex")
        return replace(node, arguments=node.arguments[:1]) if by_name else node
    form = node.arguments[1].value if isinstance(node.arguments[1], Literal) else None
    if str(form).lower() in ("base64", "hex"):
        return replace(node, name=(str(form).lower(),), arguments=node.arguments[:1])
    return replace(node, name=("decode",))


_BY_TYPE: dict[str, Typed] = {"lpad": _padded, "rpad": _padded, "to_char": _formatted, "to_varchar": _formatted}


def by_type(node: un.UnresolvedFunction, type_of: Callable[[Expression], DataType]) -> un.UnresolvedFunction:
    """The call as Spark shows it; `type_of` says the type of an argument."""
    typed = _BY_TYPE.get(node.name[-1].lower())
    return typed(node, type_of(node.arguments[0])) if typed is not None and node.arguments else node
