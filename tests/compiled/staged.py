"""Runs one expression as machine code over a batch, and says what it gives for each row: a value, null, or that it raises."""

from __future__ import annotations

import ctypes
import math
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from engine.compile.binding import FrameWords
from engine.compile.llvm import compiler
from engine.compile.prepared import prepared
from engine.compile.program import NAME, Program, write
from engine.compile.row import Row
from engine.compile.values import NotCompiled, Text, is_whole, null_flag, storage_of
from engine.errors import ExecutionError
from engine.expressions.base import Attribute, Expression
from engine.kernels.context import EvalContext
from engine.kernels.decimals import unscaled
from engine.kernels.evaluate import compile_expression
from engine.physical.encoding import decoded_column
from engine.types import BooleanType, DataType

RAISES = "raises"
CONTEXT = EvalContext(time_zone="Europe/Berlin")


class Evaluation:
    """Stands for a task's run, which compiles kernels."""

    def __init__(self, context: EvalContext) -> None:
        self.context = context

    def compile(self, expression: Expression, columns: Sequence[Attribute]) -> Callable[[pa.RecordBatch], pa.Array]:
        return compile_expression(expression, columns, self.context)

    def at_end(self, work: Callable[[], None]) -> None:
        """Nothing: there is no end, and frames go with the test."""


class Stored:
    """A sink: the value of `expression` in two words at the row's place, and whether it is null."""

    def __init__(self, expression: Expression) -> None:
        self.expression = expression

    def begin(self, row: Row) -> None:
        """Nothing is prepared."""

    def write(self, row: Row) -> None:
        value = row.value(self.expression)
        words, nulls = row.fixed("words", "ptr"), row.fixed("nulls", "ptr")
        nulls.store(null_flag(row.function, value).unsigned("i8"), row.index)
        place = words.at(row.index, "i128")
        if isinstance(value.raw, Text):
            place.store(row.function.write("i64", f"ptrtoint ptr {value.raw.address.text} to i64"))
            place.store(value.raw.length, 1)
        elif isinstance(value.type, BooleanType):
            place.store(value.value.unsigned("i128"))
        elif is_whole(value.type):
            place.store(value.value.signed("i128"))
        else:
            place.store(value.value.to_float("double"))

    def end(self, row: Row) -> None:
        """Nothing is left."""


class Compiled:
    """An expression over batches of the forms that `batch` has. Raises NotCompiled."""

    def __init__(
        self,
        expression: Expression,
        columns: Sequence[Attribute],
        batch: pa.RecordBatch,
        checked: bool = False,
        context: EvalContext = CONTEXT,
    ) -> None:
        self.context = context
        self.type = expression.dataType
        self.batch = batch
        self.program: Program = write(
            columns, prepared(batch).forms, [], Stored(expression), checked=checked, time_zone=context.time_zone
        )

    def rows(self, level: int, count: int | None = None) -> list[Any]:
        """What each row gives, computed alone; `count` rows instead of those there are."""
        code = compiler(None).compile(self.program.text, [NAME], level)
        words, nulls, frame = self._bound()
        failed = [not frame.call(code.addresses[NAME], row, row + 1) for row in range(count or self.batch.num_rows)]
        found = self._values(words, nulls)
        if not any(failed):
            words[:] = nulls[:] = 0
            assert frame.call(code.addresses[NAME], 0, self.batch.num_rows)
            assert self._values(words, nulls) == found, "rows together differ from rows alone"
        return [RAISES if fails else value for fails, value in zip(failed, found, strict=True)]

    def _bound(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], FrameWords]:
        rows = self.batch.num_rows
        words, nulls = np.zeros((rows, 2), np.int64), np.zeros(rows, np.uint8)
        frame = FrameWords(self.program, Evaluation(self.context))  # type: ignore[arg-type]
        try:
            frame.inputs.bind(self.batch)
        except ExecutionError:
            if self.program.inputs.may_raise:
                raise NotCompiled("what kernels raise beforehand") from None
            raise
        frame.set("words", words.ctypes.data, words)
        frame.set("nulls", nulls.ctypes.data, nulls)
        return words, nulls, frame

    def _values(self, words: np.ndarray[Any, Any], nulls: np.ndarray[Any, Any]) -> list[Any]:
        pairs = zip(words.tolist(), nulls.tolist(), strict=True)
        return [None if null else self._value(low, high) for (low, high), null in pairs]

    def _value(self, low: int, high: int) -> Any:
        storage = storage_of(self.type)
        if storage == "text":
            return ctypes.string_at(low, high)
        if storage in ("float", "double"):
            return double(struct.unpack("<d", struct.pack("<q", low))[0])
        return (high << 64) + (low % (1 << 64))


def double(value: float) -> str:
    """A floating-point number, by its bits; all NaN alike."""
    return "nan" if math.isnan(value) else value.hex()


def interpreted(
    expression: Expression, columns: Sequence[Attribute], batch: pa.RecordBatch, context: EvalContext
) -> list[Any]:
    """What the kernels give for each row."""
    kernel = compile_expression(expression, columns, context)
    plain = [
        decoded_column(column, attribute.dataType) for column, attribute in zip(batch.columns, columns, strict=True)
    ]
    whole = pa.record_batch(plain, names=[f"c{place}" for place in range(len(plain))])
    found: list[Any] = []
    for row in range(batch.num_rows):
        try:
            found += plain_values(kernel(whole.slice(row, 1)), expression.dataType)
        except ExecutionError:
            found.append(RAISES)
    return found


def plain_values(array: pa.Array, kind: DataType) -> list[Any]:
    """The values as compiled code gives them."""
    storage = storage_of(kind)
    if pa.types.is_decimal(array.type):
        return list(unscaled(array))
    if storage == "text":
        return array.cast(pa.binary()).to_pylist()
    if storage in ("float", "double"):
        return [None if value is None else double(value) for value in array.to_pylist()]
    if storage == "i1":
        return [None if value is None else int(value) for value in array.to_pylist()]
    wide = pa.int32() if array.type.bit_width == 32 else pa.int64()
    return (array if pa.types.is_integer(array.type) else array.view(wide)).to_pylist()


def check(
    expression: Expression, columns: Sequence[Attribute], batch: pa.RecordBatch, context: EvalContext = CONTEXT
) -> Compiled:
    """Asserts that machine code gives what the kernels give: checked and not optimized, and optimized."""
    compiled = Compiled(expression, columns, batch, context=context)
    wanted = interpreted(expression, columns, batch, context)
    for made, level in ((Compiled(expression, columns, batch, checked=True, context=context), 0), (compiled, 2)):
        found = made.rows(level)
        wrong = [(row, w, f) for row, (w, f) in enumerate(zip(wanted, found, strict=True)) if w != f]
        assert not wrong, f"O{level}: (row, wanted, found): {wrong[:5]} of {expression!r}"
    return compiled
