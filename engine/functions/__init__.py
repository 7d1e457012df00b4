"""The functions of SQL: importing this package fills the table in `engine.functions.registry`, one module a family."""

from __future__ import annotations

from engine.functions import aggregates, conditionals, dates, extract, intervals, operators, substrings

__all__ = ["aggregates", "conditionals", "dates", "extract", "intervals", "operators", "substrings"]
