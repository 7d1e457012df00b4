"""Writes the pages that are made from the code's own tables: `functions.md` and `errors.md`.

python docs/generate.py            tests/test_docs.py checks that they are up to date
"""

from __future__ import annotations

from pathlib import Path

import engine.functions  # noqa: F401 - fills the registry
from engine.conditions import CONDITIONS
from engine.functions.registry import lookup, names

FOLDER = Path(__file__).parent


def functions() -> str:
    """All functions by family: name and the first sentence of the documentation."""
    families: dict[str, list[str]] = {}
    for name in names():
        function = lookup(name)[0]
        text = function.doc.split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
        shown = f"`{name}`" if name == function.name else f"`{name}` (`{function.name}`)"
        families.setdefault(function.group, []).append(f"| {shown} | {' '.join(text.split())} |")
    parts = ["# Functions", "Written by `docs/generate.py` from the declarations in `engine/functions/`."]
    for family in sorted(families):
        rows = "\n".join(families[family])
        parts.append(f"## {family.replace('_', ' ').capitalize()}\n\n| function | what it gives |\n|---|---|\n{rows}")
    return "\n\n".join(parts) + "\n"


def errors() -> str:
    """All conditions with SQLSTATE and message."""
    rows = [
        f"| {name} | {state} | {text.replace('|', chr(92) + '|')} |"
        for name, (state, text) in sorted(CONDITIONS.items())
    ]
    head = "# Error conditions\n\nWritten by `docs/generate.py` from `engine/conditions.py`; names and SQLSTATEs are Spark's."
    return head + "\n\n| condition | SQLSTATE | message |\n|---|---|---|\n" + "\n".join(rows) + "\n"


PAGES = {"functions.md": functions, "errors.md": errors}

if __name__ == "__main__":
    for page, write in PAGES.items():
        (FOLDER / page).write_text(write())
