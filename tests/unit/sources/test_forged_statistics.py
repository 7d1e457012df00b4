"""Statistics that lie, are missing or hold NaN: they may choose, and let row groups be left out, but no answer is made of them.

Which row groups a filter or a join leaves out is what every reader believes a footer about; what is not left out is right.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session
from engine.errors import ExecutionError

GROUP = 50
GROUPS = 4
NAN = struct.pack("<d", float("nan"))

Bounds = tuple[bytes, bytes, int]
Forger = Callable[[bytes, bytes, int, bool], Bounds]
"""Other bounds and nulls, from those there are and whether the column holds floating-point numbers."""

FORGERIES: dict[str, Forger] = {
    "as they are": lambda least, most, nulls, real: (least, most, nulls),
    "wide": lambda least, most, nulls, real: (b"\0" * 7 + b"\x80", b"\xff" * 7 + b"\x7f", nulls),
    "crossed": lambda least, most, nulls, real: (most, least, nulls),
    "NaN": lambda least, most, nulls, real: (NAN, NAN, nulls) if real else (least, most, nulls),
    "half NaN": lambda least, most, nulls, real: (least, NAN if real else most, nulls),
}
"""What hides nothing that is there."""
HIDING: dict[str, Forger] = {
    "narrow": lambda least, most, nulls, real: (least, least, nulls),
    "elsewhere": lambda least, most, nulls, real: (b"\x07" + least[1:], b"\x09" + least[1:], 0),
    "no nulls": lambda least, most, nulls, real: (least, most, 0),
    "all nulls": lambda least, most, nulls, real: (least, most, GROUP),
}

UNFILTERED = (
    "select count(*), count(k), sum(k), min(k), max(k), count(r), min(r), max(r), sum(v) from {t}",
    "select k % 7 as g, count(*), count(k), sum(r) from {t} group by 1",
    "select k, count(*), count(distinct r) from {t} group by k",
    "select k, r, k is null, r is null, coalesce(k, -1), isnan(r) from {t}",
    "select max(k * k * 3000000000) from {t} where v >= 0",
)
"""Without conditions on the columns `k` and `r`, whose statistics are forged."""
FILTERED = (
    "select * from {t} where k between 1060 and 1120",
    "select * from {t} where k is null",
    "select * from {t} where k is not null and r <= 70",
    "select * from {t} where r > 1e300 or r < 5",
    "select a.k, a.v, b.v as w from {t} a join other b on a.k = b.k",
    "select b.k, b.v, a.v as w from {t} a right join other b on a.k = b.k where b.v < 20",
    "select a.k, a.v from {t} a left semi join other b on a.k = b.k and b.v > 3",
    "select a.v, b.k from other a join {t} b on a.k = b.k and a.v <> b.v",
)


def rows() -> pa.Table:
    """Keys from 1000 on, some of them null, and numbers some of which are NaN."""
    count = GROUP * GROUPS
    keys = [None if row % 9 == 4 else 1000 + row for row in range(count)]
    reals = [None if row % 8 == 3 else float("nan") if row % 8 == 5 else row / 2 for row in range(count)]
    return pa.table({"k": pa.array(keys, pa.int64()), "r": pa.array(reals, pa.float64()), "v": list(range(count))})


def forged(source: bytes, forge: Forger) -> bytes:
    """A file with other statistics for the columns `k` and `r` of every row group."""
    length = int.from_bytes(source[-8:-4], "little")
    data, footer = source[: -length - 8], source[-length - 8 : -8]
    pattern = re.compile(
        rb"\x18\x08(.{8})\x18\x08(.{8})\x16(.)\x28\x08\1\x18\x08\2", re.DOTALL
    )  # max, min, null_count, max_value, min_value of a column of 8 bytes
    changed = 0

    def other(match: re.Match[bytes]) -> bytes:
        nonlocal changed
        nulls = match[3][0] >> 1
        if not nulls:
            return match[0]
        changed += 1
        least, most, nulls = forge(match[2], match[1], nulls, changed % 2 == 0)
        bounds = b"\x08" + most + b"\x18\x08" + least
        return b"\x18" + bounds + b"\x16" + bytes([nulls << 1]) + b"\x28" + bounds

    footer = pattern.sub(other, footer)
    assert changed == 2 * GROUPS, "two columns with nulls"
    return data + footer + source[-8:]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forged")
    for coded in (True, False):
        path = folder / "true.parquet"
        pq.write_table(rows(), path, row_group_size=GROUP, use_dictionary=coded, compression="none")
        for name, forge in (FORGERIES | HIDING).items():
            (folder / f"{name} {coded}.parquet").write_bytes(forged(path.read_bytes(), forge))
        missing = folder / f"missing {coded}.parquet"
        pq.write_table(rows(), missing, row_group_size=GROUP, use_dictionary=coded, write_statistics=False)
    pq.write_table(rows().slice(0, 150), folder / "other.parquet", row_group_size=40)
    return folder


@pytest.fixture(scope="module", params=[True, False], ids=["compiled", "interpreted"])
def session(request: pytest.FixtureRequest, files: Path) -> Iterator[Session]:
    conf = {
        "flint.local.rowLimit": 0,
        "flint.compile.enabled": request.param,
        "flint.compile.minRows": 0,
        "flint.compile.checked": "true",
        "flint.compile.cache.enabled": "false",
        "flint.compile.optimize": "0",
    }
    with Session("local[1]", conf) as made:
        made.sql(f"create temp view other using parquet options (path '{files}/other.parquet')")
        yield made


def answer(session: Session, text: str, table: str) -> list[str]:
    return sorted(map(repr, session.sql(text.format(t=table)).toArrow().to_pylist()))


@pytest.mark.parametrize("coded", [True, False], ids=["coded", "plain"])
@pytest.mark.parametrize("forgery", [*FORGERIES, *HIDING, "missing"])
def test_what_no_filter_reads_is_right(session: Session, files: Path, forgery: str, coded: bool) -> None:
    for text in UNFILTERED:
        right = answer(session, text, f"'{files}/true.parquet'")
        assert answer(session, text, f"'{files}/{forgery} {coded}.parquet'") == right, text


@pytest.mark.parametrize("coded", [True, False], ids=["coded", "plain"])
@pytest.mark.parametrize("forgery", [*FORGERIES, "missing"])
def test_filters_and_joins_are_right_where_nothing_is_hidden(
    session: Session, files: Path, forgery: str, coded: bool
) -> None:
    for text in FILTERED:
        right = answer(session, text, f"'{files}/true.parquet'")
        assert answer(session, text, f"'{files}/{forgery} {coded}.parquet'") == right, text


@pytest.mark.parametrize("forgery", HIDING)
def test_rows_are_hidden_by_whole_row_groups_at_most(session: Session, files: Path, forgery: str) -> None:
    hidden = 0
    for text in (each for each in FILTERED if "right join" not in each):
        right = answer(session, text, f"'{files}/true.parquet'")
        found = answer(session, text, f"'{files}/{forgery} True.parquet'")
        assert set(found) <= set(right), text
        hidden += len(right) - len(found)
    assert hidden, "readers believe what footers say of whole row groups"


@pytest.mark.parametrize("lie", [GROUP - 1, GROUP + 1])
def test_a_false_number_of_rows(session: Session, tmp_path: Path, lie: int) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"v": list(range(GROUP))}), path)
    data = path.read_bytes()
    length = int.from_bytes(data[-8:-4], "little")
    footer = data[-length - 8 : -8]
    counts = b"\x16" + bytes([GROUP << 1])  # of the file, of the row group, of the chunk
    assert footer.count(counts) == 3
    path.write_bytes(data[: -length - 8] + footer.replace(counts, b"\x16" + bytes([lie << 1])) + data[-8:])
    frame = session.sql(f"select sum(v), count(v) from '{path}'")
    if lie < GROUP:
        assert frame.collect() == [(sum(range(lie)), lie)]
    else:
        with pytest.raises(ExecutionError, match="FAILED_READ_FILE"):
            frame.collect()
