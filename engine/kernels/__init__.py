"""Expressions over Arrow batches, interpreted with pyarrow.compute: the behaviour that compiled code must equal."""

from __future__ import annotations

# functions are declared with their kernels, and calls look them up: the table is made first, whichever is imported first
import engine.functions  # noqa: F401
