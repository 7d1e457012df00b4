"""The house rules that a machine can check: the top level, which way imports point, one home for each library, sizes.

The reasons are in docs/architecture.md. A rule is changed there and here together; an exception is listed here with
its reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

REQUIRED = {"pyproject.toml", "README.md", "LICENSE", "NOTICE", "cli.py", "engine", "grammar", "tests", "tpch"}
OPTIONAL = {"CHANGELOG.md", "docs", "MANIFEST.in"}
MADE = {"build", "dist", "spark-warehouse", "tpch-data", "__pycache__"}  # by tools, and ignored by git

FILE_LINES = 400
FUNCTION_LINES = 40
LONG_FILES = {  # path -> why it is one concept all the same
    "engine/conditions.py": "one table, a condition a line",
}
LONG_FUNCTIONS = {  # path:name -> why it reads better whole
    "engine/parse/loop.py:run": "the parser's hot loop: a call per token would cost more than the step itself",
}

VOCABULARY = ("errors", "conditions", "config", "events", "types", "tree", "expressions", "functions", "logical")
PHASES = ("parse", "analyze", "optimize", "plan", "compile", "schedule")  # in the order of a query's life
RUNNING = ("physical", "kernels", "memory", "shuffle")
SPINE = ("query", "session")
FACES = ("dataframe", "streaming", "connect", "ui", "shell")

# area -> the areas it must not import
FORBIDDEN: dict[str, set[str]] = {
    **{area: {*PHASES, *SPINE, *FACES} for area in VOCABULARY},
    **{phase: {*PHASES[place + 1 :], *SPINE, *FACES} for place, phase in enumerate(PHASES)},
    **{area: {"parse", "analyze", "optimize", "plan", *SPINE, *FACES} for area in RUNNING},
    "cluster": {"parse", "analyze", "optimize", "plan", *SPINE, *FACES},
    "ui": {*PHASES, *RUNNING, *SPINE, "shell"},
}
FORBIDDEN["logical"] |= {"sources"}  # sources implement logical/relation.py
FORBIDDEN["schedule"] |= {"cluster", "adapt"}  # clusters implement schedule/backend.py; adaptation is a callback

# library -> where it may be imported: a folder (ends in /) or a file. Nowhere: not at all.
HOMES: dict[str, tuple[str, ...]] = {
    "lark": ("engine/parse/",),
    "sqlglot": ("engine/parse/dialects.py",),
    "tabulate": ("engine/shell/",),
    "prompt_toolkit": ("engine/shell/",),
    "pygments": ("engine/shell/",),
    "wcwidth": ("engine/shell/",),
    "llvmlite": ("engine/compile/",),
    "ray": ("engine/cluster/ray.py",),
    "grpc": ("engine/connect/",),
    "pandas": (),
    "pyarrow.dataset": (),
    "pyarrow.compute": ("tpch/",),  # the engine has it from engine/lazy.py
    "dataclasses.dataclass": ("engine/records.py", "tpch/"),
    "multiprocessing": (),
    "duckdb": ("tpch/record.py", "tpch/peers.py"),
    "polars": ("tpch/peers.py",),
    "datafusion": ("tpch/peers.py",),
    "pyspark": ("tpch/peers.py",),
}
IMPORTS_INSIDE = {"tpch/peers.py": "each adapter loads its own engine only, after its thread count is set"}


@dataclass(frozen=True)
class Import:
    """One imported module as written in `file` at `line`; `inside`: within a function."""

    file: str
    line: int
    module: str
    inside: bool


@cache
def sources() -> dict[str, tuple[str, ast.Module]]:
    """Text and syntax tree of every file of the product, by path from the root."""
    files = [ROOT / "cli.py", *sorted((ROOT / "engine").rglob("*.py")), *sorted((ROOT / "tpch").rglob("*.py"))]
    found = {}
    for file in files:
        text = file.read_text(encoding="utf-8")
        found[file.relative_to(ROOT).as_posix()] = (text, ast.parse(text, str(file)))
    return found


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@cache
def imports() -> list[Import]:
    """Every import; `from engine import plan` counts as engine.plan, relative ones are made absolute."""
    found = []
    for file, (_, tree) in sources().items():
        inside = {id(node) for function in functions(tree) for node in ast.walk(function)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules = [name.name for name in node.names]
            elif isinstance(node, ast.ImportFrom):
                package = file.removesuffix(".py").split("/")[: -node.level] if node.level else []
                base = ".".join([*package, *([node.module] if node.module else [])])
                modules = [base, *(f"{base}.{name.name}" for name in node.names)]
            else:
                continue
            found += [Import(file, node.lineno, module, id(node) in inside) for module in modules]
    return found


def area(path: str) -> str:
    """The second part of engine/parse/x.py, engine.parse.x, or engine/query.py; empty outside engine."""
    parts = path.removesuffix(".py").replace("/", ".").split(".")
    return parts[1] if parts[0] == "engine" and len(parts) > 1 else ""


def test_top_level_is_fixed() -> None:
    names = {entry.name for entry in ROOT.iterdir() if not entry.name.startswith(".")}
    names = {name for name in names - MADE if not name.endswith(".egg-info")}
    assert names >= REQUIRED
    assert names - REQUIRED - OPTIONAL == set()


def test_no_folder_or_module_for_odds_and_ends() -> None:
    banned = {"utils", "util", "common", "helpers", "misc"}
    assert [file for file in sources() if banned & set(file.removesuffix(".py").split("/"))] == []


def test_every_package_folder_has_an_init_and_every_module_says_what_it_is() -> None:
    folders = {Path(file).parent for file in sources() if "/" in file}
    assert sorted(str(folder) for folder in folders if not (ROOT / folder / "__init__.py").exists()) == []
    assert [file for file, (text, tree) in sources().items() if text.strip() and not ast.get_docstring(tree)] == []


def test_no_star_imports() -> None:
    assert [f"{found.file}:{found.line}" for found in imports() if found.module.endswith(".*")] == []


def test_imports_inside_functions_say_why() -> None:
    """Once in a file: by a comment on such a line or on the one above, or in the function's docstring."""
    users = {found.file for found in imports() if found.inside}
    explained = set(IMPORTS_INSIDE)
    for found in imports():
        lines = sources()[found.file][0].splitlines()
        if found.inside and "#" in "".join(lines[found.line - 2 : found.line]):
            explained.add(found.file)
    for file in users:
        docs = (ast.get_docstring(function) or "" for function in functions(sources()[file][1]))
        if any("import" in doc.lower() for doc in docs):
            explained.add(file)
    assert users - explained == set()


@pytest.mark.parametrize("importer", sorted(FORBIDDEN))
def test_import_direction(importer: str) -> None:
    wrong = [
        f"{found.file}:{found.line} imports {found.module}"
        for found in imports()
        if area(found.file) == importer and area(found.module) in FORBIDDEN[importer]
    ]
    assert wrong == []


def test_nothing_but_the_command_line_imports_the_shell() -> None:
    users = {found.file for found in imports() if area(found.module) == "shell" and area(found.file) != "shell"}
    assert users <= {"cli.py"}


def test_the_engine_imports_neither_benchmark_nor_command_line() -> None:
    tops = {"tpch", "cli", "tests"}
    users = [f"{i.file}:{i.line}" for i in imports() if i.file.startswith("engine/") and i.module.split(".")[0] in tops]
    assert users == []


@pytest.mark.parametrize("library", sorted(HOMES))
def test_one_home_for_each_library(library: str) -> None:
    homes = HOMES[library]
    elsewhere = {
        f"{found.file}:{found.line}"
        for found in imports()
        if (found.module + ".").startswith(library + ".")
        and not any(found.file == home or (home.endswith("/") and found.file.startswith(home)) for home in homes)
    }
    assert elsewhere == set()


def test_files_hold_one_concept() -> None:
    lengths = {file: text.count("\n") for file, (text, _) in sources().items()}
    long = {file: lines for file, lines in lengths.items() if lines > FILE_LINES}
    assert {file: lines for file, lines in long.items() if file not in LONG_FILES} == {}
    assert LONG_FILES.keys() - long.keys() == set(), "no longer long: take them off the list"


def test_functions_do_one_thing() -> None:
    long = {
        f"{file}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for file, (_, tree) in sources().items()
        for node in functions(tree)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES
    }
    assert {name: lines for name, lines in long.items() if name not in LONG_FUNCTIONS} == {}
    assert LONG_FUNCTIONS.keys() - long.keys() == set(), "no longer long: take them off the list"


def test_nothing_is_left_for_later() -> None:
    marker = re.compile(r"\b(TODO|FIXME|NotImplementedError)\b")
    places = [
        f"{file}:{number}"
        for file, (text, _) in sources().items()
        for number, line in enumerate(text.splitlines(), 1)
        if marker.search(line)
    ]
    assert places == []
