"""How Spark shows a call in the name of its column, where that is not as written: `sqrt(4)` is SQRT(4), `round(2.5)` is
round(2.5, 0), `int('5')` is 5.

Spark's names come from the classes of its expressions: some are in capitals, and what was left out is shown. Followed here
because the name of a column is part of an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

CAPITALS = frozenset(
    [
        *("acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "cos", "cosh", "cot", "csc"),
        *("degrees", "dense_rank", "e", "exp", "expm1", "floor", "hypot", "log", "log10", "log1p", "log2"),
        *("percent_rank", "pi", "power", "radians", "rank", "regexp", "regexp_like", "rlike", "sec", "signum", "sin"),
        *("sinh", "spark_partition_id", "sqrt", "tan", "tanh"),
    ]
)
"""Functions whose names are shown in capitals, however they are written."""

RENAMED = {
    "array_agg": "collect_list",
    "curdate": "current_date",
    "current_database": "current_schema",
    "dateadd": "date_add",
    "random": "rand",
    "to_varchar": "to_char",
}
"""Functions that are shown by the name of another one."""

_X = "namedlambdavariable()"
_IDENTITY = f"lambdafunction({_X}, {_X})"
_ORDER = (
    f"lambdafunction((IF((({_X} IS NULL) AND ({_X} IS NULL)), 0, (IF(({_X} IS NULL), 1, (IF(({_X} IS NULL), -1, "
    f"(IF(({_X} < {_X}), -1, (IF(({_X} > {_X}), 1, 0)))))))))), {_X}, {_X})"
)
_TIMESTAMP = "yyyy-MM-dd HH:mm:ss"
DEFAULTS: dict[str, tuple[int, tuple[str, ...]]] = {
    "aes_decrypt": (5, ("GCM", "DEFAULT", "")),
    "aes_encrypt": (6, ("GCM", "DEFAULT", "", "")),
    "approx_percentile": (3, ("10000",)),
    "array_sort": (2, (_ORDER,)),
    "bround": (2, ("0",)),
    "from_unixtime": (2, (_TIMESTAMP,)),
    "aggregate": (4, (_IDENTITY,)),
    "lag": (3, ("1", "NULL")),
    "lead": (3, ("1", "NULL")),
    "current_time": (1, ("6",)),
    "listagg": (2, ("NULL",)),
    "locate": (3, ("1",)),
    "make_dt_interval": (4, ("0", "0", "0", "0.000000")),
    "make_interval": (7, ("0", "0", "0", "0", "0", "0", "0.000000")),
    "try_make_interval": (7, ("0", "0", "0", "0", "0", "0", "0.000000")),
    "make_ym_interval": (2, ("0", "0")),
    "mask": (5, ("X", "x", "n", "NULL")),
    "months_between": (3, ("true",)),
    "ntile": (1, ("1",)),
    "overlay": (4, ("-1",)),
    "percentile": (3, ("1",)),
    "percentile_approx": (3, ("10000",)),
    "position": (3, ("1",)),
    "regexp_extract": (3, ("1",)),
    "regexp_extract_all": (3, ("1",)),
    "regexp_instr": (3, ("0",)),
    "regexp_replace": (4, ("1",)),
    "reduce": (4, (_IDENTITY,)),
    "replace": (3, ("",)),
    "round": (2, ("0",)),
    "sentences": (3, ("", "")),
    "sort_array": (2, ("true",)),
    "split": (3, ("-1",)),
    "str_to_map": (3, (",", ":")),
    "string_agg": (2, ("NULL",)),
    "substr": (3, ("2147483647",)),
    "substring": (3, ("2147483647",)),
    "to_unix_timestamp": (2, (_TIMESTAMP,)),
    "try_aes_decrypt": (5, ("GCM", "DEFAULT", "")),
    "unix_timestamp": (2, ("current_timestamp()", _TIMESTAMP)),
}
"""How many arguments are shown, and the last of them where they were left out."""

CASTS = frozenset(
    [
        "bigint",
        "binary",
        "boolean",
        "date",
        "decimal",
        "double",
        "float",
        "int",
        "smallint",
        "string",
        "time",
        "timestamp",
        "tinyint",
    ]
)
"""Functions that cast: Spark shows only what they cast."""


def shown_call(name: str, arguments: Sequence[str], distinct: bool = False) -> str:
    """The text of a call of `name`, as written in lower case, with the texts of its arguments."""
    special = _SPECIAL.get(name)
    if special is not None and arguments:
        text = special(arguments)
        if text is not None:
            return text
    if name in CASTS and len(arguments) == 1:
        return arguments[0]
    width, values = DEFAULTS.get(name, (0, ()))
    missing = max(0, width - len(arguments))
    given = [*arguments, *values[len(values) - missing :]] if missing <= len(values) and missing else list(arguments)
    shown = RENAMED.get(name, name)
    shown = shown.upper() if name in CAPITALS else shown
    return f"{shown}({'DISTINCT ' if distinct else ''}{', '.join(given)})"


def _column_name(text: str, number: int) -> str:
    """The name that a value of a row gives to its field."""
    return text.rpartition(".")[2] if text.replace(".", "").isidentifier() else f"col{number}"


def _trim(side: str) -> Callable[[Sequence[str]], str | None]:
    def show(arguments: Sequence[str]) -> str | None:
        return f"TRIM({side} {arguments[0]} FROM {arguments[1]})" if len(arguments) == 2 else None

    return show


def _mode(value: str, least: str) -> str:
    return f"mode() WITHIN GROUP (ORDER BY {value} DESC)" if least == "true" else f"mode({value})"


def _of_date_and_time(name: str, arguments: Sequence[str], close: str = ")") -> str | None:
    """A timestamp of a date and a time is shown by another function than one of fields."""
    return f"{name}({', '.join(arguments)}{close}" if len(arguments) <= 3 else None


def _infix(symbol: str) -> Callable[[Sequence[str]], str | None]:
    def show(arguments: Sequence[str]) -> str | None:
        return f"({arguments[0]} {symbol} {arguments[1]})" if len(arguments) == 2 else None

    return show


_SPECIAL: dict[str, Callable[[Sequence[str]], str | None]] = {
    "assert_true": lambda a: f"assert_true({a[0]}, '{a[0]}' is not true!)" if len(a) == 1 else None,
    "convert_timezone": lambda a: f"convert_timezone(current_timezone(), {', '.join(a)})" if len(a) == 2 else None,
    "datepart": lambda a: f"datepart({a[0]} FROM {a[1]})",
    "div": _infix("div"),
    "extract": lambda a: f"extract({a[0]} FROM {a[1]})",
    "if": lambda a: f"(IF({', '.join(a)}))",
    "isnotnull": lambda a: f"({a[0]} IS NOT NULL)",
    "isnull": lambda a: f"({a[0]} IS NULL)",
    "from_json": lambda a: "entries" if a[1].lower().startswith("map<") else f"from_json({a[0]})",
    "like": lambda a: f"{a[0]} LIKE {a[1]}",
    "like_any": lambda a: f"likeany({a[0]})",
    "like_all": lambda a: f"likeall({a[0]})",
    "mode": lambda a: _mode(*a) if len(a) == 2 else None,
    "rank": lambda a: "RANK()",  # noqa: ARG005 - what it is given means nothing
    "dense_rank": lambda a: "DENSE_RANK()",  # noqa: ARG005
    "percent_rank": lambda a: "PERCENT_RANK()",  # noqa: ARG005
    "ltrim": _trim("LEADING"),
    "not_like_all": lambda a: f"notlikeall({a[0]})",
    "not_like_any": lambda a: f"notlikeany({a[0]})",
    "positive": lambda a: f"(+ {a[0]})",
    "from_csv": lambda a: f"from_csv({a[0]})",
    "schema_of_csv": lambda a: f"schema_of_csv({a[0]})",
    "to_csv": lambda a: f"to_csv({a[0]})",
    "instr": lambda a: f"instr({', '.join([*a, '1'])})" if len(a) == 3 else None,
    "shuffle": lambda a: f"shuffle({a[0]})",
    "schema_of_json": lambda a: f"schema_of_json({a[0]})",
    "to_json": lambda a: f"to_json({a[0]})",
    "ceil": lambda a: f"ceil({a[0]}, {a[1]})" if len(a) == 2 else None,
    "floor": lambda a: f"floor({a[0]}, {a[1]})" if len(a) == 2 else None,
    "<<": _infix("<<"),
    ">>": _infix(">>"),
    ">>>": _infix(">>>"),
    "row": lambda a: f"named_struct({', '.join(f'{_column_name(t, i)}, {t}' for i, t in enumerate(a, 1))})",
    "rtrim": _trim("TRAILING"),
    "make_timestamp_ltz": lambda a: _of_date_and_time("make_timestamp", a),
    "try_make_timestamp_ltz": lambda a: _of_date_and_time("make_timestamp", a),
    "try_make_timestamp_ntz": lambda a: _of_date_and_time("try_make_timestamp_ntz(make_timestamp_ntz", a, "))"),
    "try_to_time": lambda a: f"try_to_time(to_time({', '.join(a)}))",
    "trim_both": _trim("BOTH"),
}
