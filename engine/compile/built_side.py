"""The built side of a join as code reads it: columns of the built row that the row at hand has met."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.compile.binding import FrameWords
from engine.compile.ir import Mark, Value
from engine.compile.row import Row
from engine.compile.tables.join import JoinTable
from engine.compile.values import NotCompiled, Sql
from engine.expressions.base import Attribute, Expression
from engine.physical.hash_join import HashJoinExec


class BuiltSide:
    """The provider of the built columns of `join`. `at` says where the code is: at which built row, if at any."""

    def __init__(self, join: HashJoinExec, table: JoinTable) -> None:
        self.join = join
        self.table = table
        self.columns = frozenset(attribute.id for attribute in table.attributes[: table.width])
        self._read: list[tuple[int, Mark]] = []
        self._index: Value | None = None
        self._missing: Value | None = None

    def at(self, index: Value, missing: Value | None = None) -> None:
        """What follows is about the built row `index`; where `missing` (an i1) holds, about a row of nulls."""
        self._index, self._missing = index, missing

    def column(self, row: Row, attribute: Attribute) -> Sql:
        """The value of a column."""
        assert self._index is not None
        index = self._index
        if self._missing is not None:
            index = row.function.select(self._missing, row.number("i64", 0), index)
        place = self.table.place_of(attribute)
        self._read.append((place, row.function.mark()))
        found = self.table.column(row, place, index)
        if self._missing is None:
            return found
        null = self._missing if found.null is None else found.null | self._missing
        return found.with_null(null)

    def hoisted(self, row: Row, expression: Expression) -> Sql:
        """The value of an expression over the columns, computed for all built rows."""
        assert self._index is not None
        place = self.table.place_of(expression)
        index = self._index
        if self._missing is not None:
            index = row.function.select(self._missing, self.table.word(row, "nulls"), index)
        return self.table.column(row, place, index)

    def ahead(self, row: Row, index: Value) -> None:
        """Asks for the columns of a built row that code reads."""
        for place in dict.fromkeys(place for place, mark in self._read if row.function.stays(mark)):
            self.table.ahead(row, place, index)

    def selected(self, row: Row) -> Value:
        """The number of the built row, -1 for none."""
        assert self._index is not None
        if self._missing is None:
            return self._index
        return row.function.select(self._missing, row.number("i64", -1), self._index)

    def take(self, expression: Expression, rows: npt.NDArray[np.int64], frame: FrameWords) -> pa.Array:  # noqa: ARG002
        """The values of an expression in some built rows."""
        return self.table.take(expression, rows)


class Flag:
    """The provider of the column of an EXISTENCE join: whether there was a match."""

    def __init__(self, attribute: Attribute, flag: Value) -> None:
        self.columns = frozenset((attribute.id,))
        self.flag = flag

    def column(self, row: Row, attribute: Attribute) -> Sql:  # noqa: ARG002 - it has one column
        """The flag."""
        return Sql(attribute.dataType, self.flag)

    def hoisted(self, row: Row, expression: Expression) -> Sql:  # noqa: ARG002
        """Nothing is known before the code runs."""
        raise NotCompiled(type(expression).__name__)
