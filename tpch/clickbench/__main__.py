"""ClickBench's 43 statements on generated rows, Flint beside other engines in one run.

    python -m tpch.clickbench [--rows 1e6] [--queries 29,30] [--mode warm|first|cached] [--engines flint,duckdb] ...

Options as in tpch.bench. Answers are compared with DuckDB's.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tpch.clickbench.data import load
from tpch.clickbench.statements import dialects, statements
from tpch.load import default_folder
from tpch.options import add_options, benchmark
from tpch.statement import StatementWorkload


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tpch.clickbench", description="Time ClickBench's statements.")
    made.add_argument("--rows", type=float, default=1e6, help="rows of the table (default 1e6)")
    made.add_argument("--queries", type=lambda text: text.split(","), help="for example 29,30 (default: all)")
    made.add_argument("--data", type=Path, help="the folder of the generated file (default: the user's cache)")
    add_options(made)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: measured; 1: Flint failed or was wrong; 2: nothing to measure."""
    options = parser().parse_args(arguments)
    rows = int(options.rows)
    file = load(rows, options.data or default_folder().parent / "clickbench")
    asked = [s for s in statements(rows) if not options.queries or s.name[1:].lstrip("0") in options.queries]
    title = f"ClickBench, {rows:,} generated rows"
    return benchmark(StatementWorkload(title, {"hits": [str(file)]}, asked, dialects(asked)), options)


if __name__ == "__main__":
    sys.exit(main())
