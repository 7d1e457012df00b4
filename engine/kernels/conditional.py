"""IF, CASE and COALESCE: a branch that can raise is evaluated only on the rows that take it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from engine.expressions import conditional as cond
from engine.expressions.base import Expression
from engine.kernels.branches import definite, eager, on_rows
from engine.kernels.rows import Compile, Compiler, Datum, Node, Rows, as_array, as_type, is_scalar
from engine.lazy import pc
from engine.types.arrow import to_arrow


def choose(mask: Datum, yes: Datum, no: Datum, length: int) -> Datum:
    """`yes` where `mask` (without nulls) is true, else `no`; for types that pyarrow's if_else does not take as well."""
    try:
        return pc.if_else(mask, yes, no)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid, pa.ArrowTypeError):
        picked = as_array(mask, length).to_numpy(zero_copy_only=False)
        both = pa.concat_arrays([as_array(yes, length), as_array(no, length)])
        return both.take(pa.array([row if pick else row + length for row, pick in enumerate(picked)], pa.int64()))


def typed(datum: Datum, kind: pa.DataType) -> Datum:
    """`datum` of exactly the Arrow type `kind` (an untyped NULL becomes one of it)."""
    if datum.type == kind:
        return datum
    return datum.cast(kind) if is_scalar(datum) else as_type(datum, kind)


def _branches(
    branches: list[tuple[Node, bool, Node, bool]], otherwise: tuple[Node, bool] | None, kind: pa.DataType
) -> Node:
    """The node of CASE: (condition, its eagerness, value, its eagerness) for each branch."""

    def case(rows: Rows) -> Datum:
        pending = as_array(pa.scalar(True), rows.length)
        taken: list[tuple[pa.BooleanArray, Node, bool]] = []
        for condition, condition_eager, value, value_eager in branches:
            holds = condition(rows) if condition_eager else on_rows(condition, rows, pending, pa.bool_())
            mask = pc.and_(definite(holds, rows.length), pending)
            pending = pc.and_not(pending, mask)
            taken.append((mask, value, value_eager))
        result: Datum = pa.scalar(None, kind)
        if otherwise is not None:
            result = typed(_value(*otherwise, rows, pending, kind), kind)
        for mask, value, value_eager in reversed(taken):
            result = choose(mask, typed(_value(value, value_eager, rows, mask, kind), kind), result, rows.length)
        return result

    return case


def _value(node: Node, is_eager: bool, rows: Rows, mask: pa.BooleanArray, kind: pa.DataType) -> Datum:
    return node(rows) if is_eager else on_rows(node, rows, mask, kind)


def _case(expression: cond.CaseWhen, compiler: Compiler) -> Node:
    branches = [
        (compiler.compile(condition), eager(condition), compiler.compile(value), eager(value))
        for condition, value in expression.branches
    ]
    otherwise = expression.otherwise
    last = (compiler.compile(otherwise), eager(otherwise)) if otherwise is not None else None
    return _branches(branches, last, to_arrow(expression.dataType))


def _if(expression: cond.If, compiler: Compiler) -> Node:
    branch = (compiler.compile(expression.condition), True, compiler.compile(expression.yes), eager(expression.yes))
    last = (compiler.compile(expression.no), eager(expression.no))
    return _branches([branch], last, to_arrow(expression.dataType))


def _coalesce(expression: cond.Coalesce, compiler: Compiler) -> Node:
    kind = to_arrow(expression.dataType)
    arguments: list[tuple[Node, bool]] = [(compiler.compile(each), eager(each)) for each in expression.arguments]

    def coalesce(rows: Rows) -> Datum:
        result = typed(arguments[0][0](rows), kind)
        for node, is_eager in arguments[1:]:
            if not is_scalar(result) and result.null_count == 0:
                return result
            missing = definite(pc.is_null(result), rows.length)
            value = typed(_value(node, is_eager, rows, missing, kind), kind)
            result = choose(missing, value, result, rows.length)
        return result

    return coalesce


def is_lazy(expression: Expression) -> bool:
    """Whether it decides per row which of its children are evaluated."""
    return isinstance(expression, cond.If | cond.CaseWhen | cond.Coalesce)


COMPILERS: dict[type[Any], Compile] = {
    cond.If: _if,
    cond.CaseWhen: _case,
    cond.Coalesce: _coalesce,
}
