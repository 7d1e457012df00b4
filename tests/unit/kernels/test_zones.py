"""Time zones against zoneinfo, and Java's rule for local times that do not exist or exist twice."""

from __future__ import annotations

import datetime
import random

import numpy as np
import pytest

from engine.errors import ExecutionError
from engine.kernels.zones import fixed_offset, region, zone

EPOCH = datetime.datetime(1970, 1, 1)
MICRO = datetime.timedelta(microseconds=1)


def micros(*fields: int) -> int:
    return (datetime.datetime(*fields) - EPOCH) // MICRO  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca"]
)
def test_offsets_agree_with_zoneinfo(name: str) -> None:
    source, rules = random.Random(name), region(name)
    instants = [source.randrange(micros(1975, 1, 1), micros(2090, 1, 1)) for _ in range(300)]
    wanted = []
    for instant in instants:
        offset = (EPOCH + instant * MICRO).replace(tzinfo=datetime.UTC).astimezone(rules).utcoffset()
        assert offset is not None
        wanted.append(offset // MICRO)
    assert zone(name).offset_at(np.array(instants)).tolist() == wanted
    locals_ = zone(name).to_local(np.array(instants))
    back = zone(name).to_instant(locals_)
    twice = back != np.array(instants)
    assert (zone(name).to_local(back) == locals_).all() and twice.mean() < 0.01


def test_a_gap_shifts_forward_and_an_overlap_takes_the_earlier_offset() -> None:
    berlin = zone("Europe/Berlin")
    gap, overlap = micros(2024, 3, 31, 2, 30), micros(2024, 10, 27, 2, 30)
    instants = berlin.to_instant(np.array([gap, overlap]))
    assert instants.tolist() == [micros(2024, 3, 31, 1, 30), micros(2024, 10, 27, 0, 30)]
    assert berlin.to_local(instants[:1]).tolist() == [micros(2024, 3, 31, 3, 30)]


def test_rules_go_on_for_ever() -> None:
    years = [micros(2024, 7, 1), micros(2400 + 24, 7, 1), micros(2800 + 24, 7, 1), micros(9999, 7, 1)]
    assert zone("Europe/Berlin").offset_at(np.array(years)).tolist() == [7_200_000_000] * 4


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("Z", 0), ("UTC", 0), ("+02:00", 7200), ("-0930", -34200), ("GMT+3", 10800), ("+05:30:15", 19815)],
)
def test_fixed_offsets(name: str, seconds: int) -> None:
    assert fixed_offset(name) == seconds * 1_000_000
    assert zone(name).to_instant(np.array([0])).tolist() == [-seconds * 1_000_000]


@pytest.mark.parametrize("name", ["Nowhere/X", "", "+19:00", "../etc/passwd", "Europe"])
def test_unknown_zones(name: str) -> None:
    with pytest.raises(ExecutionError) as caught:
        zone(name)
    assert caught.value.condition == "INVALID_TIMEZONE"
