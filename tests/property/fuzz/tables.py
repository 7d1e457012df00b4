"""Five small tables of the same columns, 30 % nulls, in files of several row groups; t4 is empty, t5 has one row.

`KINDS` are the columns and what expressions call their types. Values are those that go wrong: extremes, NaN and -0.0, empty
text and text beyond the Basic Multilingual Plane, decimals of 38 digits, the first and last dates, nested values with nulls.
"""

from __future__ import annotations

import datetime
import math
import random
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

TABLES = {"t1": 30, "t2": 20, "t3": 45, "t4": 0, "t5": 1}
KINDS = {
    "i": "int", "k": "int", "l": "long", "x": "double", "m": "money", "w": "wide", "s": "string", "d": "date",
    "t": "timestamp", "n": "ntz", "p": "boolean", "a": "array", "u": "struct", "h": "map", "y": "binary",
}  # fmt: skip
AGREEING = ("i", "k", "x", "m", "s", "d", "p")
"""The columns whose types mean the same in DuckDB."""

_AT = datetime.datetime
_FIRST, _LAST = _AT(1, 1, 1), _AT(9999, 12, 31, 23, 59, 59, 999999)
_MOMENTS = [
    _FIRST,
    _LAST,
    _AT(1969, 12, 31, 23, 59, 59, 999999),
    _AT(1582, 10, 10),
    _AT(2024, 3, 10, 2, 30),
    _AT(2020, 1, 1),
]
_WIDEST = Decimal("9999999999999999999999999999.9999999999")
_VALUES: dict[str, tuple[pa.DataType, Sequence[Any]]] = {
    "i": (pa.int32(), [0, 1, -1, 2, 7, 2**31 - 1, -(2**31)]),
    "k": (pa.int32(), [0, 1, 2, 3]),
    "l": (pa.int64(), [0, 1, -1, 3, 2**63 - 1, -(2**63), 2**53 + 1]),
    "x": (pa.float64(), [0.0, -0.0, 1.5, -2.25, math.nan, math.inf, -math.inf, 1e300, 3.0]),
    "m": (pa.decimal128(10, 2), [Decimal("0.00"), Decimal("1.10"), Decimal("-99999999.99"), Decimal("12.34")]),
    "w": (
        pa.decimal128(38, 10),
        [Decimal("0E-10"), Decimal("1E-10"), _WIDEST, _WIDEST.copy_negate(), Decimal("7.5000000000")],
    ),
    "s": (pa.string(), ["", "a", "A", "ab", "zz", "ü", "日本", "𝄞", "a b", "%_", "12", " 7 ", "2020-01-01"]),
    "d": (pa.date32(), [each.date() for each in _MOMENTS] + [datetime.date(2000, 2, 29)]),
    "t": (pa.timestamp("us", "UTC"), [each.replace(tzinfo=datetime.UTC) for each in _MOMENTS]),
    "n": (pa.timestamp("us"), _MOMENTS),
    "p": (pa.bool_(), [True, False]),
    "a": (pa.list_(pa.int32()), [[], [1], [None], [2, None, 1], [1, 1], [2**31 - 1]]),
    "u": (
        pa.struct([("f", pa.int32()), ("g", pa.string())]),
        [{"f": 1, "g": "a"}, {"f": None, "g": ""}, {"f": 0, "g": None}, {"f": 1, "g": "𝄞"}],
    ),
    "h": (pa.map_(pa.string(), pa.int32()), [[], [("a", 1)], [("a", None), ("b", 2)], [("", 0)]]),
    "y": (pa.binary(), [b"", b"\x00\xff", b"a"]),
}


def write_tables(folder: Path, seed: int = 0) -> None:
    """Each table as a folder of up to three Parquet files with row groups of 7 rows."""
    chosen = random.Random(seed)
    for name, rows in TABLES.items():
        columns = {
            column: pa.array([None if chosen.random() < 0.3 else chosen.choice(values) for _ in range(rows)], kind)
            for column, (kind, values) in _VALUES.items()
        }
        table = pa.table(columns)
        (folder / name).mkdir()
        step = max(1, -(-rows // 3))
        for number, start in enumerate(range(0, max(rows, 1), step)):
            pq.write_table(table.slice(start, step), folder / name / f"{number}.parquet", row_group_size=7)
