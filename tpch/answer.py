"""A recorded answer: what a TPC-H query returns at a scale factor, in a small readable file.

One JSON file per scale factor (`answers/sf1.json`) holds, for the validation literals and for some seeds, each query's
rows, one a line. Beyond `KEPT_ROWS` rows it holds their number, the first ones, and a digest that does not depend on
their order. Values are compared as canonical text: 5, 5.00 and decimal 5.0 are one number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa

FOLDER = Path(__file__).resolve().parent / "answers"
KEPT_ROWS = 200
FIRST_ROWS = 20
VALIDATION = "validation"

Value: TypeAlias = Decimal | float | str | date | bool | None
Row: TypeAlias = tuple[Value, ...]


class NoAnswer(Exception):
    """There is no recorded answer for what was asked; the message lists what there is."""


@dataclass(frozen=True)
class Answer:
    """What one statement returns.

    statement: digest of its text, so that a changed text is noticed. kinds: per column, see `kind`.
    rows: all `count` rows, or the first of them, in which case `digest` covers all.
    """

    statement: str
    kinds: tuple[str, ...]
    count: int
    rows: tuple[Row, ...]
    digest: str | None


def kind(type: pa.DataType) -> str:
    """The family of an Arrow type: number (exact), double, string, date, boolean; else its own name."""
    if pa.types.is_integer(type) or pa.types.is_decimal(type):
        return "number"
    if pa.types.is_floating(type):
        return "double"
    if pa.types.is_string(type) or pa.types.is_large_string(type) or pa.types.is_string_view(type):
        return "string"
    if pa.types.is_date(type):
        return "date"
    return "boolean" if pa.types.is_boolean(type) else str(type)


def rows_of(table: pa.Table) -> list[Row]:
    """The rows of `table`; integers as Decimal, the rest as pyarrow gives them."""
    columns = [[_value(item) for item in column.to_pylist()] for column in table.columns]
    return list(zip(*columns, strict=True)) if columns else []


def canonical(row: Row) -> str:
    """`row` as text that is equal for equal values, whatever their types' scale."""
    return "\x1f".join(_text(value) for value in row)


def digest(rows: Iterable[Row]) -> str:
    """A digest of `rows` that does not depend on their order."""
    return _sha("\n".join(sorted(canonical(row) for row in rows)))


def statement_digest(text: str) -> str:
    """Identifies a statement up to white space."""
    return _sha(" ".join(text.split()))[:16]


def answer(text: str, table: pa.Table) -> Answer:
    """Makes the record of what `text` returned."""
    rows = rows_of(table)
    kinds = tuple(kind(field.type) for field in table.schema)
    if len(rows) <= KEPT_ROWS:
        return Answer(statement_digest(text), kinds, len(rows), tuple(rows), None)
    if "double" in kinds:
        raise ValueError("an answer with doubles has no digest: they are compared with a tolerance")
    return Answer(statement_digest(text), kinds, len(rows), tuple(rows[:FIRST_ROWS]), digest(rows))


def recorded_scales() -> list[float]:
    """The scale factors that have recorded answers, ascending."""
    return sorted(float(file.stem.removeprefix("sf")) for file in FOLDER.glob("sf*.json"))


def recorded_answer(query: int, scale: float, seed: int | None = None) -> Answer:
    """The recorded answer of `query` at `scale`. Raises NoAnswer."""
    by_literals = _read(scale)["answers"]
    literals = VALIDATION if seed is None else str(seed)
    if literals not in by_literals:
        seeds = ", ".join(name for name in by_literals if name != VALIDATION) or "none"
        raise NoAnswer(f"no answers are recorded at scale {scale:g} for seed {seed} (recorded seeds: {seeds})")
    found = by_literals[literals][f"q{query:02}"]
    kinds = tuple(found["kinds"])
    rows = tuple(tuple(_parse(k, v) for k, v in zip(kinds, row, strict=True)) for row in found["rows"])
    return Answer(found["statement"], kinds, found["count"], rows, found.get("digest"))


def write_answers(
    scale: float, made_by: Mapping[str, str], answers: Mapping[str, Mapping[int, Answer]], folder: Path = FOLDER
) -> Path:
    """Writes the file of a scale factor: `answers` per literals (VALIDATION or a seed) and query; one row a line."""
    lines = ["{", f'"scale": {scale:g},', *(f"{_json(key)}: {_json(value)}," for key, value in made_by.items())]
    lines.append('"answers": {')
    blocks = [
        f"{_json(literals)}: {{\n" + ",\n".join(_entry(query, given) for query, given in queries.items()) + "\n}"
        for literals, queries in answers.items()
    ]
    lines += [",\n".join(blocks), "}", "}"]
    target = folder / f"sf{scale:g}.json"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _read.cache_clear()
    return target


def _entry(query: int, given: Answer) -> str:
    head = (
        f'"q{query:02}": {{"statement": {_json(given.statement)}, "kinds": {_json(given.kinds)}, "count": {given.count}'
    )
    if given.digest is not None:
        head += f', "digest": {_json(given.digest)}'
    rows = ",\n".join(_json([_plain(value) for value in row]) for row in given.rows)
    return f'{head}, "rows": [\n{rows}\n]}}'


@cache
def _read(scale: float) -> dict[str, Any]:
    file = FOLDER / f"sf{scale:g}.json"
    if not file.exists():
        there = ", ".join(f"{known:g}" for known in recorded_scales()) or "none"
        raise NoAnswer(f"no answers are recorded at scale {scale:g} (recorded: {there})")
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def _value(item: Any) -> Value:
    if isinstance(item, int) and not isinstance(item, bool):
        return Decimal(item)
    given: Value = item
    return given


def _text(value: Value) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    return "\x00" if value is None else str(value)


def _plain(value: Value) -> object:
    """What JSON holds for a value: exact numbers and dates as text, doubles as numbers."""
    return str(value) if isinstance(value, Decimal | date) else value


def _parse(kind: str, item: Any) -> Value:
    if item is None:
        return None
    if kind == "number":
        return Decimal(item)
    given: Value = date.fromisoformat(item) if kind == "date" else item
    return given


def _json(value: Sequence[object] | str | None) -> str:
    return json.dumps(value, ensure_ascii=False)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
