"""Columns as they come encoded from Parquet: the same rows as plain ones, in allowed forms, whatever the file."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import ExecutionError, FlintError
from engine.expressions.base import Attribute
from engine.logical.relation import Relation, ScanRequest
from engine.physical.encoding import allowed, bits_of, coded, decoded, decoded_column, encoded, narrowed
from engine.sources.arrow import ArrowRelation
from engine.sources.base import open_relation
from engine.sources.plain_footer import without_logical_types
from engine.types import DATE, INT, LONG, STRING, TIMESTAMP, DecimalType, StructField, StructType
from engine.types.arrow import to_arrow

ENGINE_BATCH = 131_072


def batches(relation: Relation, *columns: str) -> list[pa.RecordBatch]:
    request = ScanRequest(columns or tuple(relation.schema.names), encoded=True)
    return [b for split in relation.splits(request).splits for b in relation.read(split, request)]


def check(relation: Relation, read: Callable[..., pa.Table]) -> list[pa.RecordBatch]:
    """The encoded batches, which must decode to the plain ones and have allowed forms."""
    attributes = [Attribute(field.name, field.dataType) for field in relation.schema.fields]
    found = batches(relation)
    for batch in found:
        for array, attribute in zip(batch.columns, attributes, strict=True):
            array.validate(full=True)
            assert allowed(array.type, attribute.dataType), (attribute, array.type)
            if array.type != to_arrow(attribute.dataType):
                assert array.null_count or array.buffers()[0] is None
    plain = [decoded(batch, attributes) for batch in found]
    assert pa.Table.from_batches(plain).combine_chunks() == read(relation).combine_chunks()
    return found


def random_table(rng: random.Random, rows: int, nulls: float) -> pa.Table:
    def column(make: Callable[[], Any], kind: pa.DataType) -> pa.Array:
        return pa.array([None if rng.random() < nulls else make() for _ in range(rows)], kind)

    day = datetime.date(1970, 1, 1)
    words = [rng.choice(["", "a", "ä", "wort"]) + str(n) for n in range(300)]
    return pa.table(
        {
            "tiny": column(lambda: rng.randint(-128, 127), pa.int8()),
            "small": column(lambda: rng.randint(-9, 9), pa.int16()),
            "medium": column(lambda: rng.randint(-40_000, 40_000), pa.int32()),
            "large": column(lambda: rng.randint(-(2**63), 2**63 - 1), pa.int64()),
            "unsigned": column(lambda: rng.randint(0, 2**32 - 1), pa.uint32()),
            "byte": column(lambda: rng.randint(0, 200), pa.uint8()),
            "day": column(lambda: day + datetime.timedelta(rng.randint(-9000, 30_000)), pa.date32()),
            "at": column(lambda: rng.randint(-(2**50), 2**50), pa.timestamp("us", "UTC")),
            "local": column(lambda: rng.randint(0, 1000), pa.timestamp("ms")),
            "nanos": column(lambda: rng.randint(0, 2**60), pa.timestamp("ns")),
            "d4": column(lambda: Decimal(rng.randint(-9999, 9999)).scaleb(-2), pa.decimal128(4, 2)),
            "d15": column(lambda: Decimal(rng.randint(0, 10_000)).scaleb(-2), pa.decimal128(15, 2)),
            "d18": column(lambda: Decimal(rng.randint(-(10**18) + 1, 10**18 - 1)), pa.decimal128(18, 0)),
            "d19": column(lambda: Decimal(rng.randint(0, 10**18)), pa.decimal128(19, 0)),
            "d38": column(lambda: Decimal(rng.randint(0, 10**30)), pa.decimal128(38, 5)),
            "few": column(lambda: rng.choice(words[:20]), pa.string()),
            "many": column(lambda: rng.choice(words), pa.string()),
            "each": column(lambda: str(rng.random()), pa.string()),
            "bytes": column(lambda: rng.randbytes(2), pa.binary()),
            "flag": column(lambda: rng.random() < 0.5, pa.bool_()),
            "real": column(rng.random, pa.float64()),
            "nested": column(lambda: [rng.choice(words)], pa.list_(pa.string())),
            "nothing": column(lambda: None, pa.string()),
        }
    )


@pytest.mark.parametrize("nulls", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("dictionaries", [True, False])
def test_decoded_columns_are_the_plain_ones(
    here: Path, read: Callable[..., pa.Table], nulls: float, stored: bool, dictionaries: bool
) -> None:
    table = random_table(random.Random(4), 700, nulls)
    options: dict[str, Any] = {"store_decimal_as_integer": stored, "use_dictionary": dictionaries}
    pq.write_table(
        table, "t.parquet", row_group_size=256, dictionary_pagesize_limit=900, write_batch_size=16, **options
    )
    found = check(open_relation("parquet", ["t.parquet"]), read)
    forms = {name: found[0].schema.field(name).type for name in table.column_names}
    assert forms["small"] == pa.int8() and forms["d19"] == pa.decimal128(19, 0)
    assert pa.types.is_dictionary(forms["few"]) == dictionaries
    if nulls == 0.0:
        assert forms["medium"] == pa.int32() and forms["large"] == pa.int64()
        assert forms["d15"] == pa.int16() and forms["d18"] == pa.int64() and forms["day"] == pa.int16()
        assert forms["each"] == pa.string()  # its dictionary was too large, and pages of texts follow


def test_row_groups_larger_than_a_batch(here: Path, read: Callable[..., pa.Table]) -> None:
    rows = 600_000
    table = pa.table(
        {
            "n": pa.array(range(rows), pa.int64()),
            "s": pa.array(["a", "b", None] * (rows // 3)),
            "d": pa.array([Decimal("1.25"), None] * (rows // 2), pa.decimal128(10, 2)),
        }
    )
    pq.write_table(table, "t.parquet", row_group_size=rows, store_decimal_as_integer=True)
    pq.write_table(table.slice(0, 200_000), "u.parquet", row_group_size=rows)
    for path in ("t.parquet", "u.parquet"):
        found = check(open_relation("parquet", [path]), read)
        assert max(batch.num_rows for batch in found) <= ENGINE_BATCH
        dictionaries = {batch.column("s").dictionary.buffers()[2].address for batch in found}
        assert len(dictionaries) == 1
        assert {batch.schema.field("n").type for batch in found} == {pa.int32()}, "by the statistics of the whole file"


def test_a_column_is_read_as_a_wider_type(here: Path) -> None:
    rows = 300
    table = {
        "d": pa.array([Decimal("1.5")] * rows, pa.decimal128(5, 1)),
        "e": pa.array([Decimal("2.5")] * rows, pa.decimal128(5, 1)),
        "n": pa.array([7] * rows, pa.int32()),
        "s": ["x"] * rows,
    }
    pq.write_table(pa.table(table), "t.parquet", store_decimal_as_integer=True)
    fields = [("d", DecimalType(12, 3)), ("e", DecimalType(5, 1)), ("n", LONG), ("s", STRING), ("gone", DATE)]
    schema = StructType(tuple(StructField(name, kind) for name, kind in fields))
    relation = open_relation("parquet", ["t.parquet"], schema=schema)
    (batch,) = batches(relation)
    assert list(batch.schema.types[:3]) == [pa.int16(), pa.int8(), pa.int8()]
    plain = decoded(batch, [Attribute(name, kind) for name, kind in fields])
    assert plain.slice(0, 1).to_pylist() == [
        {"d": Decimal("1.500"), "e": Decimal("2.5"), "n": 7, "s": "x", "gone": None}
    ]


def test_footers_without_logical_types_are_read_or_refused(here: Path) -> None:
    table = random_table(random.Random(1), 50, 0.2).select(["day", "d4", "d15", "d18", "few", "nested"])
    pq.write_table(table, "t.parquet", store_decimal_as_integer=True)
    data = Path("t.parquet").read_bytes()
    size = int.from_bytes(data[-8:-4], "little")
    footer = data[-8 - size : -8]
    rng = random.Random(6)
    for _ in range(3000):
        broken = bytearray(footer)
        for _ in range(rng.randint(1, 4)):
            broken[rng.randrange(len(broken))] = rng.choice((0, 255, rng.randrange(256)))
        cut = bytes(broken[: rng.choice((len(broken), rng.randrange(len(broken))))])
        try:
            assert isinstance(without_logical_types(cut, {0, 1, 2, 3}), bytes)
        except ValueError as error:
            assert "malformed" in str(error)


def test_files_with_changed_bytes_are_read_alike_or_refused(here: Path) -> None:
    table = random_table(random.Random(1), 60, 0.2).select(["day", "d4", "d15", "few", "many", "each", "large"])
    pq.write_table(table, "good.parquet", row_group_size=25, store_decimal_as_integer=True, write_page_checksum=True)
    data = Path("good.parquet").read_bytes()
    size = int.from_bytes(data[-8:-4], "little")
    rng = random.Random(7)
    outcomes = {"alike": 0, "error": 0, "other": 0}
    for attempt in range(200):
        broken = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            first = len(data) - size - 8 if attempt % 4 else 0
            broken[rng.randrange(first, len(data))] = rng.choice((0, 255, rng.randrange(256)))
        Path("bad.parquet").write_bytes(bytes(broken))
        try:
            relation = open_relation("parquet", ["bad.parquet"])
            attributes = [Attribute(field.name, field.dataType) for field in relation.schema.fields]
            found = [decoded(batch, attributes) for batch in batches(relation)]
            request = ScanRequest(tuple(relation.schema.names))
            plain = [b for split in relation.splits(request).splits for b in relation.read(split, request)]
            outcomes["alike" if _rows(found) == _rows(plain) else "other"] += 1
        except FlintError as error:
            known = ("FAILED_READ_FILE", "UNSUPPORTED_FEATURE", "COLUMN_ALREADY_EXISTS")
            outcomes["error" if error.condition in known else "other"] += 1
    assert outcomes["other"] == 0 and outcomes["error"] > 40 and outcomes["alike"] > 20


def _rows(found: list[pa.RecordBatch]) -> list[Any]:
    return [[column.to_pylist() for column in pa.Table.from_batches(found).columns]] if found else []


@pytest.mark.parametrize(
    ("digits", "whole", "width", "order"), [(4, True, 4, "little"), (4, False, 2, "big"), (20, False, 9, "big")]
)
def test_more_digits_than_the_type_has_are_an_error(
    here: Path, read: Callable[..., pa.Table], digits: int, whole: bool, width: int, order: Literal["little", "big"]
) -> None:
    table = pa.table({"d": pa.array([Decimal(5), Decimal(10**digits - 1)], pa.decimal128(digits, 0))})
    pq.write_table(table, "u.parquet", store_decimal_as_integer=whole)
    good = Path("u.parquet").read_bytes()
    number = (10**digits - 1).to_bytes(width, order)
    assert number in good
    Path("v.parquet").write_bytes(good.replace(number, (10**digits + 7).to_bytes(width, order)))
    relation = open_relation("parquet", ["v.parquet"])
    for way in (batches, read):
        with pytest.raises(ExecutionError, match="more digits than decimal"):
            way(relation)


def test_more_digits_in_memory_and_nested_are_an_error() -> None:
    words = pa.py_buffer((12345).to_bytes(16, "little"))
    column = pa.Array.from_buffers(pa.decimal128(4, 2), 1, [None, words])
    for array in (column, pa.StructArray.from_arrays([column], ["x"])):
        with pytest.raises(ExecutionError, match="more digits than"):
            ArrowRelation.of(pa.table({"d": array}))


def test_narrowing_by_hand() -> None:
    assert [bits_of(0, n) for n in (127, 128, 32767, 32768, 2**31 - 1, 2**31)] == [8, 16, 16, 32, 32, 64]
    assert [bits_of(n, 0) for n in (-128, -129, -(2**31), -(2**31) - 1)] == [8, 16, 32, 64]
    assert bits_of(None, None) == 8
    sliced = pa.array([None, 1, None, 300, None, 7], pa.int64())[1:]
    assert narrowed(sliced).type == pa.int16() and narrowed(sliced).to_pylist() == [1, None, 300, None, 7]
    full = pa.array([None, 1, 2], pa.int32())[1:]
    assert narrowed(full).buffers()[0] is None and narrowed(full, 32).type == pa.int32()
    assert narrowed(pa.array([], pa.int64())).type == pa.int8()
    moment = pa.array([5, None], pa.timestamp("us", "UTC"))
    assert decoded_column(encoded(moment, TIMESTAMP), TIMESTAMP).equals(moment)
    assert decoded_column(pa.array([5, None], pa.int8()), INT).equals(pa.array([5, None], pa.int32()))


def test_codes_are_in_range_even_under_nulls() -> None:
    words = pa.array(["a", "b"])
    codes = pa.Array.from_buffers(
        pa.int32(), 3, [pa.py_buffer(b"\x05"), pa.py_buffer(bytes([1, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0]))]
    )
    found = coded(codes, words)
    assert found.to_pylist() == ["b", None, "a"] and found.indices.type == pa.int8()
    assert max(memoryview(found.indices.buffers()[1])) <= 1
    with pytest.raises(ValueError, match="does not have"):
        coded(pa.array([0, 2], pa.int32()), words)
    nothing = coded(pa.array([None, None], pa.int32()), pa.array([], pa.string()))
    assert nothing.to_pylist() == [None, None] and len(nothing.dictionary) == 1
