"""Runs the files of Spark's own SQL test suite (SQLQueryTestSuite) and says what share agrees: by hand, never in CI.

python tests/sql/suite.py FOLDER [file ...] [--show N] [--detail]

FOLDER holds `inputs/` and `results/` of a checkout of Spark (sql/core/src/test/resources/sql-tests) and, for the tables
`onek`, `tenk1` and `aggtest`, `data/` with the files of test-data/postgresql. A statement agrees if the names and types of its
columns and its rows do, or the condition of its error. `--detail` also compares the parameters and the place of errors;
`--show` prints the first N statements of each file that do not agree.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from engine import Session
from engine.errors import FlintError
from engine.types.binary_text import binary_writer
from engine.types.cells import Style, texts, zone_of

TIME_ZONE = "America/Los_Angeles"
LEFT_OUT = ("udf/", "udaf/", "udtf/", "explain")  # they register functions of Python and Scala, or print Spark's plans
WISCONSIN = (
    "unique1 INT, unique2 INT, two INT, four INT, ten INT, twenty INT, hundred INT, thousand INT, twothousand INT, "
    "fivethous INT, tenthous INT, odd INT, even INT, stringu1 STRING, stringu2 STRING, string4 STRING"
)
TABLES = {
    "aggtest": ("agg.data", "a INT, b FLOAT"),
    "onek": ("onek.data", WISCONSIN),
    "tenk1": ("tenk.data", WISCONSIN),
}
SMALL = """
CREATE TABLE testdata AS SELECT CAST(id AS INT) AS key, CAST(id AS STRING) AS value FROM range(1, 101);
CREATE TABLE arraydata AS SELECT * FROM VALUES (array(1, 2, 3), array(array(1, 2, 3))),
 (array(2, 3, 4), array(array(2, 3, 4))) AS t(arraycol, nestedarraycol);
CREATE TABLE mapdata AS SELECT
 map(1, 'a' || id, 2, 'b' || id, 3, 'c' || id, 4, 'd' || id, 5, 'e' || id) AS mapcol
 FROM range(1, 6)
"""


@dataclass(frozen=True)
class Case:
    """A statement with what Spark answered: the type of a row as text, and the rows or the error."""

    text: str
    schema: str
    output: str


def cases(path: Path) -> list[Case]:
    """The statements of a file of results."""
    found = re.findall(
        r"^-- !query\n(.*?)\n-- !query schema\n(.*?)\n-- !query output\n(.*?)(?=\n+-- !query\n|\Z)",
        path.read_text(),
        re.DOTALL | re.MULTILINE,
    )
    return [Case(text, schema, output.rstrip("\n")) for text, schema, output in found]


def settings(path: Path, inputs: Path) -> dict[str, str]:
    """What a file of inputs sets for itself and for those that import it."""
    conf = {"spark.sql.session.timeZone": TIME_ZONE}
    name = path.relative_to(inputs).as_posix()
    if name.startswith("nonansi/"):
        conf["spark.sql.ansi.enabled"] = "false"
    if name.startswith("postgreSQL/"):
        conf["spark.sql.legacy.interval.enabled"] = "true"
    if name.startswith("timestampNTZ/"):
        conf["spark.sql.timestampType"] = "TIMESTAMP_NTZ"
    if not path.exists():
        return conf
    for line in path.read_text().splitlines():
        if line.startswith("--SET "):
            for pair in line.removeprefix("--SET ").split(","):
                key, _, value = pair.partition("=")
                conf[key.strip()] = value.strip()
    return conf


def _lines(text: str) -> str:
    """The recorded files hold a line end where Spark said \\r."""
    return text.replace("\r", "\n")


def answer(session: Session, text: str) -> Case | FlintError:
    """What the engine says."""
    try:
        frame = session.sql(text)
        if not frame.columns:
            return Case(text, "struct<>", "")
        schema = frame.schema
        zone = zone_of(session.conf.get("spark.sql.session.timeZone"))
        binary = binary_writer(session.conf.get("spark.sql.binaryOutputStyle"), "UTF-8")
        style = Style(zone=zone, null="null", hive=True, binary=binary)
        lines: list[str] = []
        for batch in frame.toBatches():
            columns = [texts(c, f.dataType, style) for c, f in zip(batch.columns, schema.fields, strict=True)]
            lines += ["\t".join("NULL" if cell is None else cell for cell in row) for row in zip(*columns, strict=True)]
        return Case(text, _lines(schema.simpleString()), _lines("\n".join(in_words_of_hive(text, lines))))
    except FlintError as error:
        return error


def in_words_of_hive(text: str, lines: list[str]) -> list[str]:
    """The rows of statements that Hive prints in a way of its own: DESCRIBE in columns, SHOW TABLES and VIEWS as names."""
    if re.match(r"\s*desc(ribe)?\b", text, re.IGNORECASE):
        cells = [line.split("\t") for line in lines]
        if all(len(row) == 3 for row in cells):
            return ["\t".join(f"{'' if n == 2 and c == 'NULL' else c:20}" for n, c in enumerate(row)) for row in cells]
    if re.match(r"\s*show\s+(tables|views)\b", text, re.IGNORECASE):
        return [line.split("\t")[1] for line in lines]
    return lines


def without_places(output: str, warehouse: str) -> str:
    """An answer without times and the names of folders, as Spark's suite compares them."""
    out = "[not included in comparison]"
    output = re.sub(rf"Location.*{re.escape(warehouse)}/", f"Location {out}/{{warehouse_dir}}/", output)
    output = re.sub(rf"file:[^\s,]*{re.escape(warehouse)}", f"file:{out}/{{warehouse_dir}}", output)
    for name in ("Created By", "Created Time", "Last Access"):
        output = re.sub(rf"{name}.*", f"{name} {out}", output)
        key = name.lower().replace(" ", "_")
        output = re.sub(rf'"{key}":"[^"]*"', f'"{key} {out}":"None"', output)
    return re.sub(r"Partition Statistics\t\d+", f"Partition Statistics\t{out}", output)


def sorted_rows(output: str) -> str:
    """Rows as a sorted text; Spark sorts those of a query without ORDER BY."""
    return "\n".join(sorted(line.strip() for line in output.strip("\n").split("\n")))


def verdict(case: Case, given: Case | FlintError, detail: bool) -> str:
    """'' if they agree, else what differs."""
    if isinstance(given, FlintError):
        found = re.search(r'"(?:errorClass|condition)" : "([^"]+)"', case.output)
        if case.schema != "struct<>" or not re.match(r"^[a-z]+(\.\w+)+(Exception|Error)?\n", case.output):
            return f"raised: {given.render(case.text)}"
        if found is None:
            return ""
        if found.group(1).removeprefix("_LEGACY_ERROR_TEMP_") != given.condition and not found.group(1).startswith(
            "_LEGACY"
        ):
            return f"condition: {given.render(case.text)}"
        return details(case, given) if detail else ""
    if re.match(r"^(org|java)\.\S+Exception\n", case.output):
        return f"answered:\n{given.schema}\n{given.output[:500]}"
    if case.schema != given.schema:
        return f"schema: {given.schema}"
    if sorted_rows(case.output) != sorted_rows(given.output):
        return f"rows:\n{given.output[:1500]}"
    return ""


def details(case: Case, given: FlintError) -> str:
    """What differs in the parameters and in the place of an error."""
    try:
        wanted = json.loads(case.output.partition("\n")[2])
    except ValueError:
        return ""
    parameters = wanted.get("messageParameters", {})
    if parameters != given.message_parameters:
        return f"parameters: {json.dumps(given.message_parameters)}"
    place = [(c["startIndex"], c["stopIndex"]) for c in wanted.get("queryContext", []) if "startIndex" in c][:1]
    ours = [(given.position.start + 1, given.position.stop)] if given.position is not None else []
    return f"place: {ours}" if place and place != ours else ""


def prepare(session: Session, data: Path) -> None:
    """The tables that the suite takes for granted."""
    for statement in SMALL.split(";\n"):
        session.sql(statement)
    for name, (file, columns) in TABLES.items():
        if (data / file).exists():
            source = f"USING csv OPTIONS (path '{data / file}', sep '\\t')"
            session.sql(f"CREATE TABLE {name} ({columns}) {source}")


def run(path: Path, folder: Path, show: int, detail: bool) -> tuple[int, int]:
    """How many statements of a file agree, of how many."""
    name = path.relative_to(folder / "results").as_posix().removesuffix(".out")
    conf = settings(folder / "inputs" / name, folder / "inputs")
    wrong = 0
    with tempfile.TemporaryDirectory() as warehouse:
        conf |= {"spark.sql.warehouse.dir": warehouse, "flint.local.rowLimit": str(10**9)}
        with Session("local[1]", conf) as session:
            prepare(session, folder / "data")
            found = cases(path)
            for number, case in enumerate(found, 1):
                try:
                    given = answer(session, case.text)
                    if isinstance(given, Case):
                        given = replace(given, output=without_places(given.output, warehouse))
                    text = verdict(case, given, detail)
                except Exception as error:  # a bug of ours is an answer that differs
                    text = f"crashed: {type(error).__name__}: {error}"
                if text:
                    wrong += 1
                    if wrong <= show:
                        print(
                            f"--- {name} {number}\n{case.text}\n>>> wanted {case.schema}\n{case.output[:1500]}\n<<< {text}\n"
                        )
    return len(found) - wrong, len(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--detail", action="store_true")
    options = parser.parse_args()
    agreed = total = 0
    for path in sorted((options.folder / "results").rglob("*.sql.out")):
        name = path.relative_to(options.folder / "results").as_posix().removesuffix(".sql.out")
        if name.startswith(LEFT_OUT) or (options.files and not any(re.fullmatch(f, name) for f in options.files)):
            continue
        good, all_of_it = run(path, options.folder, options.show, options.detail)
        print(f"{good:5} of {all_of_it:5}  {name}", flush=True)
        agreed, total = agreed + good, total + all_of_it
    print(f"{agreed:5} of {total:5}  in all")
    sys.exit(0)


if __name__ == "__main__":
    main()
