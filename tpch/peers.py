"""One engine in a process of its own, told what to run by lines of JSON: `python -P peers.py duckdb`.

Each engine has a small adapter class; the benchmark (measure.py) starts one process for each, so that memory is counted
per engine and no engine warms another's caches. This file imports nothing of the project: a peer that lives in another
environment (`--python spark=/other/bin/python`) runs it there.

    -> {"do": "open", "threads": 2, "tables": {"lineitem": ["/data/lineitem.parquet"], ...}, "settings": {}}
                                                               <- {"version": "1.4.0"}
    -> {"do": "load"}                                          <- {"seconds": 3.0}: tables are now held in memory
    -> {"do": "forget"}                                        <- {}: no compiled code is kept
    -> {"do": "run", "text": "select ...", "keep": null}       <- {"seconds": 0.1, "rows": 4, "planning": 0.01}

Whatever goes wrong is answered with {"error": "..."}. `keep` names an Arrow IPC file to write the answer to, after the
clock has stopped. End of input ends the process.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

Tables = dict[str, list[str]]
Settings = dict[str, str]


class Peer(Protocol):
    """An engine under test. Imports are inside, to load only the one asked for, after its thread count is set."""

    def open(self, tables: Tables, threads: int, settings: Settings) -> str:
        """Starts the engine on `tables` (name to Parquet files) with `threads` threads; gives its version."""

    def run(self, text: str) -> Any:
        """The answer to `text` as a pyarrow Table."""


class Forgets(Protocol):
    """An engine that keeps code it has compiled."""

    def forget(self) -> None:
        """Keeps none from now on."""


class Loads(Protocol):
    """An engine that can hold its tables in memory."""

    def load(self) -> None:
        """Reads all tables; statements read what is held from now on."""


class Flint:
    def open(self, tables: Tables, threads: int, settings: Settings) -> str:
        import engine

        self._tables = tables
        self._folder: TemporaryDirectory[str] | None = None  # of object code, see forget
        self._session = engine.Session(master=f"local[{threads}]", conf=settings)
        for table, files in tables.items():
            place = _place(files)
            name = place.replace("`", "``")
            self._session.sql(f"CREATE OR REPLACE TEMP VIEW {table} AS SELECT * FROM parquet.`{name}`")
        smallest = min(tables, key=lambda table: sum(Path(file).stat().st_size for file in tables[table]))
        self._session.sql(f"SELECT 1 FROM {smallest} LIMIT 1").toArrow()  # so that the executors have started
        return engine.__version__

    def load(self) -> None:
        for table in self._tables:
            self._session.sql(f"CACHE TABLE {table}")

    def forget(self) -> None:
        """Object code is kept by folder, in memory, too: an empty one begins anew."""
        self._folder = TemporaryDirectory(prefix="flint-objects-")
        self._session.conf.set("flint.compile.cache.directory", self._folder.name)

    def run(self, text: str) -> Any:
        frame = self._session.sql(text)
        table = frame.toArrow()
        seconds = frame.query.seconds
        self.planning = sum(spent for phase, spent in seconds.items() if phase != "execute")
        return table


class DuckDB:
    def open(self, tables: Tables, threads: int, settings: Settings) -> str:
        import duckdb

        self._tables = tables
        self._connection = duckdb.connect(config={"threads": threads} | settings)
        for table in tables:
            self._connection.execute(f"CREATE VIEW {table} AS SELECT * FROM {self._files(table)}")
        return str(duckdb.__version__)

    def load(self) -> None:
        for table in self._tables:
            self._connection.execute(f"DROP VIEW {table}")
            self._connection.execute(f"CREATE TABLE {table} AS SELECT * FROM {self._files(table)}")

    def run(self, text: str) -> Any:
        return self._connection.sql(text).to_arrow_table()

    def _files(self, table: str) -> str:
        names = ", ".join("'" + file.replace("'", "''") + "'" for file in self._tables[table])
        return f"read_parquet([{names}])"


class DataFusion:
    def open(self, tables: Tables, threads: int, settings: Settings) -> str:
        os.environ["TOKIO_WORKER_THREADS"] = str(threads)
        import datafusion

        conf = datafusion.SessionConfig(settings).with_target_partitions(threads)
        self._context = datafusion.SessionContext(conf)
        for table, files in tables.items():
            place = _place(files)
            self._context.register_parquet(table, place)
        return str(datafusion.__version__)

    def run(self, text: str) -> Any:
        return self._context.sql(text).to_arrow_table()


class Polars:
    """Through its SQL interface, which does not take every query: those are shown as failed."""

    def open(self, tables: Tables, threads: int, settings: Settings) -> str:
        os.environ.update(settings, POLARS_MAX_THREADS=str(threads))
        import polars

        self._frames = {table: polars.scan_parquet(files) for table, files in tables.items()}
        self._context = polars.SQLContext(self._frames)
        return str(polars.__version__)

    def load(self) -> None:
        import polars

        self._context = polars.SQLContext({table: frame.collect() for table, frame in self._frames.items()})

    def run(self, text: str) -> Any:
        return self._context.execute(text, eager=True).to_arrow()


class Spark:
    def open(self, tables: Tables, threads: int, settings: Settings) -> str:
        import pyspark
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master(f"local[{threads}]").config("spark.ui.enabled", "false")
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
        builder = builder.config("spark.driver.memory", "4g").config("spark.log.level", "ERROR")
        for name, value in settings.items():
            builder = builder.config(name, value)
        self._tables = tables
        self._session = builder.config("spark.sql.shuffle.partitions", str(threads * 2)).getOrCreate()
        for table, files in tables.items():
            self._session.read.parquet(*files).createOrReplaceTempView(table)
        return str(pyspark.__version__)

    def load(self) -> None:
        for table in self._tables:
            self._session.sql(f"CACHE TABLE {table}")

    def run(self, text: str) -> Any:
        return self._session.sql(text).toArrow()


PEERS: dict[str, type[Peer]] = {
    "flint": Flint,
    "duckdb": DuckDB,
    "polars": Polars,
    "datafusion": DataFusion,
    "spark": Spark,
}


def reply(peer: Peer, request: dict[str, Any]) -> dict[str, Any]:
    """Does one request. An error of the engine is an answer like any other: the benchmark shows it and goes on."""
    try:
        match request["do"]:
            case "open":
                return {"version": peer.open(request["tables"], request["threads"], request["settings"])}
            case "run":
                return _run(peer, request["text"], request["keep"])
            case "forget":
                if hasattr(peer, "forget"):
                    peer.forget()
                return {}
            case "load" if hasattr(peer, "load"):
                start = time.perf_counter()
                peer.load()
                return {"seconds": time.perf_counter() - start}
            case other:
                return {"error": f"{type(peer).__name__} does not {other}"}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def _run(peer: Peer, text: str, keep: str | None) -> dict[str, Any]:
    start = time.perf_counter()
    table = peer.run(text)
    seconds = time.perf_counter() - start
    if keep is not None:
        _write(table, keep)
    return {"seconds": seconds, "rows": table.num_rows, "planning": getattr(peer, "planning", None)}


def _place(files: list[str]) -> str:
    """One file, or the folder of several."""
    return files[0] if len(files) == 1 else str(Path(files[0]).parent)


def _write(table: Any, path: str) -> None:
    import pyarrow as pa

    with pa.ipc.new_file(path, table.schema) as file:
        file.write_table(table)


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what an engine prints (Spark does) must not mix with the answers
    peer = PEERS[sys.argv[1]]()
    for line in sys.stdin:
        print(json.dumps(reply(peer, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
