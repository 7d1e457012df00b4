"""Histograms: bins are joined as in Spark, ties drawn from Java's generator."""

from __future__ import annotations

from engine.kernels.aggregate_histogram import Bins
from engine.kernels.random import JavaRandom


def bins(values, most):
    found = Bins(most)
    for value in values:
        found.add(value)
    return list(zip(found.centres, found.counts, strict=True))


def test_the_generator_is_that_of_java():
    random = JavaRandom(42)
    assert [random.next_double() for _ in range(2)] == [0.7275636800328681, 0.6832234717598454]


def test_equal_values_share_a_bin():
    assert bins([1.0, 2.0, 1.0, 1.0], 2) == [(1.0, 3.0), (2.0, 1.0)]


def test_the_nearest_bins_are_joined_at_their_weighted_mean():
    assert bins([1.0, 10.0, 2.0, 3.0], 2) == [(2.0, 3.0), (10.0, 1.0)]


def test_ties_are_drawn_always_alike():
    drawn = bins(map(float, range(50)), 5)
    assert drawn == bins(map(float, range(50)), 5)
    assert sum(count for _, count in drawn) == 50


def test_nan_is_neither_above_nor_below():
    assert len(bins([float("nan"), 1.0, float("nan")], 5)) == 3
