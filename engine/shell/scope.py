"""Where in a statement the cursor stands and what can be named there: the grounds for completion.

The statement is unfinished, so it is not parsed: its tokens are grouped by parentheses, and each query from the
innermost outwards tells the relations of its FROM clause (also when that comes after the cursor).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field

from engine.records import dataclass
from engine.shell.lexing import Token, significant, tokens


@dataclass(frozen=True)
class Relation:
    """An item of a FROM clause as written (`text`: a name, a file in quotes, a call, a query in parentheses)."""

    text: str
    alias: str


@dataclass(frozen=True)
class Place:
    """What is being typed.

    `kind` is statement (its first word), table, column, file (in quotes), operator (after an operand), command (a dot
    command) or nothing. `prefix` is what of the word is there, `qualifier` the name before a dot, `relations` what is
    in scope (nearest first), `ctes` the names of a WITH clause, `with_clause` the text that defines them. The
    statement begins at offset `start`.
    """

    kind: str
    prefix: str = ""
    qualifier: str = ""
    relations: tuple[Relation, ...] = ()
    ctes: tuple[str, ...] = ()
    with_clause: str = ""
    start: int = 0


@dataclass
class _Group:
    """What stands between two parentheses (or in the whole statement); `stop` is after the closing one."""

    start: int
    stop: int
    items: list[Token | _Group] = field(default_factory=list)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SET_OPERATORS = _words("UNION INTERSECT EXCEPT MINUS")
_TABLE_WORDS = _words("FROM JOIN INTO TABLE DESCRIBE DESC SUMMARIZE UPDATE VIEW CACHE UNCACHE")
_OPERAND_WORDS = _words(
    "SELECT DISTINCT ALL WHERE ON AND OR NOT BY HAVING QUALIFY WHEN THEN ELSE CASE BETWEEN IN LIKE ILIKE RLIKE"
    " USING SET VALUES IS FILTER OVER INTERVAL EXISTS"
)
_FROM_IS_OVER = _words("SELECT WHERE GROUP HAVING QUALIFY ORDER SORT CLUSTER DISTRIBUTE LIMIT OFFSET WINDOW ON")
_NOT_AN_ALIAS = (
    _SET_OPERATORS
    | _FROM_IS_OVER
    | _words("USING LATERAL PIVOT UNPIVOT TABLESAMPLE JOIN INNER LEFT RIGHT FULL CROSS NATURAL SEMI ANTI OUTER AS SET")
)
_CLAUSES = _words("SELECT FROM JOIN WHERE GROUP HAVING QUALIFY ORDER ON USING LIMIT WINDOW SET VALUES")


def place_of(text: str, cursor: int) -> Place:
    """The place of `cursor` (an offset) in `text`, which may hold several statements."""
    line_start = text.rfind("\n", 0, cursor) + 1
    if text[line_start:cursor].lstrip().startswith(".") and not text[:line_start].strip():
        return Place("command", text[line_start:cursor].lstrip())
    for token in tokens(text):
        closed = token.kind == "COMMENT" and cursor == token.stop
        if token.kind.endswith("COMMENT") and token.start < cursor <= token.stop and not closed:
            return Place("nothing")
    start, statement = _statement(text, cursor)
    current = next((token for token in statement if token.start < cursor <= token.stop), None)
    if current is not None and current.kind in ("STRING", "OPEN") and current.text[0] != "`":
        closed = current.kind == "STRING" and cursor == current.stop
        return Place("operator") if closed else _in_string(statement, current, text[current.start + 1 : cursor])
    naming = current is not None and (current.kind in ("WORD", "QUOTED") or current.text[0] == "`")
    prefix = text[current.start : cursor] if current is not None and naming else ""
    before = [token for token in statement if token.stop <= cursor and not (naming and token is current)]
    path = list(_path(_grouped(statement, len(text)), cursor))
    with_clause, ctes = _ctes(text, path, cursor)
    relations = tuple(relation for group in _scopes(path) for relation in _relations(text, group, cursor))
    qualifier, name_start = _qualifier(before, cursor - len(prefix))
    kind = _kind(path, [token for token in before if token.start < name_start], name_start)
    if qualifier and kind != "table":
        kind = "column"
    return Place(kind, prefix, qualifier, relations, ctes, with_clause, start)


def _statement(text: str, cursor: int) -> tuple[int, list[Token]]:
    """Where the statement around the cursor begins, and its tokens without the semicolon."""
    start, found = 0, []
    for token in significant(text):
        if token.text != ";":
            found.append(token)
        elif token.stop <= cursor:
            start, found = token.stop, []
        else:
            break
    return start, found


def _in_string(statement: Sequence[Token], current: Token, prefix: str) -> Place:
    position = statement.index(current)
    previous = statement[position - 1] if position else None
    if previous is not None and (previous.word in _TABLE_WORDS or previous.word in ("TO", "LOCATION")):
        return Place("file", prefix)
    if previous is not None and previous.text in (",", "(") and any(t.word == "FROM" for t in statement[:position]):
        return Place("file", prefix)
    return Place("nothing")


def _grouped(statement: Sequence[Token], end: int) -> _Group:
    root = _Group(-1, end + 1)
    opened = [root]
    for token in statement:
        if token.text == "(":
            group = _Group(token.start, end + 1)
            opened[-1].items.append(group)
            opened.append(group)
        elif token.text == ")" and len(opened) > 1:
            opened.pop().stop = token.stop
        else:
            opened[-1].items.append(token)
    return root


def _path(group: _Group, cursor: int) -> Iterator[_Group]:
    """The groups around the cursor, the whole statement first."""
    yield group
    for item in group.items:
        if isinstance(item, _Group) and item.start < cursor < item.stop:
            yield from _path(item, cursor)


def _scopes(path: Sequence[_Group]) -> Iterator[_Group]:
    """The queries whose relations are visible, nearest first: a query in FROM or WITH does not see those around it."""
    for outer, group in zip(reversed((path[0], *path[:-1])), reversed(path), strict=True):
        yield group
        opener = next((item for item in reversed(outer.items) if item.start < group.start), None)
        if _word(opener) in ("AS", "FROM", "JOIN"):
            return


def _word(item: Token | _Group | None) -> str:
    return item.word if isinstance(item, Token) else ""


def _is_name(item: Token | _Group | None) -> bool:
    return isinstance(item, Token) and item.kind in ("WORD", "QUOTED")


def _plain(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name


def _query_around(group: _Group, cursor: int) -> list[Token | _Group]:
    """The items of the group's query that holds the cursor, between set operators."""
    part: list[Token | _Group] = []
    for item in group.items:
        if _word(item) not in _SET_OPERATORS:
            part.append(item)
        elif item.start < cursor:
            part = []
        else:
            break
    return part


def _relations(text: str, group: _Group, cursor: int) -> Iterator[Relation]:
    items = _query_around(group, cursor)
    position, in_from = 0, False
    while position < len(items):
        item = items[position]
        word = _word(item)
        position += 1
        if word in ("FROM", "JOIN") or (in_from and isinstance(item, Token) and item.text == ","):
            in_from = True
            relation, position = _relation(text, items, position, cursor)
            if relation is not None:
                yield relation
        elif word in _FROM_IS_OVER:
            in_from = False


def _relation(text: str, items: Sequence[Token | _Group], position: int, cursor: int) -> tuple[Relation | None, int]:
    """The relation that starts at `position`, and the position after it; None for one that is still being typed."""
    if position < len(items) and _word(items[position]) == "LATERAL":
        position += 1
    start = position
    if position < len(items) and (isinstance(items[position], _Group) or _kind_of(items[position]) == "STRING"):
        position += 1
    elif position < len(items) and _is_name(items[position]) and _word(items[position]) not in _NOT_AN_ALIAS:
        position += 1
        while position + 1 < len(items) and _symbol(items[position]) == "." and _is_name(items[position + 1]):
            position += 2
        if position < len(items) and isinstance(items[position], _Group):  # a call of a table function
            position += 1
    if position == start:
        return None, position
    first, last = items[start], items[position - 1]
    name = _plain(last.text) if isinstance(last, Token) and last.kind != "STRING" else ""
    if position < len(items) and _word(items[position]) == "AS":
        position += 1
    if position < len(items) and _is_name(items[position]) and _word(items[position]) not in _NOT_AN_ALIAS:
        alias = items[position]
        assert isinstance(alias, Token)
        name, position = _plain(alias.text), position + 1
    if first.start < cursor <= last.stop:  # under the cursor: not there yet
        return None, position
    return Relation(text[first.start : last.stop], name), position


def _kind_of(item: Token | _Group) -> str:
    return item.kind if isinstance(item, Token) else ""


def _symbol(item: Token | _Group) -> str:
    return item.text if isinstance(item, Token) else ""


def _ctes(text: str, path: Sequence[_Group], cursor: int) -> tuple[str, tuple[str, ...]]:
    """The WITH clause in force at the cursor, as far as its queries are complete, and the names it defines."""
    for group in reversed(path):
        position = next((number for number, item in enumerate(group.items) if _word(item) == "WITH"), None)
        if position is None:
            continue
        names, stop = [], 0
        for name, item in _definitions(group.items[position + 1 :]):
            if item.stop > cursor or item.stop > len(text):
                break
            names.append(name)
            stop = item.stop
        if names:
            return text[group.items[position].start : stop], tuple(names)
    return "", ()


def _definitions(items: Sequence[Token | _Group]) -> Iterator[tuple[str, _Group]]:
    """`name [(columns)] AS (query)`, separated by commas."""
    name = ""
    after_as = False
    for item in items:
        if isinstance(item, _Group):
            if after_as:
                yield name, item
            after_as = False
        elif item.word == "AS":
            after_as = True
        elif item.word == "SELECT":
            return
        elif item.kind in ("WORD", "QUOTED"):
            name = _plain(item.text)


def _qualifier(before: Sequence[Token], start: int) -> tuple[str, int]:
    """What stands in front of the name at `start` (`a.b` of `a.b.c`; maybe nothing), and where the whole name begins."""
    parts: list[str] = []
    position = len(before) - 1
    while position > 0 and before[position].text == "." and before[position - 1].kind in ("WORD", "QUOTED"):
        parts.append(_plain(before[position - 1].text))
        start = before[position - 1].start
        position -= 2
    return ".".join(reversed(parts)), start


def _kind(path: Sequence[_Group], before: Sequence[Token], start: int) -> str:
    items = [item for item in path[-1].items if item.start < start]
    if not items:
        return _kind_at_opening(before)
    previous = items[-1]
    if isinstance(previous, Token) and previous.word:
        if previous.word in _TABLE_WORDS:
            return "table"
        return "column" if previous.word in _OPERAND_WORDS else "operator"
    if isinstance(previous, _Group) or previous.kind != "SYMBOL":
        return "operator"
    if previous.text == ",":
        clause = next((_word(item) for item in reversed(items) if _word(item) in _CLAUSES), "")
        return "table" if clause in ("FROM", "JOIN") else "column"
    return "operator" if previous.text in (")", "]", ".") else "column"


def _kind_at_opening(before: Sequence[Token]) -> str:
    """The kind of the first word of a statement or of a pair of parentheses."""
    if not before:
        return "statement"
    opener = before[-2].word if len(before) > 1 else ""
    if opener in ("FROM", "JOIN"):
        return "table"
    return "statement" if opener in ("AS", "EXISTS", "UNION", "ALL", "EXCEPT", "INTERSECT", "") else "column"
