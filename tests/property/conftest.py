"""The fuzzer's fixed seeds take minutes: processes of their own run them beside all other tests, and are asked last."""

from __future__ import annotations

import pytest
from fixed_seeds import NAME, FixedSeeds

SEEDS = pytest.StashKey[FixedSeeds]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The seeds are asked last."""
    items.sort(key=lambda item: item.name == NAME)


def pytest_collection_finish(session: pytest.Session) -> None:
    """If they are asked at all, they begin first."""
    if any(item.name == NAME for item in session.items) and not session.config.getoption("collectonly"):
        session.config.stash[SEEDS] = FixedSeeds()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Nothing is left running where the tests were stopped."""
    seeds = session.config.stash.get(SEEDS, None)
    if seeds is not None:
        seeds.stop()


@pytest.fixture
def fixed_seeds(request: pytest.FixtureRequest) -> FixedSeeds:
    """The processes that run the fixed seeds."""
    return request.config.stash[SEEDS]
