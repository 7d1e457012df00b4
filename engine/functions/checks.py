"""Errors that the optimizer puts where a plan must not go on: not for users, so not listed."""

from __future__ import annotations

import pyarrow as pa

from engine.errors import ExecutionError
from engine.functions.registry import function
from engine.types import STRING, VOID


@function("raise_condition", (STRING,), returns=VOID, nullable="always", raises=True, hidden=True)
def raise_condition(condition: pa.Array) -> pa.Array:
    """Raises the error condition named by the argument for any row that gets here.

    > SELECT if(true, 1, raise_condition('SCALAR_SUBQUERY_TOO_MANY_ROWS'));
    1
    """
    if len(condition):
        raise ExecutionError(condition[0].as_py())
    return pa.nulls(0)
