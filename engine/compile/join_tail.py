"""What follows the last batch of a join as code: the built row of each number that comes in, and nulls for the other side."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from engine.compile.binding import FrameWords
from engine.compile.built_side import BuiltSide, Flag
from engine.compile.expressions.literals import null_of
from engine.compile.numbering import NotKept, Numbering
from engine.compile.row import Row
from engine.compile.tables.join import JoinTable
from engine.compile.values import NotCompiled, Sql
from engine.expressions.base import Attribute, Expression
from engine.physical.built_rows import BuiltRowsExec
from engine.physical.execution import Execution
from engine.physical.hash_join import HashJoinExec


class Following:
    """The step of `operator`; `table` has the rows of the join's built side."""

    def __init__(self, operator: BuiltRowsExec, join: HashJoinExec, table: JoinTable, run: Execution) -> None:
        self.operator = operator
        self.join = join
        self.table = table
        self.matched = join.built_state(run).matched
        self.side = BuiltSide(join, table)

    def write(self, row: Row, following: Callable[[], None]) -> None:
        number = row.value(self.operator.child.number).value.signed("i64")
        self.side.at(number)
        row.providers += [self.side, _Nulls(self.join.streamed.output)]
        if self.join.exists is not None:
            met = self.table.word(row, "matched", "ptr").load("i8", number, fixed=True) != 0
            row.providers.append(Flag(self.join.exists, met))
        following()

    def shape(self, numbering: Numbering) -> Hashable:
        join = self.join
        if join.exists is not None:
            raise NotKept("the column of an EXISTENCE join")
        columns = numbering.of(((self.operator.child.number,), join.streamed.output))
        keys = numbering.of((join.keys(False), join.keys(True)))
        return Following, join.type, join.build, self.table.described(numbering), columns, keys

    def selection(self, row: Row) -> None:
        """Each row comes out."""

    def stage(self) -> None:
        """What follows is done at once."""

    def bind(self, frame: FrameWords) -> None:
        self.table.bind(frame)
        frame.set(("matched", id(self.table)), self.matched.ctypes.data, self.matched)


class _Nulls:
    """The provider of columns that are null."""

    def __init__(self, columns: tuple[Attribute, ...]) -> None:
        self.columns = frozenset(column.id for column in columns)

    def column(self, row: Row, attribute: Attribute) -> Sql:
        """Null."""
        return null_of(row, attribute.dataType)

    def hoisted(self, row: Row, expression: Expression) -> Sql:  # noqa: ARG002 - as the other providers
        """No kernel knows these rows."""
        raise NotCompiled(type(expression).__name__)


def following_of(operator: BuiltRowsExec, run: Execution) -> Following | None:
    """The step of what follows a join, where its own rows were looked up by code."""
    join = operator.join
    if not isinstance(join, HashJoinExec):
        return None
    table = run.state((join.id, "table"), lambda: None)
    return None if table is None else Following(operator, join, table, run)
