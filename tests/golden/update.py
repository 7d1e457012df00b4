"""`python -m tests.golden.update [paths]`: runs the golden tests and writes what they answer into their files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    os.environ["FLINT_UPDATE_GOLDEN"] = "1"
    sys.exit(pytest.main(sys.argv[1:] or [str(Path(__file__).parent)]))
