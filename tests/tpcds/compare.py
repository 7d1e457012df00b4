"""TPC-DS beside DuckDB or Spark: the 99 queries as DuckDB's extension gives them, on the same files. Run by hand.

    pip install -e . duckdb-extension-tpcds        in an environment of its own: the extension pins DuckDB
    python tests/tpcds/compare.py --scale 0.1 [--executors 2] [--check] [query ...]
    python tests/tpcds/compare.py --scale 1 --peer spark        with pyspark and Java 17

Rows are compared as sets. Beside DuckDB numbers agree to a relative 1e-6 (averages of decimals are decimals here and doubles
there); beside Spark doubles agree to 1e-9 and everything else, with the types of the columns, exactly.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_tpcds

from engine import Session
from engine.errors import FlintError

Rows = list[tuple[Any, ...]]
Peer = Callable[
    [str], tuple[list[str], Rows]
]  # the types of the columns (none where they are not compared) and the rows
RELATIVE = {"duckdb": 1e-6, "spark": 1e-9}


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


def beside_duckdb(folder: Path) -> Peer:
    """DuckDB over the files of `folder`."""
    database = duckdb.connect()
    for path in sorted(folder.glob("*.parquet")):
        database.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM '{path}'")
    return lambda text: ([], database.execute(text).fetchall())


def beside_spark(folder: Path) -> Peer:
    """Spark over the files of `folder`; the texts have names in double quotes, which is a setting of its."""
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    conf = {
        "spark.sql.ansi.doubleQuotedIdentifiers": "true",
        "spark.sql.shuffle.partitions": "4",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "6g",
    }
    builder = SparkSession.builder.master("local[2]")
    for key, value in conf.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    for path in sorted(folder.glob("*.parquet")):
        spark.read.parquet(str(path)).createOrReplaceTempView(path.stem)

    def answer(text: str) -> tuple[list[str], Rows]:
        try:
            frame = spark.sql(text)
            return [kind for _, kind in frame.dtypes], [tuple(row) for row in frame.collect()]
        except PySparkException as error:
            return [], [("refused", str(error).splitlines()[0])]

    return answer


PEERS = {"duckdb": beside_duckdb, "spark": beside_spark}


def plain(value: Any, exact: bool) -> Any:
    """A value in a form that both engines' values share; decimals stay what they are where they are compared exactly."""
    match value:
        case bool() | int() | float():
            return float(value)
        case Decimal():
            return value if exact else float(value)
        case datetime.date():
            return str(value)
    return value


def order(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A key that sorts rows alike whatever the last digits of their numbers are."""
    return tuple((v is None, type(v).__name__, round(v, 1) if isinstance(v, float) else v) for v in row)


def close(one: Any, other: Any, relative: float) -> bool:
    """Whether two values are equal, floating-point numbers nearly."""
    if isinstance(one, float) and isinstance(other, float):
        return (
            one == other
            or abs(one - other) <= relative * max(1.0, abs(one), abs(other))
            or (one != one and other != other)
        )
    return bool(one == other)


def compare(session: Session, peer: Peer, name: str, text: str) -> str:
    """ "" where both answer alike, else what differs."""
    try:
        frame = session.sql(text)
        rows = frame.collect()
    except FlintError as error:
        return str(error).splitlines()[0]
    types, answered = peer(text)
    if types and types != [kind for _, kind in frame.dtypes]:
        return f"types {frame.dtypes} where {name} has {types}"
    exact = name == "spark"
    mine, theirs = (
        sorted((tuple(plain(v, exact) for v in row) for row in each), key=order) for each in (rows, answered)
    )
    if len(mine) != len(theirs):
        return f"{len(mine)} rows, {name} has {len(theirs)}"
    for one, other in zip(mine, theirs, strict=True):
        if len(one) != len(other) or not all(close(a, b, RELATIVE[name]) for a, b in zip(one, other, strict=True)):
            return f"{one} where {name} has {other}"
    return ""


def outcomes(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, str, float]]:
    """Each query with what differs and the time both engines took together."""
    conf = {"spark.executor.instances": options.executors, "flint.optimizer.check": options.check}
    peer = PEERS[options.peer](folder)
    with Session("local[2]", conf) as session:
        for path in sorted(folder.glob("*.parquet")):
            session.sql(f"CREATE TEMPORARY VIEW {path.stem} AS SELECT * FROM parquet.`{path}`")
        for path in sorted((folder / "queries").glob("*.sql")):
            if not options.queries or path.stem.lstrip("0") in options.queries:
                began = time.perf_counter()
                yield path.stem, compare(session, peer, options.peer, path.read_text()), time.perf_counter() - began


def main() -> int:
    """Exit code 0 where all queries agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "flint-tpcds")
    parser.add_argument("--peer", choices=sorted(PEERS), default="duckdb")
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
        if difference or seconds > 60:
            print(f"{query}: {difference or f'{seconds:.1f} s'}"[:400], flush=True)
    print(f"{total - wrong} of {total} like {options.peer}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
