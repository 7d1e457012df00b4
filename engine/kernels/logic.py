"""AND, OR and NOT with three truth values.

A term that can raise is evaluated only on rows that the terms before it leave open, as Spark does from left to right.
"""

from __future__ import annotations

import pyarrow as pa

from engine.expressions import predicates as pred
from engine.kernels.branches import definite, eager, on_rows
from engine.kernels.rows import Compile, Compiler, Datum, Node, Rows, is_scalar
from engine.lazy import pc

_BOOL = pa.bool_()


def _boolean(datum: Datum) -> Datum:
    """An untyped NULL as a boolean."""
    return datum.cast(_BOOL) if pa.types.is_null(datum.type) else datum


def _chain(name: str, decided: bool) -> Compile:
    """Compiles n-ary terms joined by the function `name` of Arrow; a row is decided once a term is `decided`."""

    def compile_terms(expression: pred.And | pred.Or, compiler: Compiler) -> Node:
        terms = [(compiler.compile(term), eager(term)) for term in expression.terms]
        join = getattr(pc, name)

        def chain(rows: Rows) -> Datum:
            result = _boolean(terms[0][0](rows))
            for node, is_eager in terms[1:]:
                if is_eager:
                    result = join(result, _boolean(node(rows)))
                    continue
                closed = result if decided else pc.invert(result)
                is_open = pc.invert(definite(closed, rows.length))
                value = _boolean(on_rows(node, rows, is_open, _BOOL))
                result = join(result, _where_open(value, is_open, decided))
            return result

        return chain

    return compile_terms


def _where_open(value: Datum, is_open: pa.BooleanArray, decided: bool) -> Datum:
    """`value` where a row is open; elsewhere the neutral value, which leaves the decision as it is."""
    if is_scalar(value) or value.null_count:
        return pc.if_else(is_open, value, pa.scalar(not decided))
    return value


def _not(expression: pred.Not, compiler: Compiler) -> Node:
    child = compiler.compile(expression.child)
    return lambda rows: pc.invert(_boolean(child(rows)))


COMPILERS: dict[type, Compile] = {
    pred.And: _chain("and_kleene", False),
    pred.Or: _chain("or_kleene", True),
    pred.Not: _not,
}
