"""What DuckDB answers to the same query, where meanings agree (Queries with `agreeing`)."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from .lab import COMPILED, Lab, shown
from .pieces import Piece
from .queries import Queries
from .tables import TABLES


def make(random_: random.Random) -> Piece:
    """A query that means the same in DuckDB."""
    return Queries(random_, agreeing=True).query()[0]


def disagreement(lab: Lab, case: Piece, seed: int) -> str:
    """What Flint and DuckDB answer, if it is not the same rows; half of the time Flint runs compiled code."""
    text = str(case)
    try:
        expected = _normal(_opened(lab.folder).execute(in_duckdb(text)).fetchall())
    except duckdb.Error as error:
        return "" if "Out of Range" in str(error) else f"{text};\n-- DuckDB refuses it:\n{error}"
    try:
        answered = _normal(lab.rows(text, COMPILED["0"] if seed % 2 else {}))
    except Exception as error:
        return f"{text};\n-- Flint:\n{type(error).__name__}: {error}"
    if answered == expected:
        return ""
    return "\n".join([f"{text};", "-- Flint:", *map(str, answered[:20]), "-- DuckDB:", *map(str, expected[:20])])


def in_duckdb(text: str) -> str:
    """The query as DuckDB writes it."""
    text = re.sub(r"left (semi|anti) join", r"\1 join", text)
    return re.sub(r"(-?[\d.]+(?:e\d+)?)D\b", r"(\1::double)", text)


@cache
def _opened(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    for name in TABLES:
        connection.execute(f"create view {name} as select * from read_parquet('{folder}/{name}/*.parquet')")
    return connection


def _normal(rows: Iterable[Sequence[Any]]) -> list[tuple[str, ...]]:
    """Rows in an order of their own; numbers by value, since types differ, to nine digits."""
    return sorted(tuple(map(_by_value, row)) for row in rows)


def _by_value(value: Any) -> str:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        return f"{float(value):.9g}" if value else "0"
    return shown(value)
