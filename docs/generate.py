"""Writes the pages that are made from the code's own tables and records: `functions.md`, `errors.md`, `compatibility.md`.

python docs/generate.py            tests/test_docs.py checks that they are up to date
"""

from __future__ import annotations

import sys
from pathlib import Path

from engine.commands.functions import OPERATORS
from engine.conditions import CONDITIONS
from engine.functions.registry import lookup, names

FOLDER = Path(__file__).parent
RECORDS = FOLDER.parent / "tests" / "sql"
sys.path.insert(0, str(RECORDS.parent / "golden"))
from runner import read  # noqa: E402 - the path is set here


def functions() -> str:
    """All functions by family: name and the first sentence of the documentation."""
    families: dict[str, list[str]] = {}
    for name in names():
        function = lookup(name)[0]
        text = function.doc.split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
        shown = f"`{name}`" if name == function.name else f"`{name}` (`{function.name}`)"
        families.setdefault(function.group, []).append(f"| {shown} | {' '.join(text.split())} |")
    parts = ["# Functions", "Written by `docs/generate.py` from the declarations in `engine/functions/`."]
    for family in sorted(families):
        rows = "\n".join(families[family])
        parts.append(f"## {family.replace('_', ' ').capitalize()}\n\n| function | what it gives |\n|---|---|\n{rows}")
    return "\n\n".join(parts) + "\n"


def errors() -> str:
    """All conditions with SQLSTATE and message."""
    rows = [
        f"| {name} | {state} | {text.replace('|', chr(92) + '|')} |"
        for name, (state, text) in sorted(CONDITIONS.items())
    ]
    head = "# Error conditions\n\nWritten by `docs/generate.py` from `engine/conditions.py`; names and SQLSTATEs are Spark's."
    return head + "\n\n| condition | SQLSTATE | message |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def cell(text: str) -> str:
    """Text for a cell of a table."""
    return " ".join(text.replace("|", "\\|").split())


def differences() -> dict[str, str]:
    """What differs from the records, "subject name", and why: tests/sql/test_sql.py keeps the list true."""
    lines = (RECORDS / "differences.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def status(reason: str | None) -> str:
    """What a row of the reference says: same, missing or differs."""
    if reason is None:
        return "same"
    kind, _, why = reason.partition("missing: ")
    return f"**missing**: {why}" if not kind else f"**differs**: {reason}"


def clauses() -> str:
    """The statements and clauses of Spark's reference, one recorded statement each."""
    known = differences()
    sections: dict[str, list[str]] = {}
    for case in read(RECORDS / "reference.slt")[1]:
        section, _, clause = case.name.partition(" / ")
        said = cell(status(known.get(f"reference {case.name}")))
        sections.setdefault(section, []).append(f"| {cell(clause)} | `{cell(case.text)}` | {said} |")
    head = "| clause | statement | here |\n|---|---|---|\n"
    return "\n\n".join(f"## {section}\n\n{head}" + "\n".join(rows) for section, rows in sections.items())


def agreement() -> str:
    """How many recorded statements there are by subject, and how many differ."""
    known = differences()
    rows, total, wrong = [], 0, 0
    for path in sorted(RECORDS.glob("*.slt")):
        found = read(path)[1]
        differ = sum(f"{path.stem} {case.name}" in known for case in found)
        rows.append(f"| {path.stem} | {len(found)} | {differ} |")
        total, wrong = total + len(found), wrong + differ
    share = f"{100 * (total - wrong) / total:.1f} % of {total} statements agree in names, types, rows and conditions of errors."
    return f"{share}\n\n| subject | statements | differ |\n|---|---|---|\n" + "\n".join(rows)


def missing_functions() -> str:
    """The functions that Spark's SHOW FUNCTIONS lists and the registry does not know."""
    ours = {*names(), *OPERATORS}
    spark = (RECORDS / "functions_of_spark.txt").read_text().split("\n")
    missing = [f"`{name}`" for name in spark if name and not name.startswith("#") and name not in ours]
    return f"{len(missing)} of {len(spark) - 2} functions of Spark are missing:\n\n" + (", ".join(missing) or "none")


def compatibility() -> str:
    """Spark's reference clause by clause, what share of the recorded statements agrees, and what does not, and why."""
    reasons = "\n".join(f"| {cell(name)} | {cell(reason)} |" for name, reason in differences().items())
    return (
        "\n\n".join(
            [
                "# Compatibility with Spark SQL",
                "Written by `docs/generate.py` from what Spark answered (`tests/sql/*.slt`, recorded with "
                "`tests/sql/record.py`) and from the list of what differs (`tests/sql/differences.txt`), which the tests keep "
                "true. *same*: names and types of columns, rows, or the condition of the error are those of Spark for the "
                "statement shown.",
                clauses(),
                "## Functions\n\n" + missing_functions(),
                "## Recorded statements\n\n" + agreement(),
                f"## What differs, and why\n\n| statement | reason |\n|---|---|\n{reasons}",
            ]
        )
        + "\n"
    )


PAGES = {"functions.md": functions, "errors.md": errors, "compatibility.md": compatibility}

if __name__ == "__main__":
    for page, write in PAGES.items():
        (FOLDER / page).write_text(write())
