"""Tables that only know their schema and sizes, and plans over them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from optimizer_tables import Tables, analyzed


@pytest.fixture
def plan_of():
    """A statement, analyzed over TPC-H tables at scale 1 and the tables t and u."""
    tables = Tables()
    return lambda text: analyzed(text, tables)
