"""Batches of warm columns come again as long as their columns are there, and go with them; small dictionaries are shared."""

from __future__ import annotations

import pyarrow as pa

from engine.compile.prepared import prepared
from engine.memory.columns import ColumnCache
from engine.memory.dictionaries import SmallDictionaries
from engine.memory.warm_batches import WarmBatches


def column(first: int) -> pa.Array:
    return pa.array(range(first, first + 100), pa.int64())


def warm(cache: ColumnCache, *keys: str) -> pa.RecordBatch:
    for place, key in enumerate(keys):
        assert cache.put(key, [column(place)], 1)
    batch = pa.RecordBatch.from_arrays([column(place) for place, _ in enumerate(keys)], names=list(keys))
    cache.keep_batches("split", WarmBatches(keys, [batch], lambda _: (0, 1)))
    return batch


def cache_of(room: int) -> ColumnCache:
    cache = ColumnCache(lambda: room)
    cache.resize(room)
    return cache


def test_the_same_batches_come_again_and_their_columns_count_as_used() -> None:
    cache = cache_of(10_000)
    batch = warm(cache, "a", "b")
    found = cache.batches("split", 2)
    assert found is not None and found.batches[0] is batch and found.bounds("a") == (0, 1)
    assert [each.hits for each in cache.contents()] == [1, 1]
    assert prepared(batch) is prepared(found.batches[0])


def test_batches_go_with_any_of_their_columns() -> None:
    cache = cache_of(2_000)
    warm(cache, "a", "b")
    cache.put("c", [column(0)], 2)  # no room for three
    assert "a" not in cache and cache.batches("split", 2) is None
    cache = cache_of(2_000)
    warm(cache, "a", "b")
    cache.give_way(1)
    assert cache.batches("split", 3) is None


def test_batches_of_columns_that_are_not_there_are_not_kept() -> None:
    cache = cache_of(1_000)
    batch = pa.RecordBatch.from_arrays([column(0)], names=["a"])
    cache.keep_batches("split", WarmBatches(["a"], [batch], lambda _: None))
    assert cache.batches("split", 1) is None


def coded(texts: list[str | None]) -> pa.Array:
    found = pa.array(texts).dictionary_encode()
    return pa.DictionaryArray.from_arrays(found.indices.cast(pa.int8()), found.dictionary)


def test_row_groups_share_a_small_dictionary() -> None:
    known = SmallDictionaries()
    groups = [["x", "y", "x"], ["y", None, "x"], ["z", "y", None]]
    found = [known.shared("s", [coded(group)])[0] for group in groups]
    assert [each.to_pylist() for each in found] == groups
    starts = [each.dictionary.buffers()[2].address for each in found]
    assert starts[0] == starts[1] and found[2].dictionary.to_pylist() == ["x", "y", "z"]


def test_many_texts_keep_their_own_dictionaries() -> None:
    known = SmallDictionaries()
    first, second = coded([f"a{n}" for n in range(100)]), coded([f"b{n}" for n in range(100)])
    assert known.shared("s", [first])[0].equals(first)
    assert known.shared("s", [second])[0].dictionary.equals(second.dictionary)
    plain = pa.array(["x"])
    assert known.shared("s", [plain])[0] is plain
