"""Comparisons of columns of type CHAR(n): the shorter side gets blanks, as in Spark's ApplyCharTypePadding.

c = 'ab'            =>    c = 'ab   '            c CHAR(5), whose values are padded where the table is read
c = d               =>    rpad(c, 8) = d         d CHAR(8)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.expressions.base import Alias, Attribute, Expression, Literal
from engine.expressions.char import PaddedChar
from engine.expressions.predicates import BinaryComparison, In
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import evaluate_constant
from engine.logical.plan import CteDefinition, CteReference, LogicalPlan
from engine.types import STRING, StringType


def with_padded_comparisons(plan: LogicalPlan) -> LogicalPlan:
    """`plan` with blanks where columns of type CHAR are compared."""
    if not plan.has(PaddedChar):
        return plan
    lengths = _lengths(plan)

    def visit(node: Any) -> Any:
        match node:
            case BinaryComparison(left, right):
                return _compared(node, left, right, lengths)
            case In(value, options):
                return _listed(node, value, options, lengths)
        return node

    found: LogicalPlan = plan.transform_up(visit)
    return found


def _lengths(plan: LogicalPlan) -> dict[int, int]:
    """The lengths of the columns that are CHAR, by id: padded where they are read, or such a column under another name."""
    lengths: dict[int, int] = {}
    definitions = {each.id: each.child for each in plan.collect(CteDefinition)}
    names = [each for each in plan.collect(Alias) if isinstance(each.child, Attribute | PaddedChar)]
    references = plan.collect(CteReference)
    before = -1
    while before < len(lengths):
        before = len(lengths)
        for alias in names:
            child = alias.child
            length = child.length if isinstance(child, PaddedChar) else lengths.get(child.id)  # type: ignore[attr-defined]
            if length is not None:
                lengths[alias.id] = length
        for reference in references:
            definition = definitions.get(reference.id)
            for column, inner in zip(reference.columns, definition.output if definition else (), strict=False):
                if inner.id in lengths:
                    lengths[column.id] = lengths[inner.id]
    return lengths


def _length(expression: Expression, lengths: dict[int, int]) -> int | None:
    return lengths.get(expression.id) if isinstance(expression, Attribute) else None


def _compared(node: Any, left: Expression, right: Expression, lengths: dict[int, int]) -> Any:
    one, other = _length(left, lengths), _length(right, lengths)
    if one is not None and other is not None:
        return replace(node, left=_pad(left, one, other), right=_pad(right, other, one)).at(node.origin)
    if one is not None and (text := _text(right)) is not None:
        size = max(one, len(text))
        return replace(node, left=_pad(left, one, size), right=_literal(right, text, size)).at(node.origin)
    if other is not None and (text := _text(left)) is not None:
        size = max(other, len(text))
        return replace(node, left=_literal(left, text, size), right=_pad(right, other, size)).at(node.origin)
    return node


def _listed(node: Any, value: Expression, options: tuple[Expression, ...], lengths: dict[int, int]) -> Any:
    length = _length(value, lengths)
    texts = [text for option in options if (text := _text(option)) is not None]
    if length is None or len(texts) < len(options):
        return node
    size = max(length, *map(len, texts))
    padded = tuple(_literal(option, text, size) for option, text in zip(options, texts, strict=True))
    return type(node)(_pad(value, length, size), padded).at(node.origin)


def _text(expression: Expression) -> str | None:
    """The value of a constant text."""
    if not expression.foldable or not isinstance(expression.dataType, StringType):
        return None
    value: str | None = evaluate_constant(expression, EvalContext()).value
    return value


def _pad(column: Expression, length: int, size: int) -> Expression:
    return PaddedChar(column, size).at(column.origin) if length < size else column


def _literal(known: Expression, text: str, size: int) -> Expression:
    return known if len(text) >= size else Literal(text.ljust(size), STRING).at(known.origin)
