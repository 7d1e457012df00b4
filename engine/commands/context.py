"""What a statement is carried out with, and how it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from engine.catalog.catalog import Catalog
from engine.catalog.tables import Table, TempView, View
from engine.errors import AnalysisError, Unsupported, quoted
from engine.expressions.base import Attribute
from engine.logical.plan import LocalRelation, LogicalPlan
from engine.logical.unresolved import UnresolvedRelation
from engine.parse.substitution import Parameters, markers
from engine.records import dataclass
from engine.types import STRING, DataType
from engine.types.arrow import to_arrow

if TYPE_CHECKING:
    from engine.query import Query
    from engine.session import Session


@dataclass(frozen=True)
class Context:
    """The session, and the statement as a query (its text and its parameters)."""

    session: Session
    query: Query

    @property
    def catalog(self) -> Catalog:
        """The session's catalog."""
        return self.session.catalog

    def subquery(self, plan: LogicalPlan, frozen: str = "") -> Query:
        """A query inside the statement, with its text and parameters; `frozen` names the statement if it keeps the plan."""
        from engine.query import Query  # here: the session imports the commands, and the query knows the session

        return Query(self.session, self.query.text, self.query.parameters, plan=plan, frozen=frozen)

    def statement(self, text: str, parameters: Parameters) -> Query:
        """Another statement of the session."""
        from engine.query import Query  # as above

        return Query(self.session, text, parameters)

    def table(self, relation: UnresolvedRelation, operation: str) -> Table:
        """The table that a statement changes. Raises TABLE_OR_VIEW_NOT_FOUND, or for a view EXPECT_TABLE_NOT_VIEW."""
        found = self.catalog.find(relation.parts)
        if found is None:
            raise self.catalog.not_found(relation.parts, relation.origin)
        if not isinstance(found, Table):
            parameters = {"viewName": quoted(self.catalog.full_name(relation.parts)), "operation": operation}
            raise AnalysisError("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", parameters, relation.origin)
        return found

    def view(self, relation: UnresolvedRelation, operation: str) -> View | TempView:
        """The view that a statement changes. Raises TABLE_OR_VIEW_NOT_FOUND, or for a table EXPECT_VIEW_NOT_TABLE."""
        found = self.catalog.find(relation.parts)
        if found is None:
            raise self.catalog.not_found(relation.parts, relation.origin)
        if isinstance(found, Table):
            parameters = {"tableName": quoted(self.catalog.full_name(relation.parts)), "operation": operation}
            raise AnalysisError("EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE", parameters, relation.origin)
        return found

    def refuse_parameters(self, text: str, statement: str) -> None:
        """Raises Unsupported where a text that is kept has parameters that no literal stands for: they would be lost."""
        if any(markers(text)):
            raise Unsupported(f"parameter markers in {statement}")


Column = tuple[str, DataType]


def answer(columns: Sequence[str | Column] = (), rows: Sequence[Sequence[Any]] = ()) -> LocalRelation:
    """Rows as a plan; a column that is only a name is STRING."""
    typed = [(column, STRING) if isinstance(column, str) else column for column in columns]
    attributes = tuple(Attribute(name, data_type) for name, data_type in typed)
    arrays = [pa.array([row[place] for row in rows], to_arrow(kind)) for place, (_, kind) in enumerate(typed)]
    return LocalRelation(attributes, pa.RecordBatch.from_arrays(arrays, names=[name for name, _ in typed]))


DONE = answer()
"""The answer of a statement that only does something."""
