"""A statement of a benchmark that has no recorded answers: its text, and when two engines' answers to it agree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from tpch.answer import Row, kind, rows_of
from tpch.check import close, row_differences

RELATIVE = 1e-7  # sums of doubles depend on their order
IN_FULL = 100_000  # rows up to which answers are compared row by row; beyond, column by column
_HEAD = re.compile(r"^-- (q\d+)((?: +(?:\?|-?\d+))*)$", re.MULTILINE)


@dataclass(frozen=True)
class Statement:
    """`text` in Spark's dialect. order: output columns of ORDER BY, from 1, negative for descending.

    open: which rows LIMIT keeps is not determined by what is shown.
    """

    name: str
    text: str
    order: tuple[int, ...] = ()
    open: bool = False

    @property
    def limited(self) -> bool:
        return re.search(r"\blimit \d+", self.text) is not None

    def unlimited(self) -> Statement:
        """The same without LIMIT: all its rows are determined."""
        text = re.sub(r"\s+limit \d+(\s+offset \d+)?\s*$", "", self.text)
        return Statement(self.name, text, self.order)

    def disagreement(self, found: pa.Table, reference: pa.Table) -> str:
        """In what `found` differs from another engine's answer; empty if in nothing that matters."""
        if found.num_columns != reference.num_columns:
            return f"{found.num_columns} columns, expected {reference.num_columns}"
        if found.num_rows != reference.num_rows:
            return f"{found.num_rows} rows, expected {reference.num_rows}"
        if self.open:
            return ""
        if found.num_rows > IN_FULL:
            return _columns_differ(found, reference)
        return self._rows_differ(_comparable(found), _comparable(reference))

    def _rows_differ(self, found: pa.Table, reference: pa.Table) -> str:
        rows, expected = rows_of(found), rows_of(reference)
        keys, wanted = ([self._key(row) for row in each] for each in (rows, expected))
        for key, other in zip(keys, wanted, strict=True):
            if not all(close(value, right, 0.5, RELATIVE) for value, right in zip(key, other, strict=True)):
                return f"a row with {key} where one with {other} is expected"
        settled = self._settled(wanted)
        rows, expected = [rows[place] for place in settled], [expected[place] for place in settled]
        kinds = [(kind(one.type), kind(other.type)) for one, other in zip(found.schema, reference.schema, strict=True)]
        exact = [place for place, pair in enumerate(kinds) if "double" not in pair]
        differences = row_differences(rows, expected, exact, 0.5, RELATIVE)
        return differences[0] if differences else ""

    def _key(self, row: Row) -> Row:
        return tuple(row[abs(column) - 1] for column in self.order)

    def _settled(self, keys: list[Row]) -> list[int]:
        """The places of rows that must be in the answer: of those that tie at a cut, others would do as well."""
        if not self.order or not self.limited or not keys:
            return list(range(len(keys)))
        ties = [keys[-1], keys[0]] if "offset" in self.text else [keys[-1]]
        return [place for place, key in enumerate(keys) if key not in ties]


def _comparable(table: pa.Table) -> pa.Table:
    """Times as text, whatever their unit; floats as doubles."""
    columns = []
    for column in table.columns:
        if pa.types.is_timestamp(column.type):
            column = pc.cast(pc.cast(column, pa.timestamp("us")), pa.string())
        elif pa.types.is_float32(column.type):
            column = pc.cast(column, pa.float64())
        columns.append(column)
    return pa.table(columns, names=[str(number) for number in range(len(columns))])


def _columns_differ(found: pa.Table, reference: pa.Table) -> str:
    """Large answers, in any order: nulls, sums of numbers, lengths and extremes of texts."""
    for number, (one, other) in enumerate(zip(found.columns, reference.columns, strict=True), 1):
        have, want = _figures(one), _figures(other)
        if any(abs(a - b) > RELATIVE * max(abs(a), abs(b)) for a, b in zip(have, want, strict=True)):
            return f"column {number} has {have}, expected {want} (nulls, sums)"
    return ""


def _figures(column: pa.ChunkedArray) -> list[float]:
    figures = [float(column.null_count)]
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type) or pa.types.is_decimal(column.type):
        values = pc.cast(column, pa.float64(), safe=False)
        return [*figures, pc.sum(values).as_py() or 0.0, pc.sum(pc.multiply(values, values)).as_py() or 0.0]
    text = pc.cast(column, pa.large_string())
    lengths = pc.binary_length(text)
    return [*figures, float(pc.sum(lengths).as_py() or 0), float(pc.count_distinct(text).as_py())]


def read_statements(text: str) -> list[Statement]:
    """The statements of a file: each begins with a line like `-- q09 -2` and ends with a semicolon."""
    found = []
    heads = list(_HEAD.finditer(text))
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        body = text[head.end() : following.start() if following else len(text)].strip().removesuffix(";")
        marks = head[2].split()
        order = tuple(int(mark) for mark in marks if mark != "?")
        found.append(Statement(head[1], body, order, "?" in marks))
    repeated = [name for name, count in Counter(each.name for each in found).items() if count > 1]
    if repeated:
        raise ValueError(f"two statements are called {', '.join(repeated)}")
    return found


class StatementWorkload:
    """Statements over `tables`, answers compared with the reference's of the same round. `dialects` give the texts of peers
    that write some of them in another way, by statement and peer."""

    def __init__(
        self,
        title: str,
        tables: dict[str, list[str]],
        statements: Sequence[Statement],
        dialects: dict[tuple[str, str], str],
    ) -> None:
        self.title = title
        self.tables = tables
        self.statements = [statement.name for statement in statements]
        self._statements = {statement.name: statement for statement in statements}
        self._dialects = dialects

    def text(self, name: str, number: int, peer: str) -> str:  # noqa: ARG002 - each round asks the same
        """The statement as `peer` writes it."""
        return self._dialects.get((name, peer), self._statements[name].text)

    def checks(self, number: int) -> bool:
        """The first round: each asks the same, and answers may be large."""
        return number == 0

    def wrong(self, name: str, number: int, answer: pa.Table, reference: pa.Table | None) -> str | None:  # noqa: ARG002
        return None if reference is None else self._statements[name].disagreement(answer, reference)
