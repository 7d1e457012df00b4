"""Sorted places: as comparing Python values orders them, whatever the types, nulls, ties and threads."""

from __future__ import annotations

import math
import random
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engine.kernels import packed_sort
from engine.kernels.sorting import SortKey, compare, sort_rows

MAKERS: dict[str, tuple[Any, pa.DataType]] = {
    "bit": (lambda c: c.random() < 0.5, pa.bool_()),
    "byte": (lambda c: c.randint(-128, 127), pa.int8()),
    "int": (lambda c: c.choice([c.randint(-5, 5), c.randint(-(2**31), 2**31 - 1)]), pa.int32()),
    "long": (lambda c: c.choice([-(2**63), 2**63 - 1, 0, c.randint(-(2**63), 2**63 - 1)]), pa.int64()),
    "double": (lambda c: c.choice([0.0, -0.0, math.nan, math.inf, -math.inf, c.uniform(-1, 1)]), pa.float64()),
    "float": (lambda c: c.choice([0.0, -0.0, math.nan, 1.5, c.uniform(-1, 1)]), pa.float32()),
    "price": (lambda c: Decimal(c.randint(-999, 999)), pa.decimal128(9, 0)),
    "wide": (lambda c: Decimal(c.choice([c.randint(-9, 9), c.randint(-(10**37), 10**37)])), pa.decimal128(38, 0)),
    "text": (
        lambda c: "".join(c.choices("ab\0é", k=c.randint(0, 3))) + c.choice(["", "x" * c.randint(0, 40)]),
        pa.string(),
    ),
    "same": (lambda c: "the same eight bytes, and more: " + c.choice("ab"), pa.large_string()),
    "raw": (lambda c: bytes(c.choices([0, 1, 255], k=c.randint(0, 17))), pa.binary()),
    "list": (lambda c: [c.randint(0, 2)] * c.randint(0, 2), pa.list_(pa.int64())),
    "none": (lambda _: None, pa.null()),
    "one": (lambda _: 7, pa.int64()),
}


def keys_of(chance: random.Random, kinds: list[str], rows: int) -> list[SortKey]:
    found = []
    for kind in kinds:
        make, data_type = MAKERS[kind]
        share = chance.choice([0.0, 0.3, 1.0])
        lead = chance.randint(0, 3)
        values = [None if chance.random() < share else make(chance) for _ in range(rows + lead)]
        array = pa.array(values, data_type)[lead:]
        found.append(SortKey(array, chance.random() < 0.5, chance.random() < 0.5))
    return found


def expected(keys: list[SortKey], rows: int) -> list[int]:
    values = [key.array.to_pylist() for key in keys]

    def order(left: int, right: int) -> int:
        for key, column in zip(keys, values, strict=True):
            a, b = column[left], column[right]
            if a is None or b is None:
                found = ((a is not None) - (b is not None)) * (1 if key.nulls_first else -1)
            else:
                found = compare(a, b) * (1 if key.ascending else -1)
            if found:
                return found
        return 0

    return sorted(range(rows), key=cmp_to_key(order))


@pytest.mark.parametrize("seed", range(150))
def test_places_are_those_of_sorted_values(seed: int) -> None:
    chance = random.Random(seed)
    kinds = chance.choices(list(MAKERS), k=chance.randint(1, 4))
    rows = chance.choice([0, 1, 2, 3, 50, 300])
    keys = keys_of(chance, kinds, rows)
    assert sort_rows(keys, rows).tolist() == expected(keys, rows), kinds


@pytest.mark.parametrize("kind", list(MAKERS))
def test_each_type_alone(kind: str) -> None:
    for seed in range(4):
        keys = keys_of(random.Random(seed), [kind], 200)
        assert sort_rows(keys, 200).tolist() == expected(keys, 200)


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_nothing(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_sort, "_PARALLEL_ROWS", 1 << 10)
    chance = np.random.default_rng(3)
    for limit in (1, 50, 1 << 62):
        values = chance.integers(0, limit, 5000)
        texts = pa.array([f"text {value}" for value in values])
        keys = [SortKey(texts, False), SortKey(pa.array(chance.integers(0, 2, 5000)))]
        assert (sort_rows(keys, 5000, threads) == sort_rows(keys, 5000)).all()
        assert (sort_rows([SortKey(pa.array(values))], 5000, threads) == np.argsort(values, kind="stable")).all()


def test_a_few_texts_that_repeat() -> None:
    words = [None if row % 13 == 0 else ["rail", "air", "ship", "", "mail"][row % 5] for row in range(20_000)]
    keys = [SortKey(pa.array(words), True, False)]
    places = sort_rows(keys, len(words)).tolist()
    assert places == sorted(range(len(words)), key=lambda row: (words[row] is None, (words[row] or "").encode()))
