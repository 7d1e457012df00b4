"""One row while its code is written: what its columns are, and the values of expressions over them.

Columns come from providers: the source batch (`inputs.py`), the built side of each join; projections define further ones. A
value is written where it is first asked for, and used again where the code there has run for sure (`Function.holds`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from engine.compile.frame import Frame
from engine.compile.ir import Function, Label, Mark, Operand, Value
from engine.compile.values import NotCompiled, Sql, Text
from engine.expressions.base import Alias, Attribute, Expression
from engine.expressions.predicates import IsNotNull, IsNull

_STRAIGHT = 64
"""The instructions beyond which a branch is cheaper than computing what is not needed."""

Emitter = Callable[..., Sql]
"""Takes an expression and a row, gives the value's code. Raises NotCompiled."""


class Provider(Protocol):
    """A side that rows are made of."""

    @property
    def columns(self) -> frozenset[int]:
        """The ids of its columns."""

    def column(self, row: Row, attribute: Attribute) -> Sql:
        """The value of one of its columns."""

    def hoisted(self, row: Row, expression: Expression) -> Sql:
        """The value of an expression over its columns, computed by kernels before the code runs. Raises NotCompiled."""


class Row:
    """The row a function works at. `failed`: where to go when an expression has no value for it (the batch is then
    evaluated by kernels, which raise the error). `time_zone`: the session's, "" if not known."""

    def __init__(self, function: Function, frame: Frame, failed: Label, time_zone: str = "") -> None:
        self.function = function
        self.frame = frame
        self.failed = failed
        self.time_zone = time_zone
        self.providers: list[Provider] = []
        self.index = function.integer("i64", 0)
        """The row of the source batch."""
        self._definitions: dict[int, Expression] = {}
        self._known: dict[Expression, tuple[Mark, Sql]] = {}
        self._costly: set[Expression] = set()

    def value(self, expression: Expression) -> Sql:
        """The value of `expression`. Raises NotCompiled, saying what has no code."""
        known = self._known.get(expression)
        if known is not None and self.function.holds(known[0]):
            return known[1]
        made = self._made(expression)
        self._known[expression] = self.function.mark(), made
        return made

    def straight(self, expression: Expression) -> Sql | None:
        """The value of `expression` where that takes a few instructions without branches; None: better evaluated only in
        rows that need it."""
        if expression in self._costly:
            return None
        before = self.function.mark()
        found = self.value(expression)
        if self.function.is_straight(before, _STRAIGHT):
            return found
        self.function.undo(before)
        self._costly.add(expression)
        return None

    def beforehand(self, expression: Expression) -> Sql | None:
        """The value of `expression` where that takes a few instructions, without branches, over columns of the source."""
        if not self.expanded(expression).references <= self.providers[0].columns:
            return None
        before = self.function.mark()
        try:
            return self.straight(expression)
        except NotCompiled:
            self.function.undo(before)
            return None

    def values(self, expressions: Sequence[Expression]) -> list[Sql]:
        """The values of several expressions."""
        return [self.value(each) for each in expressions]

    def fail_if(self, condition: Value) -> None:
        """Leaves the function with an error if the condition holds."""
        self.function.leave_if(condition, self.failed, likely=False)

    def fixed(self, key: Hashable, type: str = "i64") -> Value:
        """A word of the frame."""
        return self.frame.load(self.function, key, type)

    def call_back(self, key: Hashable, argument: Value) -> None:
        """Calls the Python function of the frame's word `key` with an i64, for what is rare."""
        status = self.function.call_pointer(self.fixed(key, "ptr"), "i64", argument)
        self.fail_if(status != 0)

    def number(self, type: str, number: Operand) -> Value:
        """A constant of the code itself (not one of the query: those are words)."""
        return self.function.value(type, number)

    @contextmanager
    def branch(self) -> Iterator[None]:
        """Values written inside are not used after it: the code may not have passed there."""
        with self.function.inner():
            yield

    def define(self, id: int, expression: Expression) -> None:
        """A column that a projection makes."""
        self._definitions[id] = self.expanded(expression)

    def expanded(self, expression: Expression) -> Expression:
        """The expression over the columns of providers only."""
        if not expression.references & self._definitions.keys():
            return expression
        made: Expression = expression.transform_down(
            lambda node: self._definitions.get(node.id, node) if isinstance(node, Attribute) else node
        )
        return made

    def _made(self, expression: Expression) -> Sql:
        if isinstance(expression, Alias):
            return self.value(expression.child)
        if isinstance(expression, Attribute):
            if expression.id in self._definitions:
                return self.value(self._definitions[expression.id])
            for provider in self.providers:
                if expression.id in provider.columns:
                    return provider.column(self, expression)
            raise NotCompiled(f"the column {expression.name}")
        coded = self._by_code(expression)
        if coded is not None:
            return coded
        emitter = emitters().get(type(expression))
        before = self.function.mark()
        try:
            if emitter is None:
                raise NotCompiled(type(expression).__name__)
            return emitter(expression, self)
        except NotCompiled as reason:
            self.function.undo(before)
            return self._hoisted(expression, reason)

    def _by_code(self, expression: Expression) -> Sql | None:
        """The value looked up by code, where all that is read is one column of dictionary codes: kernels compute it once for
        each entry, and no code for each row is faster than that."""
        whole = self.expanded(expression)
        if len(whole.references) != 1 or whole.can_raise or not whole.deterministic:
            return None
        if isinstance(whole, IsNull | IsNotNull) and isinstance(whole.child, Attribute):
            return None
        column = self.value(whole.collect(Attribute)[0])
        if not isinstance(column.raw, Text) or column.raw.code is None:
            return None
        try:
            return self._hoisted(expression, NotCompiled("by code"))
        except NotCompiled:
            return None

    def _hoisted(self, expression: Expression, reason: NotCompiled) -> Sql:
        whole = self.expanded(expression)
        if whole.deterministic and whole.references:
            for provider in self.providers[
                : 1 if whole.can_raise else None
            ]:  # a batch can be interpreted, no built side
                if whole.references <= provider.columns:
                    return provider.hoisted(self, whole)
        raise reason


def emitters() -> dict[type[Expression], Emitter]:
    """The emitter of each class of expressions."""
    from engine.compile.expressions import EMITTERS  # the families import this module for `Row`

    return EMITTERS
