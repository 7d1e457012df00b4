"""Schedulers that the tests of a file share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from schedulers import Recorder, running

from engine.schedule.scheduler import Scheduler


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    """Two executors of one thread, shared by the tests of a file."""
    yield from running(tmp_path_factory.mktemp("two"), 2)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    """One executor: results are streamed."""
    yield from running(tmp_path_factory.mktemp("one"), 1)


@pytest.fixture
def recorder(two: Scheduler) -> Recorder:
    """What `two` announces from now on."""
    return Recorder(two)
