"""The text of a TPC-H query: with its validation literals, or with random ones drawn by seed.

`queries/q01.sql` to `q22.sql` are plain statements with the validation literals of the specification (clause 2.4),
so that they run as they are. A `Parameter` names one of those literals as it stands in the text; random literals take
its place everywhere at once, drawn from the ranges that the specification gives (and qgen uses).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

QUERIES = tuple(range(1, 23))
FOLDER = Path(__file__).resolve().parent / "queries"

REGIONS = ("AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST")
NATIONS = {  # nation -> its region, as an index into REGIONS
    "ALGERIA": 0, "ARGENTINA": 1, "BRAZIL": 1, "CANADA": 1, "EGYPT": 4, "ETHIOPIA": 0, "FRANCE": 3,
    "GERMANY": 3, "INDIA": 2, "INDONESIA": 2, "IRAN": 4, "IRAQ": 4, "JAPAN": 2, "JORDAN": 4, "KENYA": 0,
    "MOROCCO": 0, "MOZAMBIQUE": 0, "PERU": 1, "CHINA": 2, "ROMANIA": 3, "SAUDI ARABIA": 4, "VIETNAM": 2,
    "RUSSIA": 3, "UNITED KINGDOM": 3, "UNITED STATES": 1,
}  # fmt: skip
SEGMENTS = ("AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY")
SHIP_MODES = ("AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK")
TYPES = (
    ("STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"),
    ("ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED"),
    ("TIN", "NICKEL", "BRASS", "STEEL", "COPPER"),
)
CONTAINERS = (("SM", "MED", "JUMBO", "WRAP", "LG"), ("CASE", "BOX", "JAR", "PKG", "PACK", "CAN", "DRUM", "BAG"))
COMMENT_WORDS = (("special", "pending", "unusual", "express"), ("packages", "requests", "accounts", "deposits"))
_COLOR_WORDS = """
    almond antique aquamarine azure beige bisque black blanched blue blush brown burlywood burnished
    chartreuse chiffon chocolate coral cornflower cornsilk cream cyan dark deep dim dodger drab firebrick
    floral forest frosted gainsboro ghost goldenrod green grey honeydew hot indian ivory khaki lace lavender
    lawn lemon light lime linen magenta maroon medium metallic midnight mint misty moccasin navajo navy olive
    orange orchid pale papaya peach peru pink plum powder puff purple red rose rosy royal saddle salmon sandy
    seashell sienna sky slate smoke snow spring steel tan thistle tomato turquoise violet wheat white yellow
"""
COLORS = tuple(_COLOR_WORDS.split())


class Dice:
    """Uniform draws from `random.random()` alone: for a seed, Python keeps its sequence across versions."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def between(self, low: int, high: int) -> int:
        """An integer of [low, high]."""
        return low + int(self._random.random() * (high - low + 1))

    def one(self, values: Sequence[str]) -> str:
        return values[self.between(0, len(values) - 1)]

    def several(self, values: Sequence[str], count: int) -> list[str]:
        """`count` different ones of `values`, in the order drawn."""
        left = list(values)
        return [left.pop(self.between(0, len(left) - 1)) for _ in range(count)]


@dataclass(frozen=True)
class Parameter:
    """A literal of a query: `validation` is its text in the query file, wherever it occurs."""

    name: str
    validation: str


@dataclass(frozen=True)
class Substitution:
    """How the literals of one query are drawn: `draw` gives as many texts as there are `parameters`, in their order."""

    parameters: tuple[Parameter, ...]
    draw: Callable[[Dice], list[str]]


def _quoted(text: str) -> str:
    return f"'{text}'"


def _date(year: int, month: int = 1, day: int = 1) -> str:
    return f"date '{year}-{month:02}-{day:02}'"


def _month(dice: Dice, first: tuple[int, int], last: tuple[int, int]) -> str:
    """The first day of a random month from `first` to `last`, both (year, month) and included."""
    months = dice.between(first[0] * 12 + first[1] - 1, last[0] * 12 + last[1] - 1)
    return _date(months // 12, months % 12 + 1)


def _year(dice: Dice) -> str:
    return _date(dice.between(1993, 1997))


def _nation(dice: Dice) -> str:
    return _quoted(dice.one(tuple(NATIONS)))


def _brand(dice: Dice) -> str:
    return f"'Brand#{dice.between(1, 5)}{dice.between(1, 5)}'"


def _words(dice: Dice, *lists: Sequence[str]) -> str:
    return " ".join(dice.one(words) for words in lists)


def _market_share(dice: Dice) -> list[str]:
    nation = dice.one(tuple(NATIONS))
    return [_quoted(nation), _quoted(REGIONS[NATIONS[nation]]), _quoted(_words(dice, *TYPES))]


def _comment_pattern(dice: Dice) -> list[str]:
    return [f"'%{'%'.join(dice.one(words) for words in COMMENT_WORDS)}%'"]


def _brand_and_sizes(dice: Dice) -> list[str]:
    sizes = dice.several([str(size) for size in range(1, 51)], 8)
    return [_brand(dice), f"'{_words(dice, *TYPES[:2])}%'", ", ".join(sizes)]


def _discounted(dice: Dice) -> list[str]:
    low = (dice.between(1, 10), dice.between(10, 20), dice.between(20, 30))
    return [*(_brand(dice) for _ in low), *(f"l_quantity >= {q} and l_quantity <= {q} + 10" for q in low)]


def _substitution(draw: Callable[[Dice], list[str]], **validation: str) -> Substitution:
    return Substitution(tuple(Parameter(name, text) for name, text in validation.items()), draw)


# fmt: off
SUBSTITUTIONS = {
    1: _substitution(lambda d: [f"'{d.between(60, 120)}' day"], delta="'90' day"),
    2: _substitution(
        lambda d: [f"p_size = {d.between(1, 50)}", f"'%{d.one(TYPES[2])}'", _quoted(d.one(REGIONS))],
        size="p_size = 15", type="'%BRASS'", region="'EUROPE'"),
    3: _substitution(lambda d: [_quoted(d.one(SEGMENTS)), _date(1995, 3, d.between(1, 31))],
                     segment="'BUILDING'", date="date '1995-03-15'"),
    4: _substitution(lambda d: [_month(d, (1993, 1), (1997, 10))], date="date '1993-07-01'"),
    5: _substitution(lambda d: [_quoted(d.one(REGIONS)), _year(d)], region="'ASIA'", date="date '1994-01-01'"),
    6: _substitution(
        lambda d: [_year(d), f"0.0{d.between(2, 9)}", f"l_quantity < {d.between(24, 25)}"],
        date="date '1994-01-01'", discount="0.06", quantity="l_quantity < 24"),
    7: _substitution(lambda d: [_quoted(nation) for nation in d.several(tuple(NATIONS), 2)],
                     nation1="'FRANCE'", nation2="'GERMANY'"),
    8: _substitution(_market_share, nation="'BRAZIL'", region="'AMERICA'", type="'ECONOMY ANODIZED STEEL'"),
    9: _substitution(lambda d: [f"'%{d.one(COLORS)}%'"], color="'%green%'"),
    10: _substitution(lambda d: [_month(d, (1993, 2), (1995, 1))], date="date '1993-10-01'"),
    11: _substitution(lambda d: [_nation(d)], nation="'GERMANY'"),
    12: _substitution(lambda d: [*(_quoted(mode) for mode in d.several(SHIP_MODES, 2)), _year(d)],
                      shipmode1="'MAIL'", shipmode2="'SHIP'", date="date '1994-01-01'"),
    13: _substitution(_comment_pattern, words="'%special%requests%'"),
    14: _substitution(lambda d: [_month(d, (1993, 1), (1997, 12))], date="date '1995-09-01'"),
    15: _substitution(lambda d: [_month(d, (1993, 1), (1997, 10))], date="date '1996-01-01'"),
    16: _substitution(_brand_and_sizes,
                      brand="'Brand#45'", type="'MEDIUM POLISHED%'", sizes="49, 14, 23, 45, 19, 3, 36, 9"),
    17: _substitution(lambda d: [_brand(d), _quoted(_words(d, *CONTAINERS))],
                      brand="'Brand#23'", container="'MED BOX'"),
    18: _substitution(lambda d: [f"> {d.between(312, 315)}"], quantity="> 300"),
    19: _substitution(_discounted, brand1="'Brand#12'", brand2="'Brand#23'", brand3="'Brand#34'",
                      quantity1="l_quantity >= 1 and l_quantity <= 1 + 10",
                      quantity2="l_quantity >= 10 and l_quantity <= 10 + 10",
                      quantity3="l_quantity >= 20 and l_quantity <= 20 + 10"),
    20: _substitution(lambda d: [f"'{d.one(COLORS)}%'", _year(d), _nation(d)],
                      color="'forest%'", date="date '1994-01-01'", nation="'CANADA'"),
    21: _substitution(lambda d: [_nation(d)], nation="'SAUDI ARABIA'"),
    22: _substitution(lambda d: [", ".join(_quoted(code) for code in d.several([str(c) for c in range(10, 35)], 7))],
                      codes="'13', '31', '23', '29', '30', '18', '17'"),
}
# fmt: on


def title(query: int) -> str:
    """What the query is about, from the first line of its file: "pricing summary report"."""
    return _file(query).splitlines()[0].partition(": ")[2]


def text(query: int, scale: float = 1, seed: int | None = None) -> str:
    """The statement of `query` (1 to 22): validation literals, or random ones if there is a `seed`.

    Q11's fraction depends on the scale factor (0.0001 / scale), as the specification has it.
    """
    statement = _file(query)
    replacements: dict[str, str] = {}
    if seed is not None:
        substitution = SUBSTITUTIONS[query]
        drawn = substitution.draw(Dice(f"{seed}/{query}"))
        for parameter, literal in zip(substitution.parameters, drawn, strict=True):
            replacements[parameter.validation] = literal
    if query == 11:
        replacements["0.0001"] = f"{0.0001 / scale:.10f}".rstrip("0")
    if not replacements:
        return statement
    places = "|".join(re.escape(validation) for validation in replacements)  # one pass: FRANCE and GERMANY may swap
    return re.sub(places, lambda place: replacements[place.group()], statement)


def _file(query: int) -> str:
    if query not in QUERIES:
        raise ValueError(f"TPC-H has queries 1 to 22, not {query}")
    return (FOLDER / f"q{query:02}.sql").read_text(encoding="utf-8")
