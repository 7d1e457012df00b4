"""Which modules each way to start loads: the prompt before the engine, and no way what it does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ENGINE = {"pyarrow", "numpy", "engine.session", "engine.parse", "engine.errors", "engine.types"}
EDITOR = {"prompt_toolkit", "pygments"}
NEVER = {"pandas", "pyarrow.dataset", "sqlglot", "llvmlite", "lark", "tabulate", "multiprocessing", "tpch"}


def loaded(statements: str, *, stdin: str = "") -> set[str]:
    """The modules that are loaded after `statements` ran in a fresh Python."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{statements}\nprint('MODULES', *sys.modules)"
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("statements", "not_yet"),
    [
        ("import cli", ENGINE | EDITOR | NEVER),
        ("import cli\ntry: cli.main(['--help'])\nexcept SystemExit: pass", ENGINE | EDITOR | NEVER),
        ("from engine.shell import start", ENGINE | EDITOR | NEVER),
        ("from engine.shell import repl", ENGINE | NEVER),
        ("import engine", ENGINE - {"pyarrow"} | EDITOR | NEVER),
        ("from engine.shell import batch", EDITOR | NEVER),
        ("import cli\ncli.main(['-e', 'select 1', '--format', 'json'])", EDITOR | NEVER),
        ("import cli\ncli.main([])", EDITOR | NEVER),
        ("from engine.dataframe import show", EDITOR | NEVER | {"engine.shell"}),
    ],
)
def test_what_is_not_loaded(statements: str, not_yet: set[str]) -> None:
    assert loaded(statements, stdin="select 1;") & not_yet == set()
