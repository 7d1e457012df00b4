"""What Spark made of the moments around every change of the clocks in three zones, recorded in zones.tsv by record_zones.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from record_zones import FILE, ZONES, instants_query, locals_query

from engine import Session

Lines = list[list[str]]


def recorded(zone: str) -> Lines:
    """The lines of one zone, split."""
    text = FILE.read_text().partition(f"zone\t{zone}\n")[2].partition("\nzone\t")[0]
    return [line.split("\t") for line in text.strip().split("\n")]


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest) -> Iterator[tuple[Session, str]]:
    conf = {"spark.sql.session.timeZone": request.param, "flint.local.rowLimit": 10**9}
    with Session("local[1]", conf) as session:
        yield session, request.param


def test_instants(zone: tuple[Session, str]) -> None:
    session, name = zone
    lines = [line[1:] for line in recorded(name) if line[0] == "i"]
    rows = session.sql(instants_query(name, [int(line[0]) for line in lines])).collect()
    for line, row in zip(lines, rows, strict=True):
        assert list(map(str, row)) == line[1:], line[0]


def test_local_times(zone: tuple[Session, str]) -> None:
    session, name = zone
    lines = [line[1:] for line in recorded(name) if line[0] == "l"]
    rows = session.sql(locals_query([line[0] for line in lines])).collect()
    assert [(line[0], str(row[0])) for line, row in zip(lines, rows, strict=True)] == [tuple(line) for line in lines]
