"""Code cannot read nested columns, but their nulls: whatever type a column has, IS NULL is told by code as by kernels."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session
from engine.compile.forms import addresses, form_of

ROWS = 5000
VALUES = {
    "list": (pa.list_(pa.int32()), [[1], None, []]),
    "struct": (pa.struct([("f", pa.int32())]), [{"f": 1}, None, {"f": None}]),
    "map": (pa.map_(pa.string(), pa.int32()), [[("a", 1)], None, []]),
    "binary": (pa.binary(), [b"a", None, b""]),
    "text": (pa.string(), ["a", None, ""]),
    "wide": (pa.decimal128(38, 2), [1, None, 0]),
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("nested")
    columns = {
        name: pa.array([values[row % 3] for row in range(ROWS)], kind) for name, (kind, values) in VALUES.items()
    }
    table = pa.table({"id": pa.array(range(ROWS)), **columns})
    pq.write_table(table, folder / "t.parquet", row_group_size=1001)
    with Session(conf={"flint.compile.minRows": 0, "flint.compile.cache.enabled": False}) as made:
        made.sql(f"CREATE TEMP VIEW t USING parquet OPTIONS (path '{folder}/t.parquet')")
        yield made


@pytest.mark.parametrize("column", VALUES)
def test_nulls_are_told_by_code(session: Session, column: str) -> None:
    found = (
        session.sql(f"SELECT id FROM t WHERE `{column}` IS NULL AND id % 2 = 0 ORDER BY id").toArrow()["id"].to_pylist()
    )
    assert found == [row for row in range(ROWS) if row % 3 == 1 and row % 2 == 0]
    some = f"SELECT count(*), count(`{column}`), sum(CASE WHEN `{column}` IS NULL THEN id END) FROM t WHERE id > 1000"
    found = session.sql(some).toArrow().to_pylist()[0].values()
    nulls = [row for row in range(1001, ROWS) if row % 3 == 1]
    assert list(found) == [ROWS - 1001, ROWS - 1001 - len(nulls), sum(nulls)]


def test_a_column_of_the_type_of_null_has_no_valid_row() -> None:
    array = pa.nulls(200_000)
    bits = ctypes.string_at(addresses(array, form_of(array)).validity, len(array) // 8)
    assert not any(bits)
