"""The statements of `queries.sql`, for a number of rows, and what dialects write otherwise."""

from __future__ import annotations

from pathlib import Path

from tpch.statement import Statement, read_statements

FILE = Path(__file__).resolve().parent / "queries.sql"
REAL_ROWS = 100_000_000  # of the table that the statements were written for


def statements(rows: int) -> list[Statement]:
    """All 43. HAVING count(*) > 100000 and OFFSET 1000 of the originals are shares of the real table's rows."""
    share = rows / REAL_ROWS
    text = FILE.read_text(encoding="utf-8")
    text = text.replace("{many}", str(max(1, round(100_000 * share)))).replace("{skip}", str(round(1000 * share)))
    sums = ", ".join(f"sum(ResolutionWidth + {number})" if number else "sum(ResolutionWidth)" for number in range(90))
    return read_statements(text.replace("{sums}", sums))


def dialects(asked: list[Statement]) -> dict[tuple[str, str], str]:
    """The texts that some peers write in another way: backslashes in strings, and groups in replacements."""
    return {
        (statement.name, peer): statement.text.replace("\\\\", "\\").replace("'$1'", "'\\1'")
        for statement in asked
        for peer in ("duckdb", "polars", "datafusion")
        if "\\" in statement.text
    }
