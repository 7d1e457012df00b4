"""Comparisons, IN, BETWEEN and the tests for null and NaN.

NaN equals NaN and is larger than any other number; strings and binaries compare by bytes; arrays and structs element by
element, where null is smaller than anything and equals null.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from engine.expressions import predicates as pred
from engine.expressions.base import Literal
from engine.kernels.rows import Compile, Compiler, Datum, Node, Rows, any_true, as_array, is_scalar
from engine.lazy import pc
from engine.types import DataType

_KERNELS = {"=": "equal", "<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"}
_SIGNS: dict[str, Callable[[int], bool]] = {
    "=": lambda sign: sign == 0,
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}


def compare(symbol: str, left: Datum, right: Datum) -> Datum:
    """`left symbol right` for = < <= > >=; null if either is null."""
    kind = left.type
    if pa.types.is_null(kind) or pa.types.is_null(right.type):
        null = pa.scalar(None, pa.bool_())
        return null if is_scalar(left) and is_scalar(right) else as_array(null, _length(left, right))
    if pa.types.is_floating(kind):
        return _floats(symbol, left, right)
    if pa.types.is_nested(kind):
        return _nested(symbol, left, right)
    return getattr(pc, _KERNELS[symbol])(left, right)


def _length(*data: Datum) -> int:
    return max(1 if is_scalar(each) else len(each) for each in data)


def _floats(symbol: str, left: Datum, right: Datum) -> Datum:
    plain = getattr(pc, _KERNELS[symbol])(left, right)
    left_nan, right_nan = pc.is_nan(left), pc.is_nan(right)
    if not any_true(left_nan) and not any_true(right_nan):
        return plain
    if symbol == "=":
        return pc.or_(plain, pc.and_(left_nan, right_nan))
    if symbol == "<":
        return pc.or_(plain, pc.and_(pc.invert(left_nan), right_nan))
    if symbol == ">":
        return pc.or_(plain, pc.and_(left_nan, pc.invert(right_nan)))
    return pc.or_(plain, right_nan if symbol == "<=" else left_nan)


def _nested(symbol: str, left: Datum, right: Datum) -> Datum:
    both = is_scalar(left) and is_scalar(right)
    length = _length(left, right)
    test = _SIGNS[symbol]
    pairs = zip(as_array(left, length).to_pylist(), as_array(right, length).to_pylist(), strict=True)
    result = pa.array([None if a is None or b is None else test(order(a, b)) for a, b in pairs], pa.bool_())
    return result[0] if both else result


def order(left: Any, right: Any) -> int:
    """-1, 0 or 1 as Spark orders two Python values of one type: null first, NaN last, lists and structs by elements."""
    if left is None or right is None:
        return (left is not None) - (right is not None)
    if isinstance(left, dict):
        return order(list(left.values()), list(right.values()))
    if isinstance(left, list | tuple):
        for a, b in zip(left, right, strict=False):
            sign = order(a, b)
            if sign:
                return sign
        return (len(left) > len(right)) - (len(left) < len(right))
    if isinstance(left, float):
        left_nan, right_nan = left != left, right != right
        if left_nan or right_nan:
            return int(left_nan) - int(right_nan)
    if isinstance(left, str):
        left, right = left.encode(), right.encode()
    return int(left > right) - int(left < right)


def equal_null_safe(left: Datum, right: Datum) -> Datum:
    """Whether both are null or both are equal."""
    if pa.types.is_null(left.type) or pa.types.is_null(right.type):
        return pc.and_(pc.is_null(left), pc.is_null(right))
    return pc.coalesce(compare("=", left, right), pc.and_(pc.is_null(left), pc.is_null(right)))


def _binary(expression: pred.BinaryComparison, compiler: Compiler) -> Node:
    left, right = compiler.compile(expression.left), compiler.compile(expression.right)
    if isinstance(expression, pred.EqualNullSafe):
        return lambda rows: equal_null_safe(left(rows), right(rows))
    if _is_plain(expression.left.dataType) and expression.left.dataType == expression.right.dataType:
        kernel = getattr(pc, _KERNELS[expression.symbol])
        return lambda rows: kernel(left(rows), right(rows))
    symbol = expression.symbol
    return lambda rows: compare(symbol, left(rows), right(rows))


def _is_plain(data_type: DataType) -> bool:
    """Whether pyarrow compares such values as Spark does."""
    return not data_type.children and data_type.name not in ("float", "double", "void", "")


def _between(expression: pred.Between, compiler: Compiler) -> Node:
    value, low, high = map(compiler.compile, (expression.value, expression.low, expression.high))

    def between(rows: Rows) -> Datum:
        found = value(rows)
        return pc.and_kleene(compare(">=", found, low(rows)), compare("<=", found, high(rows)))

    return between


def _in(expression: pred.In, compiler: Compiler) -> Node:
    value = compiler.compile(expression.value)
    literals = [option for option in expression.options if isinstance(option, Literal)]
    if len(literals) == len(expression.options) and _is_plain(expression.value.dataType):
        return _in_set(value, [compiler.compile(each) for each in literals])
    options = [compiler.compile(option) for option in expression.options]

    def any_equal(rows: Rows) -> Datum:
        found = value(rows)
        result: Datum = pa.scalar(False)
        for option in options:
            result = pc.or_kleene(result, compare("=", found, option(rows)))
        return result

    return any_equal


def _in_set(value: Node, literals: list[Node]) -> Node:
    none = Rows(1, lambda _index: pa.nulls(1))
    scalars = [literal(none) for literal in literals]
    members = [scalar for scalar in scalars if scalar.is_valid]
    has_null = len(members) < len(scalars)

    def in_set(rows: Rows) -> Datum:
        found = value(rows)
        null = pa.scalar(None, pa.bool_())
        if not members:
            return null
        values = pa.concat_arrays([pa.repeat(member, 1) for member in members]).cast(found.type)
        inside = pc.is_in(found, value_set=values)
        if has_null:
            inside = pc.if_else(inside, inside, null)
        return pc.if_else(pc.is_valid(found), inside, null)

    return in_set


def _is_null(expression: pred.IsNull, compiler: Compiler) -> Node:
    child = compiler.compile(expression.child)
    return lambda rows: pc.is_null(child(rows))


def _is_not_null(expression: pred.IsNotNull, compiler: Compiler) -> Node:
    child = compiler.compile(expression.child)
    return lambda rows: pc.is_valid(child(rows))


def _is_nan(expression: pred.IsNaN, compiler: Compiler) -> Node:
    child = compiler.compile(expression.child)

    def is_nan(rows: Rows) -> Datum:
        value = child(rows)
        if not pa.types.is_floating(value.type):
            return pa.scalar(False)
        return pc.fill_null(pc.is_nan(value), False)

    return is_nan


def sort_ranks(values: list[Any]) -> np.ndarray[Any, Any]:
    """A number for each of some Python values of one type so that numbers order as values do, equal ones alike."""
    ordered = sorted(range(len(values)), key=lambda index: SortKey(values[index]))
    ranks = np.zeros(len(values), dtype=np.int64)
    rank = 0
    for before, index in zip([None, *ordered], ordered, strict=False):
        if before is not None and order(values[before], values[index]) != 0:
            rank += 1
        ranks[index] = rank
    return ranks


class SortKey:
    """Makes Python's sort order values as Spark does."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: SortKey) -> bool:
        return order(self.value, other.value) < 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SortKey) and order(self.value, other.value) == 0

    __hash__ = None  # type: ignore[assignment]


COMPILERS: dict[type, Compile] = {
    pred.EqualTo: _binary,
    pred.EqualNullSafe: _binary,
    pred.LessThan: _binary,
    pred.LessThanOrEqual: _binary,
    pred.GreaterThan: _binary,
    pred.GreaterThanOrEqual: _binary,
    pred.Between: _between,
    pred.In: _in,
    pred.IsNull: _is_null,
    pred.IsNotNull: _is_not_null,
    pred.IsNaN: _is_nan,
}
