"""Bitwise operators, and `||`."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from engine.expressions import operators as op
from engine.kernels.lists import concat_lists
from engine.kernels.rows import Compile, Compiler, Datum, Node, Rows, as_array, is_scalar
from engine.lazy import pc
from engine.types import ArrayType
from engine.types.arrow import to_arrow

_KERNELS = {op.BitwiseAnd: "bit_wise_and", op.BitwiseOr: "bit_wise_or", op.BitwiseXor: "bit_wise_xor"}


def _binary(expression: op.BinaryBitwise, compiler: Compiler) -> Node:
    left, right = compiler.compile(expression.left), compiler.compile(expression.right)
    kernel = getattr(pc, _KERNELS[type(expression)])
    return lambda rows: kernel(left(rows), right(rows))


def _invert(expression: op.BitwiseNot, compiler: Compiler) -> Node:
    child = compiler.compile(expression.child)
    return lambda rows: pc.bit_wise_not(child(rows))


def _concat(expression: op.Concat, compiler: Compiler) -> Node:
    nodes = [compiler.compile(argument) for argument in expression.arguments]
    wanted = to_arrow(expression.dataType)
    if isinstance(expression.dataType, ArrayType):
        return lambda rows: _lists([node(rows) for node in nodes], rows.length)
    empty = pa.scalar(b"" if pa.types.is_binary(wanted) else "", wanted)

    def concat(rows: Rows) -> Any:
        parts = [node(rows) for node in nodes]
        return pc.binary_join_element_wise(*parts, empty) if parts else empty

    return concat


def _lists(parts: list[Datum], length: int) -> Datum:
    if all(map(is_scalar, parts)):
        return concat_lists([as_array(part, 1) for part in parts])[0]
    return concat_lists([as_array(part, length) for part in parts])


COMPILERS: dict[type, Compile] = {
    op.BitwiseAnd: _binary,
    op.BitwiseOr: _binary,
    op.BitwiseXor: _binary,
    op.BitwiseNot: _invert,
    op.Concat: _concat,
}
