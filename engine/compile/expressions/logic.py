"""AND, OR and NOT with three truth values.

Terms in straight-line code are joined without branches, so that LLVM can make vectors of rows. A term that can raise or costs
more is evaluated only for rows that the terms before it leave open.
"""

from __future__ import annotations

from engine.compile.ir import Value
from engine.compile.row import Emitter, Row
from engine.compile.values import NotCompiled, Sql
from engine.expressions import predicates as pred
from engine.expressions.base import Expression
from engine.types import BOOLEAN, BooleanType


def _and(expression: pred.And, row: Row) -> Sql:
    return _chain(expression.terms, row, decided=False)


def _or(expression: pred.Or, row: Row) -> Sql:
    return _chain(expression.terms, row, decided=True)


def _chain(terms: tuple[Expression, ...], row: Row, *, decided: bool) -> Sql:
    """Terms of which one that is `decided` settles the row."""
    found = _boolean(row.value(terms[0]))
    for term in terms[1:]:
        value = row.straight(term)
        found = joined(found, _boolean(value), decided) if value is not None else _branched(found, term, row, decided)
    return found


def _boolean(value: Sql) -> Sql:
    if not isinstance(value.type, BooleanType):
        raise NotCompiled(f"{value.type.simpleString()} as a condition")
    return value


def joined(left: Sql, right: Sql, decided: bool) -> Sql:
    """Kleene's AND or OR. What is null counts as not decided; null comes out where nothing is decided."""
    nulls = [each.null for each in (left, right) if each.null is not None]
    first, second = _undecided(left, decided), _undecided(right, decided)
    value = first | second if decided else first & second
    if not nulls:
        return Sql(BOOLEAN, value)
    null = nulls[0] | nulls[-1] if len(nulls) > 1 else nulls[0]
    return Sql(BOOLEAN, value, null & (~value if decided else value))


def _undecided(value: Sql, decided: bool) -> Value:
    if value.null is None:
        return value.value
    return value.value & ~value.null if decided else value.value | value.null


def _branched(left: Sql, term: Expression, row: Row, decided: bool) -> Sql:
    """`term` joined to what is known, evaluated only where that is not decided yet."""
    function = row.function
    value, null = function.variable("i1", left.value), function.variable("i1", False)
    nullable = left.null is not None
    if left.null is not None:
        null.set(left.null)
    closed = left.is_true if decided else ~_undecided(left, decided)
    with function.when(~closed):
        both = joined(left, _boolean(row.value(term)), decided)
        value.set(both.value)
        if both.null is not None:
            null.set(both.null)
            nullable = True
    return Sql(BOOLEAN, value.get(), null.get() if nullable else None)


def _not(expression: pred.Not, row: Row) -> Sql:
    child = _boolean(row.value(expression.child))
    return Sql(BOOLEAN, ~child.value, child.null)


EMITTERS: dict[type, Emitter] = {pred.And: _and, pred.Or: _or, pred.Not: _not}
