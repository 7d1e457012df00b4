"""Window functions: one declaration each; `engine.kernels.windows` computes them over sorted partitions.

Every aggregate function is a window function too.
"""

from __future__ import annotations

from engine.functions.registry import function
from engine.functions.signature import ANY, Kind, Variadic
from engine.kernels import windows
from engine.types import DOUBLE, INT, DataType


def same(argument: DataType, *_: DataType) -> DataType:
    """The type of the first argument."""
    return argument


T = Kind("ANY", (DataType,), group="T")
"""The value and its default: one type."""


@function("row_number", (), returns=INT, kind="window", nullable="never")
class RowNumber(windows.Rank):
    """The number of the row in its partition, from 1.

    > SELECT row_number() OVER (ORDER BY x) FROM VALUES ('a') AS t(x);
    1
    """


@function("rank", (Variadic(ANY),), returns=INT, kind="window", nullable="never")
class Rank(windows.Rank):
    """One more than the number of rows before the row and its peers.

    > SELECT rank() OVER (ORDER BY x) FROM VALUES ('a') AS t(x);
    1
    """


@function("dense_rank", (Variadic(ANY),), returns=INT, kind="window", nullable="never")
class DenseRank(windows.Rank):
    """One more than the number of different order keys before that of the row.

    > SELECT dense_rank() OVER (ORDER BY x) FROM VALUES ('a') AS t(x);
    1
    """


@function("percent_rank", (Variadic(ANY),), returns=DOUBLE, kind="window", nullable="never")
class PercentRank(windows.PercentRank):
    """(rank - 1) / (rows of the partition - 1), 0 for a partition of one row.

    > SELECT percent_rank() OVER (ORDER BY x) FROM VALUES ('a') AS t(x);
    0.0
    """


@function("cume_dist", (), returns=DOUBLE, kind="window", nullable="never")
class CumulativeDistribution(windows.CumulativeDistribution):
    """The share of the partition's rows that are before the row or its peers.

    > SELECT cume_dist() OVER (ORDER BY x) FROM VALUES ('a') AS t(x);
    1.0
    """


@function("ntile", (INT,), returns=INT, kind="window", nullable="never", optional=1)
class Ntile(windows.Ntile):
    """The number of the row's share when the partition is cut into so many (1 by default) as equal as can be.

    > SELECT ntile(2) OVER (ORDER BY x) FROM VALUES ('a') AS t(x);
    1
    """


@function("lag", (T, INT, T), returns=same, kind="window", nullable="always", optional=2)
class Lag(windows.Lag):
    """The value so many rows (1) before, or the default (null) where there is no such row.

    > SELECT lag(x) OVER (ORDER BY x) FROM VALUES ('a') AS t(x);
    NULL
    """


@function("lead", (T, INT, T), returns=same, kind="window", nullable="always", optional=2)
class Lead(windows.Lead):
    """The value so many rows (1) after, or the default (null) where there is no such row.

    > SELECT lead(x) OVER (ORDER BY x) FROM VALUES ('a') AS t(x);
    NULL
    """


@function("nth_value", (ANY, INT), returns=same, kind="window", nullable="always")
class NthValue(windows.NthValue):
    """The value of the row of the frame with this number, from 1; null where the frame has fewer rows.

    > SELECT nth_value(x, 1) OVER (ORDER BY x) FROM VALUES ('a') AS t(x);
    a
    """
