"""`python -m tpch.record`: writes `answers/` from DuckDB, on the same files that the engine reads.

For one who changes a query or updates the generator; review the difference before committing it. tpchgen-cli gives the
same rows for the same scale factor on every machine, so a record holds wherever the files were made.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa

from tpch import params
from tpch.answer import FOLDER, VALIDATION, Answer, answer, rows_of, write_answers
from tpch.check import ORDER_BY, order_key
from tpch.load import TABLES, generator, load, table_path

SCALES = (0.01, 0.1, 1, 10)
SEEDS = (1, 2, 3)
SEEDED_UP_TO = 0.1  # random literals are recorded for the scales that tests run at


def connect(path: Path, threads: int = 2) -> object:
    """A DuckDB connection with the eight tables under `path` as views."""
    import duckdb  # a development dependency: only recording needs it

    connection = duckdb.connect(config={"threads": threads})
    for table in TABLES:
        place = table_path(path, table)
        files = str(place / "*.parquet" if place.is_dir() else place).replace("'", "''")
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{files}')")
    return connection


def run(connection: object, text: str) -> pa.Table:
    """What DuckDB answers to `text`, as an Arrow table."""
    return connection.sql(text).to_arrow_table()  # type: ignore[attr-defined]


def record(path: Path, scale: float, seed: int | None) -> dict[int, Answer]:
    """The answers of the 22 queries on the files under `path`. Raises ValueError where a query has several answers."""
    connection = connect(path)
    answers = {}
    for query in params.QUERIES:
        text = params.text(query, scale, seed)
        table = run(connection, text)
        _require_clear_cut(connection, query, text, table)
        answers[query] = answer(text, table)
    return answers


def _require_clear_cut(connection: object, query: int, text: str, table: pa.Table) -> None:
    """Raises ValueError if LIMIT cuts through rows that ORDER BY holds equal: any of them would be right."""
    limit = re.search(r"limit (\d+)\s*$", text)
    if limit is None or table.num_rows < int(limit.group(1)):
        return
    kept = int(limit.group(1))
    rows = rows_of(run(connection, f"{text[: limit.start()]}limit {kept + 1}"))
    if len(rows) > kept and order_key(rows[kept - 1], ORDER_BY[query]) == order_key(rows[kept], ORDER_BY[query]):
        raise ValueError(f"q{query:02}: rows {kept} and {kept + 1} tie; take another seed")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tpch.record", description=__doc__)
    parser.add_argument("--scale", type=float, action="append", help="a scale factor (default: 0.01, 0.1, 1 and 10)")
    parser.add_argument(
        "--data", type=Path, help="the folder that holds sf0.01, sf0.1, ... (default: the user's cache)"
    )
    options = parser.parse_args(arguments)
    import duckdb  # see connect

    version = subprocess.run([generator(), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    made_by = {"generator": version, "oracle": f"duckdb {duckdb.__version__}"}
    FOLDER.mkdir(exist_ok=True)
    for scale in options.scale or SCALES:
        path = load(scale, options.data)
        answers = {VALIDATION: record(path, scale, None)}
        for seed in SEEDS if scale <= SEEDED_UP_TO else ():
            answers[str(seed)] = record(path, scale, seed)
        print(write_answers(scale, made_by, answers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
