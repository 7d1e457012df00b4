"""Every type against every other, as recorded from Spark: casts, and what two values become where they meet (matrix.py).

Cells that hold values are asked many in one statement; those that hold an error one by one.
"""

from __future__ import annotations

from collections import Counter

import matrix
import pyarrow as pa
import pytest
from matrix_values import FORMS, ONE, TARGETS, VALUES

from engine import Session
from engine.errors import FlintError
from engine.types import BinaryType, DataType, DecimalType
from engine.types.cells import Style, texts, zone_of

CASTS = matrix.read(matrix.FOLDER / "casts.matrix", casts=True)
COERCION = matrix.read(matrix.FOLDER / "coercion.matrix", casts=False)
KNOWN = matrix.FOLDER / "matrix_differences.txt"
STYLE = Style(zone_of(matrix.ZONE), null="null", binary=lambda value: value.decode(errors="replace"))


@pytest.fixture(scope="module")
def session():
    with Session("local[1]", {"spark.sql.session.timeZone": matrix.ZONE, "flint.local.rowLimit": 10**9}) as session:
        yield session


class Flint:
    """The engine as the matrix asks it."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def ask(self, statement: str, ansi: bool, run: bool = True) -> tuple[list[str], list[str]] | str:
        """Types and cells, or the error."""
        self.session.conf.set("spark.sql.ansi.enabled", str(ansi).lower())
        try:
            frame = self.session.sql(statement)
            fields = frame.schema.fields
            types = [f.dataType.simpleString() + ("" if f.nullable else "!") for f in fields]
            if not run:
                return types, []
            table = pa.Table.from_batches(list(frame.query.batches()), frame.query.arrow_schema).combine_chunks()
        except FlintError as error:
            return matrix.failure(error.condition, error.message_parameters)
        except Exception as error:  # a bug of ours is an answer that differs
            return f"!crashed: {type(error).__name__}: {error}"
        columns = [column.chunk(0) for column in table.columns]
        return types, [matrix.cell(shown(c, f.dataType, ansi)) for c, f in zip(columns, fields, strict=True)]


def shown(column: pa.Array, kind: DataType, ansi: bool) -> str | None:
    """CAST(... AS STRING), but bytes as hexadecimal digits: what was recorded."""
    if isinstance(kind, DecimalType) and not ansi:
        return column.cast(pa.string())[0].as_py()
    if isinstance(kind, BinaryType) and column[0].is_valid:
        return column[0].as_py().hex().upper()
    return texts(column, kind, STYLE)[0]


def replay(flint: Flint, asked: matrix.Asked, types: list[str], cells: list[str]) -> list[tuple[int, str]]:
    """The places that answer something else, with what they answer. An empty type is not looked at.

    Errors are asked of constants only: where they come from does not change them, and they take most of the time.
    """
    quiet = [place for place, cell in enumerate(cells) if not cell.startswith("!")]
    found: dict[int, str | tuple[str, str]] = {}
    if asked.source:
        found.update((place, cell) for place, cell in enumerate(cells) if cell.startswith("!"))
    for start in range(0, len(quiet), 100):
        _together(flint, asked, quiet[start : start + 100], found)
    for place, cell in enumerate(cells):
        if cell.startswith("!") and place not in found:
            _together(flint, asked, [place], found)
    wrong = []
    for place, cell in enumerate(cells):
        answered = found[place]
        if isinstance(answered, str):
            if answered != cell:
                wrong.append((place, answered))
        elif answered[1] != cell or types[place] not in ("", answered[0]):
            wrong.append((place, f"{answered[0]} {answered[1]}"))
    return wrong


def _together(flint: Flint, asked: matrix.Asked, places: list[int], found: dict[int, str | tuple[str, str]]) -> None:
    """Asks for all in one statement; where one of many raises, for each on its own."""
    if asked.union and len(places) > 1:
        answer: tuple[list[str], list[str]] | str = ""
    else:
        answer = flint.ask(asked.statement(places), asked.ansi, run=not asked.union)
    if not isinstance(answer, str):
        types, cells = answer
        found.update(zip(places, zip(types, cells or [""] * len(types), strict=True), strict=True))
    elif len(places) == 1:
        found[places[0]] = answer
    else:
        for place in places:
            _together(flint, asked, [place], found)


def differences(session: Session, first: str, casts: bool) -> list[str]:
    """What differs of the casts from a type, or of a form."""
    flint, wrong = Flint(session), []
    table = CASTS if casts else COERCION
    for mode in matrix.CAST_MODES if casts else matrix.COERCION_MODES:
        for shape in matrix.SHAPES:
            asked = matrix.casts(first, mode, shape) if casts else matrix.pairs(first, mode, shape)
            types, cells = expected(table, first, mode, shape, casts)
            for place, answer in replay(flint, asked, types, cells):
                said = " ".join(filter(None, (types[place], cells[place])))
                wrong.append(f"{mode} {shape}: {asked.expressions[place]}: {said} <> {answer}")
    return wrong


def expected(table: matrix.Table, first: str, mode: str, shape: str, casts: bool) -> tuple[list[str], list[str]]:
    """The type and the cell of each expression."""
    types: list[str] = []
    cells: list[str] = []
    if not casts:
        for left in ONE:
            for each in table[first, left, mode, shape]:
                kind, cell = ("", each) if each.startswith("!") else each.split("=", 1)
                types.append("" if cell.startswith("!") else kind)
                cells.append(cell)
        return types, cells
    width = len(VALUES[first])
    for target in TARGETS:
        kind, *line = table[first, target, mode, shape]
        line = line * width if len(line) == 1 and width > 1 else line
        types += [""] * (width - 1) + [kind if len(line) == width and not line[-1].startswith("!") else ""]
        cells += line
    return types, cells


@pytest.mark.parametrize("source", VALUES)
def test_casts(session, source):
    check(differences(session, source, casts=True))


@pytest.mark.parametrize("form", FORMS)
def test_coercion(session, form):
    check(differences(session, form, casts=False))


def known() -> Counter[str]:
    """What is known to differ, as `test_*` says it, without the reason."""
    lines = KNOWN.read_text().splitlines() if KNOWN.exists() else []
    return Counter(line for line in lines if line and not line.startswith("#"))


def check(wrong: list[str]) -> None:
    listed = known()
    new = [each for each in wrong if each not in listed]
    assert not new, f"{len(new)} differ:\n" + "\n".join(new[:2000])
