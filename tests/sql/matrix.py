"""The matrix of casts and of coercion: every type with every other, in every mode, as constants and as columns.

`casts.matrix` has a line for each pair of types, with a cell for each value of the source; `coercion.matrix` has a line for
each form (`a + b`, `coalesce(a, b)`), with a cell for each pair of types. Both are what real Spark answered
(`python tests/sql/record.py matrix`). A line is written only where it says something new:

    TRY      is ANSI with null where that raises
    LEGACY   (spark.sql.ansi.enabled=false) is TRY; in coercion it is ANSI
    columns  are as constants

A cell is the value as text, or `!CONDITION|parameters` of the error; in coercion it has the type and `=` before it. A `!`
after a type says that it is never null. Of a union there is only the type.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from matrix_values import FORMS, ONE, TARGETS, VALUES

FOLDER = Path(__file__).parent
ZONE = "America/Los_Angeles"
SHAPES = ("constants", "columns")
CAST_MODES = {"ANSI": "cast", "TRY": "try_cast", "LEGACY": "cast"}
COERCION_MODES = ("ANSI", "LEGACY")
# what follows from the types, and what differs between versions of Spark
_SILENT = {
    "ansiConfig",
    "config",
    "configVal",
    "sqlExpr",
    "inputSql",
    "left",
    "right",
    "srcType",
    "targetType",
    "functionName",
}
_SILENT |= {"requiredType", "supportedFormat", "intervalStr", "interval", "typeName"}


class Engine(Protocol):
    """Answers statements of one row. A `!` after a type says that the column is never null."""

    def analyze(self, statement: str, ansi: bool) -> list[str] | str:
        """The types of the columns, or the error as `failure` writes it."""

    def evaluate(self, statement: str, ansi: bool) -> list[str]:
        """The cell of each column: its value or the error that it raises, each on its own."""

    def run(self, statement: str, ansi: bool) -> list[str]:
        """The cell of each column of a statement that raises nothing."""


def failure(condition: str, parameters: dict[str, str]) -> str:
    """An error as a cell has it."""
    silent = _SILENT | ({"inputType"} if condition.endswith("BINARY_OP_WRONG_TYPE") else set())
    told = [value for name, value in sorted(parameters.items()) if name not in silent]
    return cell("|".join(["!" + condition.removeprefix("DATATYPE_MISMATCH."), *told]))


def cell(value: str | None) -> str:
    """A value as a cell has it."""
    return "NULL" if value is None else value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


@dataclass(frozen=True)
class Asked:
    """Expressions over operands, and where the operands come from: nowhere (constants) or the row of a table (columns)."""

    expressions: list[str]
    source: str
    ansi: bool
    union: bool = False

    def statement(self, places: Sequence[int], kinds: Sequence[str] = ()) -> str:
        """The statement of some of the expressions: as they are, or as text if their types are given."""
        chosen = [self.expressions[place] for place in places]
        if self.union:
            one, other = chosen[0].split(" union ")
            return f"select {one} {self.source} union all select {other} {self.source}"
        if kinds:
            chosen = [
                f"hex({each})" if kind.startswith("binary") else f"cast({each} as string)"
                for each, kind in zip(chosen, kinds, strict=True)
            ]
        return f"select {', '.join(f'{each} as x{place}' for place, each in enumerate(chosen))} {self.source}"


def operands(values: Sequence[str], shape: str) -> tuple[list[str], str]:
    """How the values are written in an expression, and the FROM clause."""
    if shape == "constants":
        return list(values), ""
    names = [f"c{place}" for place in range(len(values))]
    return names, f"from values ({', '.join(values)}) as t({', '.join(names)})"


def casts(source: str, mode: str, shape: str) -> Asked:
    """The casts of all values of a type to all targets, target by target."""
    values, rows = operands(VALUES[source], shape)
    return Asked(
        [f"{CAST_MODES[mode]}({each} as {target})" for target in TARGETS for each in values], rows, mode != "LEGACY"
    )


def pairs(form: str, mode: str, shape: str) -> Asked:
    """A form over all pairs of types."""
    values, rows = operands(list(ONE.values()), shape)
    written = [FORMS[form].format(a=a, b=b) for a in values for b in values]
    return Asked(written, rows, mode == "ANSI", form == "union")


Table = dict[tuple[str, str, str, str], list[str]]
"""Source type or form, target type or left type, mode, shape -> cells; the first cell of a line of casts is its type."""


def table_of_casts(engine: Engine, done: Callable[[str], None]) -> Table:
    """Asks for every cast."""
    table: Table = {}
    for source, values in VALUES.items():
        for mode in CAST_MODES:
            done(f"{source} {mode}")
            asked = casts(source, mode, "constants")
            width = len(values)
            kinds, failed = _types(engine, asked, range(width - 1, len(asked.expressions), width))
            known = {place - width + 1 + k: kind for place, kind in kinds.items() for k in range(width)}
            cells = _cells(engine, asked, casts(source, mode, "columns"), known)
            for number, target in enumerate(TARGETS):
                last = (number + 1) * width - 1
                for shape in SHAPES:
                    line = [failed[last]] if last in failed else cells[shape][last - width + 1 : last + 1]
                    table[source, target, mode, shape] = [kinds.get(last, ""), *line]
    return table


def table_of_coercion(engine: Engine, done: Callable[[str], None]) -> Table:
    """Asks for every pair of types in every form."""
    table: Table = {}
    width = len(ONE)
    for form in FORMS:
        for mode in COERCION_MODES:
            done(f"{form} {mode}")
            asked, columns = (pairs(form, mode, shape) for shape in SHAPES)
            kinds, failed = _types(engine, asked, range(width * width))
            column_kinds = _types(engine, columns, list(kinds), together=not asked.union)[0]
            cells = _cells(engine, asked, columns, {} if asked.union else kinds)
            for number, left in enumerate(ONE):
                places = range(number * width, (number + 1) * width)
                for shape, types in zip(SHAPES, (kinds, column_kinds), strict=True):
                    table[form, left, mode, shape] = [
                        failed[place] if place in failed else f"{types[place]}={cells[shape][place]}"
                        for place in places
                    ]
    return table


def _types(
    engine: Engine, asked: Asked, places: Sequence[int], together: bool = False
) -> tuple[dict[int, str], dict[int, str]]:
    """The types of expressions, and the errors of those that have none; in one statement if all are known to have one."""
    types, errors = {}, {}
    if together and places:
        return dict(zip(places, engine.analyze(asked.statement(places), asked.ansi), strict=True)), {}
    for place in places:
        found = engine.analyze(asked.statement([place]), asked.ansi)
        if isinstance(found, str):
            errors[place] = found
        else:
            types[place] = found[0]
    return types, errors


def _cells(engine: Engine, constants: Asked, columns: Asked, kinds: dict[int, str]) -> dict[str, list[str]]:
    """The cells of both shapes. A column is asked only for what constants do not raise; it raises the same."""
    cells = {shape: [""] * len(constants.expressions) for shape in SHAPES}
    places = list(kinds)
    if not places:
        return cells
    found = engine.evaluate(constants.statement(places, list(kinds.values())), constants.ansi)
    for place, text in zip(places, found, strict=True):
        cells["constants"][place] = cells["columns"][place] = text
    quiet = [place for place in places if not cells["constants"][place].startswith("!")]
    found = engine.run(columns.statement(quiet, [kinds[place] for place in quiet]), columns.ansi)
    for place, text in zip(quiet, found, strict=True):
        cells["columns"][place] = text
    return cells


def implied(table: Table, key: tuple[str, str, str, str], casts: bool) -> list[str] | None:
    """What a line is if the file says nothing of it; None for those the file always has."""
    first, second, mode, shape = key
    if shape == "columns":
        return table[first, second, mode, "constants"]
    if mode == "ANSI":
        return None
    if not casts or mode == "LEGACY":
        return table[first, second, "ANSI" if not casts else "TRY", shape]
    kind, *cells = table[first, second, "ANSI", shape]
    if kind == "":
        return [kind, *cells]
    return [kind, *["NULL" if each.startswith("!") else each for each in cells]]


def write(path: Path, heading: str, table: Table, casts: bool) -> None:
    """Writes the lines that say something new."""
    lines = [f"# {line}" for line in heading.strip().split("\n")]
    for key, cells in table.items():
        if cells != implied(table, key, casts):
            lines.append("\t".join(["/".join(key), *cells]))
    path.write_text("\n".join(lines) + "\n")


def read(path: Path, casts: bool) -> Table:
    """The whole table of a file."""
    said: Table = {}
    for line in path.read_text().split("\n"):
        if line and not line.startswith("#"):
            key, *cells = line.split("\t")
            first, second, mode, shape = key.rsplit("/", 3) if key[0] != "/" else ("/", *key[2:].split("/"))
            said[first, second, mode, shape] = cells
    table: Table = {}
    modes = CAST_MODES if casts else COERCION_MODES
    for first, second in dict.fromkeys(key[:2] for key in said):
        for mode in modes:
            for shape in SHAPES:
                key = first, second, mode, shape
                table[key] = said[key] if key in said else implied(table, key, casts) or []
    return table
