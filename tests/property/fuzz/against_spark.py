"""Asks Spark the statements that `spark_statements.py` wrote, and prints where it answers otherwise than Flint did."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession


def answer(spark: SparkSession, text: str) -> tuple[str, list[list[str]]]:
    """The condition of the error, or rows as the other side writes them."""
    try:
        rows = spark.sql(text).collect()
    except PySparkException as error:
        return error.getCondition() or str(error)[:200], []
    except Py4JJavaError as error:
        return str(error.java_exception)[:200], []
    return "", sorted([_zero(repr(value)) for value in row] for row in rows)


def _zero(text: str) -> str:
    return "'0.0'" if text == "'-0.0'" else text


def main() -> None:
    folder = Path(sys.argv[1])
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.parquet.datetimeRebaseModeInRead", "CORRECTED")
        .config("spark.sql.parquet.int96RebaseModeInRead", "CORRECTED")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    for table in (folder / "tables").iterdir():
        spark.read.parquet(str(table)).createOrReplaceTempView(table.name)
    different = asked = 0
    for line in (folder / "statements.jsonl").read_text().splitlines():
        case = json.loads(line)
        error, rows = answer(spark, case["text"])
        own = sorted([_zero(value) for value in row] for row in case["rows"])
        asked += 1
        if (error, rows) != (case["error"], own):
            different += 1
            print(
                f"### seed {case['seed']}\n{case['text']};\n-- Flint: {case['error']} {[r for r in own if r not in rows][:4]}"
            )
            print(f"-- Spark: {error} {[r for r in rows if r not in own][:4]}\n", flush=True)
    print(f"{asked} statements, {different} different")


if __name__ == "__main__":
    main()
