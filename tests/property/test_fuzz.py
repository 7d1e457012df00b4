"""2,000 fixed seeds of the fuzzer, spread over its oracles and over processes; see fuzz/__init__.py for running it by hand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz.oracles import ORACLES
from fuzz.pieces import joined, piece, shrunk
from fuzz.runner import case_of, fixed

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 900


def test_fixed_seeds() -> None:
    parts = min(4, os.cpu_count() or 1)
    command = [sys.executable, "-m", "tests.property.fuzz", "--fixed"]
    running = [
        subprocess.Popen(
            [*command, f"{part}/{parts}"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for part in range(parts)
    ]
    try:
        said = [process.communicate(timeout=SECONDS)[0] for process in running]
    finally:
        for process in running:
            process.kill()
    text = "\n".join(said)
    assert all(process.returncode == 0 for process in running), text
    assert sum(map(int, re.findall(r": (\d+) seeds, 0 findings", text))) == len(fixed()) == 2000, text


@pytest.mark.parametrize("name", ORACLES)
def test_a_seed_makes_the_same_case_every_time(name: str) -> None:
    assert [str(case_of(name, seed)) for seed in range(3)] == [str(case_of(name, seed)) for seed in range(3)]


def test_what_fails_is_made_as_small_as_it_can_be() -> None:
    terms = joined(" and ", [piece("(", piece(f"{name} = 1", simpler=(name,)), ")", simpler=(name,)) for name in "abc"])
    case = piece("select * from t", piece(" where ", terms, simpler=("",)))
    assert str(shrunk(case, lambda smaller: "b" in str(smaller))) == "select * from t where a and b"
