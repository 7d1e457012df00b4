"""The documents say what is true: generated pages are up to date, Python in the README runs, files that are named exist."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "docs/architecture.md", "docs/contributing.md")


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["functions.md", "errors.md", "compatibility.md"])
def test_generated_pages_are_up_to_date(generator, page):
    assert (ROOT / "docs" / page).read_text() == generator.PAGES[page](), "run python docs/generate.py"


def test_python_of_the_readme_runs(capsys):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
    assert "42" in capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page):
    named = re.findall(r"`((?:engine|tests|tpch|docs|grammar|\.ci)/[\w./*-]*)`", (ROOT / page).read_text())
    assert named
    for path in named:
        assert list(ROOT.glob(path.rstrip("/"))), f"{page} names {path}"
