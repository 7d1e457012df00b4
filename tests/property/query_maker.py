"""Random queries over three small tables, and tables that hold what goes wrong: nulls, NaN, extremes, odd strings.

The same seed gives the same query. Queries use what Spark and DuckDB agree on, and cannot fail: numbers are widened before
they are added, divisors are never zero.
"""

from __future__ import annotations

import datetime
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

COLUMNS = {"i": "int", "k": "int", "x": "double", "m": "decimal", "s": "string", "d": "date", "p": "boolean"}
_VALUES: dict[str, tuple[pa.DataType, Sequence[Any]]] = {
    "i": (pa.int32(), [0, 1, -1, 2, 7, 2**31 - 1, -(2**31)]),
    "k": (pa.int32(), [0, 1, 2, 3]),
    "x": (pa.float64(), [0.0, 1.5, -2.25, math.nan, math.inf, -math.inf, 1e300, 3.0]),
    "m": (pa.decimal128(10, 2), [Decimal("0.00"), Decimal("1.10"), Decimal("-99999999.99"), Decimal("12.34")]),
    "s": (pa.string(), ["", "a", "A", "ab", "zz", "ü", "日本", "a b", "%_"]),
    "d": (pa.date32(), [datetime.date(1969, 12, 31), datetime.date(2000, 2, 29), datetime.date(2020, 1, 1)]),
    "p": (pa.bool_(), [True, False]),
}
_LITERALS = {
    "int": ["0", "1", "2", "-1", "7", "2147483647"],
    "double": ["0.0D", "1.5D", "-2.25D"],
    "decimal": ["0.00", "1.10", "12.34"],
    "string": ["''", "'a'", "'ab'", "'ü'", "'zz'"],
    "date": ["date '2000-02-29'", "date '2020-01-01'"],
    "boolean": ["true", "false"],
}
_COMPARISONS = ("=", "<>", "<", "<=", ">", ">=", "is not distinct from")


def write_tables(folder: Path, seed: int = 0, rows: int = 30) -> None:
    """t1 .. t3 as Parquet, 30 % nulls; t3 in row groups of 7 rows."""
    random_ = random.Random(seed)
    for table in ("t1", "t2", "t3"):
        columns = {
            name: pa.array([None if random_.random() < 0.3 else random_.choice(values) for _ in range(rows)], kind)
            for name, (kind, values) in _VALUES.items()
        }
        pq.write_table(pa.table(columns), folder / f"{table}.parquet", row_group_size=7 if table == "t3" else None)


@dataclass
class Source:
    """A relation in FROM: its alias and its columns' types."""

    alias: str
    columns: dict[str, str]


class Generator:
    """Makes queries; `subqueries` are nested to a depth of two."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.number = 0

    def query(self) -> tuple[str, list[str]]:
        """A query whose columns are c0, c1 ..., and their types."""
        kind = self.random.choice(["plain", "plain", "group", "group", "window", "set", "with", "limit"])
        match kind:
            case "set":
                left, types = self.select([])
                right, _ = self.select([], types)
                operator = self.random.choice(
                    ["union", "union all", "intersect", "except", "intersect all", "except all"]
                )
                return f"select * from ({left}) {operator} select * from ({right})", types
            case "with":
                inner, types = self.select([])
                name = self.fresh("w")
                source = Source(name, {f"c{n}": kind for n, kind in enumerate(types)})
                condition = self.condition([source], 1)
                other = f" where (select count(*) from {name}) > 3" if self.random.random() < 0.5 else ""
                text = f"with {name} as ({inner}) select * from {name} where {condition} union all select * from {name}"
                return text + other, types
            case "limit":
                inner, types = self.select([])
                order = ", ".join(self.order(f"c{n}") for n in range(len(types)))
                offset = f" offset {self.random.randrange(5)}" if self.random.random() < 0.3 else ""
                return f"select * from ({inner}) q order by {order} limit {self.random.randrange(12)}{offset}", types
            case "group":
                return self.grouped()
            case "window":
                return self.windowed()
        return self.select([])

    def fresh(self, letter: str) -> str:
        """A name not used yet."""
        self.number += 1
        return f"{letter}{self.number}"

    def order(self, text: str) -> str:
        """A sort key with everything said: the defaults differ."""
        return f"{text} {self.random.choice(['asc', 'desc'])} nulls {self.random.choice(['first', 'last'])}"

    def select(self, outer: list[Source], types: list[str] | None = None, depth: int = 0) -> tuple[str, list[str]]:
        """SELECT .. FROM .. WHERE with columns of `types`, or any."""
        text, sources = self.relations(outer, depth)
        wanted = types or [self.random.choice(list(_LITERALS)) for _ in range(self.random.randint(1, 3))]
        items = ", ".join(f"{self.value(kind, sources, depth)} as c{n}" for n, kind in enumerate(wanted))
        distinct = "distinct " if self.random.random() < 0.15 else ""
        where = f" where {self.condition(sources + outer, depth)}" if self.random.random() < 0.8 else ""
        return f"select {distinct}{items} from {text}{where}", wanted

    def relations(self, outer: list[Source], depth: int) -> tuple[str, list[Source]]:
        """FROM: one to three tables or subqueries, joined."""
        text, sources = self.relation(depth)
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            right, (found,) = self.relation(depth)
            keys = self.random.choice(["i", "k", "s", "d"])
            keyed = all(keys in each.columns for each in (sources[0], found))
            kinds = ["join", "left join", "right join", "full join", "left semi join", "left anti join"]
            kind = self.random.choice(kinds)
            on = f"{sources[0].alias}.{keys} = {found.alias}.{keys}" if keyed else "true"
            if self.random.random() < 0.4 or not keyed:
                on += f" and {self.simple([*sources, found])}"
            if kind == "full join" and not keyed:
                kind = "join"
            text += f" {kind} {right} on {on}"
            if "semi" not in kind and "anti" not in kind:
                sources = [*sources, found]
        return text, sources

    def relation(self, depth: int) -> tuple[str, list[Source]]:
        """A table, or a subquery with a few of its rows."""
        table, alias = self.random.choice(["t1", "t2", "t3"]), self.fresh("a")
        if depth < 2 and self.random.random() < 0.25:
            inner, types = self.select([], depth=depth + 1)
            return f"({inner}) {alias}", [Source(alias, {f"c{n}": kind for n, kind in enumerate(types)})]
        return f"{table} {alias}", [Source(alias, dict(COLUMNS))]

    def column(self, kind: str, sources: list[Source]) -> str | None:
        """A column of a type, if there is one."""
        found = [f"{s.alias}.{name}" for s in sources for name, each in s.columns.items() if each == kind]
        return self.random.choice(found) if found else None

    def value(self, kind: str, sources: list[Source], depth: int = 0) -> str:
        """An expression of a type."""
        column = self.column(kind, sources)
        literal = self.random.choice(_LITERALS[kind])
        roll = self.random.random()
        if column is None:
            return literal
        if roll < 0.5:
            return column
        if roll < 0.6:
            return f"coalesce({column}, {literal})"
        if roll < 0.7:
            return f"case when {self.simple(sources)} then {column} else {self.random.choice([literal, 'null'])} end"
        if roll < 0.75:
            return f"nullif({column}, {literal})"
        match kind:
            case "int":
                return f"cast(cast({column} as bigint) % 5 as int)"
            case "string":
                return self.random.choice([f"upper({column})", f"{column} || {literal}", f"substring({column}, 1, 1)"])
            case "double":
                return self.random.choice([f"abs({column})", f"-{column}"])
            case "boolean":
                return f"({self.simple(sources)})"
            case "decimal":
                return f"abs({column})"
        return column

    def simple(self, sources: list[Source]) -> str:
        """A condition on one row."""
        kind = self.random.choice(["int", "int", "double", "decimal", "string", "date", "boolean"])
        column = self.column(kind, sources)
        if column is None:
            return self.random.choice(["true", "1 = 1"])
        other = self.random.choice([self.column(kind, sources), self.random.choice(_LITERALS[kind])])
        literals = ", ".join(self.random.sample(_LITERALS[kind], 2))
        choices = [
            f"{column} {self.random.choice(_COMPARISONS)} {other}",
            f"{column} is {self.random.choice(['', 'not '])}null",
            f"{column} {self.random.choice(['', 'not '])}in ({literals}{self.random.choice(['', ', null'])})",
            f"{column} between {self.random.choice(_LITERALS[kind])} and {self.random.choice(_LITERALS[kind])}",
        ]
        if kind == "string":
            choices.append(
                f"{column} {self.random.choice(['', 'not '])}like '{self.random.choice(['a%', '_', '%', '%b'])}'"
            )
        if kind == "boolean":
            choices.append(column)
        return self.random.choice(choices)

    def condition(self, sources: list[Source], depth: int) -> str:
        """A condition, with AND, OR, NOT and subqueries."""
        roll = self.random.random()
        if roll < 0.45:
            return self.simple(sources)
        if roll < 0.7:
            terms = [self.condition(sources, depth + 1) for _ in range(2)]
            return "(" + self.random.choice([" and ", " or "]).join(terms) + ")"
        if roll < 0.78:
            return f"not ({self.condition(sources, depth + 1)})"
        return self.subquery(sources) if depth < 2 else self.simple(sources)

    def subquery(self, sources: list[Source]) -> str:
        """IN, EXISTS, or a comparison with a scalar subquery; half of them correlated."""
        kind = self.random.choice(["int", "string", "date"])
        table, alias = self.random.choice(["t1", "t2", "t3"]), self.fresh("b")
        inner = Source(alias, dict(COLUMNS))
        where = self.simple([inner])
        column, outer = self.column(kind, [inner]), self.column(kind, sources)
        link = self.column("int", sources)
        if link is not None and self.random.random() < 0.5:
            where += f" and {alias}.k = {link}"
        match self.random.choice(["in", "not in", "exists", "not exists", "scalar"]):
            case "in" | "not in" as operator if outer is not None:
                return f"{outer} {operator} (select {column} from {table} {alias} where {where})"
            case "scalar" if outer is not None:
                function = self.random.choice(["min", "max"])
                return f"{outer} >= (select {function}({column}) from {table} {alias} where {where})"
            case "not exists":
                return f"not exists (select 1 from {table} {alias} where {where})"
        return f"exists (select 1 from {table} {alias} where {where})"

    def grouped(self) -> tuple[str, list[str]]:
        """GROUP BY (none to two keys, or ROLLUP) with aggregates and perhaps HAVING."""
        text, sources = self.relations([], 1)
        keys = [self.random.choice(list(_LITERALS)) for _ in range(self.random.choice([0, 1, 1, 2]))]
        columns = [(found, kind) for kind in keys if (found := self.column(kind, sources)) is not None]
        items, types = [found for found, _ in columns], [kind for _, kind in columns]
        for _ in range(self.random.randint(1, 3)):
            item, kind = self.aggregate(sources)
            items.append(item)
            types.append(kind)
        listed = ", ".join(f"{item} as c{n}" for n, item in enumerate(items))
        where = f" where {self.condition(sources, 1)}" if self.random.random() < 0.6 else ""
        group = ", ".join(dict.fromkeys(found for found, _ in columns))
        if group and self.random.random() < 0.2:
            group = f"rollup ({group})"
        having = f" having count(*) > {self.random.randrange(4)}" if self.random.random() < 0.3 else ""
        if "rollup" in group:  # over no rows it gives none in Spark, and the total in DuckDB
            having = having or " having count(*) > 0"
        return f"select {listed} from {text}{where}" + (f" group by {group}" if group else "") + having, types

    def aggregate(self, sources: list[Source]) -> tuple[str, str]:
        """An aggregate and the type of its value."""
        kind = self.random.choice(list(_LITERALS))
        column = self.column(kind, sources) or "1"
        condition = f" filter (where {self.simple(sources)})" if self.random.random() < 0.2 else ""
        numeric = self.column("int", sources) or "1"
        money = self.column("decimal", sources) or "1.10"
        return self.random.choice(
            [
                (f"count(*){condition}", "int"),
                (f"count({column}){condition}", "int"),
                (f"count(distinct {column}){condition}", "int"),
                (f"min({column}){condition}", kind),
                (f"max({column}){condition}", kind),
                (f"sum({numeric}){condition}", "int"),
                (f"sum({money}){condition}", "decimal"),
                (f"sum(distinct {numeric})", "int"),
                (f"avg({numeric}){condition}", "double"),
            ]
        )

    def windowed(self) -> tuple[str, list[str]]:
        """Window functions over a table with an order that leaves no ties."""
        inner, types = self.select([])
        columns = [f"c{n}" for n in range(len(types))]
        order = ", ".join(self.order(each) for each in columns)
        partition = f"partition by {self.random.choice(columns)} " if self.random.random() < 0.7 else ""
        over = f"over ({partition}order by {order})"
        frame = f"over ({partition}order by {order} rows between {self.random.randrange(3)} preceding and current row)"
        function = self.random.choice(
            [
                f"row_number() {over}",
                f"rank() {over}",
                f"dense_rank() {over}",
                f"count(*) {frame}",
                f"count(c0) {frame}",
            ]
        )
        where = f" where w <= {self.random.randint(1, 9)}" if self.random.random() < 0.3 else ""
        text = f"select * from (select {', '.join(columns)}, {function} as w from ({inner}) q) v{where}"
        return text, [*types, "int"]


def normal(rows: Sequence[Sequence[Any]]) -> list[tuple[str, ...]]:
    """Rows as sorted text: order is no matter, NaN equals NaN, -0.0 equals 0.0, decimals and integers by value."""
    return sorted(tuple(_shown(value) for value in row) for row in rows)


def _shown(value: Any) -> str:
    if isinstance(value, bool) or value is None or isinstance(value, str | datetime.date):
        return repr(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return f"{float(value):.9g}" if value else "0"
