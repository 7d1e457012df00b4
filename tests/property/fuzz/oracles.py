"""What must agree. An oracle makes a case of a seed and says in which way the engine disagrees with itself about it.

A case is a Piece whose parts are what the oracle needs, so that it can be shrunk whole. Identities that hold row by row
only (NoREC, TLP) use no expression that may raise. Plans are compared with such ones, too: then the plan with less optimization
decides whether there is an error at all, since a rule may only take an error away with the rows or columns it drops.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from . import duckdb_oracle, join_plans, typed
from .expressions import ORDERED, Expressions, Source
from .lab import CHECKED, COMPILED, EXCLUDED, INTERPRETED, OPTIONAL_BATCHES, RULES, UNOPTIMIZED, Lab, Outcome
from .pieces import Part, Piece, joined, piece
from .queries import Queries, summable
from .tables import KINDS

SHUFFLED = {"spark.sql.autoBroadcastJoinThreshold": "-1", "spark.sql.shuffle.partitions": "3"}
MERGED = SHUFFLED | {"spark.sql.join.preferSortMergeJoin": "true"}
BROADCAST = {"spark.sql.autoBroadcastJoinThreshold": "1g", "spark.sql.shuffle.partitions": "3"}
EXPRESSIONS = 20
"""How many expressions stand in one statement."""


@dataclass(frozen=True)
class Oracle:
    """`make` a case for a seed; `disagreement` is the report of what is wrong with it, or nothing."""

    make: Callable[[random.Random], Piece]
    disagreement: Callable[[Lab, Piece, int], str]
    seeds: int
    """How many of the fixed 2,000 it has."""


def differing(first: str, one: Outcome, second: str, other: Outcome, texts: tuple[str, ...]) -> str:
    """The report of two outcomes that differ."""
    return "\n".join([*(f"{text};" for text in texts), f"-- {first}:", str(one), f"-- {second}:", str(other)])


def compared(first: str, one: Outcome, second: str, other: Outcome, *texts: str) -> str:
    """Nothing if `other`, which did no more than `one`, agrees with it: it may lack its error."""
    for name, each in ((first, one), (second, other)):
        if each.error.startswith("INTERNAL"):
            return differing(name, each, "an error of the engine", each, texts)
    return "" if one == other or one.error else differing(first, one, second, other, texts)


# the same query, planned and run in other ways


def _query(raising: bool) -> Callable[[random.Random], Piece]:
    return lambda random_: Queries(random_, raising=raising and random_.random() < 0.5).query()[0]


def _optimizer(lab: Lab, case: Piece, seed: int) -> str:
    text = str(case)
    return compared("unoptimized", lab.run(text, UNOPTIMIZED), "optimized", lab.run(text), text)


def _rules(lab: Lab, case: Piece, seed: int) -> str:
    text = str(case)
    names = RULES + OPTIONAL_BATCHES
    name = names[seed % len(names)]
    return compared("unoptimized", lab.run(text, UNOPTIMIZED), f"without {name}", lab.run(text, {EXCLUDED: name}), text)


def _executors(lab: Lab, case: Piece, seed: int) -> str:
    text = str(case)
    conf = SHUFFLED if seed % 2 else BROADCAST
    return _same("one executor", lab.run(text), f"three executors {conf}", lab.run(text, conf, executors=3), text)


def _joins(lab: Lab, case: Piece, seed: int) -> str:
    text = str(case)
    ways = [("shuffle", SHUFFLED), ("merge", MERGED), ("broadcast", BROADCAST)]
    (first, one), (second, other) = ways[seed % 3], ways[(seed + 1) % 3]
    return _same(first, lab.run(text, one, executors=3), second, lab.run(text, other, executors=3), text)


def _partitions(lab: Lab, case: Piece, seed: int) -> str:
    text = str(case)
    few, many = SHUFFLED | {"spark.sql.shuffle.partitions": "1"}, SHUFFLED | {"spark.sql.shuffle.partitions": "7"}
    return _same("one partition", lab.run(text, few, executors=3), "seven", lab.run(text, many, executors=3), text)


def _batches(lab: Lab, case: Piece, seed: int) -> str:
    text, rows = str(case), (1, 2, 8192)[seed % 3]
    return _same("whole", lab.run(text), f"batches of {rows}", lab.run(text, batch_rows=rows), text)


def _compiled(level: str) -> Callable[[Lab, Piece, int], str]:
    def disagreement(lab: Lab, case: Piece, seed: int) -> str:
        text, rows, threads = str(case), (0, 1, 2, 7)[seed % 4], seed % 3 == 0
        way = f"compiled -O{level}, batches of {rows}, threads {threads}"
        made = lab.run(text, COMPILED[level], batch_rows=rows, threads=threads)
        if seed % 5 == 0:
            way += ", again"
            made = lab.run(text, COMPILED[level], batch_rows=rows, threads=threads)  # columns are warm now
        return _same("interpreted", lab.run(text, INTERPRETED), way, made, text)

    return disagreement


def _checked(lab: Lab, case: Piece, seed: int) -> str:
    """Code that looks where it reads and writes; on disk every fourth time."""
    text, rows, spilling = str(case), (0, 1, 7)[seed % 3], seed % 4 == 0
    made = lab.run(text, CHECKED, batch_rows=rows, threads=seed % 2 == 0, spilling=spilling)
    return _same("interpreted", lab.run(text, INTERPRETED), f"checked, batches of {rows}, disk {spilling}", made, text)


def _kept_programs(lab: Lab, case: Piece, seed: int) -> str:
    """The statement, and the same with other constants, which finds the programs of the first; checked code compares them with
    what it would write."""
    rng, text = random.Random(seed), str(case)
    other = _NUMBER.sub(lambda number: rng.choice(("0", "1", "2", "3", "7", "300", number[0])), text)
    for each in (text, other):
        found = _same("interpreted", lab.run(each, INTERPRETED), "checked", lab.run(each, CHECKED), each)
        if found:
            return found
    return ""


_NUMBER = re.compile(r"(?<![\w.'-])\d+(?![\w.'-])")


def _spilling(lab: Lab, case: Piece, seed: int) -> str:
    """All that can goes to disk, in code and without."""
    text, conf = str(case), {"flint.compile.minRows": "0" if seed % 2 else "1000000"}
    return _same("in memory", lab.run(text), "on disk", lab.run(text, conf, spilling=True), text)


def _same(first: str, one: Outcome, second: str, other: Outcome, text: str) -> str:
    """As `compared`, in both directions: the plans are equal but for how rows move. Which of several errors comes is open."""
    if one.error and other.error and not one.error.startswith("INTERNAL") and not other.error.startswith("INTERNAL"):
        return ""
    return compared(first, one, second, other, text) or (
        differing(first, one, second, other, (text,)) if one != other else ""
    )


# expressions, many in one statement


def _make_expressions(random_: random.Random) -> Piece:
    expressions = Expressions(random_)
    source = Source("t1", KINDS)
    return joined(", ", [expressions.value(expressions.kind(), [source], 3) for _ in range(EXPRESSIONS)])


def _folded(lab: Lab, case: Piece, seed: int) -> str:
    """Expressions over columns that are constants: folded while planning, and computed over rows."""
    row = (
        f"(select * from t{seed % 3 + 1} where l is not null or k = {seed % 4} order by hash(i, k, l, s, d, p) limit 1)"
    )
    text = f"select {case} from {row} t1"
    return compared("unoptimized", lab.run(text, UNOPTIMIZED), "optimized", lab.run(text), text)


def _constants(lab: Lab, case: Piece, seed: int) -> str:
    """Expressions of constants are what they are as columns: unoptimized they are computed over rows."""
    text = f"select {case}"
    return compared("unoptimized", lab.run(text, UNOPTIMIZED), "folded", lab.run(text), text)


def _make_constants(random_: random.Random) -> Piece:
    expressions = Expressions(random_)
    return joined(", ", [expressions.value(expressions.kind(), [], 3) for _ in range(EXPRESSIONS)])


# identities


def _make_filtered(random_: random.Random) -> Piece:
    """FROM, and a condition over it."""
    queries = Queries(random_)
    text, sources = queries.relations(1)
    kinds = [queries._orderable() for _ in range(2)]
    items = joined(
        ", ", [piece(queries.expressions.value(kind, sources, 1), f" as c{n}") for n, kind in enumerate(kinds)]
    )
    return Piece((items, text, piece(queries.condition(sources, 1))))


def _norec(lab: Lab, case: Piece, seed: int) -> str:
    """Rows that a filter keeps are those for which its condition is true when it is computed for every row."""
    _, relations, condition = case.parts
    kept = f"select count(*) from {relations} where {condition}"
    counted = f"select count(*) from (select ({condition}) as c from {relations}) q where c is true"
    every = f"select count(c) filter (where c) from (select ({condition}) as c, rand() as r from {relations}) q"
    text = counted if seed % 2 else every
    return compared("kept", lab.run(kept), "counted", lab.run(text), kept, text)


def _parts(condition: Part) -> tuple[str, str, str]:
    return str(condition), f"not ({condition})", f"({condition}) is null"


def _where(lab: Lab, case: Piece, seed: int) -> str:
    """A query is its rows where a condition is true, those where it is false and those where it is null."""
    items, relations, condition = case.parts
    whole = f"select {items} from {relations}"
    union = " union all ".join(f"{whole} where {each}" for each in _parts(condition))
    return compared("whole", lab.run(whole), "in three parts", lab.run(union), whole, union)


def _make_grouped(random_: random.Random) -> Piece:
    """FROM, a grouping column and a condition on groups."""
    queries = Queries(random_)
    text, sources = queries.relations(1)
    kind = random_.choice(ORDERED)
    key = queries.expressions.column(kind, sources) or "1"
    return Piece((f"{key} as c0, count(*) as c1", text, key, piece(queries.having(sources))))


def _having(lab: Lab, case: Piece, seed: int) -> str:
    items, relations, key, condition = case.parts
    whole = f"select {items} from {relations} group by {key}"
    union = " union all ".join(f"{whole} having {each}" for each in _parts(condition))
    return compared("whole", lab.run(whole), "in three parts", lab.run(union), whole, union)


def _make_aggregated(random_: random.Random) -> Piece:
    """FROM, a value that can be added up in any order, and a condition."""
    queries = Queries(random_)
    text, sources = queries.relations(1)
    kind = random_.choice([each for each in ORDERED if summable(each)])
    return Piece((piece(queries.expressions.value(kind, sources, 1)), text, piece(queries.condition(sources, 1))))


def _aggregates(lab: Lab, case: Piece, seed: int) -> str:
    """Counts, sums and extremes of a whole are those of its three parts put together."""
    value, relations, condition = case.parts
    of = f"cast({value} as decimal(30, 2))"
    items = f"count({value}) as n, sum({of}) as s, min({value}) as low, max({value}) as high"
    whole = f"select {items} from {relations}"
    union = " union all ".join(f"{whole} where {each}" for each in _parts(condition))
    together = f"select cast(sum(n) as bigint), cast(sum(s) as decimal(38, 2)), min(low), max(high) from ({union}) q"
    plain = whole.replace(f"sum({of}) as s", f"cast(sum({of}) as decimal(38, 2)) as s")
    return compared("whole", lab.run(plain), "in three parts", lab.run(together), plain, together)


ORACLES: dict[str, Oracle] = {
    "optimizer": Oracle(_query(True), _optimizer, 120),
    "rules": Oracle(_query(True), _rules, 120),
    "executors": Oracle(_query(False), _executors, 100),
    "joins": Oracle(_query(False), _joins, 80),
    "partitions": Oracle(_query(False), _partitions, 50),
    "batches": Oracle(_query(False), _batches, 80),
    "spilling": Oracle(_query(False), _spilling, 100),
    "compiled": Oracle(_query(True), _compiled("0"), 150),
    "optimized code": Oracle(_query(True), _compiled("2"), 50),
    "typed": Oracle(typed.make, _compiled("0"), 150),
    "typed, optimized code": Oracle(typed.make, _compiled("2"), 50),
    "typed, checked code": Oracle(typed.make, _checked, 60),
    "kept programs": Oracle(typed.make, _kept_programs, 25),
    "kept programs of joins": Oracle(join_plans.make, _kept_programs, 15),
    "joins as code": Oracle(join_plans.make, _compiled("0"), 100),
    "joins as optimized code": Oracle(join_plans.make, _compiled("2"), 30),
    "joins as checked code": Oracle(join_plans.make, _checked, 60),
    "expressions": Oracle(_make_expressions, _folded, 100),
    "constants": Oracle(_make_constants, _constants, 100),
    "norec": Oracle(_make_filtered, _norec, 100),
    "where": Oracle(_make_filtered, _where, 100),
    "having": Oracle(_make_grouped, _having, 60),
    "aggregates": Oracle(_make_aggregated, _aggregates, 60),
    "duckdb": Oracle(duckdb_oracle.make, duckdb_oracle.disagreement, 180),
}
