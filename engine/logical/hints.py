"""What became of the hints of a statement: used, or not used for a reason. EXPLAIN shows it.

A hint gets a number where it is analyzed. Joins and exchanges that are to follow it carry the number, and whoever decides
settles it.
"""

from __future__ import annotations

from typing import NamedTuple

LOST = "rows are spread anew after it"


class JoinHint(NamedTuple):
    """A strategy asked for one side ("left" or "right") of a join: "broadcast", "merge", "shuffle_hash" or
    "shuffle_replicate_nl"."""

    side: str
    strategy: str
    number: int = 0


class Hints:
    """The hints of one statement in the order they are met, each with what became of it."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._outcomes: dict[int, str] = {}

    def ask(self, text: str) -> int:
        """The number of a hint that is written as `text`."""
        self._texts.append(text)
        return len(self._texts)

    def use(self, number: int, how: str = "") -> None:
        """The plan does what the hint asks for."""
        self._outcomes[number] = "used" + (f": {how}" if how else "")

    def refuse(self, number: int, reason: str) -> None:
        """The plan does not; where it is met twice (in a query that is computed twice), once used is used."""
        if not self._outcomes.get(number, "").startswith("used"):
            self._outcomes[number] = f"not used: {reason}"

    def lines(self) -> list[str]:
        """Each hint with what became of it."""
        return [
            f"{text}: {self._outcomes.get(number, f'not used: {LOST}')}" for number, text in enumerate(self._texts, 1)
        ]
