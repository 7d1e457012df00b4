"""2,040 fixed seeds of the fuzzer, run beside the other tests; see fuzz/__init__.py for running it by hand."""

from __future__ import annotations

import re

import pytest
from fixed_seeds import FixedSeeds
from fuzz.oracles import ORACLES
from fuzz.pieces import joined, piece, shrunk
from fuzz.runner import case_of, fixed


def test_fixed_seeds(fixed_seeds: FixedSeeds) -> None:
    codes, text = fixed_seeds.ended()
    assert not any(codes), text
    assert sum(map(int, re.findall(r": (\d+) seeds, 0 findings", text))) == len(fixed()) == 2040, text


@pytest.mark.parametrize("name", ORACLES)
def test_a_seed_makes_the_same_case_every_time(name: str) -> None:
    assert [str(case_of(name, seed)) for seed in range(3)] == [str(case_of(name, seed)) for seed in range(3)]


def test_what_fails_is_made_as_small_as_it_can_be() -> None:
    terms = joined(" and ", [piece("(", piece(f"{name} = 1", simpler=(name,)), ")", simpler=(name,)) for name in "abc"])
    case = piece("select * from t", piece(" where ", terms, simpler=("",)))
    assert str(shrunk(case, lambda smaller: "b" in str(smaller))) == "select * from t where a and b"
