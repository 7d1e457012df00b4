"""What is loaded at start: heavy libraries must wait until something needs them, since every command pays for imports.

The tests look at names, which are the same on every machine. For times, run this file: `python tests/test_imports.py`
prints the total of `import cli`, `import engine` and of a first small query, and the ten heaviest modules of each.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

LATER = {
    "pandas", "pyarrow.dataset", "sqlglot", "llvmlite", "prompt_toolkit", "pygments", "lark",
    "ray", "grpc", "duckdb", "polars", "datafusion", "tpch.check", "tpch.bench",
}  # fmt: skip

EARLY = {"pyarrow", "numpy", "tabulate", "wcwidth", "engine.session"}

# statement -> modules that it must not load
STARTS = {
    "import cli": LATER | EARLY,  # the prompt comes first
    "import engine": LATER | EARLY,
    "from engine import Session": LATER - {"pandas"} | {"tabulate", "wcwidth"},
    "import cli; cli.main(['-e', 'select 1'])": LATER - {"pandas"} | {"pyarrow.compute", "engine.functions.families"},
}
# pandas: pyarrow looks for it on the first pyarrow.array, so it is loaded there where it is installed

LINE = re.compile(r"^import time:\s*(?P<self>\d+) \|\s*(?P<total>\d+) \|(?P<indent>\s+)(?P<name>\S+)$")


def loaded(statement: str) -> list[tuple[str, int, int]]:
    """Each module that `statement` imports in a fresh Python: name, own and total microseconds."""
    command = [sys.executable, "-P", "-X", "importtime", "-c", statement]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    found = [match for line in done.stderr.splitlines() if (match := LINE.match(line))]
    if done.returncode != 0:
        said = "\n".join(line for line in done.stderr.splitlines() if not line.startswith("import time:"))
        raise AssertionError(f"{statement} failed:\n{said}")
    return [(match["name"], int(match["self"]), int(match["total"])) for match in found]


@pytest.mark.parametrize("statement", STARTS)
def test_heavy_modules_wait(statement: str) -> None:
    names = {name for name, _, _ in loaded(statement)}
    assert sys.version_info < (3, 11) or names, "importtime printed nothing"
    assert names & STARTS[statement] == set()


def main() -> None:
    for statement in ("pass", *STARTS):
        modules = loaded(statement)
        sys.stdout.write(f"{sum(own for _, own, _ in modules) / 1000:7.1f} ms  {statement}\n")
        for name, own, _ in sorted(modules, key=lambda module: -module[1])[:10]:
            sys.stdout.write(f"{own / 1000:17.1f} ms  {name}\n")


if __name__ == "__main__":
    main()
