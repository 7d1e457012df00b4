"""A session in a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.session import Session


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """One session for a file of tests, each of which begins with an empty catalog; the current directory is its own."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("session"))
    try:
        with Session("local[1]") as session:
            yield session
    finally:
        os.chdir(before)


@pytest.fixture
def sql(session: Session) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    """Runs a statement and gives its rows as tuples."""

    def run(text: str, **options: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in session.sql(text, **options).collect()]

    yield run
    session.sql("USE default")
    for listed in (*session.catalog.listed(), *session.catalog.listed("global_temp")):
        name = f"{listed.database}.{listed.name}".lstrip(".")
        session.sql(f"DROP {'VIEW' if listed.is_view else 'TABLE'} IF EXISTS {name}")
    for name in session.catalog.databases():
        if name != "default":
            session.sql(f"DROP DATABASE {name} CASCADE")
    session.sql("RESET")
    session.sql("CLEAR CACHE")
