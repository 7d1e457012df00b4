"""Aggregate functions of statistics: variance and its kin, correlation and regression, percentiles and the mode."""

from __future__ import annotations

from engine.functions.aggregates import INTERVALS, SUMMABLE, same
from engine.functions.registry import function
from engine.functions.signature import ANY, INTEGRAL, Kind
from engine.kernels import aggregate_lists as lists
from engine.kernels import aggregate_moments as moments
from engine.kernels.aggregate_histogram import NumericHistogram as NumericHistogramKernel
from engine.types import (
    BOOLEAN,
    DOUBLE,
    INT,
    LONG,
    ArrayType,
    DataType,
    DateType,
    DayTimeIntervalType,
    NumericType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
)

SHARE = Kind("(DOUBLE or ARRAY<DOUBLE>)", (ArrayType,), fallback=DOUBLE)
RANKED = Kind(
    "(NUMERIC, DATE or TIMESTAMP)",
    (NumericType, DateType, TimestampType, TimestampNTZType, *INTERVALS),
    fallback=DOUBLE,
)


def percentile_type(argument: DataType, share: DataType = DOUBLE, *_: DataType) -> DataType:
    """DOUBLE, or an interval as wide as they come; an array of these for several shares."""
    value: DataType = DOUBLE
    if isinstance(argument, YearMonthIntervalType):
        value = YearMonthIntervalType()
    elif isinstance(argument, DayTimeIntervalType):
        value = DayTimeIntervalType()
    return ArrayType(value, False) if isinstance(share, ArrayType) else value


def ranked_type(argument: DataType, share: DataType, *_: DataType) -> DataType:
    """The type of the values, or an array for several shares."""
    return ArrayType(argument, False) if isinstance(share, ArrayType) else argument


def bins_type(argument: DataType, *_: DataType) -> DataType:
    """Centres as the values are, with a count each."""
    return ArrayType(StructType((StructField("x", argument), StructField("y", DOUBLE))))


@function("var_pop", (DOUBLE,), returns=DOUBLE, kind="aggregate", nullable="always")
class VariancePopulation(moments.VariancePopulation):
    """The population variance.

    > SELECT var_pop(x) FROM VALUES (1), (2), (3) AS t(x);
    0.6666666666666666
    """


@function("var_samp", (DOUBLE,), returns=DOUBLE, kind="aggregate", nullable="always", aliases=("variance",))
class VarianceSample(moments.VarianceSample):
    """The sample variance; null for one value.

    > SELECT var_samp(x) FROM VALUES (1), (2), (3) AS t(x);
    1.0
    """


@function("stddev_pop", (DOUBLE,), returns=DOUBLE, kind="aggregate", nullable="always")
class DeviationPopulation(moments.DeviationPopulation):
    """The population standard deviation.

    > SELECT stddev_pop(x) FROM VALUES (1), (2), (3) AS t(x);
    0.816496580927726
    """


@function(
    "stddev_samp",
    (DOUBLE,),
    returns=DOUBLE,
    kind="aggregate",
    nullable="always",
    aliases=(
        "stddev",
        "std",
    ),
)
class DeviationSample(moments.DeviationSample):
    """The sample standard deviation; null for one value.

    > SELECT stddev_samp(x) FROM VALUES (1), (2), (3) AS t(x);
    1.0
    """


@function("skewness", (DOUBLE,), returns=DOUBLE, kind="aggregate", nullable="always")
class Skewness(moments.Skewness):
    """The skewness.

    > SELECT skewness(x) FROM VALUES (1), (2), (3) AS t(x);
    0.0
    """


@function("kurtosis", (DOUBLE,), returns=DOUBLE, kind="aggregate", nullable="always")
class Kurtosis(moments.Kurtosis):
    """The excess kurtosis.

    > SELECT kurtosis(x) FROM VALUES (1), (2), (3) AS t(x);
    -1.5
    """


@function("corr", (DOUBLE, DOUBLE), returns=DOUBLE, kind="aggregate", nullable="always")
class Correlation(moments.Correlation):
    """The correlation of two columns.

    > SELECT corr(y, x) FROM VALUES (2, 1), (4, 2), (6, 3) AS t(y, x);
    1.0
    """


@function("covar_pop", (DOUBLE, DOUBLE), returns=DOUBLE, kind="aggregate", nullable="always")
class CovariancePopulation(moments.CovariancePopulation):
    """The population covariance.

    > SELECT covar_pop(y, x) FROM VALUES (2, 1), (4, 2), (6, 3) AS t(y, x);
    1.3333333333333333
    """


@function("covar_samp", (DOUBLE, DOUBLE), returns=DOUBLE, kind="aggregate", nullable="always")
class CovarianceSample(moments.CovarianceSample):
    """The sample covariance; null for one pair.

    > SELECT covar_samp(y, x) FROM VALUES (2, 1), (4, 2), (6, 3) AS t(y, x);
    2.0
    """


@function("regr_count", (DOUBLE, DOUBLE), returns=LONG, kind="aggregate", nullable="never")
class RegressionCount(moments.RegressionCount):
    """The number of rows in which neither argument is null.

    > SELECT regr_count(y, x) FROM VALUES (2, 1), (4, 2), (6, 3) AS t(y, x);
    3
    """


@function("regr_avgx", (DOUBLE, DOUBLE), returns=DOUBLE, kind="aggregate", nullable="always")
class RegressionMeanX(moments.RegressionMeanX):
    """The mean of the second argument where neither is null.

    > SELECT regr_avgx(y, x) FROM VALUES (2, 1), (4, 2), (6, 3) AS t(y, x);
    2.0
    """


@function("regr_avgy", (DOUBLE, DOUBLE), returns=DOUBLE, kind="aggregate", nullable="always")
class RegressionMeanY(moments.RegressionMeanY):
    """The mean of the first argument where neither is null.

    > SELECT regr_avgy(y, x) FROM VALUES (2, 1), (4, 2), (6, 3) AS t(y, x);
    4.0
    """


@function("regr_sxx", (DOUBLE, DOUBLE), returns=DOUBLE, kind="aggregate", nullable="always")
class RegressionXX(moments.RegressionXX):
    """The sum of squares of the second argument about its mean.

    > SELECT regr_sxx(y, x) FROM VALUES (2, 1), (4, 2), (6, 3) AS t(y, x);
    2.0
    """


@function("regr_syy", (DOUBLE, DOUBLE), returns=DOUBLE, kind="aggregate", nullable="always")
class RegressionYY(moments.RegressionYY):
    """The sum of squares of the first argument about its mean.

    > SELECT regr_syy(y, x) FROM VALUES (2, 1), (4, 2), (6, 3) AS t(y, x);
    8.0
    """


@function("regr_sxy", (DOUBLE, DOUBLE), returns=DOUBLE, kind="aggregate", nullable="always")
class RegressionXY(moments.RegressionXY):
    """The sum of products of both about their means.

    > SELECT regr_sxy(y, x) FROM VALUES (2, 1), (4, 2), (6, 3) AS t(y, x);
    4.0
    """


@function("regr_slope", (DOUBLE, DOUBLE), returns=DOUBLE, kind="aggregate", nullable="always")
class RegressionSlope(moments.RegressionSlope):
    """The slope of the line that fits the first argument to the second best.

    > SELECT regr_slope(y, x) FROM VALUES (2, 1), (4, 2), (6, 3) AS t(y, x);
    2.0
    """


@function("regr_intercept", (DOUBLE, DOUBLE), returns=DOUBLE, kind="aggregate", nullable="always")
class RegressionIntercept(moments.RegressionIntercept):
    """Where the line that fits best meets the axis.

    > SELECT regr_intercept(y, x) FROM VALUES (2, 1), (4, 2), (6, 3) AS t(y, x);
    0.0
    """


@function("regr_r2", (DOUBLE, DOUBLE), returns=DOUBLE, kind="aggregate", nullable="always")
class RegressionFit(moments.RegressionFit):
    """The square of the correlation: how well the line fits.

    > SELECT regr_r2(y, x) FROM VALUES (2, 1), (4, 2), (6, 3) AS t(y, x);
    1.0
    """


@function(
    "percentile",
    (SUMMABLE, SHARE, INTEGRAL),
    returns=percentile_type,
    kind="aggregate",
    nullable="always",
    optional=1,
)
class Percentile(lists.Percentile):
    """The value at a share of the sorted values, from 0 to 1, between two values in proportion. The third argument says how
    often each value counts.

    > SELECT percentile(x, 0.25) FROM VALUES (0), (10) AS t(x);
    2.5
    """


@function("percentile_cont", (SUMMABLE, SHARE), returns=percentile_type, kind="aggregate", nullable="always")
class PercentileContinuous(lists.Percentile):
    """The value at a share of the values that WITHIN GROUP orders, between two values in proportion.

    > SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY x) FROM VALUES (0), (10) AS t(x);
    2.5
    """


@function("percentile_disc", (SUMMABLE, SHARE), returns=percentile_type, kind="aggregate", nullable="always")
class PercentileDiscrete(lists.PercentileDiscrete):
    """The first of the values that WITHIN GROUP orders whose share of values up to it reaches the wanted one.

    > SELECT percentile_disc(0.25) WITHIN GROUP (ORDER BY x) FROM VALUES (0), (10) AS t(x);
    0.0
    """


@function(
    "approx_percentile",
    (RANKED, SHARE, INT),
    returns=ranked_type,
    kind="aggregate",
    nullable="always",
    optional=1,
    aliases=("percentile_approx",),
)
class ApproximatePercentile(lists.PercentileNearest):
    """The first of the sorted values whose share of values up to it reaches the wanted one; exact here, whatever the accuracy.

    > SELECT approx_percentile(x, 0.5) FROM VALUES (0), (6), (7) AS t(x);
    6
    """


@function(
    "histogram_numeric", (RANKED, INT), returns=bins_type, kind="aggregate", nullable="always", names=("expr", "nb")
)
class HistogramNumeric(NumericHistogramKernel):
    """A histogram of as many bins as the second argument says: the centre of each with the number of values near it.

    > SELECT histogram_numeric(x, 5) FROM VALUES (0), (1), (2), (10) AS t(x);
    [{"x":0,"y":1.0},{"x":1,"y":1.0},{"x":2,"y":1.0},{"x":10,"y":1.0}]
    """


@function("median", (SUMMABLE,), returns=percentile_type, kind="aggregate", nullable="always")
class Median(lists.Median):
    """The middle of the sorted values, of two the mean.

    > SELECT median(x) FROM VALUES (0), (10) AS t(x);
    5.0
    """


@function("mode", (ANY, BOOLEAN), returns=same, kind="aggregate", nullable="always", optional=1)
class Mode(lists.Mode):
    """The most frequent value; of several any, the least if the second argument is true, or the first in the order of
    WITHIN GROUP.

    > SELECT mode(x) FROM VALUES (0), (10), (10) AS t(x);
    10
    """
