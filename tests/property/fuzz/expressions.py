"""Random expressions by templates: `{kind}` in one stands for an expression of that kind.

Marks before a template: `~` what DuckDB means by it, too; `!` may raise under ANSI.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from functools import cache

from .pieces import Part, Piece, piece

LITERALS = {
    "int": ["0", "1", "2", "-1", "7", "2147483647"],
    "long": ["0L", "1L", "-1L", "9223372036854775807L"],
    "double": ["0.0D", "-0.0D", "1.5D", "-2.25D", "1e300D"],
    "money": ["0.00", "1.10", "12.34"],
    "wide": ["0BD", "9999999999999999999999999999.9999999999BD", "1e-10BD"],
    "string": ["''", "'a'", "'ab'", "'ü'", "'zz'", "'𝄞'", "'12'"],
    "date": ["date '2000-02-29'", "date '2020-01-01'", "date '0001-01-01'", "date '9999-12-31'"],
    "timestamp": ["timestamp '2020-01-01 00:00:00Z'", "timestamp '1969-12-31 23:59:59.999999Z'"],
    "ntz": ["timestamp_ntz '2020-01-01 00:00:00'", "timestamp_ntz '0001-01-01 00:00:00'"],
    "boolean": ["true", "false"],
    "array": ["array(1, null, 2)", "array(1)", "cast(array() as array<int>)"],
    "struct": ["named_struct('f', 1, 'g', 'a')"],
    "map": ["map('a', 1)", "map('b', cast(null as int))"],
    "binary": ["X''", "X'00FF'"],
}
TYPES = {"money": "decimal(10,2)", "wide": "decimal(38,10)", "array": "array<int>", "map": "map<string,int>",
         "struct": "struct<f:int,g:string>", "ntz": "timestamp_ntz", "long": "bigint"}  # fmt: skip
KINDS = tuple(LITERALS)
AGREEING = ("int", "double", "money", "string", "date", "boolean")
ORDERED = tuple(kind for kind in KINDS if kind != "map")
NUMBERS = ("int", "long", "double", "money", "wide")

_ANY = ["~coalesce({K}, {K})", "~case when {boolean} then {K} else {K} end", "~case when {boolean} then {K} end",
        "if({boolean}, {K}, {K})", "nvl2({string}, {K}, {K})"]  # fmt: skip
_ORDERED = [
    "~nullif({K}, {K})",
    "greatest({K}, {K})",
    "least({K}, {K}, {K})",
    "~case {K} when {K} then {K} else {K} end",
]
_COMPARED = ["~({K} = {K})", "~({K} <> {K})", "~({K} < {K})", "~({K} <= {K})", "~({K} > {K})", "~({K} >= {K})",
             "~({K} is not distinct from {K})", "({K} <=> {K})", "~({K} between {K} and {K})", "~({K} in ({K}, {K}))",
             "~({K} not in ({L}, {L}))", "~({K} in ({L}, {L}, {L}, null))", "~({K} is distinct from {L})", "~({K} = {L})",
             "~({K} < {L})", "~({K} >= {L})"]  # fmt: skip
TEMPLATES: dict[str, list[str]] = {
    "int": ["~cast(cast({int} as bigint) % 5 as int)", "length({string})", "year({date})", "month({timestamp})", "day({ntz})",
            "datediff({date}, {date})", "size({array})", "size({map})", "{struct}.f", "get({array}, {int})", "~(- {small})",
            "try_cast({string} as int)", "try_cast({long} as int)", "instr({string}, {string})", "ascii({string})",
            "array_max({array})", "({int} & {int})", "({int} | 5)", "shiftright({int}, 3)", "~length({small_text})",
            "hash({K2})", "dayofweek({date})", "weekofyear({date})", "try_element_at({map}, {string})",
            "cast({boolean} as int)", "aggregate({array}, 0, (v, w) -> v | coalesce(w, 0))", "octet_length({string})",
            "!({int} + {int})", "!({int} - {int})", "!({int} * {int})", "!({int} div {int})", "!({int} % {int})",
            "!cast({string} as int)", "!cast({long} as int)", "!cast({double} as int)", "!cast({wide} as int)",
            "!element_at({array}, {int})", "!{array}[{int}]", "!abs({int})"],
    "small": ["~(k % 3)", "~1", "~2", "~cast({int} % 7 as int)"],
    "small_text": ["~substring({string}, 1, 1)", "~'a'"],
    "long": ["cast({int} as bigint)", "(cast({int} as bigint) + {int})", "try_add({long}, {long})",
             "try_multiply({long}, {int})", "try_cast({double} as bigint)", "unix_micros({timestamp})", "bit_count({long})",
             "array_position({array}, {int})", "!({long} + {long})", "!({long} * {int})", "!(- {long})",
             "!({long} div {int})", "!cast({wide} as bigint)"],
    "double": ["~(- {double})", "~abs({double})", "~cast({int} as double)", "nanvl({double}, {double})", "sqrt({double})",
               "({double} * {double})", "({double} + {double})", "try_divide({double}, {double})", "!floor({double}) * 1.0D",
               "cast({money} as double)", "round({double}, 1)", "try_cast({string} as double)", "sign({double})",
               "!({double} / {double})", "!({int} / {int})", "!cast({string} as double)", "pmod({double}, 3.0D)"],
    "money": ["~abs({money})", "~(- {money})", "cast(try_add({money}, {money}) as decimal(12,2))", "round({money}, 1)",
              "!cast({string} as decimal(10,2))", "!cast({wide} as decimal(10,2))", "({money} * 0.5)", "!({money} / {money})",
              "!({money} % {money})", "try_cast({int} as decimal(10,2))"],
    "wide": ["cast({money} as decimal(38,10))", "cast({long} as decimal(38,10))", "try_add({wide}, {wide})",
             "try_subtract({wide}, {money})", "try_multiply({wide}, {int})", "abs({wide})", "!({wide} + {wide})",
             "!({wide} * {money})", "!({wide} / {money})", "!cast({double} as decimal(38,10))", "ceil({money}) * 1.0"],
    "string": ["~upper({string})", "~lower({string})", "~({string} || {string})", "~substring({string}, 1, 1)",
               "substring({string}, {int}, 2)", "trim({string})", "concat_ws('-', {string}, {string})",
               "cast({int} as string)", "cast({money} as string)", "cast({date} as string)", "cast({array} as string)",
               "cast({timestamp} as string)", "cast(({double} + 0.0D) as string)", "cast({struct} as string)", "{struct}.g",
               "reverse({string})", "replace({string}, 'a', {string})", "lpad({string}, 3, 'ü')", "hex({binary})",
               "initcap({string})", "left({string}, 1)", "split({string}, ' ')[0]", "translate({string}, 'ab', '𝄞')",
               "regexp_replace({string}, '[a-b]', 'x')", "to_json({struct})", "date_format({ntz}, 'yyyy-MM')",
               "cast({boolean} as string)", "repeat({string}, 2)", "cast({wide} as string)", "array_join({texts}, ',', '?')",
               "~replace({string}, 'a', 'b')"],
    "texts": ["array({string}, {string})", "map_keys({map})", "split({string}, 'a')"],
    "date": ["date_add({near_date}, {small})", "last_day({near_date})", "trunc({date}, 'MM')", "cast({ntz} as date)",
             "cast({timestamp} as date)", "try_cast({string} as date)", "add_months({near_date}, {small})",
             "!cast({string} as date)"],
    "near_date": ["date '2024-02-29'", "date_from_unix_date({int} % 20000)"],
    "timestamp": ["cast({date} as timestamp)", "date_trunc('MONTH', {timestamp})", "cast({ntz} as timestamp)",
                  "try_cast({string} as timestamp)", "timestamp_micros({int})"],
    "ntz": ["cast({timestamp} as timestamp_ntz)", "cast({date} as timestamp_ntz)"],
    "boolean": ["~({boolean} and {boolean})", "~({boolean} or {boolean})", "~(not {boolean})", "~({K} is null)",
                "~({K} is not null)", "({boolean} is true)", "({boolean} is not false)", "({boolean} is unknown)",
                "~({string} like 'a%')", "~({string} like '_')", "~({string} not like '%b')", "startswith({string}, {string})",
                "contains({string}, {string})", "({string} rlike '^[a-z]+$')", "array_contains({array}, {int})",
                "map_contains_key({map}, {string})", "exists({array}, v -> v > {int})", "forall({array}, v -> v is null)",
                "isnan({double})", "try_cast({string} as boolean)", "!cast({string} as boolean)", "({int} = {long})",
                "({int} < {double})", "({money} >= {int})", "({wide} = {money})", "({date} < {timestamp})",
                "({double} = {long})", "({string} in ({string}, 'a', null))", "!({int} = {string})", "!({date} > {string})",
                "((not {boolean}) or {boolean})", "(not ({boolean} and {boolean}))", "arrays_overlap({array}, {array})"],
    "array": ["array({int}, {int})", "filter({array}, v -> v is not null)", "array_distinct({array})",
              "sort_array({array})", "map_values({map})",
              "transform({array}, v -> coalesce(v, {int}))", "array_union({array}, {array})", "array_except({array}, {array})",
              "slice({array}, 1, 1)", "array_compact({array})", "concat({array}, {array})", "reverse({array})",
              "array_remove({array}, {int})", "if({array} is null, array(), {array})"],
    "struct": ["named_struct('f', {int}, 'g', {string})"],
    "map": ["map('a', {int})", "map_filter({map}, (v, w) -> w > 0)", "transform_values({map}, (v, w) -> {int})"],
    "binary": ["cast({string} as binary)", "unhex(hex({binary}))", "concat({binary}, {binary})"],
}  # fmt: skip


@cache
def _comparisons(kinds: tuple[str, ...]) -> list[str]:
    """Templates that compare two values of a kind: all for kinds that everyone has, some for the others."""
    return [
        each.replace("{K}", f"{{{kind}}}").replace("{L}", f"{{{kind}_literal}}")
        for kind in kinds
        for each in _COMPARED[:: 1 if kind in AGREEING else 3]
    ]


@dataclass(frozen=True)
class Source:
    """A relation in FROM: its alias and its columns' kinds."""

    alias: str
    columns: dict[str, str]


@cache
def _split(template: str) -> tuple[str, ...]:
    """Text and kinds in turn."""
    return tuple(re.split(r"\{(\w+)\}", template))


@dataclass
class Expressions:
    """Makes expressions. `agreeing`: only what DuckDB means, too; `raising`: also what may raise under ANSI."""

    random: random.Random
    agreeing: bool = False
    raising: bool = False
    _templates: dict[str, list[str]] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that a column may have."""
        return AGREEING if self.agreeing else KINDS

    def kind(self) -> str:
        """Some kind, simple ones more often."""
        return self.random.choice(AGREEING if self.random.random() < 0.6 else self.kinds)

    def templates(self, kind: str) -> list[str]:
        """The templates for a kind in this setting, without their marks."""
        if kind not in self._templates:
            found = TEMPLATES[kind] + (_ANY if kind in KINDS else []) + (_ORDERED if kind in ORDERED else [])
            if kind == "boolean":
                found = found + 2 * _comparisons(AGREEING if self.agreeing else ORDERED)
            if self.agreeing:
                found = [each for each in found if each.startswith("~")]
            if not self.raising:
                found = [each for each in found if not each.startswith("!")]
            self._templates[kind] = [each.lstrip("~!").replace("{K}", f"{{{kind}}}") for each in found]
        return self._templates[kind]

    def column(self, kind: str, sources: list[Source]) -> str | None:
        """A column of a kind, if there is one."""
        found = [f"{s.alias}.{name}" for s in sources for name, each in s.columns.items() if each == kind]
        return self.random.choice(found) if found else None

    def literal(self, kind: str) -> str:
        """A constant."""
        if self.random.random() < 0.05:
            return f"cast(null as {TYPES.get(kind, kind)})"
        found = LITERALS[kind]
        if self.agreeing and kind in ("string", "date"):  # DuckDB reads some of the others in its own way
            found = found[:4]
        return self.random.choice(found)

    def value(self, kind: str, sources: list[Source], depth: int = 2) -> Part:
        """An expression of a kind over columns of `sources`."""
        if kind.endswith("_literal"):
            return self.literal(kind.removesuffix("_literal"))
        if kind == "K2" or (kind == "boolean" and self.random.random() < 0.1 and depth > 0):
            other = self.kind()
            return self.value(other, sources, depth) if kind == "K2" else self._null_test(other, sources, depth)
        roll = self.random.random()
        simple = kind in KINDS and (depth <= 0 or roll < 0.45)
        if simple:
            column = self.column(kind, sources)
            return self.literal(kind) if column is None or self.random.random() < 0.15 else column
        return self._filled(kind, sources, depth)

    def _null_test(self, kind: str, sources: list[Source], depth: int) -> Part:
        test = self.random.choice(["is null", "is not null"])
        return piece("(", self.value(kind, sources, depth - 1), f" {test})")

    def _filled(self, kind: str, sources: list[Source], depth: int) -> Part:
        parts: list[Part] = []
        same: list[Part] = []
        for place, part in enumerate(_split(self.random.choice(self.templates(kind)))):
            if place % 2 == 0:
                parts.append(self._own(part, sources))
                continue
            made = self.value(part, sources, depth - 1)
            parts.append(made)
            if part == kind:
                same.append(made)
        column = self.column(kind, sources)
        simpler = (*([column] if column else []), *(LITERALS[kind][:2] if kind in LITERALS else ()), *same)
        return Piece(tuple(parts), simpler)

    def _own(self, text: str, sources: list[Source]) -> str:
        """A template's own text; its column k becomes one of the sources."""
        if not re.search(r"\bk\b", text):
            return text
        return re.sub(r"\bk\b", self.column("int", sources) or "3", text)
