"""Random statements over typed_tables.py: expressions of every fixed-width type and texts, grouped, joined and sorted.

Templates as in expressions.py; `{num}` is any number, `{small}` one that can be calculated with (no template but those marked
with `!` raises for it). Sums are of values that add up to the same in any order.
"""

from __future__ import annotations

import random
import re

from .pieces import Part, Piece, joined, piece
from .typed_tables import DECIMALS, FLOATS, NUMBERS, OTHERS, ROWS, SQL_TYPES, WHOLES

_LITERALS = {
    "small": ["0", "1", "-1", "2", "3", "7", "0.5", "1.25", "2Y", "3S", "4L", "1.5D", "0.25F", "10.00", "100"],
    "num": ["127Y", "-128Y", "32767S", "2147483647", "9223372036854775807L", "0.1D", "1e300D", "double('NaN')",
            "99.99", "123456789012345678.9", "99999999999999999999999999999999999999", "float('-Infinity')", "-0.0D"],
    "whole": ["0", "1", "-3", "5Y", "255", "65536L"],
    "s": ["''", "'a'", "'ab'", "'zz'", "'ü'", "'日本'", "'12'", "'B'"],
    "dt": ["date '1996-01-01'", "date '1996-02-29'", "date '0001-01-01'", "date '9999-12-31'"],
    "ts": ["timestamp '1996-02-27 00:00:00Z'", "timestamp '1969-12-31 23:59:59.999999Z'"],
    "nt": ["timestamp_ntz '1996-02-27 00:00:00'", "timestamp_ntz '9999-12-31 23:59:59'"],
    "bool": ["true", "false"],
}  # fmt: skip
_ANY = ["coalesce({K}, {K})", "case when {bool} then {K} else {K} end", "case when {bool} then {K} when {bool} then {K} end",
        "if({bool}, {K}, {K})", "nullif({K}, {K})", "greatest({K}, {K})", "least({K}, {K}, {K})", "nvl2({s}, {K}, {K})",
        "case {s} when {s} then {K} else {K} end"]  # fmt: skip
_TEMPLATES = {
    "small": ["({small} + {small})", "({small} - {small})", "({small} * {small})", "(- {small})", "abs({small})",
              "case when {small} <> 0 then {small} else 1 end", "length({s})", "year({dt})", "month({dt})", "day({dt})",
              "datediff({dt}, {dt})", "hour({nt})", "cast({bool} as int)", "cast({small} as double)",
              "pmod({small}, 3)", "instr({s}, 'a')", "sign({small})", "extract(month from {nt})", "quarter({dt})",
              "round({small}, 1)", "dayofweek({dt})", "second({nt})", "if({bool}, {small}, 0)",
              "try_cast({small} as decimal(20,3))", "({whole} & {whole})", "bit_count({whole})"],
    "num": ["{small}", "try_add({num}, {num})", "try_subtract({num}, {num})", "try_multiply({num}, {num})",
            "try_divide({num}, {num})", "try_cast({num} as {type})", "try_cast({s} as {type})", "cast({num} as double)",
            "try_mod({num}, {small})", "{whole}", "sqrt({flt})", "nanvl({flt}, {flt})",
            "!({num} + {num})", "!({num} - {num})", "!({num} * {num})", "!({num} / {num})", "!({num} % {num})",
            "!(- {num})", "!abs({num})", "!cast({num} as {type})", "!cast({s} as {type})", "!({whole} div {whole})",
            "!cast({small} as {type})", "!({small} / {small})", "!({small} % {small})", "!round({num}, 1)", "!floor({num})",
            "!ceil({num})", "!case when {small} > 0 then {small} / {small} end", "!({whole} * {whole})",
            "!case when {whole} <> 0 then {num} % {whole} end", "unix_micros({ts})", "unix_date({dt})"],
    "whole": ["({whole} & {whole})", "({whole} | {whole})", "({whole} ^ {whole})", "(~ {whole})", "shiftleft({whole}, 3)",
              "shiftright({whole}, 2)", "shiftrightunsigned({whole}, 2)", "cast({whole} as bigint)", "hash({s}, {small}, {dt})",
              "try_cast({whole} as tinyint)", "xxhash64({num}, {ts})"],
    "flt": ["cast({num} as double)", "cast({small} as float)", "(- {flt})", "({flt} + {flt})", "({flt} * {flt})"],
    "s": ["upper({s})", "lower({s})", "({s} || {s})", "substring({s}, 1, 1)", "substring({s}, 2, 3)", "trim({s})",
          "left({s}, 2)", "right({s}, 1)", "cast({whole} as string)", "cast({dec} as string)", "cast({dt} as string)",
          "substring({s}, -2, 1)", "replace({s}, 'a', 'bb')", "concat({s}, '-', {s})", "cast({bool} as string)",
          "reverse({s})", "lpad({s}, 3, '*')", "date_format({nt}, 'yyyy-MM')", "cast({nt} as string)"],
    "dec": ["{dec}", "cast({whole} as decimal(20,0))", "try_add({dec}, {dec})", "try_multiply({dec}, {dec})"],
    "dt": ["cast({nt} as date)", "last_day({safe_dt})", "date_trunc('month', {nt})::date", "coalesce({dt}, {dt})"],
    "safe_dt": [],
    "nt": ["date_trunc('hour', {safe_nt})", "date_trunc('day', {safe_nt})", "cast({dt} as timestamp_ntz)"],
    "safe_nt": [],
    "ts": ["coalesce({ts}, {ts})"],
    "bool": ["({num} = {num})", "({num} < {num})", "({small} >= {small})", "({small} <> {small})",
             "({whole} <= {whole})", "({num} <=> {num})", "({s} = {s})", "({s} < {s})", "({s} >= {s})",
             "({s} <=> {s})", "({dt} < {dt})", "({dt} between {dt} and {dt})", "({nt} >= {nt})", "({ts} = {ts})",
             "({dt} = {nt})", "({small} between {small} and {small})", "({small} in (1, 2, 7.5))",
             "({whole} in (0, 1, -4, 9, null))", "({whole} not in (3, 5))", "({s} in ('a', 'zz', 'ü'))",
             "({s} not in ('a', ''))", "({s} like 'a%')", "({s} like '%b')", "({s} like '%a%')", "({s} like '_b%')",
             "({s} not like '%ü%')", "startswith({s}, 'a')", "endswith({s}, 'z')", "contains({s}, 'a')",
             "({s} rlike '^[a-z]+$')", "({bool} and {bool})", "({bool} or {bool})", "(not {bool})",
             "({bool} and {bool} and {bool})", "({bool} or {bool} or {bool})", "({num} is null)",
             "({s} is not null)", "({bool} is true)", "({bool} is not false)", "({bool} <=> {bool})", "isnan({flt})",
             "({small} + {small} > {small})", "({dt} in (date '1996-01-01', date '1996-02-29'))",
             "!({num} + {num} > {num})", "!({s} = {small})", "!({small} / {small} > 1)", "({dec} < {dec})",
             "({flt} > {flt})"],
}  # fmt: skip
_AGGREGATES = ["count(*)", "count({num})", "count({s})", "sum({small})", "avg({small})", "min({num})", "max({num})", "min({s})",
               "max({s})", "min({dt})", "max({nt})", "count(distinct {s})", "count(distinct {small})", "bool_and({bool})",
               "bool_or({bool})", "sum({small}) filter (where {bool})", "count(*) filter (where {bool})", "count_if({bool})",
               "sum({own})", "avg({own})", "sum(case when {bool} then {own} else 0 end)", "sum(distinct {whole})",
               "min({bool})", "max({ts})", "sum({own} * {own})", "avg({whole})"]  # fmt: skip
_JOINS = ["join", "left join", "right join", "full join", "left semi join", "left anti join", "join", "left join"]


class Typed:
    """Makes statements; `raising`: also with what may raise."""

    def __init__(self, random_: random.Random, raising: bool) -> None:
        self.random = random_
        self.raising = raising
        self.aliases: list[str] = []

    def statement(self) -> Piece:
        """Any statement."""
        shapes = (self._plain, self._plain, self._grouped, self._grouped, self._joined, self._limited, self._within)
        return self.random.choice(shapes)()

    # shapes

    def _plain(self) -> Piece:
        table = self._from()
        return Piece((self._select(6), table, self._where()))

    def _limited(self) -> Piece:
        table = self._from()
        keys = [self._column(kind) for kind in self.random.sample(list(SQL_TYPES), 3)]
        order = ", ".join(
            f"{place}{self.random.choice(['', ' desc', ' nulls last'])}" for place in range(1, len(keys) + 1)
        )
        items = ", ".join(f"{key} as c{place}" for place, key in enumerate(keys))
        return Piece(
            (f"select {items}", table, self._where(), f" order by {order} limit {self.random.choice([1, 5, 40])}")
        )

    def _grouped(self) -> Piece:
        table = self._from()
        if self.random.random() < 0.3:
            table = Piece((table, self._join_to("w2")))
        kinds = [self.random.choice([*SQL_TYPES, "expression"]) for _ in range(self.random.choice([0, 1, 1, 2, 3]))]
        keys = [
            self.value(self.random.choice(["small", "s", "dt", "bool"]), 1)
            if kind == "expression"
            else self._column(kind)
            for kind in kinds
        ]
        values = [self._filled(self.random.choice(_AGGREGATES), "", 2) for _ in range(self.random.randint(1, 4))]
        items = joined(", ", [piece(item, f" as c{place}") for place, item in enumerate([*keys, *values])])
        group = f" group by {', '.join(map(str, range(1, len(keys) + 1)))}" if keys else ""
        having = piece(" having count(*) > 1", simpler=("",)) if self.random.random() < 0.2 else ""
        return Piece(("select ", items, table, self._where(), group, having))

    def _joined(self) -> Piece:
        table = self._from()
        how = self.random.choice(_JOINS)
        join = self._join_to(self.random.choice(list(ROWS)), how)
        if "semi" in how or "anti" in how:
            self.aliases = self.aliases[:1]
        return Piece((self._select(4), table, join, self._where()))

    def _within(self) -> Piece:
        """IN and EXISTS, negated and not."""
        table = self._from()
        key, other = self._pair()
        inner = self.random.choice(list(ROWS))
        negated = self.random.choice(["", "not "])
        condition = piece(" and ", self.value("bool", 1), simpler=("",))
        test = self.random.choice([
            f" where {negated}{self.aliases[0]}.{key} in (select {other} from {inner} where p)",
            f" where {negated}exists (select 1 from {inner} q where q.{other} = {self.aliases[0]}.{key} and q.p)",
        ])  # fmt: skip
        return Piece((self._select(3), table, test, condition))

    # parts

    def _from(self) -> Part:
        name = self.random.choices(list(ROWS), [8, 8, 5, 0.5])[0]
        self.aliases = ["a"]
        return f" from {name} a"

    def _pair(self) -> tuple[str, str]:
        """Two columns that can be keys of a join."""
        numbers = [*WHOLES, *DECIMALS]
        if self.random.random() < 0.5:
            name = self.random.choice([*numbers, *FLOATS, *OTHERS])
            name += self.random.choice(["", "", "x"])
            return name, name
        return self.random.choice(numbers), self.random.choice(numbers)

    def _join_to(self, name: str, how: str = "join") -> Part:
        alias = "b"
        pairs = [self._pair() for _ in range(self.random.choice([1, 1, 2]))]
        on = " and ".join(
            f"a.{key} {self.random.choice(['=', '=', '=', '<=>'])} {alias}.{other}" for key, other in pairs
        )
        self.aliases.append(alias)
        residual = piece(" and ", self.value("bool", 1), simpler=("",)) if self.random.random() < 0.4 else ""
        return piece(f" {how} {name} {alias} on {on}", residual)

    def _where(self) -> Part:
        if self.random.random() < 0.55:
            return ""
        return piece(" where ", self.value("bool", 2), simpler=("",))

    def _select(self, most: int) -> Piece:
        kinds = [
            self.random.choice(["num", "num", "small", "s", "bool", "dt", "nt", "ts"])
            for _ in range(self.random.randint(1, most))
        ]
        items = [piece(self.value(kind, 3), f" as c{place}") for place, kind in enumerate(kinds)]
        return piece("select ", joined(", ", items))

    # expressions

    def value(self, kind: str, depth: int) -> Part:
        """An expression of a kind."""
        if depth <= 0 or self.random.random() < 0.3:
            if kind in _LITERALS and self.random.random() < 0.2:
                return self.random.choice(_LITERALS[kind])
            return self._column(kind)
        templates = _TEMPLATES.get(kind, []) + ([] if kind.startswith("safe") else _ANY)
        allowed = [each for each in templates if self.raising or not each.startswith("!")]
        return self._filled(self.random.choice(allowed or ["{K}"]).lstrip("!"), kind, depth)

    def _filled(self, template: str, kind: str, depth: int) -> Part:
        parts: list[Part] = []
        same: list[Part] = []
        for place, part in enumerate(re.split(r"\{(\w+)\}", template.replace("{K}", f"{{{kind}}}"))):
            if place % 2 == 0:
                parts.append(part)
            elif part == "type":
                parts.append(SQL_TYPES[self.random.choice(NUMBERS)])
            else:
                parts.append(self.value(part, depth - 1))
                if part == kind:
                    same.append(parts[-1])
        simpler = (self._column(kind), *same) if kind else ()
        return Piece(tuple(parts), simpler)

    def _column(self, kind: str) -> str:
        names = {
            "small": [name for name in NUMBERS if name != "dd"],
            "own": [*WHOLES, "d4", "d9", "d15", "d18", "d20", *FLOATS],
            "num": [name + mark for name in NUMBERS for mark in ("", "x")],
            "whole": [name + mark for name in WHOLES for mark in ("", "x")],
            "dec": [name + mark for name in DECIMALS for mark in ("", "x")],
            "flt": [name + mark for name in FLOATS for mark in ("", "x")],
            "bool": ["p"],
            "p": ["p"],
            "safe_dt": ["dt"],
            "safe_nt": ["nt"],
        }.get(kind) or [kind, kind, kind + "x"]
        return f"{self.random.choice(self.aliases)}.{self.random.choice(names)}"


def make(random_: random.Random) -> Piece:
    """A statement; a third of them may raise."""
    return Typed(random_, raising=random_.random() < 0.35).statement()
