"""Asks real Spark what it answers to the statements of `*.slt` and writes that down: run by hand, never by the suite.

python tests/sql/record.py [subject ...]     in an environment that has pyspark, with Java 17
python tests/sql/record.py matrix            records `casts.matrix` and `coercion.matrix` (see matrix.py)

The heading of each file says which Spark, which JDK and which settings answered.
"""

from __future__ import annotations

import logging
import re
import sys
import tempfile
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col

FOLDER = Path(__file__).parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]
import matrix  # noqa: E402 - the path is set here
from golden.runner import Case, read, write  # noqa: E402

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.timeType.enabled": "true",
}


def answer(spark: SparkSession, text: str) -> str:
    """Columns and rows as text, or the error's condition, in the form of tests/sql/test_sql.py."""
    try:
        frame = spark.sql(text)
        if not frame.columns:
            return "done"
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


class Spark:
    """Spark as the matrix asks it."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark

    def _analyzed(self, statement: str, ansi: bool) -> DataFrame:
        self.spark.conf.set("spark.sql.ansi.enabled", str(ansi).lower())
        return self.spark.sql(statement)

    def analyze(self, statement: str, ansi: bool) -> list[str] | str:
        """The types of the columns, or the error."""
        try:
            fields = self._analyzed(statement, ansi).schema.fields
        except PySparkException as error:
            return _failure(error)
        return [f.dataType.simpleString() + ("" if f.nullable else "!") for f in fields]

    def evaluate(self, statement: str, ansi: bool) -> list[str]:
        """Each column's value, or the error that it raises: by Spark's interpreted expressions, one by one."""
        columns = self._analyzed(statement, ansi)._jdf.queryExecution().analyzed().projectList()
        cells = []
        for place in range(columns.size()):
            try:
                value = columns.apply(place).child().eval(None)
                cells.append(matrix.cell(None if value is None else str(value)))
            except (PySparkException, Py4JJavaError) as error:
                cells.append(_failure(error))
        return cells

    def run(self, statement: str, ansi: bool) -> list[str]:
        """The row of a statement, by Spark's generated code."""
        return [matrix.cell(value) for value in self._analyzed(statement, ansi).collect()[0]]


def _failure(error: PySparkException | Py4JJavaError) -> str:
    if isinstance(error, Py4JJavaError):
        return matrix.failure(_named(str(error.java_exception)), {})
    return matrix.failure(error.getCondition() or _named(str(error)), error.getMessageParameters() or {})


def heading(spark: SparkSession, settings: dict[str, str]) -> str:
    """Which Spark answered, on which JDK, under which settings."""
    java = spark.sparkContext._jvm.java.lang.System.getProperty("java.version")
    shown = ", ".join(f"{name}={value}" for name, value in settings.items())
    return f"Recorded from Spark {spark.version} on Java {java}: {shown}."


def record_matrix(spark: SparkSession) -> None:
    """Asks for both matrices. Takes some minutes."""
    settings = {"spark.sql.session.timeZone": matrix.ZONE}
    spark.conf.set("spark.sql.session.timeZone", matrix.ZONE)
    # else Spark computes with the rows of VALUES while planning
    spark.conf.set(
        "spark.sql.optimizer.excludedRules", "org.apache.spark.sql.catalyst.optimizer.ConvertToLocalRelation"
    )
    said = heading(spark, settings)
    asked = Spark(spark)
    matrix.write(FOLDER / "casts.matrix", said, matrix.table_of_casts(asked, print), casts=True)
    matrix.write(FOLDER / "coercion.matrix", said, matrix.table_of_coercion(asked, print), casts=False)


def main() -> None:
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    builder = builder.config("spark.sql.warehouse.dir", tempfile.mkdtemp())  # the system removes what is left there
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    logging.getLogger("SQLQueryContextLogger").disabled = True  # errors are answers here
    if sys.argv[1:] == ["matrix"]:
        record_matrix(spark)
        return
    for statement in (FOLDER / "setup.sql").read_text().split(";\n"):
        if statement.strip():
            spark.sql(statement.strip().removesuffix(";"))
    for path in sorted(FOLDER.glob("*.slt")):
        if len(sys.argv) > 1 and path.stem not in sys.argv[1:]:
            continue
        _, cases = read(path)
        write(
            path,
            heading(spark, SETTINGS) + "\n\n",
            [Case(case.name, case.text, answer(spark, case.text)) for case in cases],
        )


if __name__ == "__main__":
    main()
