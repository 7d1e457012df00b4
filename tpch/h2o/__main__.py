"""The h2o.ai questions, Flint beside other engines in one run.

    python -m tpch.h2o groupby|join [--rows 1e7] [--queries 6,10] [--mode warm|first|cached] [--engines flint,duckdb] ...

Options as in tpch.bench. Answers are compared with DuckDB's.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tpch.h2o.data import load
from tpch.load import default_folder
from tpch.options import add_options, benchmark
from tpch.statement import Statement, StatementWorkload, read_statements

FOLDER = Path(__file__).resolve().parent
TASKS = ("groupby", "join")


def statements(task: str) -> list[Statement]:
    """The questions of a task."""
    return read_statements((FOLDER / f"{task}.sql").read_text(encoding="utf-8"))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tpch.h2o", description="Time h2o.ai's questions.")
    made.add_argument("task", choices=TASKS)
    made.add_argument("--rows", type=float, default=1e7, help="rows of the large table (default 1e7)")
    made.add_argument("--queries", type=lambda text: text.split(","), help="for example 6,10 (default: all)")
    made.add_argument("--data", type=Path, help="the folder of the generated files (default: the user's cache)")
    add_options(made)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: measured; 1: Flint failed or was wrong; 2: nothing to measure."""
    options = parser().parse_args(arguments)
    rows = int(options.rows)
    tables = load(options.task, rows, options.data or default_folder().parent / "h2o")
    asked = [s for s in statements(options.task) if not options.queries or s.name[1:].lstrip("0") in options.queries]
    title = f"h2o.ai {options.task}, {rows:,} generated rows"
    return benchmark(StatementWorkload(title, tables, asked, {}), options)


if __name__ == "__main__":
    sys.exit(main())
