"""Compiled decoding of pages: equal to pyarrow's, and never astray, whatever the bytes."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.compile.page_code import Bytes, Dictionary, PageCode, Pages, page_code
from engine.compile.pages import PADDING, PLAIN, SNAPPY
from engine.errors import FlintError
from engine.kernels.context import EvalContext
from engine.logical.relation import ScanRequest
from engine.logical.row_ranges import RowRanges
from engine.physical.execution import Execution
from engine.physical.task import TaskContext
from engine.sources import coded_chunks
from engine.sources.base import open_relation
from engine.sources.parquet import ParquetRelation

pytest.importorskip("llvmlite")


@pytest.fixture(scope="module")
def code() -> PageCode:
    found = code_with({"flint.compile.cache.enabled": "false", "flint.compile.optimize": "2"})
    assert found is not None
    return found


def code_with(conf: dict[str, str]) -> PageCode | None:
    with TaskContext.local(conf=conf) as task:
        return page_code(Execution(task, EvalContext()))


def padded(data: bytes) -> np.ndarray[Any, Any]:
    return np.frombuffer(data + bytes(PADDING), np.uint8).copy()


def unpacked(code: PageCode, data: bytes, size: int) -> bytes | None:
    source, target = padded(data), np.full(size + PADDING, 7, np.uint8)
    if code._call("snappy", source.ctypes.data, len(data), target.ctypes.data, size) != 0:
        return None
    return target[:size].tobytes()


def kinds_of_bytes(rng: random.Random) -> bytes:
    count = rng.choice((0, 1, 7, 100, 3000))
    match rng.randrange(6):
        case 0:
            return rng.randbytes(count)
        case 1:
            return bytes(count)
        case 2:
            return np.array([rng.randrange(10 ** rng.randint(1, 7)) for _ in range(count)], np.int64).tobytes()
        case 3:
            return np.array([rng.randrange(100_000) for _ in range(count)], np.int32).tobytes()
        case 4:
            return (rng.randbytes(rng.randint(1, 20)) * count)[: 4 * count]
        case _:
            return " ".join(rng.choice(["the", "quick", "brown", "fox", "ä"]) for _ in range(count)).encode()


def test_snappy_unpacks_what_snappy_packs(code: PageCode) -> None:
    rng = random.Random(1)
    codec = pa.Codec("snappy")
    for _ in range(400):
        data = kinds_of_bytes(rng)
        assert unpacked(code, codec.compress(data, asbytes=True), len(data)) == data


def test_all_elements_of_snappy_by_hand(code: PageCode) -> None:
    long = bytes(range(256)) * 300
    assert unpacked(code, b"\x05" + bytes([4 << 2]) + b"abcde", 5) == b"abcde"
    assert unpacked(code, b"\x09" + bytes([0]) + b"a" + bytes([(8 - 4) << 2 | 1, 1]), 9) == b"a" * 9
    assert unpacked(code, b"\x06" + bytes([2 << 2]) + b"abc" + bytes([2 << 2 | 2, 3, 0]), 6) == b"abcabc"
    assert unpacked(code, b"\x06" + bytes([2 << 2]) + b"abc" + bytes([2 << 2 | 3, 3, 0, 0, 0]), 6) == b"abcabc"
    for offset in range(1, 20):
        for length in (4, 11, 12, 17, 64):
            kind = bytes([length - 1 << 2 | 2, offset, 0])
            repeated = bytes(range(20 - offset, 20)) * 64
            data = b"\x01" + bytes([19 << 2]) + bytes(range(20)) + kind
            assert unpacked(code, data, 20 + length) == bytes(range(20)) + repeated[:length]
    for extra in (1, 2, 3, 4):
        size = min(len(long), 256**extra)
        head = bytes([(59 + extra) << 2]) + (size - 1).to_bytes(extra, "little")
        assert unpacked(code, b"\x01" + head + long[:size], size) == long[:size]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"\x05",
        b"\x05\x10abc",
        b"\x04\x01\x00",
        b"\x04\x00a\x01\x02",
        b"\x04\xf4\xff\xff",
        b"\x04\x0eabc\x00",
    ],
)
def test_what_is_no_snappy(code: PageCode, data: bytes) -> None:
    assert unpacked(code, data, 4) is None


def test_broken_snappy_stays_within_its_bounds(code: PageCode) -> None:
    rng = random.Random(2)
    codec = pa.Codec("snappy")
    for _ in range(3000):
        data = bytearray(codec.compress(kinds_of_bytes(rng), asbytes=True))
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.choice((0, 255, rng.randrange(256)))
        size = rng.choice((0, 5, 800, 30_000))
        source, target = padded(bytes(data)), np.full(size + PADDING + 4096, 7, np.uint8)
        code._call("snappy", source.ctypes.data, len(data), target.ctypes.data, size)
        assert (target[size + PADDING :] == 7).all()


def columns_of(path: str, code: PageCode | None, wanted: RowRanges | None = None) -> tuple[list[list[pa.Array]], int]:
    """All columns of a file, or some rows of each row group, and how many chunks the code decoded."""
    relation = open_relation("parquet", [path])
    assert isinstance(relation, ParquetRelation)
    names = relation.schema.names
    found, decoded = [], 0
    for split in relation.splits(ScanRequest(tuple(names))).splits:
        group = relation.columns_of(split, names)
        assert group is not None
        rows = wanted & RowRanges(((0, group.rows),)) if wanted is not None else None
        decoded += len(group._decoded(names, code, rows)) if code is not None else 0
        found += [list(pieces) for pieces in group.read(names, code, rows)]
    return found, decoded


def random_columns(rng: random.Random, rows: int) -> dict[str, pa.Array]:
    words = [f"wört {n}" for n in range(rng.choice((1, 2, 100, 200)))]
    reach = 10 ** rng.randint(0, 6)
    return {
        "l": pa.array([rng.randint(-reach, reach) for _ in range(rows)], pa.int64()),
        "i": pa.array([rng.randint(0, reach) for _ in range(rows)], pa.int32()),
        "d": pa.array([Decimal(rng.randint(0, 9999)).scaleb(-2) for _ in range(rows)], pa.decimal128(12, 2)),
        "day": pa.array([rng.randint(0, 20_000) for _ in range(rows)], pa.int32()).cast(pa.date32()),
        "at": pa.array([rng.randint(0, 10**15) for _ in range(rows)], pa.timestamp("us")),
        "ms": pa.array([rng.randint(0, 10**12) for _ in range(rows)], pa.timestamp("ms")),
        "tiny": pa.array([rng.randint(-128, 127) for _ in range(rows)], pa.int8()),
        "s": pa.array([rng.choice(words) for _ in range(rows)]),
        "long": pa.array([f"{rng.random()} ä" * rng.choice((0, 1, 1, 2, 9)) for _ in range(rows)]),
        "same": pa.array([5] * rows, pa.int64()),
        "some": pa.array([None if rng.random() < 0.01 else rng.randrange(9) for _ in range(rows)], pa.int64()),
        "bytes": pa.array([rng.randbytes(1) for _ in range(rows)], pa.binary()),
        "real": pa.array([rng.choice((0.0, -0.0, 1.5, float("inf"), rng.random())) for _ in range(rows)]),
        "half": pa.array([float(rng.randrange(9)) for _ in range(rows)], pa.float32()),
    }


@pytest.mark.parametrize("seed", range(12))
def test_columns_are_those_of_pyarrow(here: Path, code: PageCode, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    if rng.random() < 0.7:  # of pages that are not wanted only headers are read, if these are not longer than that
        monkeypatch.setattr(coded_chunks, "_LARGE", 0)
        monkeypatch.setattr(coded_chunks, "_HEADER", rng.choice((20, 100, 1000)))
    rows = rng.choice((1, 9, 1000, 20_000))
    columns = random_columns(rng, rows)
    required = rng.random() < 0.5
    if not required:
        columns = {name: with_nulls(rng, array) for name, array in columns.items()}
    fields = [pa.field(name, array.type, not required or array.null_count > 0) for name, array in columns.items()]
    pq.write_table(
        pa.table(list(columns.values()), pa.schema(fields)),
        "t.parquet",
        row_group_size=max(1, rows // rng.choice((1, 3))),
        data_page_size=rng.choice((100, 5000, 1 << 20)),
        data_page_version=rng.choice(("1.0", "1.0", "2.0")),
        version=rng.choice(("1.0", "2.4", "2.6")),
        compression=rng.choice(("snappy", "snappy", "none", "zstd", "gzip", "lz4", "brotli")),
        write_page_checksum=rng.random() < 0.1,
        use_dictionary=rng.random() < 0.9,
        dictionary_pagesize_limit=rng.choice((2000, 1 << 20)),
        store_decimal_as_integer=rng.random() < 0.5,
    )
    edges = sorted(rng.sample(range(rows + 50), min(rows, rng.choice((2, 4, 10)) // 2 * 2)))
    some = RowRanges.of(list(zip(edges[::2], edges[1::2], strict=False)), 1) & RowRanges(((0, rows),))
    for wanted in (None, some):
        expected, _ = columns_of("t.parquet", None, wanted)
        found, _ = columns_of("t.parquet", code, wanted)
        for ours, theirs in zip(found, expected, strict=True):
            assert [piece.to_pylist() for piece in ours] == [piece.to_pylist() for piece in theirs]
            for piece in ours:
                piece.validate(full=True)


def with_nulls(rng: random.Random, array: pa.Array) -> pa.Array:
    """The values, some of them null: here and there, in runs, or all."""
    share, run = rng.choice((0.0, 0.01, 0.5, 0.99, 1.0)), rng.choice((1, 1, 9, 300))
    mask = np.repeat([rng.random() < share for _ in range(len(array) // run + 1)], run)[: len(array)]
    return pa.array(array.to_pylist(), array.type, mask=mask)


def test_the_code_decodes_what_it_is_for(here: Path, code: PageCode) -> None:
    columns = random_columns(random.Random(0), 500)
    pq.write_table(pa.table(columns), "t.parquet", store_decimal_as_integer=True)
    found, decoded = columns_of("t.parquet", code)
    assert decoded == 11, "l i d day at s long same some real half; the others are of another make"
    types = [pieces[0].type for pieces in found]
    assert types[2] == pa.int16() and types[3] == pa.int16() and types[9] == pa.int8()
    assert pa.types.is_dictionary(types[7]) and types[8] == pa.string(), "codes only where values repeat"


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_chunks_that_are_only_begun_with_codes(here: Path, code: PageCode, version: str) -> None:
    rng = random.Random(5)
    columns = random_columns(rng, 5000)
    kept = {name: columns[name] for name in ("at", "long", "l")}
    fields = [pa.field(name, array.type, False) for name, array in kept.items()]
    pq.write_table(
        pa.table(list(kept.values()), pa.schema(fields)),
        "t.parquet",
        dictionary_pagesize_limit=3000,
        data_page_size=2000,
        write_batch_size=100,
        data_page_version=version,
    )
    encodings = pq.read_metadata("t.parquet").row_group(0).column(1).encodings
    assert {"PLAIN", "RLE_DICTIONARY"} <= set(encodings)
    found, decoded = columns_of("t.parquet", code)
    assert decoded == 3
    assert [pieces[0].to_pylist() for pieces in found] == [
        pieces[0].to_pylist() for pieces in columns_of("t.parquet", None)[0]
    ]


def test_texts_that_need_more_room_than_the_footer_says(here: Path, code: PageCode) -> None:
    words = [f"{n} {'x' * 200}" for n in range(60)]
    pq.write_table(pa.table({"s": words + [words[-1]] * 50}), "t.parquet")
    (found,), decoded = columns_of("t.parquet", code)
    assert decoded == 1 and found[0].type == pa.string() and found[0].to_pylist() == words + [words[-1]] * 50


def test_large_row_groups_are_cut(here: Path, code: PageCode) -> None:
    pq.write_table(pa.table({"n": list(range(300_000)), "s": ["a", "b", "c"] * 100_000}), "t.parquet")
    found, _ = columns_of("t.parquet", code)
    assert [len(piece) for piece in found[0]] == [131_072, 131_072, 37_856] == [len(piece) for piece in found[1]]
    assert pa.chunked_array(found[1]).cast(pa.string()).to_pylist() == ["a", "b", "c"] * 100_000


def test_files_with_changed_bytes(here: Path, code: PageCode) -> None:
    """Where pyarrow gives rows, so do we; where the code sees an error, pyarrow names it."""
    rng = random.Random(3)
    columns = random_columns(rng, 400)
    kept = {name: columns[name] for name in ("l", "i", "d", "s", "long", "same", "some")}
    kept |= {"few": with_nulls(rng, columns["s"]), "fixed": columns["d"].cast(pa.decimal128(15, 2))}
    outcomes = {"alike": 0, "refused": 0, "changed": 0}
    for compression, version in (("snappy", "1.0"), ("none", "2.0"), ("zstd", "2.0")):
        pq.write_table(pa.table(kept), "good.parquet", compression=compression, data_page_version=version)
        good = Path("good.parquet").read_bytes()
        for _ in range(170):
            data = bytearray(good)
            for _ in range(rng.randint(1, 3)):
                data[rng.randrange(4, len(data) * 9 // 10)] = rng.choice((0, 255, rng.randrange(256)))
            Path("bad.parquet").write_bytes(bytes(data))
            results = [_outcome("bad.parquet", each) for each in (code, None)]
            same = results[0] == results[1]
            outcomes["alike" if same and results[0] is not None else "refused" if same else "changed"] += 1
    # a byte that is wrong without being impossible is read as it is; pyarrow checks here and there less, or more
    assert outcomes["alike"] > 100 and outcomes["changed"] < 60


def _outcome(path: str, code: PageCode | None) -> Any:
    try:
        found, _ = columns_of(path, code)
    except FlintError:
        return None
    return [[piece.to_pylist() for piece in pieces] for pieces in found]


def test_dictionaries_by_hand(code: PageCode, here: Path) -> None:
    text = b"".join(len(word).to_bytes(4, "little") + word for word in (b"", b"ab", b"c"))
    found = texts_of(code, text, 3)
    assert found is not None and found.to_pylist() == ["", "ab", "c"]
    for count, data in ((2, text), (4, text), (3, text[:-1]), (1, b"\xff\xff\xff\xff"), (10**9, text)):
        assert texts_of(code, data, count) is None
    assert code.dictionary(Pages(Bytes.of(padded(b"")), 0, PLAIN, 1)) is None
    assert code.dictionary(Pages(Bytes.of(padded(b"\x15\x04\x15")), 3, SNAPPY, 1)) is None


def texts_of(code: PageCode, data: bytes, count: int) -> pa.Array | None:
    source = padded(data)
    return code.texts(Dictionary(count, source.ctypes.data, len(data)))


def test_headers_never_lead_astray(code: PageCode) -> None:
    rng = random.Random(4)
    fields = np.zeros(80 + 16, np.int64)
    for _ in range(5000):
        data = bytes(rng.choice((0x15, 0x2C, 0x19, 0x18, 0, rng.randrange(256))) for _ in range(rng.randint(0, 40)))
        length = code._call("page_header", padded(data).ctypes.data, len(data), fields.ctypes.data)
        assert -1 <= length <= len(data) and (fields[80:] == 0).all()


def test_where_there_is_no_code() -> None:
    assert code_with({"flint.compile.enabled": "false"}) is None
