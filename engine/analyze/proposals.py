"""Which names an error proposes for one that means nothing: as Spark does, the nearest five of all that there are."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import quoted

_MOST = 5


def proposed(parts: Sequence[str], candidates: Sequence[tuple[str, ...]]) -> list[str]:
    """The quoted names nearest to `parts`, best first; of qualifiers only what tells the candidates apart."""
    ordered = sorted(candidates, key=lambda each: each[-1])
    if len(parts) == 1 and len({each[:-1] for each in ordered}) == 1:
        ordered = [each[-1:] for each in ordered]
    elif len(parts) <= 2 and len({each[:-2] for each in ordered}) == 1:
        ordered = [each[-2:] for each in ordered]
    wrong = ".".join(parts)
    return sorted(map(quoted, ordered), key=lambda name: distance(name, wrong))[:_MOST]


def distance(one: str, other: str) -> int:
    """How many characters have to be added, left out or replaced to make `other` of `one` (Levenshtein)."""
    row = list(range(len(other) + 1))
    for number, character in enumerate(one, 1):
        before, row[0] = row[0], number
        for place, wanted in enumerate(other, 1):
            changed = before + (character != wanted)
            before = row[place]
            row[place] = min(changed, row[place] + 1, row[place - 1] + 1)
    return row[-1]
