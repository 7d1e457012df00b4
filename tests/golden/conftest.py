"""The fixture `golden(path, answer)`: see runner.py, which lies beside this file and so on the path."""

from __future__ import annotations

import pytest
from runner import check


@pytest.fixture
def golden():
    return check
