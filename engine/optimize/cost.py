"""What a join costs, in rows handled: one formula, read by the join order."""

from __future__ import annotations

from engine.records import dataclass


@dataclass(frozen=True)
class Weights:
    """How dear one row is at each point of a hash join."""

    build: float = 2.0  # into the table: the smaller side, or the right one of a semi join
    probe: float = 1.0  # against the table
    output: float = 1.0  # a row that comes out
    cross: float = 50.0  # a pair looked at without any equality


WEIGHTS = Weights()


def join_cost(built: float, probing: float, output: float, has_equality: bool, weights: Weights = WEIGHTS) -> float:
    """The cost of joining `built` rows with `probing` rows into `output` rows, without that of the sides."""
    if not has_equality:
        return weights.cross * max(1.0, built) * max(1.0, probing)
    return weights.build * built + weights.probe * probing + weights.output * output
