"""The parser's loop: tokens and a table in, the value of the start rule out.

Values are built as rules are reduced, bottom up, by the functions of the transformers: there is no tree in between and
no recursion, so nesting has no limit. A rule without a function is the tuple of its parts. A node that a function
returns gets the span of the text its rule covers as `origin`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.errors import FlintError, Position
from engine.parse.lexer import END, Token
from engine.parse.table import KEEP_NONE, Table
from engine.parse.words import IN_CONTEXT, Words
from engine.tree.node import TreeNode

Functions = list[Callable[..., Any] | None]


class Stuck(Exception):
    """`tokens[index]` cannot stand where it stands."""

    def __init__(self, tokens: list[Token], index: int) -> None:
        super().__init__(index)
        self.tokens = tokens
        self.index = index


def run(table: Table, start: str, words: Words, functions: Functions) -> Any:
    """The value of `start` for the tokens of `words`. Raises Stuck at the first token that does not fit.

    `functions[i]` builds the value of the i-th rule of the table.
    """
    rows, rules, climbs = table.rows, table.rules, table.climbs
    tokens = words.tokens
    states, offsets = [table.starts[start]], list[int]()
    values: list[Any] = []
    index, previous_stop = 0, 0
    while True:
        token = tokens[index]
        if token.kind in IN_CONTEXT:
            token = _in_context(words, index, states)
        kind = token.kind
        state = states[-1]
        while True:
            todo = rows[state].get(kind)
            if todo is None:
                raise Stuck(tokens, index)
            if todo >= 0:
                break
            origin, _, length, parts, passes = rules[-1 - todo]
            if passes and length == 1:
                key = (states[-2], state, kind)
                state = climbs.get(key) or _climb(table, key)
                states[-1] = state
                continue
            if length:
                begin, taken = offsets[-length], values[-length:]
                del states[-length:], values[-length:], offsets[-length:]
            else:
                begin, taken = token.start, []
            made, function = _parts(parts, taken), functions[-1 - todo]
            if function is not None:
                values.append(_built(function, made, begin, max(begin, previous_stop)))
            else:
                values.append(made if origin[0] == "_" else made[0] if passes else tuple(made))
            offsets.append(begin)
            state = rows[states[-1]][origin]
            states.append(state)
        if kind == END:
            return values[-1]
        states.append(todo)
        values.append(token)
        offsets.append(token.start)
        previous_stop = token.stop
        index += 1


def _in_context(words: Words, index: int, states: list[int]) -> Token:
    """The token at `index` with the kind that it has in its place."""
    kind = words.kind(index, states)
    token = words.tokens[index]
    return token if kind == token.kind else Token(kind, token.text, token.start)


def advance(table: Table, start: str, words: Words) -> list[int] | None:
    """The stack of states after all tokens but END, building no values; None where one does not fit."""
    states, count = reach(table, start, words)
    return states if words.tokens[count].kind == END else None


def reach(table: Table, start: str, words: Words) -> tuple[list[int], int]:
    """The stack of states after as many tokens as fit (END not among them), and their number."""
    states = [table.starts[start]]
    index = 0
    while words.tokens[index].kind != END:
        kind = words.tokens[index].kind
        after = table.after(states, words.kind(index, states) if kind in IN_CONTEXT else kind)
        if after is None:
            break
        states, index = after, index + 1
    return states, index


def _climb(table: Table, key: tuple[int, int, str]) -> int:
    """The state after all reductions of rules that only pass their part on; remembered, since few chains ever occur."""
    below, state, kind = key
    while (todo := table.rows[state].get(kind)) is not None and todo < 0:
        rule = table.rules[-1 - todo]
        if not (rule.passes and rule.length == 1):
            break
        state = table.rows[below][rule.origin]
    table.climbs[key] = state
    return state


def _parts(wanted: tuple[int, ...], values: list[Any]) -> list[Any]:
    """What a rule's function is given, of the values of its symbols."""
    parts: list[Any] = []
    for part in wanted:
        if part == KEEP_NONE:
            parts.append(None)
        elif part >= 0:
            parts.append(values[part])
        elif part == -1 and not parts:
            parts = values[0]  # a list that grows by one: taken over, not copied, so that long lists take linear time
        else:
            parts += values[-1 - part]
    return parts


def _built(function: Callable[..., Any], parts: list[Any], start: int, stop: int) -> Any:
    """What a rule's function makes, with the span of the rule."""
    try:
        value = function(*parts)
    except FlintError as error:
        if error.position is None:
            error.position = Position(start, stop)
        raise
    if isinstance(value, TreeNode) and value.origin is None:
        _place(value, Position(start, stop))
    return value


def _place(node: TreeNode, origin: Position) -> None:
    """Gives `node` its origin, and those below that were made with it: the IN below the NOT of NOT IN."""
    for value in tuple(node.__dict__.values()):
        if isinstance(value, TreeNode) and value.origin is None:
            _place(value, origin)
    node.at(origin)
