"""The types of the matrix with their values: null, empty, least, greatest, NaN, -0.0, text beyond 16 bits, wrong text.

Values are written as SQL constants; text is written by `quoted`. `ONE` has for each type the one value that the matrix of
coercion adds, compares and unites.
"""

from __future__ import annotations

TEXTS = [
    "", " ", "1", " 1 ", "\t1\n", "\u00a01", "+1", "-1", "--1", "1.", ".5", ".", "1.9", "-1.9", "0x10", "1L", "1d",
    "1F", "1_0", "1,000", "1e3", "1E-3", "1e", "127", "128", "-129", "32768", "2147483648", "9223372036854775808",
    "-9223372036854775808", "1e400", "1e-400", "1e38", "3.5e38", "NaN", "nan", "+NaN", "Infinity", "-inf", "+Infinity",
    "true", "T", " yes ", "on", "n", "0", "FALSE", "12345678901234567890.123456789012345678",
    "99999999999999999999999999999999999999", "0.000000000000000000005", "2020-01-31", "2020-1-1", "2020", "2020-13-01",
    "2020-02-30", "+12020-01-01", "2020-01-31 10:11:12.1234567", "2020-01-31T10:11", "2020-01-31 10:11:12Z",
    "2020-01-31 10:11:12 Europe/Paris", "2020-01-31 24:00:00", "10:11:12", "T10:11:12", "epoch", "1-2", "-1-2",
    "1 02:03:04", "INTERVAL '1-2' YEAR TO MONTH", "INTERVAL '1 02:03:04.5' DAY TO SECOND", "1 day", "x", "é", "😀1", "१",
]  # fmt: skip


def quoted(text: str) -> str:
    """`text` as a constant."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")
    return f"'{escaped}'"


def _typed(kind: str, *values: str) -> list[str]:
    return [f"cast(null as {kind})", *values]


def _numbers(kind: str, texts: str) -> list[str]:
    return _typed(kind, *[f"cast('{text}' as {kind})" for text in texts.split()])


VALUES: dict[str, list[str]] = {
    "VOID": ["null"],
    "BOOLEAN": _typed("boolean", "true", "false"),
    "TINYINT": _typed("tinyint", "0Y", "1Y", "-128Y", "127Y"),
    "SMALLINT": _typed("smallint", "0S", "200S", "-32768S", "32767S"),
    "INT": _typed("int", "0", "7", "40000", "-2147483648", "2147483647"),
    "BIGINT": _typed("bigint", "0L", "3000000000L", "-9223372036854775808L", "9223372036854775807L"),
    "FLOAT": _numbers(
        "float",
        "0 -0.0 NaN Infinity -Infinity 1.5 -2.5 127.9 -128.9 0.1 1.0E7 0.001 9.999E-4 16777216 2147483648 9.223372E18 "
        "3.4028235E38 1.4E-45 1.17549435E-38 33554430",
    ),
    "DOUBLE": _numbers(
        "double",
        "0 -0.0 NaN Infinity -Infinity 1.5 -2.5 127.9 -128.9 0.1 1.0E7 9999999 1.0E-3 123456789.125 2147483647.9 "
        "2147483648 9.223372036854775E18 9.223372036854776E18 1E20 1.7976931348623157E308 4.9E-324 2E-7 0.30000000000000004",
    ),
    "DECIMAL(5,2)": _numbers("decimal(5,2)", "0 -999.99 999.99 1.50 127.99 -0.05"),
    "DECIMAL(38,0)": _numbers("decimal(38,0)", f"0 {'9' * 38} -{'9' * 38} 9223372036854775808"),
    "DECIMAL(38,18)": _numbers("decimal(38,18)", "0 0.000000000000000001 12345678901234567890.123456789012345678 -0.5"),
    "STRING": _typed("string", *map(quoted, TEXTS)),
    "BINARY": _typed("binary", "X''", "X'31'", "X'00FF80'", "X'F09F9880'"),
    "DATE": _typed(
        "date", *[f"date '{d}'" for d in ("1970-01-01", "0001-01-01", "1582-10-04", "2020-02-29", "9999-12-31")]
    ),
    "TIMESTAMP": _typed(
        "timestamp",
        "timestamp '1970-01-01 00:00:00Z'",
        "timestamp '0001-01-01 00:00:00'",
        "timestamp '1969-12-31 23:59:59.5Z'",
        "timestamp '2020-03-08 03:00:00.123456'",
        "timestamp '9999-12-31 23:59:59.999999'",
    ),
    "TIMESTAMP_NTZ": _typed(
        "timestamp_ntz",
        "timestamp_ntz '1970-01-01 00:00:00'",
        "timestamp_ntz '0001-01-01 00:00:00'",
        "timestamp_ntz '2020-03-08 02:30:00.5'",
        "timestamp_ntz '9999-12-31 23:59:59.999999'",
    ),
    "INTERVAL YEAR TO MONTH": _typed(
        "interval year to month",
        *[f"interval '{t}' year to month" for t in ("0-0", "1-2", "-1-2", "178956970-7", "-178956970-8")],
    ),
    "INTERVAL MONTH": _typed("interval month", "interval '0' month", "interval '300' month", "interval '-5' month"),
    "INTERVAL DAY TO SECOND": _typed(
        "interval day to second",
        *[
            f"interval '{t}' day to second"
            for t in ("0 00:00:00", "1 02:03:04.5", "106751991 04:00:54.775807", "-106751991 04:00:54.775808")
        ],
    ),
    "INTERVAL SECOND": _typed(
        "interval second", "interval '1.999999' second", "interval '-1.5' second", "interval '40000' second"
    ),
    "ARRAY<INT>": _typed("array<int>", "cast(array() as array<int>)", "array(1, null, 300)"),
    "ARRAY<STRING>": _typed("array<string>", "array('1')", "array('2020-01-31', 'x', null)"),
    "MAP<STRING, INT>": _typed("map<string, int>", "map('1', 1)", "map('x', 300)"),
    "STRUCT<a: INT, b: STRING>": _typed(
        "struct<a: int, b: string>", "struct(1 as a, '1' as b)", "struct(300 as a, 'x' as b)"
    ),
}

TARGETS = [
    *[kind for kind in VALUES if kind != "VOID"],
    "DECIMAL(3,1)",
    "INTERVAL YEAR",
    "INTERVAL DAY",
    "INTERVAL HOUR TO MINUTE",
    "ARRAY<TINYINT>",
    "MAP<INT, STRING>",
    "STRUCT<x: TINYINT, y: INT>",
]

ONE = {
    "VOID": "null",
    "BOOLEAN": "true",
    "TINYINT": "2Y",
    "SMALLINT": "2S",
    "INT": "2",
    "BIGINT": "2L",
    "FLOAT": "2.5F",
    "DOUBLE": "2.5D",
    "DECIMAL(5,2)": "cast(2.5 as decimal(5,2))",
    "DECIMAL(38,10)": "cast(2.5 as decimal(38,10))",
    "STRING": "'2'",
    "BINARY": "X'32'",
    "DATE": "date '2020-01-31'",
    "TIMESTAMP": "timestamp '2020-01-31 10:11:12.5'",
    "TIMESTAMP_NTZ": "timestamp_ntz '2020-01-31 10:11:12.5'",
    "INTERVAL YEAR TO MONTH": "interval '1-2' year to month",
    "INTERVAL DAY": "interval '3' day",
    "INTERVAL DAY TO SECOND": "interval '1 02:03:04.5' day to second",
    "ARRAY<INT>": "array(1, 2)",
    "ARRAY<STRING>": "array('1')",
    "MAP<STRING, INT>": "map('1', 1)",
    "STRUCT<a: INT>": "struct(2 as a)",
    "STRUCT<b: STRING>": "struct('2' as b)",
}

FORMS = {
    "+": "{a} + {b}",
    "-": "{a} - {b}",
    "*": "{a} * {b}",
    "/": "{a} / {b}",
    "%": "{a} % {b}",
    "div": "{a} div {b}",
    "&": "{a} & {b}",
    "||": "{a} || {b}",
    "=": "{a} = {b}",
    "<": "{a} < {b}",
    "in": "{a} in ({b})",
    "case": "case when {a} is not null then {a} else {b} end",
    "coalesce": "coalesce({a}, {b})",
    "array": "array({a}, {b})",
    "greatest": "greatest({a}, {b})",
    "union": "{a} union {b}",
}
"""The ways in which two values meet; "union" is a statement of its own."""
