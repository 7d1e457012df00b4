"""TPC-H files at scale 0.01, generated once per run, and DuckDB in the place of the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from tpch import params, record
from tpch.load import load

SCALE = 0.01


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds sf0.01."""
    folder = tmp_path_factory.mktemp("tpch")
    load(SCALE, folder)
    return folder


@pytest.fixture(scope="session")
def oracle(data: Path) -> Callable[[int, int | None], pa.Table]:
    """What DuckDB answers to a query, with validation literals or those of a seed."""
    connection = record.connect(load(SCALE, data))
    return lambda query, seed=None: record.run(connection, params.text(query, SCALE, seed))
