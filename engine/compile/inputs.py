"""The columns of the source batch as code reads them, and expressions over them that kernels compute beforehand.

A hoisted expression is one more input column. Where it reads nothing but one dictionary-coded column, it is computed once for
each entry of the dictionary (and for null), and the code looks the value up: LIKE, upper, substring of a million rows
become a few hundred.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from engine.compile.forms import Form, storage_of_arrow
from engine.compile.ir import Value
from engine.compile.row import Row
from engine.compile.values import Code, NotCompiled, Sql, Text, bits_of, is_whole
from engine.expressions.base import Attribute, Expression
from engine.records import dataclass
from engine.types import BooleanType, DataType, DecimalType, StringType
from engine.types.arrow import to_arrow


@dataclass(frozen=True)
class Hoisted:
    """`expression` as input column `place`; `over`: the place of the only column it reads, whose codes look it up."""

    expression: Expression
    place: int
    form: Form
    over: int | None


class Inputs:
    """The provider of the source's columns, of given forms. `used` and `hoisted` say what each batch must be bound with."""

    def __init__(self, attributes: Sequence[Attribute], forms: Sequence[Form]) -> None:
        self.attributes = tuple(attributes)
        self.forms = list(forms)
        self.columns = frozenset(attribute.id for attribute in attributes)
        self.used: dict[int, None] = {}
        self.hoists: dict[Expression, Hoisted] = {}
        self.remapped: set[int] = set()
        self._places = {attribute.id: place for place, attribute in reversed(list(enumerate(attributes)))}

    @property
    def may_raise(self) -> bool:
        """Whether an error of a kernel may be of a row that does not get to what it computes."""
        return any(each.can_raise for each in self.hoists)

    def place_of(self, attribute: Attribute) -> int:
        """The place of a column."""
        return self._places[attribute.id]

    def stored(self, attribute: Attribute) -> Form | None:
        """The form of a column of numbers or of codes, None of any other."""
        form = self.forms[self.place_of(attribute)]
        return form if form.storage not in ("", "text") else None

    def column(self, row: Row, attribute: Attribute) -> Sql:
        """The value of a column in the row."""
        place = self.place_of(attribute)
        return self.read(row, place, self.forms[place], attribute)

    def hoisted(self, row: Row, expression: Expression) -> Sql:
        """The value of an expression that kernels compute."""
        made = self.hoist(expression)
        if made.over is None:
            return self.read(row, made.place, made.form, expression)
        return self._looked_up(row, made)

    def hoist(self, expression: Expression) -> Hoisted:
        """Makes an expression an input column."""
        if expression not in self.hoists:
            storage = storage_of_arrow(to_arrow(expression.dataType))
            if not storage:
                raise NotCompiled(f"values of type {expression.dataType.simpleString()}")
            read = {place for column, place in self._places.items() if column in expression.references}
            single = next(iter(read)) if len(read) == 1 else None
            over = single if single is not None and self.forms[single].codes and self.forms[single].storage else None
            place = len(self.attributes) + len(self.hoists)
            self.hoists[expression] = Hoisted(expression, place, Form(storage, expression.nullable), over)
        return self.hoists[expression]

    def read(self, row: Row, place: int, form: Form, expression: Expression) -> Sql:
        """The value of an input column in the row."""
        self.used[place] = None
        return stored_value(row, place, form, expression.dataType, row.index)

    def selected(self, row: Row) -> Value:
        """The number of the row."""
        return row.index

    def _looked_up(self, row: Row, hoisted: Hoisted) -> Sql:
        """The value of a hoisted expression for the code in the row."""
        assert hoisted.over is not None
        place, kind = hoisted.place, hoisted.expression.dataType
        source = self.read(row, hoisted.over, self.forms[hoisted.over], self.attributes[hoisted.over])
        assert source.text.code is not None
        code = source.text.code.value
        self.used[place] = None
        null: Value | None = None
        if hoisted.form.nullable:
            null = row.fixed(("entry null", place), "ptr").load("i8", code, fixed=True) != 0
        data = row.fixed(("entry value", place), "ptr")
        if isinstance(kind, BooleanType):
            return Sql(kind, data.load("i8", code, fixed=True) != 0, null)
        if isinstance(kind, StringType):
            return Sql(kind, _entry(row, Code(data.load("i32", code, fixed=True).signed("i64"), place)), null)
        if hoisted.form.storage == "text":
            raise NotCompiled("BINARY by code")
        value = data.load(hoisted.form.storage, code, fixed=True, align=8 if hoisted.form.storage == "i128" else None)
        return Sql(kind, value, null, _bits(kind, value))


def _bits(kind: DataType, value: Value) -> int:
    """What is known of a column's numbers: the width they are stored in, and the precision of decimals."""
    if not is_whole(kind):
        return 0
    return min(value.bits - 1, bits_of(kind)) if isinstance(kind, DecimalType) else value.bits - 1


def stored_value(row: Row, place: Hashable, form: Form, kind: DataType, index: Value) -> Sql:
    """The value at `index` of the column of that form whose addresses are the frame's words of `place` (`bind_column`)."""
    if not form.storage:
        raise NotCompiled(f"columns of type {kind.simpleString()}")
    null = ~_bit(row, row.fixed(("validity", place), "ptr"), place, index) if form.nullable else None
    data = row.fixed(("data", place), "ptr")
    if form.storage == "i1":
        return Sql(kind, _bit(row, data, place, index), null)
    if form.codes:
        code = data.load(form.storage, index, fixed=True).signed("i64")
        if null is not None:
            code = row.function.select(null, row.fixed(("entries", place)), code)
        return Sql(kind, _entry(row, Code(code, place)), null)
    if form.storage == "text":
        return Sql(kind, Text(lambda: _located(data, index, row.fixed(("bytes", place), "ptr"))), null)
    value = data.load(form.storage, index, fixed=True, align=8 if form.storage == "i128" else None)
    return Sql(kind, value, null, _bits(kind, value))


def _entry(row: Row, code: Code) -> Text:
    def locate() -> tuple[Value, Value]:
        offsets = row.fixed(("entry offsets", code.place), "ptr")
        return _located(offsets, code.value, row.fixed(("entry bytes", code.place), "ptr"))

    return Text(locate, code)


def _bit(row: Row, bits: Value, place: Hashable, index: Value) -> Value:
    """The bit of a row in a bitmap whose first row is somewhere in its first byte."""
    index = index + row.fixed(("bit", place))
    byte = bits.load("i8", index >> 3, fixed=True)
    return ((byte >> (index & 7).signed("i8")) & 1) != 0


def _located(offsets: Value, index: Value, data: Value) -> tuple[Value, Value]:
    start = offsets.load("i32", index, fixed=True).signed("i64")
    end = offsets.load("i32", index + 1, fixed=True).signed("i64")
    data.function.guard_range(data, start, end)
    return data.at(start), end - start
