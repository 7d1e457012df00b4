"""Expressions over texts at their edges as machine code: the same values as the kernels, plain and coded."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from staged import Compiled, check

from engine.expressions import predicates as pred
from engine.expressions.base import Attribute, Expression, Literal
from engine.functions.resolve import resolve_call
from engine.types import INT, STRING, DataType
from engine.types.arrow import to_arrow

VALUES: dict[str, tuple[DataType, list[Any]]] = {
    "j": (INT, [1, -1, 0, -(2**31), -(2**31), 3, None, 2, 9, 1]),
    "s": (STRING, ["", "a", "abc", None, "ñandú", "special x requests", "𝄞𝄞𝄞", "abcabc" * 10, "  a b ", "a.b..c.%_d"]),
    "t": (STRING, ["", "abc", "ab", "b", None, "special", "𝄞", "bca", " ", "."]),
}
COLUMNS = {name: Attribute(name, kind) for name, (kind, _) in VALUES.items()}
j, s, t = COLUMNS.values()


def batch(coded: bool = False) -> pa.RecordBatch:
    found = [pa.array(values, to_arrow(kind)) for kind, values in VALUES.values()]
    found = [each.dictionary_encode() if coded and pa.types.is_string(each.type) else each for each in found]
    return pa.record_batch(found, names=list(VALUES))


def number(value: int, kind: DataType = INT) -> Literal:
    return Literal(value, kind)


def text(value: str) -> Literal:
    return Literal(value, STRING)


PATTERNS = ("a%", "%c", "%b%", "a%c", "%special%requests%", "%", "", "abc", "a%b%c", "%𝄞%")
ONES = (
    "_", "__", "a_c", "_b_", "%_", "_%", "%_c", "a_%", "%b_a%", "_%_", "%_𝄞", "𝄞_𝄞", "ñ__d_", "%a__%b%c", "_bc%a_c", "%_x_r%",
    "%._d", "a_b%_", "%a_c%a_c%", "___", "a%_b%_",
)  # fmt: skip
LIKES = [
    *(pred.Like(s, text(like)) for like in (*PATTERNS, *ONES)),
    pred.Like(s, text(r"%.\%\_d")),
    pred.Like(s, text("%.!%!__"), "!"),
]
TESTS = [
    *(resolve_call(name, (s, t)) for name in ("startswith", "endswith", "contains", "instr")),
    *(
        resolve_call("substring", (s, number(start), number(count)))
        for start in (-9, -2, 0, 1, 2, 5)
        for count in (-1, 0, 2, 99)
    ),
    resolve_call("substring", (s, j)),
    resolve_call("substring", (s, j, j)),
    resolve_call("length", (s,)),
    resolve_call("octet_length", (s,)),
    pred.In(s, (text("abc"), text(""), text("𝄞𝄞𝄞"))),
    pred.In(s, (text("abc"), Literal(None, STRING))),
    resolve_call("greatest", (s, t)),
]
PLACES = [
    *(resolve_call("instr", (s, text(part))) for part in ("", "a", "c", "𝄞", "b.", "zz")),
    *(
        resolve_call("locate", (text(part), s, number(start)))
        for part in ("a", "𝄞", "bc", "dú")
        for start in (1, 2, 5, 99)
    ),
    resolve_call("locate", (t, s)),
    *(
        resolve_call("substring_index", (s, text(between), number(count)))
        for between in (".", "b", "𝄞", "..", "abcabc", "none")
        for count in (-3, -2, -1, 1, 2, 3, 40, -40)
    ),
]
ENDS = [
    *(resolve_call(name, (s,)) for name in ("trim", "ltrim", "rtrim", "btrim")),
    *(
        resolve_call(name, (text(strip), s))
        for name in ("trim", "ltrim", "rtrim")
        for strip in ("a", " a", "", "abc", ".d%_")
    ),
    resolve_call("btrim", (s, text("abc"))),
    resolve_call("length", (resolve_call("trim", (s,)),)),
]


@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize("expressions", [LIKES, TESTS, PLACES, ENDS], ids=["like", "tests", "places", "ends"])
def test_edges(expressions: list[Expression], coded: bool) -> None:
    columns, rows = list(COLUMNS.values()), batch(coded)
    for expression in expressions:
        compiled = check(expression, columns, rows)
        assert coded or not compiled.program.inputs.hoists, f"{expression!r} has code"


def test_what_kernels_do() -> None:
    """Characters beyond ASCII to trim, places to begin that vary."""
    for expression in (
        resolve_call("trim", (text("ñú"), s)),
        resolve_call("locate", (t, s, j)),
        resolve_call("substring_index", (s, t, number(1))),
    ):
        assert list(check(expression, list(COLUMNS.values()), batch()).program.inputs.hoists) == [expression]


def test_places_are_numbers_of_characters() -> None:
    assert Compiled(resolve_call("instr", (s, text("d"))), list(COLUMNS.values()), batch()).rows(2)[4] == 4
