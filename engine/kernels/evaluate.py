"""From an expression to a function over batches.

Compiling makes one small closure per node, found by the class of the node; the families (arithmetic, comparison, casts ...) say
which classes they know. An expression that can raise is evaluated only on rows that reach it: the families that choose
between expressions (conditional, logic) filter the rows first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from engine.errors import FlintError, InternalError
from engine.expressions.base import Alias, Attribute, Expression, Literal
from engine.expressions.calls import Call
from engine.kernels import arithmetic, bitwise, calls, char, comparison, conditional, like, logic, nested
from engine.kernels.casts import cast
from engine.kernels.constants import quick_value
from engine.kernels.context import EvalContext
from engine.kernels.literals import from_scalar, literal_scalar
from engine.kernels.rows import Compile, Node, Rows, as_array, as_type, rows_of
from engine.types.arrow import to_arrow

Kernel: TypeAlias = Callable[[pa.RecordBatch], pa.Array]
Generated: TypeAlias = tuple[np.ndarray[Any, Any], list[pa.Array]]


class ExpressionCompiler:
    """Compiles expressions over rows whose columns are `columns`, by position."""

    def __init__(self, columns: Sequence[Attribute], context: EvalContext) -> None:
        self.columns = tuple(columns)
        self.context = context
        self._places = {column.id: index for index, column in reversed(list(enumerate(self.columns)))}

    @property
    def width(self) -> int:
        """How many columns the rows have."""
        return len(self.columns)

    def with_columns(self, columns: Sequence[Attribute]) -> ExpressionCompiler:
        """A compiler for rows that have `columns` before those of this one."""
        return ExpressionCompiler((*columns, *self.columns), self.context)

    def compile(self, expression: Expression) -> Node:
        """The node that evaluates `expression`."""
        if isinstance(expression, Attribute):
            return self._column(expression)
        compile_node = _COMPILERS.get(type(expression))
        if compile_node is None:
            raise InternalError(f"No kernel evaluates {type(expression).__name__}: {expression!r}")
        node = compile_node(expression, self)
        return _guarded(node, expression) if expression.raises else node

    def _column(self, attribute: Attribute) -> Node:
        place = self._places.get(attribute.id)
        if place is None:
            known = ", ".join(f"{column.name}#{column.id}" for column in self.columns)
            raise InternalError(f"Column {attribute.name}#{attribute.id} is not among the input: {known}")
        return lambda rows: rows.column(place)


def compile_expression(expression: Expression, input: Sequence[Attribute], context: EvalContext) -> Kernel:
    """The function from a batch with columns `input` (by position) to the value for each row.

    The result has `batch.num_rows` rows and exactly the Arrow type of the expression. It is not safe to share between
    threads where the expression is not deterministic. Raises ExecutionError for the first row that has no value.
    """
    wanted = to_arrow(expression.dataType)
    if isinstance(expression, Attribute):  # most are, and tables of a thousand columns have a thousand of them
        place = next((index for index, column in enumerate(input) if column.id == expression.id), None)
        if place is not None:
            return lambda batch: as_type(batch.column(place), wanted)
    node = ExpressionCompiler(input, context).compile(expression)
    types = _arrow_types(expression, input)

    def kernel(batch: pa.RecordBatch) -> pa.Array:
        return as_type(as_array(node(rows_of(batch, types)), batch.num_rows), wanted)

    return kernel


def compile_predicate(expression: Expression, input: Sequence[Attribute], context: EvalContext) -> Kernel:
    """Like `compile_expression` for a condition; nulls are kept (`RecordBatch.filter` drops them)."""
    return compile_expression(expression, input, context)


def compile_generator(
    generator: Call, input: Sequence[Attribute], context: EvalContext
) -> Callable[[pa.RecordBatch], Generated]:
    """The function from a batch to what a generator (explode ...) makes of its rows: for each row made the index of the row
    it was made of (int64, ascending), and the columns."""
    node = calls.compile_generator(generator, ExpressionCompiler(input, context))
    types = _arrow_types(generator, input)
    return lambda batch: node(rows_of(batch, types))


def _arrow_types(expression: Expression, input: Sequence[Attribute]) -> dict[int, pa.DataType]:
    """The engine's types of the columns that `expression` reads, by position."""
    read = expression.references
    return {index: to_arrow(column.dataType) for index, column in enumerate(input) if column.id in read}


def evaluate_constant(expression: Expression, context: EvalContext) -> Literal:
    """The value of an expression that reads no column. Raises what its evaluation raises."""
    quick = quick_value(expression)
    if quick is not None:
        return Literal(quick, expression.dataType).at(expression.origin)
    node = ExpressionCompiler((), context).compile(expression)
    value = node(Rows(1, _no_column))
    scalar = value if isinstance(value, pa.Scalar) else value[0]
    return Literal(from_scalar(scalar, expression.dataType), expression.dataType).at(expression.origin)


def _no_column(index: int) -> pa.Array:
    raise InternalError(f"A constant expression reads column {index}.")


def _guarded(node: Node, expression: Expression) -> Node:
    """`node`, which may raise: not called without rows, and its errors say where in the query they arose."""
    empty = pa.array([], to_arrow(expression.dataType))
    origin = expression.origin

    def guarded(rows: Rows) -> Any:
        if rows.length == 0:
            return empty
        try:
            return node(rows)
        except FlintError as error:
            if error.position is None:
                error.position = origin
            raise

    return guarded


def _literal(expression: Literal, _compiler: Any) -> Node:
    scalar = literal_scalar(expression)
    return lambda _rows: scalar


def _alias(expression: Alias, compiler: Any) -> Node:
    node: Node = compiler.compile(expression.child)
    return node


_COMPILERS: dict[type[Expression], Compile] = {
    Literal: _literal,
    Alias: _alias,
    **arithmetic.COMPILERS,
    **bitwise.COMPILERS,
    **comparison.COMPILERS,
    **logic.COMPILERS,
    **conditional.COMPILERS,
    **like.COMPILERS,
    **nested.COMPILERS,
    **cast.COMPILERS,
    **calls.COMPILERS,
    **char.COMPILERS,
}
