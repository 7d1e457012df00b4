"""The parse table that lark made of the grammar, as the parser uses it.

`python -m engine.parse.update` writes it to grammar/sql.table, so that starting up needs no lark: loading the dump
takes a few milliseconds, building it several seconds.
"""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Callable
from dataclasses import field
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from engine.records import dataclass

# Found from this file and not by import: a folder `grammar` in the working directory must not get in the way.
GRAMMAR_FOLDER = Path(__file__).resolve().parents[2] / "grammar"
TABLE_FILE = GRAMMAR_FOLDER / "sql.table"
KEEP_NONE = 10_000  # in `Rule.parts`: an optional part that is absent


class Rule(NamedTuple):
    """One way to write a rule of the grammar.

    `parts` says what the rule's function is given: a number i is the i-th symbol, -1 - i the items of the list that the
    i-th symbol is, KEEP_NONE an absent optional. `passes` marks a rule that is its only part.
    """

    origin: str
    name: str
    length: int
    parts: tuple[int, ...]
    passes: bool


class Rows(dict[int, dict[str, int]]):
    """The rows of a table, each unpacked when the parser first comes to its state: few statements meet a tenth of them.

    `shapes` are the symbols of a row, `shape_of[state]` says which shape it has, `values` are the targets of all rows
    in turn, 16 bits each.
    """

    def __init__(self, shapes: list[tuple[str, ...]], shape_of: list[int], values: bytes) -> None:
        super().__init__()
        self._shapes, self._shape_of = shapes, shape_of
        self._values = array("h", values)
        self._ends = list(accumulate(len(shapes[shape]) for shape in shape_of))

    def __missing__(self, state: int) -> dict[str, int]:
        symbols, end = self._shapes[self._shape_of[state]], self._ends[state]
        row = dict(zip(symbols, self._values[end - len(symbols) : end], strict=True))
        self[state] = row
        return row


@dataclass(frozen=True, eq=False)
class Table:
    """An LALR(1) parser's states.

    `rows[state]` maps a terminal or a rule's origin to what to do: n >= 0 is "go to state n", n < 0 "reduce by rule
    -1 - n". `starts` maps a start rule to its first state.
    """

    digest: str
    rows: Rows
    rules: list[Rule]
    starts: dict[str, int]
    keywords: frozenset[str]
    chains: dict[tuple[int, int, str], int] = field(default_factory=dict, repr=False)  # of `after`
    climbs: dict[tuple[int, int, str], int] = field(default_factory=dict, repr=False)  # of the loop

    def after(self, states: list[int], kind: str) -> list[int] | None:
        """The stack of states after a token of kind `kind`, or None where such a token cannot stand; `states` stays."""
        rows, rules = self.rows, self.rules
        todo = rows[states[-1]].get(kind)
        if todo is None:
            return None
        kept = len(states)
        pushed: list[int] = []  # states[:kept] + pushed is the stack
        while todo < 0:
            rule = rules[-1 - todo]
            length = rule.length
            if length <= len(pushed):
                del pushed[len(pushed) - length :]
            else:
                kept -= length - len(pushed)
                pushed.clear()
            below = pushed[-1] if pushed else states[kept - 1]
            top = self._climb(below, rows[below][rule.origin], kind)
            pushed.append(top)
            found = rows[top].get(kind)
            if found is None:
                return None
            todo = found
        return [*states[:kept], *pushed, todo]

    def _climb(self, below: int, state: int, kind: str) -> int:
        """The state after all reductions of one symbol: an expression rises through its fifteen levels at once."""
        key = (below, state, kind)
        top = self.chains.get(key)
        if top is None:
            top = state
            while (todo := self.rows[top].get(kind)) is not None and todo < 0 and self.rules[-1 - todo].length == 1:
                top = self.rows[below][self.rules[-1 - todo].origin]
            self.chains[key] = top
        return top

    def fitting(self, states: list[int]) -> list[str]:
        """Every terminal that can stand next, END included."""
        return [
            kind for kind in self.rows[states[-1]] if self._is_terminal(kind) and self.after(states, kind) is not None
        ]

    @staticmethod
    def _is_terminal(kind: str) -> bool:
        return kind.isupper()

    def bind(self, functions: dict[str, Callable[..., Any]]) -> list[Callable[..., Any] | None]:
        """The function of each rule, by name; None for a rule that has none and so is the tuple of its parts."""
        return [None if rule.passes else functions.get(rule.name) for rule in self.rules]


@cache
def load() -> Table:
    """The table of the shipped grammar, read once."""
    digest, rows, rules, starts, keywords = marshal.loads(TABLE_FILE.read_bytes())
    return Table(digest, Rows(*rows), [Rule(*rule) for rule in rules], starts, frozenset(keywords))
