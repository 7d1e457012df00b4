"""What a query knows of itself: user, catalog, partition; random values; types; errors made on purpose."""

from __future__ import annotations

import uuid as uuids
from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Expression, Literal
from engine.expressions.calls import Call
from engine.expressions.sql import sql
from engine.functions.registry import function
from engine.functions.signature import ANY, SEED
from engine.kernels.context import CallContext
from engine.kernels.moment import read_moment
from engine.kernels.random import XorShift
from engine.types import BOOLEAN, DOUBLE, INT, LONG, STRING, VOID


@function("typeof", (ANY,), returns=STRING, nullable="never", takes_scalars=True, wants_context=True)
def typeof(_value: Any, *, context: CallContext) -> pa.Scalar:
    """Returns the type of the argument.

    > SELECT typeof(array(1));
    array<int>
    """
    return pa.scalar(context.types[0].simpleString())


@function("version", (), kind="rewrite")
def engine_version() -> Expression:
    """Returns the version of the engine.

    > SELECT version() IS NOT NULL;
    true
    """
    from importlib.metadata import PackageNotFoundError, version  # loads half of the e-mail package: start-up time

    try:
        return Literal(f"{version('flint-sql')}", STRING)
    except PackageNotFoundError:
        return Literal("source", STRING)


@function("current_user", (), returns=STRING, nullable="never", wants_context=True, aliases=("user", "session_user"))
def current_user(*, context: CallContext) -> pa.Array:
    """Returns the name of the user.

    > SELECT current_user() IS NOT NULL;
    true
    """
    read_moment("user")
    return pa.repeat(context.query.user, context.rows)


@function("current_catalog", (), returns=STRING, nullable="never", wants_context=True)
def current_catalog(*, context: CallContext) -> pa.Array:
    """Returns the current catalog.

    > SELECT current_catalog();
    spark_catalog
    """
    return pa.repeat(context.query.catalog, context.rows)


@function("current_database", (), returns=STRING, nullable="never", wants_context=True, aliases=("current_schema",))
def current_database(*, context: CallContext) -> pa.Array:
    """Returns the current database.

    > SELECT current_database();
    default
    """
    return pa.repeat(context.query.database, context.rows)


@function("uuid", (), returns=STRING, nullable="never", deterministic=False, wants_context=True)
def uuid(*, context: CallContext) -> pa.Array:
    """Returns a random UUID for each row.

    > SELECT length(uuid());
    36
    """
    return pa.array([str(uuids.uuid4()) for _ in range(context.rows)], pa.string())


@function("monotonically_increasing_id", (), returns=LONG, nullable="never", deterministic=False, wants_context=True)
def monotonically_increasing_id(*, context: CallContext) -> pa.Array:
    """Returns a number of its own for each row, growing within a partition.

    > SELECT monotonically_increasing_id();
    0
    """
    start = int(context.state.get("rows", 0))
    context.state["rows"] = start + context.rows
    return pa.array((context.query.partition << 33) + start + np.arange(context.rows, dtype=np.int64))


@function("spark_partition_id", (), returns=INT, nullable="never", deterministic=False, wants_context=True)
def spark_partition_id(*, context: CallContext) -> pa.Array:
    """Returns the number of the partition.

    > SELECT spark_partition_id();
    0
    """
    return pa.repeat(pa.scalar(context.query.partition, pa.int32()), context.rows)


def random_source(context: CallContext, seed: pa.Array | None) -> XorShift:
    """The generator of this call: one sequence per partition, going on from batch to batch."""
    found = context.state.get("random")
    if found is None:
        start = context.query.seed if seed is None or not len(seed) else seed[0].as_py() or 0
        found = context.state["random"] = XorShift(start + context.query.partition + context.query.level)
    assert isinstance(found, XorShift), "only this function has the state"
    return found


@function(
    "rand",
    (SEED,),
    returns=DOUBLE,
    optional=1,
    nullable="never",
    deterministic=False,
    wants_context=True,
    aliases=("random",),
)
def rand(seed: pa.Array | None = None, *, context: CallContext) -> pa.Array:
    """Returns a random number from 0 to before 1 for each row.

    > SELECT rand(0);
    0.7604953758285915
    """
    source = random_source(context, seed)
    return pa.array([source.next_double() for _ in range(context.rows)], pa.float64())


@function("randn", (SEED,), returns=DOUBLE, optional=1, nullable="never", deterministic=False, wants_context=True)
def randn(seed: pa.Array | None = None, *, context: CallContext) -> pa.Array:
    """Returns a random number of the standard normal distribution for each row.

    > SELECT randn(0);
    1.6034991609278433
    """
    source = random_source(context, seed)
    return pa.array([source.next_gaussian() for _ in range(context.rows)], pa.float64())


def _or_null(text: str | None) -> str:
    return "null" if text is None else text


@function("raise_error", (STRING,), returns=VOID, nullable="always", raises=True)
def raise_error(message: pa.Array) -> pa.Array:
    """Raises an error with a message.

    > SELECT if(true, 1, raise_error('never'));
    1
    """
    raise ExecutionError(
        "USER_RAISED_EXCEPTION", {"errorMessage": _or_null(message[0].as_py() if len(message) else "")}
    )


@function("assert_true", (BOOLEAN, STRING), kind="rewrite", optional=1)
def assert_true(condition: Expression, message: Expression | None = None) -> Expression:
    """Returns null where a condition is true, else raises an error.

    > SELECT assert_true(0 < 1);
    NULL
    """
    text = message if message is not None else Literal(f"'{sql(condition)}' is not true!", STRING)
    return Call("assert_rows", (condition, text), VOID, True, True)


@function("assert_rows", (BOOLEAN, STRING), returns=VOID, nullable="always", raises=True, hidden=True)
def assert_rows(condition: pa.Array, message: pa.Array) -> pa.Array:
    """Raises the message of the first row whose condition is not true.

    > SELECT assert_true(true, 'no');
    NULL
    """
    for holds, text in zip(condition.to_pylist(), message.to_pylist(), strict=True):
        if holds is not True:
            raise ExecutionError("USER_RAISED_EXCEPTION", {"errorMessage": _or_null(text)})
    return pa.nulls(len(condition))
