"""Comparisons and three-valued logic.

And and Or hold any number of terms and never hold their own kind directly: a chain of thousands stays flat.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from engine.expressions.base import FALSE, TRUE, Expression, is_true
from engine.lazy import cached_property
from engine.tree.node import node
from engine.types import BOOLEAN, DataType


@node
class Predicate(Expression):
    """An expression that is true, false or null."""

    @property
    def dataType(self) -> DataType:
        return BOOLEAN


@node
class BinaryComparison(Predicate):
    """`left symbol right`; null if either is null. NaN equals NaN and is larger than any number; -0.0 equals 0.0."""

    left: Expression
    right: Expression

    symbol: ClassVar[str] = ""


@node
class EqualTo(BinaryComparison):
    symbol: ClassVar[str] = "="


@node
class EqualNullSafe(BinaryComparison):
    """Never null: two nulls are equal."""

    symbol: ClassVar[str] = "<=>"

    @cached_property
    def nullable(self) -> bool:
        return False


@node
class LessThan(BinaryComparison):
    symbol: ClassVar[str] = "<"


@node
class LessThanOrEqual(BinaryComparison):
    symbol: ClassVar[str] = "<="


@node
class GreaterThan(BinaryComparison):
    symbol: ClassVar[str] = ">"


@node
class GreaterThanOrEqual(BinaryComparison):
    symbol: ClassVar[str] = ">="


@node
class And(Predicate):
    """False if any term is false, else null if any is null, else true. Terms are evaluated from left to right: one that can
    raise is evaluated only for rows where no term before it is false."""

    terms: tuple[Expression, ...]


@node
class Or(Predicate):
    """True if any term is true, else null if any is null, else false."""

    terms: tuple[Expression, ...]


@node
class Not(Predicate):
    child: Expression


@node
class IsNull(Predicate):
    child: Expression

    @cached_property
    def nullable(self) -> bool:
        return False


@node
class IsNotNull(Predicate):
    child: Expression

    @cached_property
    def nullable(self) -> bool:
        return False


@node
class IsNaN(Predicate):
    """Whether a float or double is NaN; false for null."""

    child: Expression

    @cached_property
    def nullable(self) -> bool:
        return False


@node
class Between(Predicate):
    """`value BETWEEN low AND high`; the optimizer writes it as two comparisons."""

    value: Expression
    low: Expression
    high: Expression


@node
class In(Predicate):
    """`value IN (options)`: true if equal to one, else null if `value` or any option is null, else false."""

    value: Expression
    options: tuple[Expression, ...]


@node
class Like(Predicate):
    """`value LIKE pattern ESCAPE escape`: % is any text, _ one character. Case matters unless `ignore_case` (ILIKE)."""

    value: Expression
    pattern: Expression
    escape: str = "\\"
    ignore_case: bool = False

    @property
    def raises(self) -> bool:
        return not self.pattern.foldable


@node
class RLike(Predicate):
    """`value RLIKE pattern`: whether the regular expression is found anywhere in `value`."""

    value: Expression
    pattern: Expression

    @property
    def raises(self) -> bool:
        return not self.pattern.foldable


def conjunction(*terms: Expression) -> Expression:
    """All of `terms`, flat; TRUE for none."""
    flat = [each for term in terms for each in (term.terms if isinstance(term, And) else (term,)) if not is_true(each)]
    if not flat:
        return TRUE
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def disjunction(*terms: Expression) -> Expression:
    """Any of `terms`, flat; FALSE for none."""
    flat = [each for term in terms for each in (term.terms if isinstance(term, Or) else (term,))]
    if not flat:
        return FALSE
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def conjuncts(condition: Expression | None) -> tuple[Expression, ...]:
    """The terms that must all hold for `condition` to hold."""
    if condition is None or is_true(condition):
        return ()
    return condition.terms if isinstance(condition, And) else (condition,)


def disjuncts(condition: Expression) -> tuple[Expression, ...]:
    """The terms of which one must hold."""
    return condition.terms if isinstance(condition, Or) else (condition,)


def split_by(terms: Iterable[Expression], ids: frozenset[int]) -> tuple[list[Expression], list[Expression]]:
    """The terms that read only columns `ids`, and the others."""
    inside: list[Expression] = []
    outside: list[Expression] = []
    for term in terms:
        (inside if term.references <= ids else outside).append(term)
    return inside, outside
