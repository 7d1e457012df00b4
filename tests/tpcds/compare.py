"""TPC-DS beside DuckDB: the 99 queries as DuckDB's extension gives them, on the same files, answers compared. Run by hand.

    pip install -e . duckdb-extension-tpcds        in an environment of its own: the extension pins DuckDB
    python tests/tpcds/compare.py --scale 0.1 [--executors 2] [--check] [query ...]

Rows are compared as sets, doubles to a relative 1e-6 (averages of decimals are decimals here and doubles in DuckDB).
"""

from __future__ import annotations

import argparse
import datetime
import sys
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_tpcds

from engine import Session
from engine.errors import FlintError

RELATIVE = 1e-6


def generate(scale: float, folder: Path) -> None:
    """Writes a Parquet file a table and the texts of the queries, unless they are there."""
    if (folder / "queries").is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    extension = next(Path(duckdb_extension_tpcds.__file__).parent.rglob("*.duckdb_extension"))
    with duckdb.connect(config={"allow_unsigned_extensions": True}) as database:
        database.execute(f"LOAD '{extension}'")
        database.execute(f"CALL dsdgen(sf={scale})")
        for (table,) in database.execute("SELECT table_name FROM information_schema.tables").fetchall():
            database.execute(f"COPY {table} TO '{folder / table}.parquet' (FORMAT parquet)")
        queries = database.execute("SELECT query_nr, query FROM tpcds_queries()").fetchall()
    (folder / "queries").mkdir()
    for number, text in queries:
        (folder / "queries" / f"{number:02}.sql").write_text(text.strip().rstrip(";"))


def plain(value: Any) -> Any:
    """A value in a form that both engines' values share."""
    match value:
        case bool() | int() | float() | Decimal():
            return float(value)
        case datetime.date():
            return str(value)
    return value


def order(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A key that sorts rows alike whatever the last digits of their numbers are."""
    return tuple((v is None, type(v).__name__, round(v, 1) if isinstance(v, float) else v) for v in row)


def close(one: Any, other: Any) -> bool:
    """Whether two values are equal, numbers nearly."""
    if isinstance(one, float) and isinstance(other, float):
        return (
            one == other
            or abs(one - other) <= RELATIVE * max(1.0, abs(one), abs(other))
            or (one != one and other != other)
        )
    return bool(one == other)


def compare(session: Session, database: duckdb.DuckDBPyConnection, text: str) -> str:
    """ "" where both answer alike, else what differs."""
    try:
        mine = sorted((tuple(map(plain, row)) for row in session.sql(text).collect()), key=order)
    except FlintError as error:
        return str(error).splitlines()[0]
    theirs = sorted((tuple(map(plain, row)) for row in database.execute(text).fetchall()), key=order)
    if len(mine) != len(theirs):
        return f"{len(mine)} rows, DuckDB has {len(theirs)}"
    for one, other in zip(mine, theirs, strict=True):
        if len(one) != len(other) or not all(map(close, one, other)):
            return f"{one} where DuckDB has {other}"
    return ""


def outcomes(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, str, float]]:
    """Each query with what differs and the time both engines took together."""
    conf = {"spark.executor.instances": options.executors, "flint.optimizer.check": options.check}
    with Session("local[2]", conf) as session, duckdb.connect() as database:
        for path in sorted(folder.glob("*.parquet")):
            session.sql(f"CREATE TEMPORARY VIEW {path.stem} AS SELECT * FROM parquet.`{path}`")
            database.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM '{path}'")
        for path in sorted((folder / "queries").glob("*.sql")):
            if not options.queries or path.stem.lstrip("0") in options.queries:
                began = time.perf_counter()
                yield path.stem, compare(session, database, path.read_text()), time.perf_counter() - began


def main() -> int:
    """Exit code 0 where all queries agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "flint-tpcds")
    parser.add_argument("--executors", type=int, default=1)
    parser.add_argument("--check", action="store_true", help="check every plan after every optimizer rule")
    parser.add_argument("queries", nargs="*", help="numbers of queries; all if none is given")
    options = parser.parse_args()
    folder = options.data / f"sf{options.scale:g}"
    generate(options.scale, folder)
    total = wrong = 0
    for query, difference, seconds in outcomes(options, folder):
        total += 1
        wrong += bool(difference)
        if difference or seconds > 10:
            print(f"{query}: {difference or f'{seconds:.1f} s'}"[:400], flush=True)
    print(f"{total - wrong} of {total} like DuckDB")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
