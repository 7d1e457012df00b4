"""The text of df.show(), as Spark 4 prints it."""

from __future__ import annotations

import pyarrow as pa

from engine.dataframe.show import show_string
from engine.types import DOUBLE, LONG, STRING, StructField, StructType

TYPES = StructType((StructField("id", LONG), StructField("name", STRING), StructField("x", DOUBLE)))
TABLE = pa.table(
    {"id": pa.array([1, 2, 3]), "name": ["Ada", None, "a very long name of 31 chars.."], "x": [1e10, 0.5, None]}
)


def test_box() -> None:
    assert show_string(TABLE, TYPES) == (
        "+---+--------------------+------+\n"
        "| id|                name|     x|\n"
        "+---+--------------------+------+\n"
        "|  1|                 Ada|1.0E10|\n"
        "|  2|                NULL|   0.5|\n"
        "|  3|a very long name ...|  NULL|\n"
        "+---+--------------------+------+\n"
    )


def test_without_truncation_cells_stand_left() -> None:
    assert show_string(TABLE, TYPES, 2, truncate=False) == (
        "+---+----+------+\n"
        "|id |name|x     |\n"
        "+---+----+------+\n"
        "|1  |Ada |1.0E10|\n"
        "|2  |NULL|0.5   |\n"
        "+---+----+------+\n"
        "only showing top 2 rows\n"
    )


def test_short_limits_have_no_dots_and_one_row_is_singular() -> None:
    assert show_string(TABLE.slice(2), TYPES, truncate=3).splitlines()[3] == "|  3| a v|NUL|"
    assert show_string(TABLE, TYPES, 1).splitlines()[-1] == "only showing top 1 row"


def test_vertical() -> None:
    assert show_string(TABLE, TYPES, 1, vertical=True) == (
        "-RECORD 0------\n id   | 1      \n name | Ada    \n x    | 1.0E10 \nonly showing top 1 row\n"
    )
    assert show_string(TABLE.slice(0, 0), TYPES, vertical=True) == "(0 rows)\n"


def test_empty_results_and_no_columns() -> None:
    assert show_string(TABLE.slice(0, 0), TYPES) == "+---+----+---+\n| id|name|  x|\n+---+----+---+\n+---+----+---+\n"
    assert show_string(pa.table({}), StructType()) == "++\n||\n++\n++\n"


def test_control_characters_and_wide_characters() -> None:
    table = pa.table({"s": ["a\nb\tc", "日本"]})
    assert show_string(table, StructType((StructField("s", STRING),))) == (
        "+-------+\n|      s|\n+-------+\n|a\\nb\\tc|\n|   日本|\n+-------+\n"
    )


def test_more_than_one_chunk() -> None:
    table = pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1, 1)])
    assert show_string(table, TYPES).count("\n") == 6
