"""Random queries: SELECTs with joins and subqueries, grouping, windows, set operations, WITH, sorting, over tables.py.

Every query has one answer as a set of rows: windows and limits are over orders without ties, floats are never added up.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from .expressions import LITERALS, NUMBERS, ORDERED, Expressions, Source
from .pieces import Part, Piece, joined, piece
from .tables import AGREEING, KINDS, TABLES

WINDOWS = [
    ("row_number()", "int"),
    ("rank()", "int"),
    ("dense_rank()", "int"),
    ("ntile(3)", "int"),
    ("lag({of})", ""),
    ("lead({of}, 2)", ""),
    ("count(*)|", "long"),
    ("count({of})|", "long"),
    ("min({of})|", ""),
    ("max({of})|", ""),
    ("sum({of})|", "other"),
    ("first_value({of})|", ""),
    ("last_value({of})|", ""),
    ("nth_value({of}, 2)|", ""),
    ("last_value({of}) ignore nulls|", ""),
    ("lag({of}) ignore nulls", ""),
    ("cume_dist()", "other"),
    ("percent_rank()", "other"),
]
"""Window functions, those with a frame marked, and the kinds of their values: none for that of `of`."""
SPARK_WINDOWS = frozenset(template for template, _ in WINDOWS[-5:])
FRAMES = (
    "",
    " rows between 1 preceding and 2 following",
    " rows between 2 preceding and current row",
    " rows between unbounded preceding and 1 preceding",
    " rows between 1 following and unbounded following",
)
Select = tuple[Piece, list[str]]
"""A query whose columns are c0, c1 ..., and their kinds."""


class Queries:
    """Makes queries. `agreeing` and `raising` as in Expressions; subqueries are nested to a depth of two."""

    def __init__(self, random_: random.Random, agreeing: bool = False, raising: bool = False) -> None:
        self.random = random_
        self.agreeing = agreeing
        self.expressions = Expressions(random_, agreeing, raising)
        self.columns = {name: kind for name, kind in KINDS.items() if not agreeing or name in AGREEING}
        self.number = 0

    def query(self, depth: int = 0) -> Select:
        """Any query."""
        shapes = ["select", "select", "grouped", "grouped", "windowed", "combined", "with", "limited"]
        if not self.agreeing:
            shapes += ["generated", "lateral"]
        made: Select = getattr(self, "_" + self.random.choice(shapes))(depth)
        return made

    # FROM and WHERE

    def relations(self, depth: int) -> tuple[Piece, list[Source]]:
        """FROM: one to three relations, joined."""
        text, source = self.relation(depth)
        sources = [source]
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            text, sources = self._join(text, sources, depth)
        return text, sources

    def relation(self, depth: int) -> tuple[Piece, Source]:
        """A table, or a subquery with a few of its rows."""
        alias = self._fresh("a")
        table = self.random.choices(list(TABLES), [6, 6, 6, 1, 1])[0]
        plain = piece(f"{table} {alias}")
        if depth >= 2 or self.random.random() > 0.25:
            return plain, Source(alias, self.columns)
        inner, kinds = self.query(depth + 1)
        return piece("(", inner, f") {alias}"), Source(alias, _named(kinds))

    def _join(self, left: Piece, sources: list[Source], depth: int) -> tuple[Piece, list[Source]]:
        right, found = self.relation(depth)
        kinds = [
            "join",
            "join",
            "left join",
            "right join",
            "full join",
            "left semi join",
            "left anti join",
            "cross join",
        ]
        kind = self.random.choice(kinds)
        if kind == "cross join":
            return piece(left, " cross join ", right, simpler=(left,)), [*sources, found]
        terms = [
            each for each in (self._equality(sources, found) for _ in range(self.random.choice([1, 1, 2]))) if each
        ]
        if not terms or self.random.random() < 0.4:
            terms.append(self.expressions.value("boolean", [*sources, found], 1))
        if kind == "full join" and terms and not self._is_equality(terms[0]):
            kind = "left join" if self.agreeing else kind
        text = piece(left, f" {kind} ", right, " on ", joined(" and ", terms), simpler=(left,))
        return text, sources if "semi" in kind or "anti" in kind else [*sources, found]

    def _is_equality(self, term: Part) -> bool:
        return isinstance(term, str)

    def _equality(self, sources: list[Source], right: Source) -> str | None:
        """An equality of two columns of one kind; small ranges more often."""
        kind = self.random.choice(["int", "int", "int", "string", "date", "boolean", self.expressions.kind()])
        one, other = self.expressions.column(kind, sources), self.expressions.column(kind, [right])
        if one is None or other is None or kind == "map":
            return None
        if kind == "int" and self.random.random() < 0.6 and self._have_k(one, other, sources, right):
            one, other = (f"{each.rpartition('.')[0]}.k" for each in (one, other))
        operator = "<=>" if self.random.random() < 0.1 and not self.agreeing else "="
        return f"{one} {operator} {other}"

    def _have_k(self, one: str, other: str, sources: list[Source], right: Source) -> bool:
        columns = {each.alias: each.columns for each in [*sources, right]}
        return all("k" in columns[each.rpartition(".")[0]] for each in (one, other))

    def where(self, sources: list[Source], depth: int) -> Piece:
        """WHERE, or nothing."""
        if self.random.random() < 0.25:
            return piece("")
        return piece(" where ", self.condition(sources, depth), simpler=("",))

    def condition(self, sources: list[Source], depth: int) -> Part:
        """A condition, perhaps with subqueries."""
        roll = self.random.random()
        if roll < 0.55 or depth >= 2:
            return self.expressions.value("boolean", sources)
        if roll < 0.75:
            one, other = self.condition(sources, depth + 1), self.condition(sources, depth + 1)
            return piece("(", one, self.random.choice([" and ", " or "]), other, ")", simpler=(one, other))
        if roll < 0.8:
            inner = self.condition(sources, depth + 1)
            return piece("(not ", inner, ")", simpler=(inner,))
        return self._subquery(sources)

    def _subquery(self, sources: list[Source]) -> Part:
        """IN, EXISTS, or a comparison with a scalar subquery; half of them correlated."""
        kind = self.random.choice(["int", "string", "date", "money"])
        text, inner = self.relation(2)
        condition: list[Part] = [self.expressions.value("boolean", [inner], 1)]
        link = self.expressions.column("int", sources)
        if link is not None and self.random.random() < 0.6:
            condition.append(f"{inner.alias}.k {self.random.choice(['=', '=', '=', '<', '<>'])} {link}")
        where = piece(text, " where ", joined(" and ", condition))
        outer = self.expressions.value(kind, sources, 1)
        column = self.expressions.column(kind, [inner])
        operator = self.random.choice(["in", "not in", "exists", "not exists", ">="])
        if "exists" in operator:
            return piece(f"{operator} (select 1 from ", where, ")", simpler=("true",))
        function = self.random.choice(["min", "max", "count"])
        if operator == ">=" and function == "count":
            return piece(f"{self.random.randint(1, 4)} >= (select count({column}) from ", where, ")", simpler=("true",))
        item = f"{function}({column})" if operator == ">=" else column
        return piece("(", outer, f" {operator} (select {item} from ", where, "))", simpler=("true",))

    # shapes

    def _select(self, depth: int, kinds: Sequence[str] = ()) -> Select:
        text, sources = self.relations(depth)
        wanted = list(kinds) or [self.expressions.kind() for _ in range(self.random.randint(1, 3))]
        items = joined(", ", [piece(self._item(kind, sources, depth), f" as c{n}") for n, kind in enumerate(wanted)])
        distinct = piece("distinct ", simpler=("",)) if self.random.random() < 0.12 and "map" not in wanted else ""
        return piece("select ", distinct, items, " from ", text, self.where(sources, depth)), wanted

    def _item(self, kind: str, sources: list[Source], depth: int) -> Part:
        """An expression of the select list: sometimes a scalar subquery."""
        if depth < 2 and kind in ("int", "string", "date") and self.random.random() < 0.08:
            text, inner = self.relation(2)
            link, column = self.expressions.column("int", sources), self.expressions.column(kind, [inner])
            where = f" where {inner.alias}.k = {link}" if link else ""
            return piece(
                f"(select {self.random.choice(['min', 'max'])}({column}) from ", text, where, ")", simpler=("null",)
            )
        return self.expressions.value(kind, sources)

    def _grouped(self, depth: int) -> Select:
        """GROUP BY none to two keys, or sets of them, with aggregates and perhaps HAVING."""
        text, sources = self.relations(depth + 1)
        keys, kinds = self._keys(sources)
        items: list[Part] = list(keys)
        for _ in range(self.random.randint(1, 3)):
            item, kind = self.aggregate(sources)
            items.append(item)
            kinds.append(kind)
        listed = joined(", ", [piece(item, f" as c{n}") for n, item in enumerate(items)])
        group = piece(" group by ", self._sets(list(map(str, keys))), simpler=("",)) if keys else ""
        having = piece(" having ", self.having(sources), simpler=("",)) if self.random.random() < 0.3 else ""
        if "(" in str(group) and self.agreeing:  # the total over no rows: none in Spark, one in DuckDB
            having = " having count(*) > 0"
        return piece("select ", listed, " from ", text, self.where(sources, depth + 1), group, having), kinds

    def _keys(self, sources: list[Source]) -> tuple[list[str], list[str]]:
        """Grouping columns, each once, and their kinds."""
        found: dict[str, str] = {}
        for _ in range(self.random.choice([0, 1, 1, 2])):
            kind = self.random.choice([each for each in self.expressions.kinds if each in ORDERED])
            if (column := self.expressions.column(kind, sources)) is not None:
                found[column] = kind
        return list(found), list(found.values())

    def _sets(self, keys: list[str]) -> str:
        listed, roll = ", ".join(keys), self.random.random()
        if roll < 0.12:
            return f"rollup({listed})"
        if roll < 0.2:
            return f"cube({listed})"
        if roll < 0.28:
            return f"grouping sets (({listed}), ({keys[0]}), ())"
        return listed

    def having(self, sources: list[Source]) -> Part:
        """A condition on a group."""
        item, kind = self.aggregate(sources)
        if kind == "long":
            return piece("(", item, f" {self.random.choice(['>', '<=', '<>'])} {self.random.randrange(4)})")
        return piece("(", item, self.random.choice([" is null", " is not null"]), ")")

    def aggregate(self, sources: list[Source]) -> tuple[Piece, str]:
        """An aggregate and the kind of its value."""
        kind = self.random.choice([each for each in self.expressions.kinds if each in ORDERED])
        of = self.expressions.value(kind, sources, 1)
        filtered: Part = ""
        if self.random.random() < 0.25:
            filtered = piece(" filter (where ", self.expressions.value("boolean", sources, 1), ")", simpler=("",))
        distinct = piece("distinct ", simpler=("",)) if self.random.random() < 0.25 else ""
        roll = self.random.random()
        if roll < 0.15:
            return piece("count(*)", filtered), "long"
        if roll < 0.35:
            return piece("count(", distinct, of, ")", filtered), "long"
        if roll < 0.6:
            return piece(self.random.choice(["min", "max"]), "(", of, ")", filtered), kind
        if roll < 0.7 and not self.agreeing:
            return piece(
                "sort_array(collect_", self.random.choice(["list", "set"]), "(", of, ")", filtered, ")"
            ), "other"
        if roll < 0.75 and not self.agreeing:
            return piece(
                self.random.choice(["bool_or(", "every("]), self._sub("boolean", sources), ")", filtered
            ), "boolean"
        if roll < 0.8 and not self.agreeing:
            return piece("avg(", distinct, self._sub("money", sources), ")", filtered), "other"
        if roll < 0.9:
            number = self._sub("money", sources)
            return piece("sum(", distinct, number, ")", filtered), "other"
        return piece(
            self.random.choice(["sum(", "avg("]), distinct, "cast(", self._sub("int", sources), " as bigint))", filtered
        ), "other"

    def _sub(self, kind: str, sources: list[Source]) -> Part:
        return self.expressions.value(kind, sources, 1)

    def _windowed(self, depth: int) -> Select:
        """A window function over a query, in an order of all its columns: it leaves no ties that could be told apart."""
        inner, kinds = self._select(depth + 1, [self._orderable() for _ in range(self.random.randint(1, 3))])
        columns = [f"c{n}" for n in range(len(kinds))]
        new = f"c{len(kinds)}"
        call, kind = self._window(columns, kinds)
        where: Part = ""
        if self.random.random() < 0.3 and kind == "int":
            where = piece(f" where {new} <= {self.random.randint(1, 9)}", simpler=("",))
        listed = ", ".join(columns)
        return piece(f"select * from (select {listed}, ", call, f" as {new} from (", inner, ") q) v", where), [
            *kinds,
            kind,
        ]

    def _orderable(self) -> str:
        kind = self.expressions.kind()
        return kind if kind in ORDERED else "int"

    def _window(self, columns: list[str], kinds: list[str]) -> tuple[Piece, str]:
        place = self.random.randrange(len(columns))
        of, kind = columns[place], kinds[place]
        template, result = self.random.choice([each for each in WINDOWS if self._has_window(each, kind)])
        framed = "|" in template
        call = template.replace("|", "").replace("{of}", of)
        order = ", ".join(self.order(each) for each in columns)
        partition = f"partition by {self.random.choice(columns)} " if self.random.random() < 0.7 else ""
        frame = piece(self.random.choice(FRAMES), simpler=("",)) if framed else ""
        return piece(f"{call} over ({partition}order by {order}", frame, ")"), result or kind

    def _has_window(self, window: tuple[str, str], kind: str) -> bool:
        template, _ = window
        return not (self.agreeing and template in SPARK_WINDOWS) and (kind == "money" or "sum" not in template)

    def order(self, text: str) -> str:
        """A sort key with everything said: the defaults differ between engines."""
        return f"{text} {self.random.choice(['asc', 'desc'])} nulls {self.random.choice(['first', 'last'])}"

    def _combined(self, depth: int) -> Select:
        """A set operation."""
        operator = self.random.choice(["union", "union all", "intersect", "except", "intersect all", "except all"])
        wanted = [self._orderable() for _ in range(self.random.randint(1, 2))]
        left, kinds = self._select(depth + 1, wanted)
        right, _ = self._select(depth + 1, wanted)
        return piece("select * from (", left, f") {operator} select * from (", right, ")", simpler=(left, right)), kinds

    def _with(self, depth: int) -> Select:
        """A common table expression, read twice."""
        inner, kinds = self.query(depth + 1)
        name = self._fresh("w")
        source = Source(name, _named(kinds))
        one = piece(f"select * from {name} where ", self.expressions.value("boolean", [source], 1))
        other = piece(f"select * from {name}", piece(f" where (select count(*) from {name}) > 3", simpler=("",)))
        return piece(f"with {name} as (", inner, ") ", piece(one, " union all ", other, simpler=(one, other))), kinds

    def _limited(self, depth: int) -> Select:
        """ORDER BY all columns, LIMIT and OFFSET."""
        inner, kinds = self._select(depth + 1, [self._orderable() for _ in range(self.random.randint(1, 3))])
        order = ", ".join(self.order(f"c{n}") for n in range(len(kinds)))
        offset = piece(f" offset {self.random.randrange(5)}", simpler=("",)) if self.random.random() < 0.3 else ""
        tail = piece(f" order by {order} limit {self.random.randrange(12)}", offset, simpler=("",))
        return piece("select * from (", inner, ") q", tail, simpler=(inner,)), kinds

    def _generated(self, depth: int) -> Select:
        """LATERAL VIEW over an array or a map."""
        text, sources = self.relations(depth + 1)
        alias = self._fresh("g")
        outer = self.random.choice(["", "outer "])
        if self.random.random() < 0.7:
            call = piece("posexplode(", self.expressions.value("array", sources, 1), ")")
            source = Source(alias, {"c0": "int", "c1": "int"})
        else:
            call = piece("explode(", self.expressions.value("map", sources, 1), ")")
            source = Source(alias, {"c0": "string", "c1": "int"})
        wanted = [self.expressions.kind() for _ in range(2)]
        items = joined(
            ", ", [piece(self.expressions.value(k, [*sources, source], 1), f" as c{n}") for n, k in enumerate(wanted)]
        )
        view = piece(f" lateral view {outer}", call, f" {alias} as c0, c1", simpler=("",))
        return piece("select ", items, " from ", text, view, self.where([*sources, source], 2)), wanted

    def _lateral(self, depth: int) -> Select:
        """A lateral subquery: rows of a table that depend on those before it."""
        text, source = self.relation(depth + 1)
        inner, other = self.relation(2)
        alias, kind = self._fresh("b"), self._orderable()
        link = self.expressions.column("int", [source])
        item: Part = self.expressions.value(kind, [other], 1)
        if self.random.random() < 0.5:
            item = piece("max(", item, ")")
        condition = f"{other.alias}.k = {link}" if link else "true"
        lateral = piece("lateral (select ", item, " as c0 from ", inner, f" where {condition}) {alias}")
        join = self.random.choice([", ", " left join ", " cross join "])
        on = " on true" if "left" in join else ""
        sources = [source, Source(alias, {"c0": kind})]
        wanted = [self.expressions.kind(), kind]
        items = joined(", ", [piece(self.expressions.value(k, sources, 1), f" as c{n}") for n, k in enumerate(wanted)])
        return piece("select ", items, " from ", text, join, lateral, on, self.where(sources, 2)), wanted

    def _fresh(self, letter: str) -> str:
        self.number += 1
        return f"{letter}{self.number}"


def _named(kinds: Sequence[str]) -> dict[str, str]:
    return {f"c{number}": kind for number, kind in enumerate(kinds)}


def summable(kind: str) -> bool:
    """Whether values of a kind can be added up in any order."""
    return kind in NUMBERS and kind in LITERALS and kind not in ("double", "wide", "long")
