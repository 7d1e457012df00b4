"""One of several values: CASE, IF, COALESCE.

Where all arms are straight-line code, all are computed and one is selected, so that LLVM can make vectors of rows. Else each is
evaluated only in the rows that take it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.compile.expressions.literals import null_of
from engine.compile.ir import Function, Value, Variable
from engine.compile.row import Emitter, Row
from engine.compile.values import (
    Code,
    NotCompiled,
    Sql,
    Text,
    is_whole,
    null_flag,
    resized,
    storage_for,
    storage_of,
)
from engine.expressions import conditional as cond
from engine.expressions.base import Expression, is_null
from engine.records import dataclass
from engine.types import DataType


@dataclass(frozen=True)
class Arm:
    """`value` where `condition` is true; without a condition: for all other rows. None as a value is NULL."""

    condition: Expression | None
    value: Expression | None


def _case(expression: cond.CaseWhen, row: Row) -> Sql:
    arms = [Arm(condition, value) for condition, value in expression.branches]
    return chosen(row, expression.dataType, [*arms, Arm(None, expression.otherwise)])


def _if(expression: cond.If, row: Row) -> Sql:
    return chosen(row, expression.dataType, [Arm(expression.condition, expression.yes), Arm(None, expression.no)])


def chosen(row: Row, kind: DataType, arms: Sequence[Arm]) -> Sql:
    """The value of the first arm whose condition is true; the last has none."""
    before = row.function.mark()
    selected = _selected(row, kind, arms)
    if selected is not None:
        return selected
    row.function.undo(before)
    return _branched(row, kind, arms)


def _value(row: Row, kind: DataType, value: Expression | None) -> Sql:
    if value is None or is_null(value):
        return null_of(row, kind)
    return typed(row.value(value), kind)


def typed(value: Sql, kind: DataType) -> Sql:
    """`value`, which must be of type `kind`."""
    if value.type != kind:
        raise NotCompiled(f"{value.type.simpleString()} as {kind.simpleString()}")
    return value


def _selected(row: Row, kind: DataType, arms: Sequence[Arm]) -> Sql | None:
    found: list[tuple[Value | None, Sql]] = []
    for arm in arms:
        condition: Sql | None = None
        if arm.condition is not None:
            condition = row.straight(arm.condition)
            if condition is None:
                return None
        if arm.value is None or is_null(arm.value):
            value: Sql | None = null_of(row, kind)
        else:
            value = row.straight(arm.value)
        if value is None:
            return None
        found.append((condition.is_true if condition is not None else None, typed(value, kind)))
    values = _coded(row, [value for _, value in found])
    result = values[-1]
    for (test, _), value in zip(reversed(found[:-1]), reversed(values[:-1]), strict=True):
        assert test is not None, "only the last arm is without a condition"
        result = select(row.function, test, value, result)
    return result


def _coded(row: Row, values: list[Sql]) -> list[Sql]:
    """The values, nulls among texts of one dictionary as its code for null: so all of them stay codes."""
    codes = {
        each.raw.code.place: each.raw for each in values if isinstance(each.raw, Text) and each.raw.code is not None
    }
    if len(codes) != 1:
        return values
    ((place, text),) = codes.items()
    null = Code(row.fixed(("entries", place)), place)
    always = row.function.boolean(True)
    return [
        Sql(each.type, Text(lambda: (text.address, text.length), null), always) if _is_null(each) else each
        for each in values
    ]


def _is_null(value: Sql) -> bool:
    return value.null is not None and value.null.constant == 1


def select(function: Function, condition: Value, yes: Sql, no: Sql) -> Sql:
    """One of two values of one type, both computed."""
    null = _select_null(function, condition, yes, no)
    if isinstance(yes.raw, Text) and isinstance(no.raw, Text):
        return Sql(yes.type, _select_text(function, condition, yes.raw, no.raw), null)
    if is_whole(yes.type):
        bits = max(yes.bits, no.bits)
        storage = storage_for(bits)
        return Sql(yes.type, function.select(condition, resized(yes, storage), resized(no, storage)), null, bits)
    return Sql(yes.type, function.select(condition, yes.value, no.value), null)


def _select_null(function: Function, condition: Value, yes: Sql, no: Sql) -> Value | None:
    if yes.null is None and no.null is None:
        return None
    return function.select(condition, null_flag(function, yes), null_flag(function, no))


def _select_text(function: Function, condition: Value, yes: Text, no: Text) -> Text:
    def locate() -> tuple[Value, Value]:
        return (
            function.select(condition, yes.address, no.address),
            function.select(condition, yes.length, no.length),
        )

    code: Code | None = None
    if yes.code is not None and no.code is not None and yes.code.place == no.code.place:
        code = Code(function.select(condition, yes.code.value, no.code.value), yes.code.place)
    return Text(locate, code)


class Merged:
    """Variables that hold a value of one type, set in one of several blocks."""

    def __init__(self, function: Function, kind: DataType) -> None:
        self.function = function
        self.type = kind
        self._values: list[tuple[Sql, Callable[[], None]]] = []
        self._null = function.variable("i1", False)
        self._places: tuple[Variable, ...] = ()
        self._bits = -1
        storage = storage_of(kind)
        if storage == "text":
            self._places = (function.variable("ptr"), function.variable("i64"))
        else:
            self._places = (function.variable("i64" if is_whole(kind) and storage != "i128" else storage),)

    def set(self, value: Sql) -> None:
        """Here it is `value`."""
        self._bits = max(self._bits, value.bits)
        self._null.set(null_flag(self.function, value))
        if isinstance(value.raw, Text):
            self._places[0].set(value.raw.address)
            self._places[1].set(value.raw.length)
        elif is_whole(self.type):
            self._places[0].set(resized(value, self._places[0].type))
        else:
            self._places[0].set(value.value)

    def get(self, nullable: bool) -> Sql:
        """The value, after the blocks have come together."""
        null = self._null.get() if nullable else None
        if len(self._places) == 2:
            address, length = (place.get() for place in self._places)
            return Sql(self.type, Text(lambda: (address, length)), null)
        value = self._places[0].get()
        if not is_whole(self.type):
            return Sql(self.type, value, null)
        return Sql(self.type, value.signed(storage_for(self._bits)), null, self._bits)


def _branched(row: Row, kind: DataType, arms: Sequence[Arm]) -> Sql:
    function = row.function
    merged, after, nullable = Merged(function, kind), function.label("chosen"), False
    if arms[0].condition is not None:
        row.value(arms[0].condition)  # every row comes here, so it is known after this, too
    with function.inner():
        for arm in arms:
            always = function.boolean(True)
            test = row.value(arm.condition).is_true if arm.condition is not None else always
            with function.when(test):
                value = _value(row, kind, arm.value)
                merged.set(value)
                nullable |= value.null is not None
                function.jump(after)
        function.jump(after)
    function.place(after)
    return merged.get(nullable)


def _coalesce(expression: cond.Coalesce, row: Row) -> Sql:
    kind = expression.dataType
    found = _value(row, kind, expression.arguments[0])
    for argument in expression.arguments[1:]:
        missing = found.null
        if missing is None:
            return found
        straight = null_of(row, kind) if is_null(argument) else row.straight(argument)
        if straight is not None:
            null = None if straight.null is None else missing & straight.null
            found = select(row.function, missing, typed(straight, kind), found).with_null(null)
            continue
        found = _replaced(row, kind, found, missing, argument)
    return found


def _replaced(row: Row, kind: DataType, found: Sql, missing: Value, argument: Expression) -> Sql:
    """`found`, where `missing` the value of `argument`, which is evaluated only there."""
    merged, nullable = Merged(row.function, kind), False
    merged.set(found)
    with row.function.when(missing):
        value = _value(row, kind, argument)
        merged.set(value)
        nullable = value.null is not None
    return merged.get(nullable)


EMITTERS: dict[type, Emitter] = {cond.CaseWhen: _case, cond.If: _if, cond.Coalesce: _coalesce}
