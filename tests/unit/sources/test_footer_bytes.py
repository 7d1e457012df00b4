"""Our reading of Parquet footers, held against pyarrow's, and forged ones that end pyarrow's process."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import FlintError
from engine.sources.base import open_relation
from engine.sources.files import stat_file
from engine.sources.footers import footer
from engine.sources.thrift import column_chunks
from engine.types.arrow import from_arrow

TABLE = pa.table(
    {
        "b": pa.array([True, None, False] * 20),
        "i": pa.array([None, *range(59)], pa.int32()),
        "l": pa.array([-(2**60), *range(59)], pa.int64()),
        "u": pa.array([2**63 + 1, *range(59)], pa.uint64()),
        "f": pa.array([1.5, *range(59)], pa.float32()),
        "d": pa.array([-1.5, *range(59)], pa.float64()),
        "s": pa.array(["ä", *map(str, range(59))]),
        "n": pa.array([Decimal("-1.25"), *map(Decimal, range(59))], pa.decimal128(30, 2)),
        "m": pa.array([Decimal("1.25"), *map(Decimal, range(59))], pa.decimal128(9, 2)),
        "day": pa.array([datetime.date(1969, 1, 1)] * 60),
        "t": pa.array([datetime.datetime(1969, 1, 1, microsecond=5)] * 60, pa.timestamp("us")),
        "ns": pa.array([1999] * 60, pa.timestamp("ns")),
        "nested": pa.array([[{"x": 1}]] * 60),
        "empty": pa.array([None] * 60, pa.int64()),
    }
)


def forged() -> list[bytes]:
    """A good file, and copies with bytes of the footer changed."""
    pq.write_table(TABLE, "good.parquet", row_group_size=25)
    good = Path("good.parquet").read_bytes()
    size = int.from_bytes(good[-8:-4], "little")
    rng = random.Random(9)
    copies = []
    for _ in range(150):
        broken = bytearray(good)
        for _ in range(rng.randint(1, 3)):
            broken[rng.randrange(len(good) - 8 - size, len(good))] = rng.choice((0, 255, rng.randrange(256)))
        copies.append(bytes(broken))
    return [good, *copies]


@pytest.mark.parametrize("indexed", [True, False])
def test_sizes_and_bounds_are_those_of_pyarrow(here: Path, indexed: bool) -> None:
    pq.write_table(TABLE, "t.parquet", row_group_size=25, write_page_index=indexed, use_dictionary=indexed)
    known = footer(stat_file("t.parquet"))
    metadata = pq.read_metadata("t.parquet")
    for group in range(metadata.num_row_groups):
        for place in range(len(TABLE.column_names)):
            theirs = metadata.row_group(group).column(place)
            ours = known.chunk(group, theirs.path_in_schema)
            if "nested" in theirs.path_in_schema:
                assert ours is None
                continue
            assert ours is not None and ours.size == theirs.total_uncompressed_size
            assert ours.has_dictionary == theirs.has_dictionary_page
            assert ours.nulls == theirs.statistics.null_count


def test_bounds_are_the_values(here: Path) -> None:
    pq.write_table(TABLE, "t.parquet")
    statistics = open_relation("parquet", ["t.parquet"]).statistics()
    found = {name: (each.minimum, each.maximum, each.nulls) for name, each in statistics.columns.items()}
    assert found == {
        "b": (False, True, 20),
        "i": (0, 58, 1),
        "l": (-(2**60), 58, 0),
        "u": (0, 2**63 + 1, 0),
        "f": (0.0, 58.0, 0),
        "d": (-1.5, 58.0, 0),
        "s": ("0", "ä", 0),
        "n": (Decimal("-1.25"), Decimal(58), 0),
        "m": (Decimal(0), Decimal(58), 0),
        "day": (datetime.date(1969, 1, 1), datetime.date(1969, 1, 1), 0),
        "t": (-31535999999995, -31535999999995, 0),
        "ns": (1, 1, 0),
        "nested": (None, None, None),
        "empty": (None, None, 60),
    }
    assert from_arrow(TABLE.schema.field("ns").type).simpleString() == "timestamp_ntz"


def test_forged_footers_are_errors_and_never_the_end(here: Path) -> None:
    outcomes = []
    for data in forged():
        Path("t.parquet").write_bytes(data)
        try:
            statistics = open_relation("parquet", ["t.parquet"]).statistics()
            outcomes.append(len([statistics.columns[name] for name in statistics.columns]) > 0)
        except FlintError as error:
            assert error.condition in ("FAILED_READ_FILE", "UNSUPPORTED_FEATURE", "COLUMN_ALREADY_EXISTS")
            outcomes.append(False)
    assert outcomes[0] and outcomes.count(False) > 20


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x15",
        b"\xff" * 50,
        b"\x49\xfc\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x19\xff\xff\x7f",
        b"\x4c" * 5000,
    ],
)
def test_what_is_no_footer(data: bytes) -> None:
    with pytest.raises(ValueError, match="malformed footer"):
        column_chunks(data)


def test_no_bytes_make_it_hang_or_fail_otherwise() -> None:
    rng = random.Random(2)
    for _ in range(2000):
        data = rng.randbytes(rng.randint(0, 80))
        try:
            assert isinstance(column_chunks(data), list)
        except ValueError:
            continue
