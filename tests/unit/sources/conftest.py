"""How tests of sources read relations: through splits, as executors do."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engine.expressions.base import Attribute, Expression
from engine.logical.relation import Relation, ScanRequest
from engine.sources.base import open_relation


def read_all(
    relation: Relation, *columns: str, filters: tuple[Expression, ...] = (), limit: int | None = None
) -> pa.Table:
    """The rows of a relation; it and its splits are pickled on the way, as they are for executors."""
    request = ScanRequest(columns or tuple(relation.schema.names), filters, limit)
    splits = relation.splits(request).splits
    shipped = pickle.loads(pickle.dumps(relation))
    batches = [b for split in splits for b in shipped.read(pickle.loads(pickle.dumps(split)), request)]
    if not batches:
        return pa.table({name: [] for name in request.columns})
    return pa.Table.from_batches(batches)


@pytest.fixture
def read() -> Callable[..., pa.Table]:
    return read_all


@pytest.fixture
def column() -> Callable[[Relation, str], Attribute]:
    def attribute(relation: Relation, name: str) -> Attribute:
        field = next(field for field in relation.schema.fields if field.name == name)
        return Attribute(field.name, field.dataType)

    return attribute


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path


@pytest.fixture
def opened(here: Path) -> Callable[..., Relation]:
    """Writes `data` to a file and opens it: opened("csv", b"a,b", header="true")."""

    def write_and_open(format: str, data: bytes, schema: Any = None, **options: str) -> Relation:
        (here / f"x.{format}").write_bytes(data)
        return open_relation(format, [f"x.{format}"], options, schema)

    return write_and_open
