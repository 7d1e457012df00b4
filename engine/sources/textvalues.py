"""Text to values, as CSV and JSON files write them: what does not fit is reported, not raised.

Most columns are cast by pyarrow at once; where that fails, each different text is parsed by itself.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from engine.errors import AnalysisError, Unsupported
from engine.lazy import cached_property, pc
from engine.records import dataclass
from engine.types import (
    BINARY,
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    LONG,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    VOID,
    CalendarIntervalType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    IntegralType,
    YearMonthIntervalType,
)
from engine.types.arrow import to_arrow
from engine.types.cells import zone_of
from engine.types.interval_reading import read_fields, read_units

EPOCH = datetime.datetime(1970, 1, 1)


@dataclass(frozen=True)
class TextFormat:
    """How values are written. Patterns are Java's, "" for ISO 8601; `zone` is that of instants without an offset."""

    date: str = ""
    timestamp: str = ""
    timestamp_ntz: str = ""
    zone: str = "UTC"
    nan: str = "NaN"
    positive_infinity: str = "Inf"
    negative_infinity: str = "-Inf"

    @cached_property
    def time_zone(self) -> datetime.tzinfo:
        """The zone as Python has it."""
        return zone_of(self.zone)


def check_types(types: list[DataType], format: str) -> None:
    """Raises Unsupported for a type that a text file cannot hold."""
    atomic = (STRING, BINARY, BOOLEAN, DATE, TIMESTAMP, TIMESTAMP_NTZ, FLOAT, DOUBLE, VOID)
    for data_type in types:
        if data_type not in atomic and not isinstance(data_type, IntegralType | DecimalType):
            raise Unsupported(f"the type {data_type} in {format} files")


def convert(texts: pa.Array, data_type: DataType, form: TextFormat) -> tuple[pa.Array, pa.Array | None]:
    """The values that `texts` (strings) stand for, and which texts stand for none (None if all do; those are null)."""
    if data_type == STRING:
        return texts, None
    if data_type == BINARY:
        return texts.cast(pa.binary()), None
    if data_type == VOID:
        return pa.nulls(len(texts)), (texts.is_valid() if texts.null_count < len(texts) else None)
    quick = _quick(texts, data_type, form)
    return (quick, None) if quick is not None else _each(texts, data_type, form)


_INTERVALS = (YearMonthIntervalType, DayTimeIntervalType, CalendarIntervalType)


def _quick(texts: pa.Array, data_type: DataType, form: TextFormat) -> pa.Array | None:
    """A cast of the whole array, where pyarrow reads texts as Spark does and all fit."""
    pattern = {DATE: form.date, TIMESTAMP: form.timestamp, TIMESTAMP_NTZ: form.timestamp_ntz}.get(data_type, "")
    local = data_type == TIMESTAMP and form.time_zone is not datetime.UTC
    if pattern or local or data_type == BOOLEAN or isinstance(data_type, (DecimalType, *_INTERVALS)):
        return None
    try:
        if data_type == TIMESTAMP:
            return texts.cast(pa.timestamp("us")).cast(to_arrow(TIMESTAMP))
        return texts.cast(to_arrow(data_type))
    except pa.ArrowInvalid:
        return None


def _each(texts: pa.Array, data_type: DataType, form: TextFormat) -> tuple[pa.Array, pa.Array | None]:
    encoded = texts.dictionary_encode()
    parse = parser(data_type, form)
    values: list[Any] = []
    wrong: list[bool] = []
    for text in encoded.dictionary.to_pylist():
        try:
            values.append(parse(text))
            wrong.append(False)
        except (ValueError, ArithmeticError):
            values.append(None)
            wrong.append(True)
    converted = pa.array(values, to_arrow(data_type)).take(encoded.indices)
    if not any(wrong):
        return converted, None
    return converted, pc.fill_null(pa.array(wrong).take(encoded.indices), False)


def parser(data_type: DataType, form: TextFormat) -> Callable[[str], Any]:
    """What reads one text; raises ValueError or ArithmeticError where it is no value of the type."""
    if isinstance(data_type, IntegralType):
        return lambda text: _integer(text, data_type.bits)
    if isinstance(data_type, DecimalType):
        return lambda text: decimal_value(text, data_type)
    if data_type in (DOUBLE, FLOAT):
        return lambda text: _double(text, form)
    if isinstance(data_type, YearMonthIntervalType | DayTimeIntervalType):
        return lambda text: read_fields(text, data_type)
    if isinstance(data_type, CalendarIntervalType):
        return lambda text: read_units(text)._asdict()
    if data_type == DATE:
        return date_parser(form.date)
    if data_type == TIMESTAMP:
        return instant_parser(form)
    if data_type == TIMESTAMP_NTZ:
        return local_parser(form.timestamp_ntz)
    return _boolean if data_type == BOOLEAN else str


def _integer(text: str, bits: int) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise ValueError(text)
    number = int(text)
    if not -(1 << (bits - 1)) <= number < 1 << (bits - 1):
        raise ValueError(text)
    return number


def decimal_value(text: str, data_type: DecimalType) -> Decimal:
    """A decimal rounded half up to the type's scale. Raises ValueError where it does not fit."""
    try:
        number = Decimal(text)
        if not number.is_finite():
            raise ValueError(text)
        rounded = number.quantize(Decimal(1).scaleb(-data_type.scale), ROUND_HALF_UP)
    except InvalidOperation:
        raise ValueError(text) from None
    if len(rounded.as_tuple().digits) > data_type.precision:
        raise ValueError(text)
    return rounded


def _double(text: str, form: TextFormat) -> float:
    special = {
        form.nan: math.nan,
        "NaN": math.nan,
        form.positive_infinity: math.inf,
        "Infinity": math.inf,
        "+Infinity": math.inf,
        form.negative_infinity: -math.inf,
        "-Infinity": -math.inf,
    }
    if text in special:
        return special[text]
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?", text):
        raise ValueError(text)
    return float(text.rstrip("dDfF"))


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


_LOCAL = re.compile(
    r"(?P<date>\d{4}-\d{1,2}-\d{1,2})"
    r"(?:[T ](?P<hour>\d{1,2})(?::(?P<minute>\d{1,2}))?(?::(?P<second>\d{1,2})(?:\.(?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<zone>Z|UTC|[+-]\d{1,2}(?::?\d{2})?|[A-Z][A-Za-z]+/[A-Za-z_]+)?)?"
)


def _iso(text: str) -> tuple[datetime.datetime, str | None]:
    match = _LOCAL.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    year, month, day = (int(part) for part in match["date"].split("-"))
    micros = int((match["fraction"] or "0").ljust(6, "0")[:6])
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    return datetime.datetime(year, month, day, hour, minute, second, micros), match["zone"]


def _micros(moment: datetime.datetime) -> int:
    return (moment - EPOCH) // datetime.timedelta(microseconds=1)


def date_parser(pattern: str) -> Callable[[str], datetime.date]:
    """What reads dates written by a Java pattern, ISO 8601 for ""."""
    if not pattern:
        return lambda text: _iso(text)[0].date()
    form = strptime_format(pattern)
    return lambda text: datetime.datetime.strptime(text, form).date()


def local_parser(pattern: str) -> Callable[[str], int]:
    """What reads local times as microseconds."""
    if not pattern:
        return lambda text: _micros(_iso(text)[0])
    form = strptime_format(pattern)
    return lambda text: _micros(datetime.datetime.strptime(text, form).replace(tzinfo=None))


def instant_parser(form: TextFormat) -> Callable[[str], int]:
    """What reads instants as microseconds since 1970 UTC."""
    pattern = strptime_format(form.timestamp) if form.timestamp else ""

    def parse(text: str) -> int:
        if pattern:
            moment = datetime.datetime.strptime(text, pattern)
        else:
            moment, zone = _iso(text)
            if zone is not None:
                moment = moment.replace(tzinfo=datetime.UTC if zone in ("Z", "UTC") else zone_of(zone))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=form.time_zone)
        return _micros(moment.astimezone(datetime.UTC).replace(tzinfo=None))

    return parse


_DIRECTIVES = {
    "yyyy": "%Y",
    "uuuu": "%Y",
    "y": "%Y",
    "u": "%Y",
    "yy": "%y",
    "MM": "%m",
    "M": "%m",
    "MMM": "%b",
    "MMMM": "%B",
    "dd": "%d",
    "d": "%d",
    "DDD": "%j",
    "E": "%a",
    "EEE": "%a",
    "EEEE": "%A",
    "HH": "%H",
    "H": "%H",
    "hh": "%I",
    "h": "%I",
    "a": "%p",
    "mm": "%M",
    "m": "%M",
    "ss": "%S",
    "s": "%S",
    "XXX": "%z",
    "XX": "%z",
    "X": "%z",
    "Z": "%z",
    "z": "%Z",
}


def strptime_format(pattern: str) -> str:
    """A Java date pattern as Python's. Raises ExecutionError for what is no pattern (see `compile_pattern`), AnalysisError
    INVALID_DATETIME_PATTERN for letters that Python does not know."""
    from engine.kernels.patterns import (  # here: the kernels' package reads texts by this module, too
        DOCS,
        compile_pattern,
    )

    compile_pattern(pattern, True)
    found: list[str] = []
    for token in re.finditer(r"'((?:[^']|'')*)'|([A-Za-z])\2*|\[|\]|[^A-Za-z'\[\]]+", pattern):
        text = token[0]
        if text.startswith("'"):
            found.append((token[1] or "'").replace("''", "'").replace("%", "%%"))
        elif token[2] and set(text) == {"S"} and len(text) <= 6:
            found.append("%f")
        elif token[2]:
            if text not in _DIRECTIVES:
                raise AnalysisError(
                    "INVALID_DATETIME_PATTERN.WITH_SUGGESTION", {"pattern": f"'{pattern}'", "docroot": DOCS}
                )
            found.append(_DIRECTIVES[text])
        elif text in "[]":
            raise Unsupported(f"optional sections in the datetime pattern '{pattern}'")
        else:
            found.append(text.replace("%", "%%"))
    return "".join(found)


_WHOLE = r"^[+-]?[0-9]{1,19}$"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|^NaN$|^[+-]?Inf(inity)?$"
_DATE = r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$"
_TIMESTAMP = r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([T ][0-9]{1,2}:[0-9]{2}.*)?$"


def infer_type(texts: pa.Array | pa.ChunkedArray, form: TextFormat) -> DataType:
    """The first of BIGINT, DOUBLE, BOOLEAN, DATE, TIMESTAMP that all texts stand for, else STRING; VOID for none."""
    present = pc.drop_null(texts)
    if len(present) == 0:
        return VOID
    for data_type, pattern in (
        (LONG, _WHOLE),
        (DOUBLE, _NUMBER),
        (BOOLEAN, r"(?i)^(true|false)$"),
        (DATE, "" if form.date else _DATE),
        (TIMESTAMP, "" if form.timestamp else _TIMESTAMP),
    ):
        if pattern and not pc.all(pc.match_substring_regex(present, pattern)).as_py():
            continue
        chunks = present.chunks if isinstance(present, pa.ChunkedArray) else [present]
        if all(convert(chunk, data_type, form)[1] is None for chunk in chunks):
            return data_type
    return STRING


def narrowed(texts: pa.Array | pa.ChunkedArray) -> bool:
    """Whether all texts, known to be whole numbers, fit INT."""
    bounds = pc.min_max(pc.drop_null(texts).cast(pa.int64()))
    return bool(bounds["min"].as_py() >= -(2**31) and bounds["max"].as_py() < 2**31)
