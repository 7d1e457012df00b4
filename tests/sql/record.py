"""Asks real Spark what it answers to the statements of `*.slt` and writes that down: run by hand, never by the suite.

python tests/sql/record.py [subject ...]     in an environment that has pyspark, with Java 17
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.functions import col

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))
from golden.runner import Case, read, write  # noqa: E402 - the path is set here


def answer(spark: SparkSession, text: str) -> str:
    """Columns and rows as text, or the error's condition, in the form of tests/sql/test_sql.py."""
    try:
        frame = spark.sql(text)
        header = ", ".join(f"{f.name}: {f.dataType.simpleString()}" for f in frame.schema.fields)
        plain = frame.toDF(*[f"c{i}" for i in range(len(frame.columns))])
        rows = plain.select([col(name).cast("string") for name in plain.columns]).collect()
    except PySparkException as error:
        return f"[{error.getCondition() or _named(str(error))}]"
    except Py4JJavaError as error:  # what pyspark does not know as one of Spark's own
        return f"[{_named(str(error.java_exception))}]"
    lines = ["\t".join("NULL" if v is None else v.replace("\n", "\\n") for v in row) for row in rows]
    if not re.search(r"\border\s+by\b(?!.*\))", text, re.IGNORECASE | re.DOTALL):
        lines.sort()
    return "\n".join([header.replace("\n", "\\n"), *lines])


def _named(message: str) -> str:
    """The condition that a message begins with."""
    found = re.search(r"\[([A-Z_.0-9]+)\]", message)
    return found.group(1) if found else "UNKNOWN"


def main() -> None:
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    for statement in (FOLDER / "setup.sql").read_text().split(";\n"):
        if statement.strip():
            spark.sql(statement.strip().removesuffix(";"))
    for path in sorted(FOLDER.glob("*.slt")):
        if len(sys.argv) > 1 and path.stem not in sys.argv[1:]:
            continue
        _, cases = read(path)
        heading = f"Recorded from Spark {spark.version}, ANSI mode, time zone UTC.\n\n"
        write(path, heading, [Case(case.name, case.text, answer(spark, case.text)) for case in cases])


if __name__ == "__main__":
    main()
