"""What a persisted view gives when the tables below it have changed since: its schema mode says.

BINDING: the columns it had, where their types still fit. COMPENSATION: cast to the types they had. TYPE EVOLUTION: the columns
it had, of the types of now. EVOLUTION: the columns of now.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from engine.analyze.expressions import named
from engine.errors import AnalysisError, Position, quoted
from engine.expressions.base import Attribute, Expression, Mode
from engine.expressions.cast import Cast
from engine.expressions.sql import sql
from engine.logical.plan import LogicalPlan, Project
from engine.types import DataType
from engine.types.casts import can_cast, is_up_cast
from engine.types.char import without_lengths


def view_columns(
    view: Any, name: tuple[str, ...], plan: LogicalPlan, case_sensitive: bool, origin: Position | None
) -> LogicalPlan:
    """The plan of a view's query as the columns of the view; `origin` is where the view is named.

    Raises AnalysisError INCOMPATIBLE_VIEW_SCHEMA_CHANGE for columns that are gone, CANNOT_UP_CAST_DATATYPE and
    DATATYPE_MISMATCH for types that do not fit, COLUMN_ALREADY_EXISTS for new columns of one name.
    """
    if view.mode == "EVOLUTION":
        _refuse_duplicates(plan, case_sensitive)
        return plan
    names = view.names or tuple(column.name for column in plan.output)
    found = _by_name(view, name, names, plan, case_sensitive)
    columns = [
        named(_as(column, without_lengths(field.dataType), view.mode, origin), field.name)
        for column, field in zip(found, view.schema.fields, strict=True)
    ]
    if columns == list(plan.output):
        return plan
    return Project(tuple(columns), plan)


def _by_name(
    view: Any, name: tuple[str, ...], names: tuple[str, ...], plan: LogicalPlan, case_sensitive: bool
) -> list[Attribute]:
    """The columns called `names`; of several that are called the same, the first for the first."""
    fold = str if case_sensitive else str.lower
    have: dict[str, list[Attribute]] = {}
    for column in plan.output:
        have.setdefault(fold(column.name), []).append(column)
    expected = Counter(map(fold, names))
    met: Counter[str] = Counter()
    found = []
    for each in names:
        candidates = have.get(fold(each), [])
        if len(candidates) != expected[fold(each)]:
            columns = f" ({', '.join(n for n, _ in view.columns)})" if view.columns else ""
            parameters = {
                "viewName": quoted(name),
                "colName": each,
                "expectedNum": expected[fold(each)],
                "actualCols": f"[{','.join(column.name for column in candidates)}]",
                "suggestion": f"CREATE OR REPLACE VIEW {'.'.join(name)}{columns} AS {view.text}",
            }
            raise AnalysisError("INCOMPATIBLE_VIEW_SCHEMA_CHANGE", parameters)
        found.append(candidates[met[fold(each)]])
        met[fold(each)] += 1
    return found


def _as(column: Attribute, wanted: DataType, mode: str, origin: Position | None) -> Expression:
    """A column as a value of the type it had when the view was made, as `mode` allows."""
    have = column.dataType
    if have == wanted or mode == "TYPE EVOLUTION":
        return column
    if mode in ("BINDING", "") and not is_up_cast(have, wanted):
        details = (
            "The type path of the target object is:\n\nYou can either add an explicit cast to the input data or choose a "
            "higher precision type of the field in the target object"
        )
        types = {"sourceType": f'"{have.sql}"', "targetType": f'"{wanted.sql}"', "details": details}
        shown = ".".join((*column.qualifier, column.name))
        raise AnalysisError("CANNOT_UP_CAST_DATATYPE", {"expression": shown} | types)
    if not can_cast(have, wanted):
        types = {"srcType": f'"{have.sql}"', "targetType": f'"{wanted.sql}"'}
        raise AnalysisError(
            "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", {"sqlExpr": f'"{sql(column)}"'} | types, origin
        )
    return Cast(column, wanted, Mode.ANSI).at(origin)


def _refuse_duplicates(plan: LogicalPlan, case_sensitive: bool) -> None:
    seen = set()
    for column in plan.output:
        name = column.name if case_sensitive else column.name.lower()
        if name in seen:
            raise AnalysisError("COLUMN_ALREADY_EXISTS", {"columnName": quoted(name)})
        seen.add(name)
