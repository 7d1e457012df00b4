"""LIKE with constant patterns of texts and %: where each text is found after the one before, the pattern fits."""

from __future__ import annotations

from engine.compile.expressions.texts import contains, guarded, has_prefix, has_suffix
from engine.compile.ir import Value
from engine.compile.row import Emitter, Row
from engine.compile.text_scans import equal_bytes, finding
from engine.compile.values import NotCompiled, Sql, Text
from engine.errors import ExecutionError
from engine.expressions import predicates as pred
from engine.expressions.base import Literal
from engine.kernels.like import ANY, parse_like
from engine.types import BOOLEAN, STRING, StringType


def _like(expression: pred.Like, row: Row) -> Sql:
    pattern = expression.pattern
    if not isinstance(pattern, Literal) or pattern.value is None or expression.ignore_case:
        raise NotCompiled("LIKE with such a pattern")
    try:
        parts = parse_like(pattern.value, expression.escape)
    except ExecutionError:
        raise NotCompiled("LIKE with a malformed pattern") from None
    if not all(part is ANY or isinstance(part, str) for part in parts):
        raise NotCompiled("LIKE with _")
    value = row.value(expression.value)
    if not isinstance(value.type, StringType):
        raise NotCompiled("LIKE of bytes")
    if value.null is None:
        return Sql(BOOLEAN, _fits(row, value.text, parts))
    return Sql(BOOLEAN, guarded(row, ~value.null, lambda: _fits(row, value.text, parts)), value.null)


def _fits(row: Row, text: Text, parts: list[object]) -> Value:
    texts = [_constant(row, part) for part in parts if isinstance(part, str)]
    if not texts:
        return row.function.boolean(True) if parts else text.length == 0
    starts, ends = parts[0] is not ANY, parts[-1] is not ANY
    if len(texts) > 1:
        return _fits_all(row, text, texts, starts, ends)
    if starts and ends:
        same = lambda: equal_bytes(row.function, text.address, texts[0].address, text.length)  # noqa: E731
        return guarded(row, text.length == texts[0].length, same)
    test = has_prefix if starts else has_suffix if ends else contains
    return test(row, text, texts[0])


def _constant(row: Row, part: str) -> Text:
    return row.value(Literal(part, STRING)).text


def _fits_all(row: Row, text: Text, texts: list[Text], starts: bool, ends: bool) -> Value:
    """Each of `texts` where it is first found after the one before; the first at the start, the last at the end if it must."""
    function = row.function
    fits, missing = function.variable("i1", False), function.label("missing")
    position, end = function.integer("i64", 0), text.length
    with function.inner():
        if starts:
            function.leave_if(~has_prefix(row, text, texts[0]), missing)
            position = texts[0].length
        if ends:
            end = text.length - texts[-1].length
            function.leave_if(end < position, missing)
            function.leave_if(~has_suffix(row, text, texts[-1]), missing)
        for part in texts[starts : len(texts) - ends]:
            found = function.helped(finding(), text.address.at(position), end - position, part.address, part.length)
            function.leave_if(found < 0, missing)
            position = position + found + part.length
        fits.set(True)
    function.place(missing)
    return fits.get()


EMITTERS: dict[type, Emitter] = {pred.Like: _like}
