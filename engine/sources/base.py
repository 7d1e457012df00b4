"""How a format plugs in: a name, the suffixes of its files, and the function that opens paths as a relation.

A format lives in the module it is named after and is imported when it is first used, so that starting stays fast.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import TypeAlias

from engine.errors import AnalysisError, Unsupported, suggestions
from engine.logical.relation import Relation
from engine.records import dataclass
from engine.types import StructType

Options: TypeAlias = Mapping[str, str]
Open: TypeAlias = Callable[[Sequence[str], Options, StructType | None, Mapping[str, str]], Relation]
"""`open(paths, options, schema, conf)`: with a `schema` given, files may be missing and none is read yet."""


@dataclass(frozen=True)
class Format:
    """A format: `module` holds its `open` function; `suffixes` are those of its files, without compression suffixes."""

    name: str
    module: str
    suffixes: tuple[str, ...]


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("csv", "engine.sources.csv", (".csv", ".tsv", ".tbl", ".psv")),
        Format("json", "engine.sources.json", (".json", ".jsonl", ".ndjson")),
        Format("orc", "engine.sources.orc", (".orc",)),
        Format("parquet", "engine.sources.parquet", (".parquet", ".pq", ".parq")),
        Format("text", "engine.sources.text", (".txt", ".log")),
    )
}
COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".lz4": "lz4"}
"""Suffixes of compressed text files and what pyarrow calls the codec."""


def format_named(name: str) -> Format:
    """The format called `name`, without case. Raises AnalysisError UNKNOWN_DATASOURCE with the nearest names."""
    found = FORMATS.get(name.lower())
    if found is None:
        near = suggestions(name, FORMATS)
        hint = f" Did you mean {near[0]}?" if near else f" Known: {', '.join(FORMATS)}."
        raise AnalysisError("UNKNOWN_DATASOURCE", {"provider": name, "suggestion": hint})
    return found


def is_format(name: str) -> bool:
    """Whether `name` is a format, so that name.`path` reads a file."""
    return name.lower() in FORMATS


def format_of(path: str) -> Format | None:
    """The format that the suffix of `path` tells, looking through compression suffixes and globs."""
    suffixes = [suffix.lower() for suffix in PurePath(path.rstrip("/")).suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes.pop()
    for each in FORMATS.values():
        if suffixes and suffixes[-1].rstrip("*") in each.suffixes:
            return each
    return None


PATTERNS = {"dateformat", "timestampformat", "timestampntzformat"}
"""Options that are patterns of dates and times."""


def compression_of(path: str) -> str | None:
    """The codec that the suffix of `path` tells."""
    return COMPRESSIONS.get(PurePath(path).suffix.lower())


def open_relation(
    format: str,
    paths: Sequence[str],
    options: Options | None = None,
    schema: StructType | None = None,
    conf: Mapping[str, str] | None = None,
) -> Relation:
    """The rows of the files that `paths` name (files, directories, globs), read as `format`.

    `schema` replaces inference. Raises AnalysisError UNKNOWN_DATASOURCE, PATH_NOT_FOUND, UNABLE_TO_INFER_SCHEMA or
    INVALID_OPTIONS.UNKNOWN, Unsupported for patterns of dates that the older reader is to read, and ExecutionError
    FAILED_READ_FILE for a file that cannot be read.
    """
    module = importlib.import_module(format_named(format).module)
    opener: Open = module.open
    lowered = {key.lower(): value for key, value in (options or {}).items()}
    if (conf or {}).get("spark.sql.legacy.timeParserPolicy", "").upper() == "LEGACY" and not PATTERNS.isdisjoint(
        lowered
    ):
        raise Unsupported(f"patterns of dates in the options of {format} with timeParserPolicy LEGACY")
    return opener(paths, lowered, schema, conf or {})


def check_options(format: str, options: Options, known: Mapping[str, str] | set[str]) -> None:
    """Raises AnalysisError INVALID_OPTIONS.UNKNOWN for an option that is in neither `known` nor those of every format.

    Spark ignores options it does not know; a misspelt one then changes the rows in silence, so they are refused here.
    """
    names = {name.lower() for name in known} | FILE_OPTIONS
    for option in options:
        if option.lower() not in names:
            near = suggestions(option, sorted(names))
            hint = f" Did you mean {near[0]}?" if near else f" Known: {', '.join(sorted(names))}."
            raise AnalysisError("INVALID_OPTIONS.UNKNOWN", {"option": option, "format": format, "suggestion": hint})


def heeded(format: str, options: Options, also: Iterable[str] = ()) -> dict[str, str]:
    """The options of a table that its format has (`also` more), or that look misspelt and will be refused. Spark keeps others
    with a table too, for whoever reads them."""
    module = importlib.import_module(format_named(format).module)
    known = {name.lower() for name in (*getattr(module, "OPTIONS", ()), *also)} | FILE_OPTIONS
    return {key: value for key, value in options.items() if key.lower() in known or suggestions(key, known)}


FILE_OPTIONS = {"path", "basepath", "pathglobfilter", "recursivefilelookup"}
"""Options of every format over files, lower case."""
