"""Random plans of joins over typed_tables.py: of every type of join, with keys of every kind, alone and computed.

Sides are tables, filtered or empty ones, distinct or grouped rows, few values with many rows each; keys are null, NaN, equal
for all rows, of two types; conditions beside the keys may leave none of a key's matches. What comes out is counted, grouped by
keys of either side, or shown whole where it cannot be much.
"""

from __future__ import annotations

import random

from .pieces import Part, Piece, joined, piece
from .typed_tables import DECIMALS, FLOATS, OTHERS, ROWS, WHOLES

_TYPES = [
    "join", "join", "join", "left join", "left join", "right join", "full join", "left semi join", "left anti join",
]  # fmt: skip
_KEYS = [*WHOLES, *DECIMALS, *FLOATS, *OTHERS, "p"]
_COMPUTED = [
    ("{a}.i32 + 1", "{b}.i16"),
    ("{a}.i16 * 2", "{b}.i64 + {b}.b8"),
    ("upper({a}.s)", "{b}.s"),
    ("{a}.dt", "cast({b}.nt as date)"),
    ("{a}.b8", "length({b}.sx)"),
    ("coalesce({a}.i32x, 0)", "{b}.i32x"),
    ("{a}.s || {a}.s", "{b}.sx"),
    ("year({a}.dt)", "1995 + {b}.b8"),
    ("cast({a}.f64 as float)", "{b}.f32"),
    ("{a}.d15", "{b}.f64"),
    ("1", "{b}.i32"),
    ("{a}.i32 % 2", "{b}.i32 % 3"),
]
_RESIDUAL = [
    "{a}.i32 < {b}.i32",
    "{a}.s <> {b}.s",
    "({a}.p or {b}.p)",
    "{b}.i32 > 5",
    "{a}.p",
    "coalesce({a}.i32, 0) + {b}.i32 > 4",
    "{a}.s is null",
    "({a}.i32 = {b}.i32 or {a}.s = {b}.s)",
    "false",
]
_SIDES = [
    "(select * from {t} where {bool}) {a}",
    "(select * from {t} where p and not p) {a}",
    "(select distinct {k}, s, i32, p from {t}) {a}",
    "(select {k}, max(s) as s, count(*) as i32, bool_or(p) as p from {t} group by {k}) {a}",
    "(select {k}, s, i32, p from {t} union all select {k}, s, i32, p from {t}) {a}",
]
_MOST_TABLES = 4


class JoinPlans:
    """Makes statements with several joins."""

    def __init__(self, random_: random.Random) -> None:
        self.random = random_
        self.few: dict[str, str] = {}
        """The key of each side that has no other columns but s, i32 and p."""
        self.visible = ["a"]
        """The sides whose columns come out of the joins so far."""

    def statement(self) -> Piece:
        """Any statement."""
        tables = self.random.choice([2, 2, 3, _MOST_TABLES])
        first = piece(" from ", self._side("a"))
        joins = tuple(self._join("abcd"[place]) for place in range(1, tables))
        where = self._where() if self.random.random() < 0.25 else ""
        if tables == 2 and self.random.random() < 0.5:
            items, grouping = self._columns(4), ""
        else:
            items, grouping = self._counted()
        select = "select " + ", ".join(f"{each} as c{place}" for place, each in enumerate(items))
        return Piece((select, first, *joins, where, grouping))

    def _side(self, alias: str) -> Part:
        """A table, or rows made of one."""
        name = self.random.choices(list(ROWS), [8, 8, 4, 0.6])[0]
        plain = f"{name} {alias}"
        if self.random.random() < 0.6:
            return plain
        form, key = self.random.choice(_SIDES), self.random.choice([*WHOLES, *DECIMALS, *FLOATS, "sx", "dt", "nt"])
        if "{k}" in form:
            key = "i64" if key == "i32" else key
            self.few[alias] = key
        condition = self.random.choice(["p", "not p", "i32 > 3", "s < 'b'", "f64 is not null", "d15 between 0 and 3"])
        return piece(form.format(t=name, a=alias, k=key, bool=condition), simpler=() if "{k}" in form else (plain,))

    def _join(self, alias: str) -> Part:
        how = self.random.choice(_TYPES)
        side = self._side(alias)
        conditions: list[Part] = [self._pair_of(alias) for _ in range(self.random.choice([1, 1, 1, 2, 3]))]
        if self.random.random() < 0.3:
            conditions.append(self.random.choice(_RESIDUAL).format(a=self.random.choice(self.visible), b=alias))
        on = joined(" and ", [piece(each) for each in conditions])
        if "semi" not in how and "anti" not in how:
            self.visible.append(alias)
        return piece(f" {how} ", side, " on ", on, simpler=() if alias in self.visible else ("",))

    def _pair_of(self, alias: str) -> str:
        """A comparison of one of the sides so far with a new one."""
        other = self.random.choice(self.visible)
        equals = self.random.choice(["=", "=", "=", "=", "<=>"])
        few = [side for side in (other, alias) if side in self.few]
        if few:
            key = self.random.choice([self.few[side] for side in few] + ["s", "i32"])
            known = all(key in (self.few[side], "s", "i32") for side in few)
            key = key if known else "i32"
            return f"{other}.{key} {equals} {alias}.{key}"
        if self.random.random() < 0.25:
            left, right = self.random.choice(_COMPUTED)
            return f"{left.format(a=other)} {equals} {right.format(b=alias)}"
        if self.random.random() < 0.2:
            left, right = (self.random.choice([*WHOLES, *DECIMALS]) for _ in range(2))
            return f"{other}.{left} {equals} {alias}.{right}"
        key = self.random.choice(_KEYS) + ("x" if self.random.random() < 0.3 else "")
        key = "p" if key == "px" else key
        return f"{other}.{key} {equals} {alias}.{key}"

    def _where(self) -> Part:
        """IN, EXISTS and others above the joins."""
        alias, inner = self.random.choice(self.visible), self.random.choice(list(ROWS))
        negated = self.random.choice(["", "not "])
        key = self.few.get(alias) or self.random.choice(["i32", "s", "d15", "f64", "b8x", "sx"])
        return self.random.choice([
            f" where {alias}.{key} {negated}in (select {key} from {inner} where p)",
            f" where {negated}exists (select 1 from {inner} q where q.{key} = {alias}.{key} and q.i32 <> {alias}.i32)",
            f" where {alias}.i32 > (select avg(q.i32) from {inner} q where q.s = {alias}.s)",
            f" where {alias}.p is not false",
        ])  # fmt: skip

    def _columns(self, count: int) -> list[str]:
        found = []
        for _ in range(count):
            alias = self.random.choice(self.visible)
            key = self.few.get(alias)
            names = [key, "s", "i32", "p"] if key else [*WHOLES, *DECIMALS, *FLOATS, *OTHERS, "p", "sx", "i64x", "f64x"]
            found.append(f"{alias}.{self.random.choice(names)}")
        return found

    def _counted(self) -> tuple[list[str], str]:
        """Aggregates and GROUP BY: without groups, or by keys of one side or of several."""
        keys = self._columns(self.random.choice([0, 1, 1, 2]))
        value, text = f"{self.random.choice(self.visible)}.i32", f"{self.random.choice(self.visible)}.s"
        values = ["count(*)", f"sum({value})", f"min({text})", f"count(distinct {text})"]
        places = ", ".join(str(place + 1) for place in range(len(keys)))
        return [*keys, *values[: self.random.randint(1, 4)]], f" group by {places}" if keys else ""


def make(random_: random.Random) -> Piece:
    """A statement."""
    return JoinPlans(random_).statement()
