"""What Spark's classes of functions are called: DESCRIBE FUNCTION and some errors name them.

Recorded from Spark; those that are just the name of their function in camel case are left out.
"""

from __future__ import annotations

_PACKAGE = "org.apache.spark.sql.catalyst.expressions."
_CLASSES: dict[str, str] = {
    "<<": "ShiftLeft", ">>": "ShiftRight", ">>>": "ShiftRightUnsigned", "aggregate": "ArrayAggregate",
    "any": "aggregate.BoolOr", "any_value": "aggregate.AnyValue", "approx_count_distinct": "aggregate.HyperLogLogPlusPlus",
    "approx_percentile": "aggregate.ApproximatePercentile", "array": "CreateArray", "array_agg": "aggregate.CollectList",
    "avg": "aggregate.Average", "bigint": "Cast", "binary": "Cast", "bit_and": "aggregate.BitAndAgg",
    "bit_count": "BitwiseCount", "bit_get": "BitwiseGet", "bit_or": "aggregate.BitOrAgg", "bit_xor": "aggregate.BitXorAgg",
    "bool_and": "aggregate.BoolAnd", "bool_or": "aggregate.BoolOr", "boolean": "Cast", "bround": "BRound",
    "btrim": "StringTrimBoth", "cardinality": "Size", "ceil": "CeilExpressionBuilder", "ceiling": "CeilExpressionBuilder",
    "char": "Chr", "char_length": "Length", "character_length": "Length", "collect_list": "aggregate.CollectList",
    "collect_set": "aggregate.CollectSet", "contains": "ContainsExpressionBuilder", "corr": "aggregate.Corr",
    "count": "aggregate.Count", "count_if": "aggregate.CountIf", "covar_pop": "aggregate.CovPopulation",
    "covar_samp": "aggregate.CovSample", "curdate": "CurDateExpressionBuilder", "current_schema": "CurrentDatabase",
    "current_timestamp": "CurrentTimestampExpressionBuilder", "current_timezone": "CurrentTimeZone", "date": "Cast",
    "date_format": "DateFormatClass", "date_part": "DatePartExpressionBuilder", "date_trunc": "TruncTimestamp",
    "dateadd": "DateAdd", "datediff": "DateDiff", "datepart": "DatePartExpressionBuilder", "day": "DayOfMonth",
    "dayname": "DayName", "dayofmonth": "DayOfMonth", "dayofweek": "DayOfWeek", "dayofyear": "DayOfYear", "decimal": "Cast",
    "degrees": "ToDegrees", "div": "IntegralDivide", "double": "Cast", "e": "EulerNumber",
    "endswith": "EndsWithExpressionBuilder", "every": "aggregate.BoolAnd", "exists": "ArrayExists",
    "explode": "ExplodeExpressionBuilder", "explode_outer": "ExplodeExpressionBuilder", "filter": "ArrayFilter",
    "first": "aggregate.First", "first_value": "aggregate.First", "float": "Cast", "floor": "FloorExpressionBuilder",
    "forall": "ArrayForAll", "from_csv": "CsvToStructs", "from_json": "JsonToStructs", "from_unixtime": "FromUnixTime",
    "from_utc_timestamp": "FromUTCTimestamp", "getbit": "BitwiseGet", "hash": "Murmur3Hash",
    "histogram_numeric": "aggregate.HistogramNumeric", "hour": "HourExpressionBuilder",
    "ifnull": "Nvl", "ilike": "ILike", "initcap": "InitCap", "inline": "InlineExpressionBuilder",
    "inline_outer": "InlineExpressionBuilder", "instr": "StringInstrExpressionBuilder", "int": "Cast",
    "is_valid_utf8": "IsValidUTF8", "isnan": "IsNaN", "isnotnull": "IsNotNull", "isnull": "IsNull",
    "json_array_length": "LengthOfJsonArray", "kurtosis": "aggregate.Kurtosis", "last": "aggregate.Last",
    "last_value": "aggregate.Last", "lcase": "Lower", "len": "Length", "listagg": "aggregate.ListAgg", "ln": "Log",
    "localtimestamp": "LocalTimestampExpressionBuilder", "locate": "StringLocate", "log": "Logarithm",
    "lpad": "LPadExpressionBuilder", "ltrim": "StringTrimLeft", "luhn_check": "Luhncheck",
    "make_dt_interval": "MakeDTInterval", "make_timestamp": "MakeTimestampExpressionBuilder",
    "make_timestamp_ltz": "MakeTimestampLTZExpressionBuilder", "make_timestamp_ntz": "MakeTimestampNTZExpressionBuilder",
    "make_valid_utf8": "MakeValidUTF8", "make_ym_interval": "MakeYMInterval", "map": "CreateMap",
    "mask": "MaskExpressionBuilder", "max": "aggregate.Max", "max_by": "aggregate.MaxByBuilder", "mean": "aggregate.Average",
    "median": "aggregate.Median", "min": "aggregate.Min", "min_by": "aggregate.MinByBuilder",
    "minute": "MinuteExpressionBuilder", "mod": "Remainder", "mode": "aggregate.ModeBuilder",
    "monotonically_increasing_id": "MonotonicallyIncreasingID", "monthname": "MonthName",
    "named_struct": "CreateNamedStruct", "nanvl": "NaNvl", "negative": "UnaryMinus", "now": "NowExpressionBuilder",
    "ntile": "NTile", "nullif": "NullIf", "nullifzero": "NullIfZero", "percentile": "aggregate.Percentile",
    "percentile_approx": "aggregate.ApproximatePercentile", "percentile_cont": "aggregate.PercentileContBuilder",
    "percentile_disc": "aggregate.PercentileDiscBuilder", "posexplode": "PosExplodeExpressionBuilder",
    "posexplode_outer": "PosExplodeExpressionBuilder", "position": "StringLocate", "positive": "UnaryPositive",
    "power": "Pow", "printf": "FormatString", "radians": "ToRadians", "raise_error": "RaiseErrorExpressionBuilder",
    "random": "Rand", "randstr": "RandStr", "range": "org.apache.spark.sql.catalyst.plans.logical.Range",
    "reduce": "ArrayAggregate", "regexp": "RLike", "regexp_count": "RegExpCount", "regexp_extract": "RegExpExtract",
    "regexp_extract_all": "RegExpExtractAll", "regexp_instr": "RegExpInStr", "regexp_like": "RLike",
    "regexp_replace": "RegExpReplace", "regexp_substr": "RegExpSubStr", "regr_avgx": "aggregate.RegrAvgX",
    "regr_avgy": "aggregate.RegrAvgY", "regr_count": "aggregate.RegrCount", "regr_intercept": "aggregate.RegrIntercept",
    "regr_r2": "aggregate.RegrR2", "regr_slope": "aggregate.RegrSlope", "regr_sxx": "aggregate.RegrSXX",
    "regr_sxy": "aggregate.RegrSXY", "regr_syy": "aggregate.RegrSYY", "repeat": "StringRepeat", "replace": "StringReplace",
    "rlike": "RLike", "rpad": "RPadExpressionBuilder", "rtrim": "StringTrimRight", "second": "SecondExpressionBuilder",
    "session_user": "CurrentUser", "sha": "Sha1", "shiftleft": "ShiftLeft", "shiftright": "ShiftRight",
    "shiftrightunsigned": "ShiftRightUnsigned", "sign": "Signum", "skewness": "aggregate.Skewness", "smallint": "Cast",
    "some": "aggregate.BoolOr", "soundex": "SoundEx", "space": "StringSpace", "spark_partition_id": "SparkPartitionID",
    "split": "StringSplit", "sql_keywords": "SQLKeywords", "startswith": "StartsWithExpressionBuilder",
    "std": "aggregate.StddevSamp", "stddev": "aggregate.StddevSamp", "stddev_pop": "aggregate.StddevPop",
    "stddev_samp": "aggregate.StddevSamp", "str_to_map": "StringToMap", "string": "Cast", "string_agg": "aggregate.ListAgg",
    "struct": "CreateNamedStruct", "substr": "Substring", "sum": "aggregate.Sum", "time": "Cast", "timestamp": "Cast",
    "timestamp_micros": "MicrosToTimestamp", "timestamp_millis": "MillisToTimestamp",
    "timestamp_seconds": "SecondsToTimestamp", "tinyint": "Cast", "to_char": "ToCharacterBuilder", "to_csv": "StructsToCsv",
    "to_date": "ParseToDate", "to_json": "StructsToJson", "to_timestamp": "ParseToTimestamp",
    "to_timestamp_ltz": "ParseToTimestampLTZExpressionBuilder", "to_timestamp_ntz": "ParseToTimestampNTZExpressionBuilder",
    "to_utc_timestamp": "ToUTCTimestamp", "to_varchar": "ToCharacterBuilder", "transform": "ArrayTransform",
    "translate": "StringTranslate", "trim": "StringTrim", "trunc": "TruncDate",
    "try_avg": "aggregate.TryAverageExpressionBuilder", "try_make_timestamp": "TryMakeTimestampExpressionBuilder",
    "try_make_timestamp_ltz": "TryMakeTimestampLTZExpressionBuilder",
    "try_make_timestamp_ntz": "TryMakeTimestampNTZExpressionBuilder", "try_sum": "aggregate.TrySumExpressionBuilder",
    "try_to_date": "TryToDateExpressionBuilder", "try_to_time": "TryToTimeExpressionBuilder",
    "try_to_timestamp": "TryToTimestampExpressionBuilder", "try_validate_utf8": "TryValidateUTF8", "typeof": "TypeOf",
    "ucase": "Upper", "unbase64": "UnBase64", "user": "CurrentUser", "validate_utf8": "ValidateUTF8",
    "var_pop": "aggregate.VariancePop", "var_samp": "aggregate.VarianceSamp", "variance": "aggregate.VarianceSamp",
    "version": "SparkVersion", "weekday": "WeekDay", "weekofyear": "WeekOfYear", "when": "CaseWhen", "xxhash64": "XxHash64",
    "zeroifnull": "ZeroIfNull",
}  # fmt: skip


def builder_of(name: str) -> str:
    """The class that makes calls of `name`: an object of Scala where it is no expression itself."""
    found = class_of(name)
    return f"{found}$" if found.endswith("Builder") else found


def class_of(name: str) -> str:
    """The class that Spark has for the function `name`."""
    found = _CLASSES.get(name.lower())
    if found is None:
        found = "".join(word.capitalize() for word in name.lower().split("_"))
    return found if found.startswith("org.") else _PACKAGE + found
