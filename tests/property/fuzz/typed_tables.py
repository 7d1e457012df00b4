"""Tables with a column of every fixed-width type, decimals of many precisions and texts: what compiled code must tell apart.

A type has two columns: one of small values, which can be calculated with, and one with its extremes (`x` behind the name).
w1 has some nulls, w2 none, w3 mostly nulls and few values; w4 is empty. Files differ in how Parquet holds them: with
dictionaries or without, in row groups of different sizes, with old and new pages.
"""

from __future__ import annotations

import datetime
import math
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = {"w1": 150, "w2": 170, "w3": 130, "w4": 0}
NULLS = {"w1": 0.2, "w2": 0.0, "w3": 0.8, "w4": 0.0}
DECIMALS = {"d4": (4, 1), "d9": (9, 2), "d15": (15, 2), "d18": (18, 4), "d20": (20, 0), "d38": (38, 10), "dd": (38, 38)}
WHOLES = {"b8": 8, "i16": 16, "i32": 32, "i64": 64}
FLOATS = ("f32", "f64")
NUMBERS = (*WHOLES, *FLOATS, *DECIMALS)
OTHERS = ("s", "dt", "ts", "nt")
SQL_TYPES = {
    "b8": "tinyint", "i16": "smallint", "i32": "int", "i64": "bigint", "f32": "float", "f64": "double", "s": "string",
    "dt": "date", "ts": "timestamp", "nt": "timestamp_ntz", "p": "boolean",
    **{name: f"decimal({precision},{scale})" for name, (precision, scale) in DECIMALS.items()},
}  # fmt: skip
_WHOLE_TYPES = {"b8": pa.int8(), "i16": pa.int16(), "i32": pa.int32(), "i64": pa.int64()}
_MOMENT = datetime.datetime
_EXTREME_MOMENTS = (
    _MOMENT(1, 1, 1),
    _MOMENT(9999, 12, 31, 23, 59, 59, 999999),
    _MOMENT(1969, 12, 31, 23, 59, 59, 999999),
)

Draw = Callable[[random.Random], Any]


def columns() -> dict[str, tuple[pa.DataType, Draw]]:
    """Arrow type and a draw of a value, by column."""
    found: dict[str, tuple[pa.DataType, Draw]] = {"p": (pa.bool_(), lambda r: r.random() < 0.5)}
    for name, bits in WHOLES.items():
        edges = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1, 0, -1, 1, 2 ** (bits // 2))
        found[name] = (_WHOLE_TYPES[name], lambda r: r.randint(-4, 9))
        found[name + "x"] = (_WHOLE_TYPES[name], lambda r, edges=edges: r.choice(edges))
    for name in FLOATS:
        kind = pa.float32() if name == "f32" else pa.float64()
        edges = (0.0, -0.0, math.nan, math.inf, -math.inf, 3.0e38 if name == "f32" else 1e300, 1e-40, 0.1, 2.5)
        found[name] = (kind, lambda r: r.randint(-20, 40) / 4)
        found[name + "x"] = (kind, lambda r, edges=edges: r.choice(edges))
    for name, (precision, scale) in DECIMALS.items():
        most = Decimal((0, (9,) * precision, -scale))  # exact: calculating rounds to 28 digits
        edges = (most, most.copy_negate(), Decimal(1).scaleb(-scale), Decimal(0), Decimal(-5).scaleb(-scale))
        kind = pa.decimal128(precision, scale)
        found[name] = (kind, lambda r, scale=scale: _half(r.randint(-8, 18), scale))
        found[name + "x"] = (kind, lambda r, edges=edges: r.choice(edges))
    return found | _texts() | _times()


def _half(number: int, scale: int) -> Decimal:
    """Half of a number where there is room for it, in the fraction where there is only that."""
    return Decimal(number) / (2 if 0 < scale < 38 else 1 if scale == 0 else 100)


def _texts() -> dict[str, tuple[pa.DataType, Draw]]:
    few = ("", "a", "ab", "B", "zz", "ü")
    many = ("", "a", " ", "A%_b", "日本", "𝄞𝄞", "x" * 300, "12", "-7.5", "2020-02-29", "ß", "ı", "a\0b", "ab")
    return {
        "s": (pa.string(), lambda r: r.choice(few)),
        "sx": (pa.string(), lambda r: r.choice(many) + (str(r.randint(0, 50)) if r.random() < 0.4 else "")),
    }


def _times() -> dict[str, tuple[pa.DataType, Draw]]:
    def day(r: random.Random) -> datetime.date:
        return datetime.date(1996, 1, 1) + datetime.timedelta(r.randint(-40, 90))

    def moment(r: random.Random) -> datetime.datetime:
        return _MOMENT(1996, 2, 27) + datetime.timedelta(hours=r.randint(-60, 90), microseconds=r.randint(0, 3))

    def at(draw: Draw) -> Draw:
        return lambda r: draw(r).replace(tzinfo=datetime.UTC)

    def extreme(r: random.Random) -> datetime.datetime:
        return r.choice(_EXTREME_MOMENTS)

    zoned, plain = pa.timestamp("us", "UTC"), pa.timestamp("us")
    return {
        "dt": (pa.date32(), day),
        "dtx": (pa.date32(), lambda r: extreme(r).date()),
        "ts": (zoned, at(moment)),
        "tsx": (zoned, at(extreme)),
        "nt": (plain, moment),
        "ntx": (plain, extreme),
    }


COLUMNS = columns()


def write_typed_tables(folder: Path, seed: int = 0) -> None:
    """Each table as a folder of two files."""
    chosen = random.Random(seed)
    for name, rows in ROWS.items():
        drawn = {
            column: _array(chosen, kind, draw, rows, NULLS[name], few=name == "w3")
            for column, (kind, draw) in COLUMNS.items()
        }
        table = pa.table(drawn)
        (folder / name).mkdir()
        half = rows // 2
        pq.write_table(table.slice(0, half), folder / name / "0.parquet", row_group_size=40)
        pq.write_table(
            table.slice(half), folder / name / "1.parquet", row_group_size=33, use_dictionary=False,
            data_page_version="2.0", store_decimal_as_integer=True,
        )  # fmt: skip


def _array(chosen: random.Random, kind: pa.DataType, draw: Draw, rows: int, nulls: float, few: bool) -> pa.Array:
    pool: Sequence[Any] = [draw(chosen) for _ in range(3 if few else max(rows, 1))]
    return pa.array([None if chosen.random() < nulls else chosen.choice(pool) for _ in range(rows)], kind)
