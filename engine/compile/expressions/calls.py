"""Calls of functions of the registry, by name."""

from __future__ import annotations

from engine.compile.expressions import bits, dates, numbers, text_ends, text_search, texts, timestamps
from engine.compile.row import Emitter, Row
from engine.compile.values import NotCompiled, Sql
from engine.expressions.calls import Call

CALLS: dict[str, Emitter] = {
    **texts.CALLS,
    **text_search.CALLS,
    **text_ends.CALLS,
    **numbers.CALLS,
    **bits.CALLS,
    **dates.CALLS,
    **timestamps.CALLS,
}


def _call(expression: Call, row: Row) -> Sql:
    emitter = CALLS.get(expression.function)
    if emitter is None:
        raise NotCompiled(expression.function)
    return emitter(expression, row)


EMITTERS: dict[type, Emitter] = {Call: _call}
