"""Evaluating on some of the rows, and putting the results back in their places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from engine.expressions.base import Expression
from engine.kernels.rows import Datum, Node, Rows, as_array, is_scalar
from engine.lazy import pc

TRUE, FALSE = pa.scalar(True), pa.scalar(False)


def definite(mask: Datum, length: int) -> pa.BooleanArray:
    """`mask` as an array of `length` rows with null as false."""
    array = as_array(mask, length)
    if pa.types.is_null(array.type):
        return as_array(FALSE, length)
    return pc.fill_null(array, False) if array.null_count else array


def eager(expression: Expression) -> bool:
    """Whether it may be evaluated for rows that do not need it."""
    return not expression.can_raise and expression.deterministic


def on_rows(node: Node, rows: Rows, mask: pa.BooleanArray, kind: pa.DataType) -> Datum:
    """The values of `node` on the rows for which `mask` (without nulls) is true; null elsewhere.

    Only these rows are evaluated; with none of them, nothing is.
    """
    count = pc.sum(mask, min_count=0).as_py()
    if count == 0:
        return pa.scalar(None, kind)
    if count == rows.length:
        return node(rows)
    found = node(rows.where(mask))
    if is_scalar(found):
        return found
    return scatter(found, mask)


def scatter(values: pa.Array, mask: pa.BooleanArray) -> pa.Array:
    """`values` in the places where `mask` is true, null elsewhere."""
    picked: np.ndarray[Any, Any] = mask.to_numpy(zero_copy_only=False)
    indices = np.cumsum(picked) - 1
    return values.take(pa.array(indices, mask=~picked))
