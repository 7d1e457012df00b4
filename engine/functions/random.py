"""Random values: numbers, strings, arrays in random order. With a seed they are what Spark gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from engine.errors import AnalysisError, ExecutionError
from engine.expressions.base import Expression, Literal, Mode
from engine.expressions.calls import Call
from engine.expressions.cast import Cast
from engine.expressions.operators import Add, Multiply, Subtract
from engine.expressions.sql import shown
from engine.functions.elements import Picks, picked, spans
from engine.functions.mismatch import mismatch, wrong_input
from engine.functions.registry import function
from engine.functions.resolve import resolve_call
from engine.functions.session import random_source
from engine.functions.signature import ANY, LIST, SEED
from engine.functions.substrings import same
from engine.kernels.context import CallContext
from engine.kernels.lists import flat
from engine.types import DOUBLE, FLOAT, INT, STRING, DataType, DecimalType, NullType, NumericType
from engine.types.coercion import tightest_common_type

_POOL = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _wider(low: DataType, high: DataType) -> DataType:
    """The type of the numbers between two: that of the one which is no whole number, a double before others."""
    for kind in (DOUBLE, FLOAT):
        if kind in (low, high):
            return kind
    decimals = [each for each in (low, high) if isinstance(each, DecimalType)]
    met = decimals[0] if len(decimals) == 1 else tightest_common_type(low, high)
    assert met is not None, "whole numbers meet in a type"
    return met


def _varies(name: str, wanted: str, given: Expression) -> AnalysisError:
    return mismatch("NON_FOLDABLE_INPUT", inputName=f"`{name}`", inputType=wanted, inputExpr=shown(given))


@function("uniform", (ANY, ANY, SEED), kind="rewrite", optional=1, folded=(0, 1, 2))
def uniform(low: Expression, high: Expression, seed: Expression | None = None) -> Expression:
    """Returns a random number between two constants, of their type.

    > SELECT uniform(10, 20, 0) > 0 AS result;
    true
    """
    for index, each in enumerate((low, high)):
        if not isinstance(each.dataType, NumericType | NullType):
            raise wrong_input(index, '"NUMERIC"', each)
        if not isinstance(each, Literal):
            raise _varies(("min", "max")[index], "integer or floating-point", each)
    if seed is not None and not isinstance(seed, Literal):
        raise _varies("seed", "integer or floating-point", seed)
    kinds = [each.dataType for each in (low, high)]
    if any(isinstance(kind, NullType) for kind in kinds):
        return Literal(None, DOUBLE)
    wanted = _wider(kinds[0], kinds[1])
    chosen = resolve_call("rand", (seed,) if seed is not None else ())
    start, end = (Cast(each, DOUBLE, Mode.ANSI, implicit=True) for each in (low, high))
    value = Add(start, Multiply(Subtract(end, start), chosen))
    return Cast(value, wanted, Mode.ANSI, implicit=True)


@function("randstr", (INT, SEED), kind="rewrite", optional=1, folded=(0, 1))
def randstr(length: Expression, seed: Expression | None = None) -> Expression:
    """Returns a random string of digits and letters.

    > SELECT randstr(3, 0) AS result;
    ceV
    """
    for name, each in (("length", length), ("seed", seed)):
        if each is not None and not isinstance(each, Literal):
            raise _varies(name, "integer", each)
    return Call("random_text", (length,) if seed is None else (length, seed), STRING, False, True, False)


@function(
    "random_text",
    (INT, SEED),
    returns=STRING,
    optional=1,
    nullable="never",
    deterministic=False,
    wants_context=True,
    hidden=True,
)
def random_text(length: pa.Array, seed: pa.Array | None = None, *, context: CallContext) -> pa.Array:
    """Returns a random string for each row.

    > SELECT length(randstr(5));
    5
    """
    source = random_source(context, seed)
    size = (length[0].as_py() or 0) if len(length) else 0
    if size < 0:
        parameters = {"parameter": "`length`", "functionName": "`randstr`", "length": size}
        raise ExecutionError("INVALID_PARAMETER_VALUE.LENGTH", parameters)
    texts = ["".join(_POOL[abs(_remainder(source.next_int()))] for _ in range(size)) for _ in range(context.rows)]
    return pa.array(texts, pa.string())


def _remainder(number: int) -> int:
    """As Java's %, which has the sign of the number."""
    return number % len(_POOL) if number >= 0 else -(-number % len(_POOL))


class _Twister:
    """The Mersenne Twister of Apache Commons Math, seeded with two words, the high one first."""

    def __init__(self, seed: int) -> None:
        seed %= 1 << 64
        self._source = np.random.MT19937()
        self._source._legacy_seeding(np.array([seed >> 32, seed & 0xFFFFFFFF], dtype=np.uint32))

    def below(self, bound: int) -> int:
        """A number from 0 to before `bound`."""
        if bound & (bound - 1) == 0:
            return (bound * self._bits(31)) >> 31
        while True:
            bits = self._bits(31)
            value = bits % bound
            if bits - value + bound - 1 < 1 << 31:
                return value

    def _bits(self, count: int) -> int:
        return int(self._source.random_raw()) >> (32 - count)


@function(
    "shuffle",
    (LIST, SEED),
    returns=same,
    optional=1,
    nullable=lambda value, *_seed: value.nullable,
    deterministic=False,
    wants_context=True,
)
def shuffle(value: pa.Array, seed: pa.Array | None = None, *, context: CallContext) -> pa.Array:
    """Returns the elements of an array in random order.

    > SELECT array_sort(shuffle(array(1, 20, 3, 5)));
    [1,3,5,20]
    """
    source: Any = context.state.get("twister")
    if source is None:
        start = seed[0].as_py() if seed is not None and len(seed) else context.query.seed
        source = context.state["twister"] = _Twister((start or 0) + context.query.partition)
    picks: Picks = []
    for span in spans(value):
        order: list[int] = []
        for place in range(0 if span is None else len(span)):
            other = source.below(place + 1)
            order.append(order[other] if other != place else place)
            order[other] = place
        picks.append(None if span is None else [span.start + each for each in order])
    return picked(flat(value), picks, value.type)
