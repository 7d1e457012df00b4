"""Tab at the prompt: what can stand at the cursor, the likeliest first.

Where a table belongs, tables are offered; where an expression starts, the columns in scope, then functions; after an
operand only keywords; in quotes after FROM, files. Words match by their beginning, without case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from engine.records import dataclass
from engine.shell.options import modes
from engine.shell.scope import Place, place_of

if TYPE_CHECKING:
    from engine.shell.names import Names

_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*")
_EMPTY_LIMIT = 60  # offers without a first letter


@dataclass(frozen=True)
class Offer:
    """Something to insert in place of the word at the cursor; `note` is shown beside it."""

    text: str
    note: str = ""


def offers(text: str, cursor: int, names: Names) -> tuple[str, list[Offer]]:
    """What may stand at `cursor`, best first, and the part of the text before it that an offer replaces."""
    place = place_of(text, cursor)
    if place.kind == "command":
        return _for_command(place.prefix, names)
    if place.kind == "file":
        from engine.shell.names import files  # here: it imports the engine, which is loaded behind the prompt

        return place.prefix, [Offer(path, "folder" if folder else "") for path, folder in files(place.prefix)]
    found = list(_unique(_starting(place.prefix.lstrip("`"), _candidates(place, text, cursor, names))))
    return place.prefix, found if place.prefix else found[:_EMPTY_LIMIT]


def _candidates(place: Place, text: str, cursor: int, names: Names) -> Iterator[Offer]:
    if place.kind == "nothing":
        return
    if place.qualifier:
        if place.kind == "table":
            yield from (Offer(_quoted(name), "table") for name in names.tables(place.qualifier))
        else:
            yield from _columns_of(place, names)
        return
    if place.kind == "table":
        yield from (Offer(_quoted(name), "with") for name in place.ctes)
        yield from (Offer(_quoted(name), "table") for name in names.tables())
    if place.kind == "column":
        yield from _columns_in_scope(place, names)
        if place.prefix:
            yield from (Offer(f"{name}(", "function") for name in names.functions())
    before = text[place.start : cursor - len(place.prefix)]
    upper = before.isupper() or place.prefix.isupper()
    for word in names.keywords(before):
        yield Offer(word if upper else word.lower())


def _columns_of(place: Place, names: Names) -> Iterator[Offer]:
    """Columns of the relation that is meant by the name before the dot."""
    wanted = place.qualifier.rpartition(".")[2].lower()
    for relation in place.relations:
        if relation.alias.lower() == wanted:
            yield from (Offer(_quoted(name), kind) for name, kind in names.columns(place, relation))
            return


def _columns_in_scope(place: Place, names: Names) -> Iterator[Offer]:
    """All columns in scope, those that several relations share with their alias; then the aliases."""
    found = [(relation, names.columns(place, relation)) for relation in place.relations]
    seen: dict[str, int] = {}
    for _, columns in found:
        for name, _ in columns:
            seen[name.lower()] = seen.get(name.lower(), 0) + 1
    for relation, columns in found:
        for name, kind in columns:
            lead = f"{_quoted(relation.alias)}." if seen[name.lower()] > 1 and relation.alias else ""
            yield Offer(lead + _quoted(name), kind)
    if len(found) > 1:
        yield from (Offer(f"{_quoted(relation.alias)}.", "alias") for relation, _ in found if relation.alias)


def _quoted(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else "`" + name.replace("`", "``") + "`"


def _starting(prefix: str, candidates: Iterable[Offer]) -> Iterator[Offer]:
    """The candidates whose name, or whose column after `alias.`, begins with `prefix`."""
    low = prefix.lower()
    for offer in candidates:
        text = offer.text.lower().lstrip("`")
        if text.startswith(low) or text.rpartition(".")[2].startswith(low):
            yield offer


def _unique(candidates: Iterable[Offer]) -> Iterator[Offer]:
    seen = set()
    for offer in candidates:
        if offer.text.lower() not in seen:
            seen.add(offer.text.lower())
            yield offer


def _for_command(line: str, names: Names) -> tuple[str, list[Offer]]:
    """Offers for a dot command: its name, or its argument."""
    from engine.shell.commands import COMMANDS  # here: both import the engine, which is loaded behind the prompt
    from engine.shell.names import files  # the same

    name, space, argument = line.partition(" ")
    if not space:
        return line, [Offer(text, command.help) for text, command in COMMANDS.items() if text.startswith(line.lower())]
    sources: dict[str, Callable[[], Iterable[str]]] = {
        ".mode": modes,
        ".tables": names.tables,
        ".schema": names.tables,
        ".help": lambda: COMMANDS,
        ".timer": lambda: ("on", "off"),
        ".read": lambda: (path for path, _ in files(argument)),
    }
    found = sources[name.lower()]() if name.lower() in sources else ()
    return argument, [Offer(text) for text in found if text.lower().startswith(argument.lower())]


class SqlCompleter(Completer):  # type: ignore[misc]  # prompt_toolkit is not analysed here
    """Completion for prompt_toolkit; `names` gives None until the engine is loaded."""

    def __init__(self, names: Callable[[], Names | None]) -> None:
        self._names = names

    def get_completions(self, document: Document, _event: CompleteEvent) -> Iterator[Completion]:
        """The offers at the cursor, as prompt_toolkit wants them."""
        names = self._names()
        if names is None:
            return
        prefix, found = offers(document.text, document.cursor_position, names)
        for offer in found:
            yield Completion(offer.text, start_position=-len(prefix), display_meta=offer.note)
