"""What a name that stands for nothing may have been meant as: looks at the files that there are."""

from __future__ import annotations

from pathlib import Path

from engine.errors import quoted, suggestions
from engine.sources.base import FORMATS, format_of
from engine.sources.files import list_files


def format_inside(path: str) -> str | None:
    """The format of the files in a directory, if its first one tells."""
    if not Path(path).expanduser().is_dir():
        return None
    first = list_files([path], {}, {}).sample(1)
    known = format_of(first[0].path) if first else None
    return known.name if known else None


def is_empty_directory(path: str) -> bool:
    """Whether there is no file with data below a directory."""
    return Path(path).expanduser().is_dir() and not list_files([path], {}, {}).sample(1)


def format_hint(parts: tuple[str, ...]) -> str:
    """Points at a misspelt format: parquett.`x`."""
    near = suggestions(parts[0], FORMATS) if len(parts) == 2 and Path(parts[1]).exists() else []
    return f"Did you mean {near[0]}.{quoted(parts[1])}?" if near else ""


def file_hint(parts: tuple[str, ...]) -> str:
    """Points at a file of that name: `from x.parquet` needs quotes."""
    path = ".".join(parts)
    if Path(path).exists():
        return f"There is a file of that name: write it in quotes, '{path}'."
    for each in FORMATS.values():
        for suffix in each.suffixes:
            if len(parts) == 1 and Path(path + suffix).exists():
                return f"There is a file '{path}{suffix}': write its name in quotes."
    return ""
