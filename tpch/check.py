"""Compares what the engine answers to TPC-H with the recorded answers (`answers/`).

Integers, decimals, strings and dates must be equal; doubles to a relative 1e-9. A decimal that the record holds as a
double (Spark's average of decimals is a decimal, DuckDB's a double) may differ by half a unit of its last place. Rows
must come in the order that ORDER BY asks for; those it holds equal are compared as a set.

    python -m tpch.check --scale 1 [--query 5] [--seed 1] [--executors 2] [--conf key=value]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import total_ordering
from itertools import pairwise, repeat
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from tpch import params
from tpch.answer import (
    Answer,
    NoAnswer,
    Row,
    Value,
    canonical,
    digest,
    kind,
    recorded_answer,
    rows_of,
    statement_digest,
)
from tpch.load import GenerateError, load, register

RELATIVE = 1e-9
TINY = 1e-15  # what is left of doubles that cancel out
SHOWN = 5  # differing rows per query

# What each query is ordered by: positions of output columns from 1, negative for descending.
ORDER_BY: dict[int, tuple[int, ...]] = {
    1: (1, 2), 2: (-1, 3, 2, 4), 3: (-2, 3), 4: (1,), 5: (-2,), 6: (), 7: (1, 2, 3), 8: (1,), 9: (1, -2), 10: (-3,),
    11: (-2,), 12: (1,), 13: (-2, -1), 14: (), 15: (1,), 16: (-4, 1, 2, 3), 17: (), 18: (-5, 4), 19: (), 20: (1,),
    21: (-2, 1), 22: (1,),
}  # fmt: skip


class Frame(Protocol):
    """What is needed of the engine's DataFrame."""

    def toArrow(self) -> pa.Table: ...


class Asks(Protocol):
    """What is needed of the engine's Session."""

    def sql(self, text: str) -> Frame: ...


@dataclass(frozen=True)
class Outcome:
    """How one query went: `rows` and `seconds` from text to Arrow table, and what is wrong with it (nothing: right)."""

    query: int
    rows: int
    seconds: float
    differences: tuple[str, ...]

    @property
    def right(self) -> bool:
        return not self.differences

    def line(self) -> str:
        """One line of the table that HEADING begins."""
        verdict = "right" if self.right else "WRONG"
        return f"q{self.query:02}  {params.title(self.query):34} {self.rows:>8,} {self.seconds:>9.3f}  {verdict}"


HEADING = f"     {'':34} {'rows':>8} {'seconds':>9}  answer"


def answer_queries(session: Asks, queries: Iterable[int], scale: float, seed: int | None = None) -> Iterator[Outcome]:
    """Runs `queries` on the views of `session` one by one and checks each. Raises NoAnswer if nothing is recorded."""
    for query in queries:
        expected = recorded_answer(query, scale, seed)
        text = params.text(query, scale, seed)
        if statement_digest(text) != expected.statement:
            raise NoAnswer(f"q{query:02} has changed since its answer was recorded: run python -m tpch.record")
        start = time.perf_counter()
        try:
            table = session.sql(text).toArrow()
        except Exception as error:  # whatever it is, this query is wrong and the next ones are still of interest
            yield Outcome(query, 0, time.perf_counter() - start, (f"{type(error).__name__}: {error}",))
            continue
        seconds = time.perf_counter() - start
        yield Outcome(query, table.num_rows, seconds, tuple(differences(query, expected, table)))


def differences(query: int, expected: Answer, table: pa.Table, last_place: float = 0.5) -> list[str]:
    """What is wrong with `table` as the answer to `query`; nothing if it is right.

    last_place: by how many units of its last place a decimal may differ from a recorded double: 0.5 for one that is
    rounded, 1 to let pass those that cut off.
    """
    kinds = tuple(kind(field.type) for field in table.schema)
    if len(kinds) != len(expected.kinds):
        return [f"{len(kinds)} columns, expected {len(expected.kinds)}"]
    found = [
        f"column {position} ({field.name}) is {field.type}, expected a {want}"
        for position, (field, have, want) in enumerate(zip(table.schema, kinds, expected.kinds, strict=True), 1)
        if _family(have) != _family(want)
    ]
    if found:
        return found
    rows = rows_of(table)
    if len(rows) != expected.count:
        found.append(f"{len(rows)} rows, expected {expected.count}")
    found += _order_differences(rows, ORDER_BY[query])
    if expected.digest is not None:
        return found + _digest_differences(rows, expected)
    exact = [i for i, pair in enumerate(zip(kinds, expected.kinds, strict=True)) if "double" not in pair]
    return found + row_differences(rows, expected.rows, exact, last_place)


def order_key(row: Row, order: Sequence[int]) -> tuple[Any, ...]:
    """Sorts rows as `order` says; equal for rows that tie."""
    places = ((row[abs(place) - 1], place < 0) for place in order)
    keys = (((value is None, value), descending) for value, descending in places)  # no right answer holds a null here
    return tuple(_Descending(key) if descending else key for key, descending in keys)


@total_ordering
@dataclass(frozen=True)
class _Descending:
    value: Any

    def __lt__(self, other: _Descending) -> bool:
        return bool(other.value < self.value)


def _family(kind: str) -> str:
    return "number" if kind == "double" else kind


def _order_differences(rows: list[Row], order: Sequence[int]) -> list[str]:
    keys = [order_key(row, order) for row in rows]
    for number, (before, after) in enumerate(pairwise(keys), 1):
        if after < before:
            return [f"not in order: row {number + 1} {_show(rows[number])} belongs before row {number}"]
    return []


def _digest_differences(rows: list[Row], expected: Answer) -> list[str]:
    if digest(rows) == expected.digest:
        return []
    there = {canonical(row) for row in rows}
    missing = [row for row in expected.rows if canonical(row) not in there]
    if not missing:
        return [f"the first {len(expected.rows)} recorded rows are there; others differ from the record (digest)"]
    return [f"missing row {_show(row)}" for row in missing[:SHOWN]] + _more(missing)


def row_differences(
    rows: Sequence[Row],
    expected: Sequence[Row],
    exact: Sequence[int],
    last_place: float,
    relative: float = RELATIVE,
) -> list[str]:
    """Pairs rows by their `exact` columns (positions from 0), then compares the others with a tolerance, see `differences`;
    `relative` is that of doubles."""
    have, want = _by_key(rows, exact), _by_key(expected, exact)
    counts_have = Counter({key: len(group) for key, group in have.items()})
    counts_want = Counter({key: len(group) for key, group in want.items()})
    missing = [want[key][0] for key in counts_want - counts_have]
    extra = [have[key][0] for key in counts_have - counts_want]
    found = [f"missing row {_show(row)}" for row in missing[:SHOWN]] + _more(missing)
    found += [f"unexpected row {_show(row)}" for row in extra[:SHOWN]] + _more(extra)
    if found:
        return found
    pairs = [pair for key in want for pair in zip(have[key], want[key], strict=True)]
    off = [pair for pair in pairs if not all(map(close, *pair, repeat(last_place), repeat(relative)))]
    return [f"row {_show(got)}, expected {_show(right)}" for got, right in off[:SHOWN]] + _more(off)


def _by_key(rows: Sequence[Row], exact: Sequence[int]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[canonical(tuple(row[place] for place in exact))].append(row)
    for group in groups.values():
        group.sort(key=lambda row: [(value is None, value) for value in row if isinstance(value, float | Decimal)])
    return groups


def close(have: Value, want: Value, last_place: float, relative: float) -> bool:
    """Equal, for doubles within the tolerance; see the module."""
    if not isinstance(have, float) and not isinstance(want, float):
        return have == want
    if not isinstance(have, float | Decimal) or not isinstance(want, float | Decimal):
        return False  # one of them is null
    allowed = max(TINY, relative * max(abs(float(have)), abs(float(want))))
    for value in (have, want):
        if isinstance(value, Decimal):
            allowed = max(allowed, last_place * 10.0 ** int(value.as_tuple().exponent) * (1 + 1e-6))
    return abs(float(have) - float(want)) <= allowed


def _show(row: Row) -> str:
    return "(" + ", ".join("NULL" if value is None else str(value) for value in row) + ")"


def _more(rows: Sequence[object]) -> list[str]:
    return [f"... and {len(rows) - SHOWN} more"] if len(rows) > SHOWN else []


def _setting(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"expected key=value, got {text!r}")
    return key, value


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tpch.check", description="Answer TPC-H queries and check them.")
    made.add_argument("--scale", type=float, default=0.1, help="scale factor: 0.01, 0.1, 1 or 10 (default 0.1)")
    made.add_argument("--query", type=int, action="append", choices=params.QUERIES, metavar="N", help="only query N")
    made.add_argument("--seed", type=int, help="random literals of this seed (default: the validation literals)")
    made.add_argument("--executors", type=int, help="number of executors (spark.executor.instances)")
    made.add_argument("--master", help="for example local[2]")
    made.add_argument("--conf", type=_setting, action="append", default=[], metavar="KEY=VALUE", help="a setting")
    made.add_argument("--data", type=Path, help="the folder that holds sf0.1, sf1, ... (default: the user's cache)")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: all right; 1: some wrong; 2: cannot be checked."""
    options = parser().parse_args(arguments)
    from engine import Session  # start-up: --help needs no engine

    conf = dict(options.conf)
    if options.executors is not None:
        conf["spark.executor.instances"] = str(options.executors)
    master = {} if options.master is None else {"master": options.master}
    queries = options.query or params.QUERIES
    try:
        path = load(options.scale, options.data)
        with Session(conf=conf, **master) as session:
            register(session, path)
            return print_outcomes(answer_queries(session, queries, options.scale, options.seed))
    except (NoAnswer, GenerateError) as error:
        print(f"tpch.check: {error}", file=sys.stderr)
        return 2


def print_outcomes(outcomes: Iterable[Outcome]) -> int:
    """Prints one line per outcome as it comes and a sum; 0 if all are right, else 1."""
    print(HEADING, flush=True)
    done = []
    for outcome in outcomes:
        done.append(outcome)
        print(outcome.line(), flush=True)
        for difference in outcome.differences:
            print(f"       {difference}", flush=True)
    right = sum(outcome.right for outcome in done)
    print(f"{right} of {len(done)} right, {sum(outcome.seconds for outcome in done):.1f} seconds in all", flush=True)
    return 0 if right == len(done) else 1


if __name__ == "__main__":
    sys.exit(main())
