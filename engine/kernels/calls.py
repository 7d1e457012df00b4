"""Calls of registered functions: broadcasting of constants, lambdas, generators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from engine.expressions.base import Expression
from engine.expressions.calls import Call
from engine.expressions.lambdas import Lambda
from engine.functions.registry import Function
from engine.functions.resolve import scalar_overload
from engine.kernels.context import CallContext
from engine.kernels.rows import Compile, Compiler, Datum, Node, Rows, as_array, as_type, is_scalar
from engine.types.arrow import to_arrow

Generated = tuple[np.ndarray[Any, Any], list[pa.Array]]


class LambdaFunction:
    """A lambda for the kernel of a higher-order function.

    Called with one array for each of its `arity` parameters, all of one length, and for each of their rows the row of the
    batch it belongs to; gives the values of the body, an array of that length.
    """

    def __init__(self, expression: Lambda, compiler: Compiler) -> None:
        self.arity = len(expression.parameters)
        self.types = [to_arrow(parameter.dataType) for parameter in expression.parameters]
        self.result = to_arrow(expression.dataType)
        self._body = compiler.with_columns(expression.parameters).compile(expression.body)
        self._rows: Rows | None = None

    def bind(self, rows: Rows) -> LambdaFunction:
        """This function over the batch `rows`."""
        bound = object.__new__(LambdaFunction)
        bound.__dict__.update(self.__dict__)
        bound._rows = rows
        return bound

    def __call__(self, parameters: Sequence[pa.Array], parents: np.ndarray[Any, Any]) -> pa.Array:
        outer, width = self._rows, self.arity
        indices = pa.array(parents, pa.int64())

        def column(index: int) -> pa.Array:
            if index < width:
                return as_type(parameters[index], self.types[index])
            assert outer is not None, "bound before it is called"
            return outer.column(index - width).take(indices)

        rows = Rows(len(parents), column)
        return as_type(as_array(self._body(rows), rows.length), self.result)


def _call(expression: Call, compiler: Compiler) -> Node:
    types = tuple(argument.dataType for argument in expression.arguments)
    function = scalar_overload(expression.function, types)
    arguments = [_argument(argument, compiler) for argument in expression.arguments]
    wanted = to_arrow(expression.dataType)
    kernel = function.kernel
    state: dict[str, Any] = {}
    has_lambda = any(isinstance(argument, Lambda) for argument in expression.arguments)
    broadcasts = bool(arguments) and expression.deterministic and not has_lambda

    def call(rows: Rows) -> Datum:
        values = [argument(rows) for argument in arguments]
        once = broadcasts and all(map(is_scalar, values))
        length = 1 if once else rows.length
        if once or not function.takes_scalars:
            values = [value if callable(value) else as_array(value, length) for value in values]
        if function.wants_context:
            context = CallContext(compiler.context, length, types, expression.dataType, state)
            result = kernel(*values, context=context)
        else:
            result = kernel(*values)
        if isinstance(result, pa.ChunkedArray):
            result = result.combine_chunks()
        if once:
            result = result if is_scalar(result) else result[0]
            return result if result.type == wanted else result.cast(wanted)
        return result if is_scalar(result) and result.type == wanted else as_type(as_array(result, length), wanted)

    return call


def _argument(argument: Expression, compiler: Compiler) -> Callable[[Rows], Any]:
    if isinstance(argument, Lambda):
        function = LambdaFunction(argument, compiler)
        return function.bind
    return compiler.compile(argument)


def compile_generator(generator: Call, compiler: Compiler) -> Callable[[Rows], Generated]:
    """The function from rows to what a generator makes of them: the row each was made of, and the columns."""
    types = tuple(argument.dataType for argument in generator.arguments)
    function: Function = scalar_overload(generator.function, types, "generator")
    arguments = [compiler.compile(argument) for argument in generator.arguments]
    wanted = [to_arrow(each) for each in generator.dataType.children]

    def generate(rows: Rows) -> Generated:
        values = [as_array(argument(rows), rows.length) for argument in arguments]
        options: dict[str, Any] = {}
        if function.wants_context:
            options["context"] = CallContext(compiler.context, rows.length, types, generator.dataType)
        indices, columns = function.kernel(*values, **options)
        return indices, [as_type(column, kind) for column, kind in zip(columns, wanted, strict=True)]

    return generate


COMPILERS: dict[type, Compile] = {Call: _call}
