"""The names completion offers: tables, columns, functions, keywords and files, looked up quietly and remembered.

Lookups run on completion's own thread while the user types. What cannot be looked up (a query that does not resolve
yet, a file that is not readable) simply offers nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import FlintError
from engine.functions import registry
from engine.parse import parser
from engine.parse.table import load
from engine.shell import browse
from engine.shell.scope import Place, Relation

if TYPE_CHECKING:
    from engine.session import Session

Column = tuple[str, str]
"""A column's name and its type as Spark prints it."""

_SPELLINGS = {"NOT_INFIX": "NOT", "SETMINUS": "MINUS"}  # terminals whose name is not how they are written
_ORDER = (
    "SELECT FROM WHERE GROUP ORDER LIMIT JOIN LEFT INNER ON USING AND OR NOT IN LIKE BETWEEN IS AS ASC DESC HAVING"
    " UNION WITH CASE WHEN THEN ELSE END DISTINCT"
)
_USUAL = {word: rank for rank, word in enumerate(_ORDER.split())}
_SUFFIXES = frozenset({".parquet", ".csv", ".json", ".jsonl", ".ndjson", ".tsv", ".txt", ".gz", ".sql"})
_MAX_FILES = 200


class Names:
    """Names of one session; `forget` is called after every statement, since it may have changed them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._columns: dict[str, list[Column]] = {}

    def forget(self) -> None:
        """Looks everything up anew from now on."""
        self._columns = {}

    def tables(self, database: str | None = None) -> list[str]:
        """Tables and views of a database (the current one); none if there is no such database."""
        try:
            return browse.table_names(self._session, database)
        except FlintError:  # what stands before the dot is no database
            return []

    def columns(self, place: Place, relation: Relation) -> list[Column]:
        """The columns of a relation in scope; none if it does not resolve."""
        query = f"{place.with_clause} SELECT * FROM {relation.text}"
        if query not in self._columns:
            try:
                fields = self._session.sql(query).schema.fields
            except FlintError:  # it is being typed: not yet right is the usual case
                fields = ()
            self._columns[query] = [(field.name, field.dataType.simpleString()) for field in fields]
        return self._columns[query]

    def functions(self) -> list[str]:
        """Names of all functions that are words."""
        return [name for name in registry.names() if name.isidentifier()]

    def keywords(self, text: str) -> list[str]:
        """The keywords the grammar allows after `text` (of one statement), the usual ones first."""
        terminals = (_SPELLINGS.get(terminal, terminal) for terminal in parser.completions(text, len(text)))
        allowed = [word for word in terminals if word in load().keywords]
        return sorted(set(allowed), key=lambda word: (_USUAL.get(word, len(_USUAL)), word))


def files(prefix: str) -> Iterator[tuple[str, bool]]:
    """Data files and folders whose path begins with `prefix`, and whether it is a folder; hidden ones if asked for."""
    folder_text, slash, start = prefix.rpartition("/")
    folder = Path(folder_text + slash).expanduser() if slash else Path()
    try:
        entries = sorted(folder.iterdir())
    except OSError:  # no such folder, or not ours to read: nothing to offer
        return
    offered = 0
    for entry in entries:
        if not entry.name.startswith(start) or (entry.name.startswith(".") and not start.startswith(".")):
            continue
        is_folder = entry.is_dir()
        if is_folder or entry.suffix.lower() in _SUFFIXES:
            yield folder_text + slash + entry.name + ("/" if is_folder else ""), is_folder
            offered += 1
            if offered == _MAX_FILES:
                return
