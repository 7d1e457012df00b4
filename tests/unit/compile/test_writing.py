"""Writing functions: what holds where, taking back, and values that are written once."""

from __future__ import annotations

import ctypes

import pytest

from engine.compile.frame import Frame
from engine.compile.ir import Function, module_text
from engine.compile.llvm import compiler
from engine.compile.row import Row
from engine.compile.values import NotCompiled, Sql, storage_for, width_for
from engine.expressions.base import Attribute, Expression
from engine.expressions.operators import Add
from engine.types import INT


class Argument:
    """A provider whose only column is the function's argument; hoists nothing."""

    def __init__(self, attribute: Attribute) -> None:
        self.attribute = attribute
        self.columns = frozenset((attribute.id,))
        self.asked = 0

    def column(self, row: Row, attribute: Attribute) -> Sql:
        self.asked += 1
        return Sql(attribute.type, row.function.argument("number") + 0 * self.asked, None, 31)

    def hoisted(self, row: Row, expression: Expression) -> Sql:
        raise NotCompiled("nothing is hoisted")


def one_row() -> tuple[Function, Row, Attribute, Argument]:
    function = Function("f", [("frame", "ptr"), ("number", "i64")])
    row = Row(function, Frame(), function.label("failed"))
    attribute = Attribute("number", INT, False)
    provider = Argument(attribute)
    row.providers.append(provider)
    return function, row, attribute, provider


def run(function: Function, number: int) -> int:
    code = compiler(None).compile(module_text([function]), ["f"], 2)
    made = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)
    return int(made(code.addresses["f"])(None, number))


def test_a_value_of_a_branch_is_written_again_after_it() -> None:
    function, row, attribute, _ = one_row()
    total = Add(attribute, attribute)
    inside: list[str] = []
    with function.when(function.argument("number") > 5):
        inside.append(row.value(total).value.text)
    after = row.value(total).value
    assert after.text not in inside
    with function.when(function.argument("number") > 7):
        assert row.value(total).value.text == after.text, "code before a branch has run in it"
    function.give(after.signed("i64"))
    function.place(row.failed)
    function.give(-1)
    assert [run(function, number) for number in (1, 6)] == [2, 12]


def test_what_is_taken_back_leaves_no_trace() -> None:
    function, row, attribute, provider = one_row()
    before = function.mark()
    with pytest.raises(NotCompiled), function.when(function.argument("number") > 5):
        row.value(attribute)
        raise NotCompiled("half way")
    function.undo(before)
    assert provider.asked == 1
    function.give(row.value(attribute).value)
    assert provider.asked == 2, "the value was taken back, too"
    assert run(function, 3) == 3


def test_straight_code_is_kept_and_branches_are_not() -> None:
    function, row, attribute, _ = one_row()
    assert row.straight(attribute) is not None
    before = function.mark()
    assert function.is_straight(before, 0)
    with function.when(function.argument("number") > 5):
        pass
    assert not function.is_straight(before, 100)


def test_constants_fold() -> None:
    function = Function("f", [("number", "i64")])
    number = function.argument("number")
    assert (number + 0).text == number.text
    assert (function.integer("i8", 100) + 100).constant == -56
    assert function.integer("i64", -1).signed("i8").constant == -1
    assert (function.boolean(True) & (number > 1)).constant is None
    assert (function.boolean(False) & (number > 1)).constant == 0


def test_widths() -> None:
    assert [storage_for(bits) for bits in (7, 8, 15, 31, 32, 63, 64)] == [
        "i8",
        "i16",
        "i16",
        "i32",
        "i64",
        "i64",
        "i128",
    ]
    assert [width_for(bits) for bits in (1, 31, 32, 63, 127)] == ["i32", "i32", "i64", "i64", "i128"]
    with pytest.raises(NotCompiled):
        width_for(128)
