"""Writes statements with Flint's answers, for `against_spark.py` to ask Spark: by hand, never in CI.

python -m tests.property.fuzz.spark_statements FOLDER [--seeds N] [--start N]      with Flint's Python
python tests/property/fuzz/against_spark.py FOLDER                                 with a Python that has pyspark, and Java 17
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path

from .expressions import Expressions, Source
from .lab import Lab
from .queries import Queries
from .tables import KINDS, write_tables


def statement(seed: int) -> str:
    """A query, or (every other seed) a few expressions over a table, as text columns: one form of answer for both engines."""
    random_ = random.Random(f"spark {seed}")
    if seed % 2:
        query, kinds = Queries(random_, raising=seed % 4 == 1).query()
        columns = [_text(f"c{n}", kind) for n, kind in enumerate(kinds)]
        return f"select {', '.join(columns)} from ({query}) q"
    expressions = Expressions(random_, raising=seed % 8 == 0)
    kinds = [expressions.kind() for _ in range(1 if seed % 8 == 0 else 6)]
    items = [f"{expressions.value(kind, [Source('t1', KINDS)], 2)} as c{n}" for n, kind in enumerate(kinds)]
    columns = [_text(f"c{n}", kind) for n, kind in enumerate(kinds)]
    return f"select {', '.join(columns)} from (select {', '.join(items)} from t1) q"


def _text(column: str, kind: str) -> str:
    return f"hex({column})" if kind == "binary" else f"cast({column} as string)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--start", type=int, default=0)
    options = parser.parse_args()
    tables = options.folder / "tables"
    tables.mkdir(parents=True)
    write_tables(tables)
    lab = Lab(tables)
    with (options.folder / "statements.jsonl").open("w") as file:
        for seed in range(options.start, options.start + options.seeds):
            text = statement(seed)
            answer = lab.run(text)
            file.write(json.dumps({"seed": seed, "text": text, "error": answer.error, "rows": answer.rows}) + "\n")
    lab.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
