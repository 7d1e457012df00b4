"""TPC-H timings: Flint beside other engines, on the same files, interleaved in one run.

Wall time runs from the text to an Arrow table, planning included, two threads each, files in the page cache. The first
run has the validation literals; each later one has random literals of its own. Answers are checked: against the record
where there is one, else against DuckDB's of the same round.

    python -m tpch.bench --scale 1 [--mode warm|first|cached] [--object-cache warm|empty] [--engines flint,duckdb,polars]
        [--queries 1,6] [--reps 3] [--markdown out.md] [--json out.json] [--smaller sf1.json] [--python spark=/path/python]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from tpch import params
from tpch.answer import Answer, NoAnswer, answer, recorded_answer
from tpch.check import differences
from tpch.load import TABLES, GenerateError, load, table_path
from tpch.options import add_options, benchmark

LAST_PLACE = 1  # DataFusion cuts off the decimals that Spark rounds: no reason to leave its time out


class TpchWorkload:
    """`queries` at `scale` over the files under `path`. Later rounds draw their literals from `seed` on."""

    def __init__(self, path: Path, scale: float, queries: Sequence[int], seed: int = 0) -> None:
        self.title = f"TPC-H at scale {scale:g}"
        self.tables = {table: _files(path, table) for table in TABLES}
        self.statements = [f"q{query:02}" for query in queries]
        self._scale = scale
        self._seed = seed

    def text(self, name: str, number: int, peer: str) -> str:  # noqa: ARG002 - TPC-H reads the same everywhere
        return params.text(int(name[1:]), self._scale, self._seed + number if number else None)

    def checks(self, number: int) -> bool:  # noqa: ARG002 - answers are small, and literals differ
        return True

    def wrong(self, name: str, number: int, answer: pa.Table, reference: pa.Table | None) -> str | None:
        expected = self._expected(name, number, reference)
        if expected is None:
            return None
        found = differences(int(name[1:]), expected, answer, LAST_PLACE)
        return found[0] if found else ""

    def _expected(self, name: str, number: int, reference: pa.Table | None) -> Answer | None:
        if not number:
            try:
                return recorded_answer(int(name[1:]), self._scale)
            except NoAnswer:
                pass  # no record at this scale: the other engine's answer has to do
        return None if reference is None else answer(self.text(name, number, ""), reference)


def _files(path: Path, table: str) -> list[str]:
    place = table_path(path, table).resolve()
    return sorted(map(str, place.glob("*.parquet"))) if place.is_dir() else [str(place)]


def _queries(text: str) -> list[int]:
    queries = [int(part) for part in text.split(",")]
    if not set(queries) <= set(params.QUERIES):
        raise argparse.ArgumentTypeError("queries are 1 to 22")
    return queries


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tpch.bench", description="Time TPC-H on Flint and other engines.")
    made.add_argument("--scale", type=float, default=1, help="scale factor (default 1)")
    made.add_argument("--queries", type=_queries, default=list(params.QUERIES), help="for example 1,6 (default: all)")
    made.add_argument("--seed", type=int, default=0, help="where random literals begin (default 0)")
    made.add_argument("--data", type=Path, help="the folder that holds sf0.1, sf1, ... (default: the user's cache)")
    add_options(made)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: measured; 1: Flint failed or was wrong; 2: nothing to measure."""
    options = parser().parse_args(arguments)
    try:
        path = load(options.scale, options.data)
    except GenerateError as error:
        print(f"tpch.bench: {error}", file=sys.stderr)
        return 2
    return benchmark(TpchWorkload(path, options.scale, options.queries, options.seed), options)


if __name__ == "__main__":
    sys.exit(main())
