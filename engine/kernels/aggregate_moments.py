"""Variance and its kin, and statistics of pairs: kept as moments about the mean, which merge without losing digits.

With n, mean and central moments m2, m3, m4 of parts, those of the whole follow from the distances of the parts' means to
the whole mean (Chan et al.; the higher ones by the binomial theorem).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.errors import ExecutionError
from engine.kernels.aggregate_sums import Floats, add_doubles
from engine.kernels.aggregates import Aggregation
from engine.kernels.buffers import Ints, Mask, fixed_array, fixed_values, valid
from engine.types import DataType


class Moments(Aggregation):
    """A function of n, mean and the central moments of doubles."""

    powers = 2

    def state_types(self, argument_types: Sequence[pa.DataType]) -> tuple[pa.DataType, ...]:  # noqa: ARG002
        return (pa.float64(),) * (self.powers + 1)

    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        mask = valid(arguments[0])
        values = doubles(arguments[0])
        if mask is not None:
            values, gids = values[mask], gids[mask]
        with np.errstate(all="ignore"):
            count, mean = _whole(np.ones(len(gids)), values, gids, groups)
            distance = values - mean[gids]
            moments = [add_doubles(distance**power, gids, groups) for power in range(2, self.powers + 1)]
        return [pa.array(column) for column in (count, mean, *moments)]

    def update_in_order(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        """As `update`, of windows, whose rows Spark adds one by one: to the same digits where they are few."""
        if not len(gids) or int(np.bincount(gids).max()) > _FEW:
            return self.update(gids, groups, arguments)
        mask = valid(arguments[0])
        values = doubles(arguments[0])
        if mask is not None:
            values, gids = values[mask], gids[mask]
        with np.errstate(all="ignore"):
            return [pa.array(column) for column in _row_by_row(values, gids, groups, self.powers)]

    def merge(self, gids: Ints, groups: int, states: Sequence[pa.Array]) -> list[pa.Array]:
        count, mean, *moments = (fixed_values(state) for state in states)
        with np.errstate(all="ignore"):
            total, whole = _whole(count, mean, gids, groups)
            d = np.where(count > 0, mean - whole[gids], 0)
            merged = [add_doubles(moments[0] + count * d**2, gids, groups)]
            if self.powers >= 3:
                merged.append(add_doubles(moments[1] + 3 * d * moments[0] + count * d**3, gids, groups))
            if self.powers >= 4:
                fourth = moments[2] + 4 * d * moments[1] + 6 * d**2 * moments[0] + count * d**4
                merged.append(add_doubles(fourth, gids, groups))
        return [pa.array(column) for column in (total, whole, *merged)]

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:  # noqa: ARG002
        columns = [fixed_values(state) for state in states]
        with np.errstate(all="ignore"):
            values, present = self.result_of(*columns)
        return fixed_array(values, pa.float64(), present)

    @abstractmethod
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        """The values and which are not null."""


_FEW = 256
"""Rows of a group that are added one by one, so that the digits are Spark's."""


def _whole(counts: Floats, means: Floats, gids: Ints, groups: int) -> tuple[Floats, Floats]:
    """The number of values of each group and their mean, of parts with so many and such means. The mean is corrected by the
    mean distance from it, so that equal values are their mean to the last digit, and have no variance."""
    total = add_doubles(counts, gids, groups)
    least = np.maximum(total, 1)
    mean = add_doubles(np.where(counts > 0, counts * means, 0), gids, groups) / least
    rest = add_doubles(np.where(counts > 0, counts * (means - mean[gids]), 0), gids, groups) / least
    return total, np.where(np.isfinite(rest), mean + rest, mean)


def _row_by_row(values: Floats, gids: Ints, groups: int, powers: int) -> list[Floats]:
    """n, mean and central moments, each row of a group added to those before it (CentralMomentAgg of Spark)."""
    n, mean, m2, m3, m4 = (np.zeros(groups) for _ in range(5))
    order = np.argsort(gids, kind="stable")
    counts = np.bincount(gids, minlength=groups)
    starts = np.cumsum(counts) - counts
    for step in range(int(counts.max(initial=0))):
        own = np.flatnonzero(counts > step)
        value = values[order[starts[own] + step]]
        n[own] += 1
        delta = value - mean[own]
        share = delta / n[own]
        mean[own] += share
        m2[own] += delta * (delta - share)
        if powers >= 3:
            m3[own] = m3[own] - 3 * share * m2[own] + delta * (delta * delta - share * share)
        if powers >= 4:
            rest = delta * (delta * (delta * delta) - share * (share * share))
            m4[own] = m4[own] - 4 * share * m3[own] - 6 * (share * share) * m2[own] + rest
    return [n, mean, m2, m3, m4][: powers + 1]


class VariancePopulation(Moments):
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        n, _, m2 = moments
        return m2 / n, n > 0


class VarianceSample(Moments):
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        n, _, m2 = moments
        return m2 / (n - 1), n > 1


class DeviationPopulation(Moments):
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        n, _, m2 = moments
        return np.sqrt(m2 / n), n > 0


class DeviationSample(Moments):
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        n, _, m2 = moments
        return np.sqrt(m2 / (n - 1)), n > 1


class Skewness(Moments):
    powers = 3

    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        n, _, m2, m3 = moments
        return np.sqrt(n) * m3 / np.sqrt(m2 * m2 * m2), (n > 0) & (m2 != 0)


class Kurtosis(Moments):
    powers = 4

    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        n, _, m2, _, m4 = moments
        return n * m4 / (m2 * m2) - 3, (n > 0) & (m2 != 0)


class PairMoments(Aggregation):
    """A function of n, the means of y and x, the co-moment, and the second moments of y and x, where both are not null."""

    def state_types(self, argument_types: Sequence[pa.DataType]) -> tuple[pa.DataType, ...]:  # noqa: ARG002
        return (pa.float64(),) * 6

    def update(self, gids: Ints, groups: int, arguments: Sequence[pa.Array]) -> list[pa.Array]:
        y, x = doubles(arguments[0]), doubles(arguments[1])
        masks = [mask for argument in arguments[:2] if (mask := valid(argument)) is not None]
        if masks:
            both = np.logical_and.reduce(masks)
            y, x, gids = y[both], x[both], gids[both]
        with np.errstate(all="ignore"):
            (count, mean_y), (_, mean_x) = (_whole(np.ones(len(gids)), each, gids, groups) for each in (y, x))
            dy, dx = y - mean_y[gids], x - mean_x[gids]
            parts = [add_doubles(part, gids, groups) for part in (dy * dx, dy * dy, dx * dx)]
        return [pa.array(column) for column in (count, mean_y, mean_x, *parts)]

    def merge(self, gids: Ints, groups: int, states: Sequence[pa.Array]) -> list[pa.Array]:
        count, mean_y, mean_x, co, yy, xx = (fixed_values(state) for state in states)
        with np.errstate(all="ignore"):
            (total, whole_y), (_, whole_x) = (_whole(count, each, gids, groups) for each in (mean_y, mean_x))
            dy = np.where(count > 0, mean_y - whole_y[gids], 0)
            dx = np.where(count > 0, mean_x - whole_x[gids], 0)
            parts = [co + count * dy * dx, yy + count * dy * dy, xx + count * dx * dx]
            merged = [add_doubles(part, gids, groups) for part in parts]
        return [pa.array(column) for column in (total, whole_y, whole_x, *merged)]

    def finish(self, states: Sequence[pa.Array], result: DataType) -> pa.Array:
        columns = [fixed_values(state) for state in states]
        with np.errstate(all="ignore"):
            values, present = self.result_of(*columns)
        kind = pa.int64() if result.simpleString() == "bigint" else pa.float64()
        return fixed_array(values.astype(np.int64) if pa.types.is_int64(kind) else values, kind, present)

    @abstractmethod
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        """The values and which are not null, of n, the means of y and x, and the moments xy, yy, xx."""


def doubles(array: pa.Array) -> Floats:
    """The values of a column of doubles; of nothing but nulls, zeros."""
    if pa.types.is_null(array.type):
        return np.zeros(len(array))
    values: npt.NDArray[np.float64] = fixed_values(array).astype(np.float64, copy=False)
    return values


class Correlation(PairMoments):
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        n, _, _, co, yy, xx = moments
        if self.context.ansi and ((n > 1) & (yy * xx == 0)).any():
            raise ExecutionError("DIVIDE_BY_ZERO", {}, self.call.origin)
        return co / np.sqrt(yy * xx), (n > 0) & (yy > 0) & (xx > 0)


class CovariancePopulation(PairMoments):
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        return moments[3] / moments[0], moments[0] > 0


class CovarianceSample(PairMoments):
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        return moments[3] / (moments[0] - 1), moments[0] > 1


class RegressionCount(PairMoments):
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        return moments[0], moments[0] >= 0


class RegressionMeanY(PairMoments):
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        return moments[1], moments[0] > 0


class RegressionMeanX(PairMoments):
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        return moments[2], moments[0] > 0


class RegressionXY(PairMoments):
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        return moments[3], moments[0] > 0


class RegressionYY(PairMoments):
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        return moments[4], moments[0] > 0


class RegressionXX(PairMoments):
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        return moments[5], moments[0] > 0


class RegressionSlope(PairMoments):
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        n, _, _, co, _, xx = moments
        return co / xx, (n > 0) & (xx > 0)


class RegressionIntercept(PairMoments):
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        n, mean_y, mean_x, co, _, xx = moments
        return mean_y - co / xx * mean_x, (n > 0) & (xx > 0)


class RegressionFit(PairMoments):
    def result_of(self, *moments: Floats) -> tuple[Floats, Mask]:
        n, _, _, co, yy, xx = moments
        return np.where(yy == 0, 1.0, co * co / (xx * yy)), (n > 0) & (xx > 0)
