"""`python -m engine.parse.update`: grammar/*.lark -> grammar/sql.table and grammar/conflicts.txt.

The only user of lark. The four files are joined as text, so rule names stay plain, and every upper-case word the rules
use becomes a keyword. Lark settles shift/reduce conflicts by shifting, in silence: they are written down for review.
"""

from __future__ import annotations

import hashlib
import logging
import marshal
import re
import sys
from array import array
from collections.abc import Iterator
from typing import Any

from engine.parse.lexer import END
from engine.parse.table import GRAMMAR_FOLDER, KEEP_NONE, TABLE_FILE

FILES = ("tokens.lark", "expressions.lark", "relations.lark", "statements.lark")
STARTS = ["statement_start", "expression_start", "type_start"]
CONFLICTS_FILE = GRAMMAR_FOLDER / "conflicts.txt"


def grammar_text() -> tuple[str, list[str]]:
    """The whole grammar, and the keywords of which it makes terminals."""
    tokens, *rules = [(GRAMMAR_FOLDER / name).read_text() for name in FILES]
    joined = "\n".join(rules)
    used = set(re.findall(r"\b[A-Z][A-Z_]+\b", re.sub(r"//[^\n]*", "", joined)))
    keywords = sorted(used - set(re.findall(r"^([A-Z_]+):", tokens, re.MULTILINE)))
    return "\n".join([tokens, *(f'{word}: "{word}"' for word in keywords), joined]), keywords


def digest(text: str) -> str:
    """What ties a table to its grammar."""
    return hashlib.sha256(text.encode()).hexdigest()


def build() -> tuple[bytes, list[str]]:
    """The dump of the table, and the conflicts that lark settled: one line each, sorted."""
    text, keywords = grammar_text()
    conflicts: list[str] = []
    table, rules = _lark_table(text, conflicts)
    rules = sorted(rules, key=lambda rule: (str(rule.origin.name), rule.order, str(rule)))
    states = _states_in_order(table)
    rows = _pack_rows(table, states, {rule: number for number, rule in enumerate(rules)})
    starts = {start: states[table.start_states[start]] for start in STARTS}
    dump = (digest(text), rows, [_pack_rule(rule) for rule in rules], starts, keywords)
    return marshal.dumps(dump, 4), sorted(conflicts)


def _lark_table(text: str, conflicts: list[str]) -> tuple[Any, list[Any]]:
    import lark  # only to build the table: nothing else of the engine loads lark

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            message = record.getMessage()
            if "Shift/Reduce" in message:
                conflicts.append(message.partition(":")[0].removeprefix("Shift/Reduce conflict for terminal "))
            elif message.startswith(" * ") and conflicts:
                conflicts[-1] += " shifts, though this may end: " + message.removeprefix(" * ").strip("<>")

    class NoLexer(lark.lexer.Lexer):  # type: ignore[misc]
        __future_interface__ = 2

        def __init__(self, conf: Any) -> None:
            """Tokens come from `engine.parse.lexer`."""

        def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Any]:  # noqa: ARG002 - lark's protocol
            raise AssertionError("lark only builds the table")

    before, level = lark.logger.handlers, lark.logger.level
    lark.logger.handlers = [Collector()]
    lark.logger.setLevel(logging.DEBUG)
    try:
        parser = lark.Lark(text, parser="lalr", lexer=NoLexer, maybe_placeholders=True, start=STARTS)
    finally:
        lark.logger.handlers = before
        lark.logger.setLevel(level)
    return parser.parser.parser._parse_table, parser.rules


def _pack_rule(rule: Any) -> tuple[str, str, int, tuple[int, ...], bool]:
    origin, symbols = str(rule.origin.name), rule.expansion
    name = str(rule.alias or origin)
    missing = _missing_before(rule.options.empty_indices, len(symbols))
    parts: list[int] = []
    for number, symbol in enumerate(symbols):
        parts += [KEEP_NONE] * missing[number]
        if symbol.is_term:
            if rule.options.keep_all_tokens or not symbol.filter_out:
                parts.append(number)
        else:
            parts.append(-1 - number if symbol.name.startswith("_") else number)
    parts += [KEEP_NONE] * missing[len(symbols)]
    passes = len(parts) == 1 and parts[0] >= 0 and bool(rule.options.expand1) and not rule.alias
    return origin, name, len(symbols), tuple(parts), passes


def _missing_before(empty: tuple[bool, ...], length: int) -> list[int]:
    """How many absent optionals stand before each symbol, and after the last."""
    counts = [0]
    for is_missing in empty or (False,) * length:
        if is_missing:
            counts[-1] += 1
        else:
            counts.append(0)
    return counts


def _states_in_order(table: Any) -> dict[int, int]:
    """New numbers of the states, in the order they are reached: lark's own differ from run to run."""
    order = {table.start_states[start]: number for number, start in enumerate(STARTS)}
    queue = list(order)
    for state in queue:
        for _, (action, target) in sorted(table.states[state].items(), key=lambda item: str(item[0])):
            if str(action) == "Shift" and target not in order:
                order[target] = len(order)
                queue.append(target)
    return order


def _pack_rows(
    table: Any, states: dict[int, int], rules: dict[Any, int]
) -> tuple[list[tuple[str, ...]], list[int], bytes]:
    """The arguments of `Rows`: the distinct shapes, each state's shape, all targets in 16 bits."""
    ends = set(table.end_states.values())
    shapes: dict[tuple[str, ...], int] = {}
    shape_of: list[int] = []
    values = array("h")
    for state, number in states.items():
        row = {
            sys.intern(str(symbol)): -1 - rules[target] if str(action) == "Reduce" else states[target]
            for symbol, (action, target) in sorted(table.states[state].items())
        }
        if state in ends:
            row[END] = number
        shape_of.append(shapes.setdefault(tuple(row), len(shapes)))
        values.extend(row.values())
    return list(shapes), shape_of, values.tobytes()


def main() -> int:
    """Rewrites the table and the list of conflicts."""
    dump, conflicts = build()
    TABLE_FILE.write_bytes(dump)
    CONFLICTS_FILE.write_text("\n".join(conflicts) + "\n")
    sys.stdout.write(f"{TABLE_FILE.name}: {len(dump):,} bytes, {len(conflicts)} conflicts settled by shifting\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
