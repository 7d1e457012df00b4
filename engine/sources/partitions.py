"""Partitions as directories: `year=2024/country=CH/` are columns of the files below.

Names and values are escaped as Hive does (%3A); `__HIVE_DEFAULT_PARTITION__` is null. Types are inferred as Spark does:
the narrowest of INT, BIGINT, DECIMAL (whole numbers beyond that), DOUBLE, DATE, TIMESTAMP that all values fit, else
STRING.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypeAlias
from urllib.parse import unquote

from engine.errors import AnalysisError
from engine.records import dataclass
from engine.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    DataType,
    DecimalType,
    IntegralType,
    StructField,
    StructType,
)
from engine.types.cells import zone_of

Values: TypeAlias = tuple[Any, ...]
"""The values of the partition columns, as in `Literal` (dates as datetime.date, timestamps as microseconds)."""

NULL_NAME = "__HIVE_DEFAULT_PARTITION__"
EPOCH = datetime.datetime(1970, 1, 1)


def partition_of(name: str) -> tuple[str, str | None] | None:
    """The column and the text that a directory's name states, or None if it is no partition's."""
    key, equals, value = name.partition("=")
    if not equals or not key:
        return None
    return unquote(key), None if value == NULL_NAME else unquote(value)


def partition_name(column: str, value: str | None) -> str:
    """The directory's name for a value: the reverse of `partition_of`. An empty text is null, as in Hive."""
    return f"{_escape(column)}={NULL_NAME if value is None or value == '' else _escape(value)}"


@dataclass(frozen=True)
class PartitionColumns:
    """The partition columns of a listing, in the order of the directories."""

    fields: tuple[StructField, ...] = ()
    zone: str = "UTC"

    @staticmethod
    def infer(
        roots: Sequence[str],
        keyed: Sequence[tuple[tuple[str, str | None], ...]],
        zone: str = "UTC",
        infer_types: bool = True,
    ) -> PartitionColumns:
        """The columns that all of `keyed` agree on; else raises AnalysisError CONFLICTING_PARTITION_COLUMN_NAMES."""
        layouts = {tuple(name for name, _ in keys) for keys in keyed}
        if len({tuple(name.lower() for name in layout) for layout in layouts}) > 1:
            shown = "; ".join("/".join(layout) or "(none)" for layout in sorted(layouts))
            parameters = {"path": ", ".join(roots), "distinctPartColLists": shown}
            raise AnalysisError("CONFLICTING_PARTITION_COLUMN_NAMES", parameters)
        names = min(layouts, default=())
        fields = []
        for place, name in enumerate(names):
            texts = {keys[place][1] for keys in keyed} - {None}
            data_type = infer_type([text for text in texts if text is not None]) if infer_types else STRING
            fields.append(StructField(name, data_type))
        return PartitionColumns(tuple(fields), zone)

    def with_types(self, schema: StructType) -> PartitionColumns:
        """These columns with the types (and the spelling) that `schema` gives them."""
        given = {field.name.lower(): field for field in schema.fields}
        return PartitionColumns(tuple(given.get(field.name.lower(), field) for field in self.fields), self.zone)

    @property
    def names(self) -> list[str]:
        """The names, in order."""
        return [field.name for field in self.fields]

    def typed(self, texts: tuple[str | None, ...]) -> Values:
        """The values that `texts` stand for."""
        return tuple(
            None if text is None else parse_value(text, field.dataType, self.zone)
            for text, field in zip(texts, self.fields, strict=True)
        )


_INTEGER = re.compile(r"[+-]?\d+")
_DOUBLE = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?")


def infer_type(texts: Sequence[str]) -> DataType:
    """The narrowest type all `texts` fit; STRING for none."""
    if not texts:
        return STRING
    kinds = {_kind(text) for text in texts}
    if len(kinds) == 1:
        return kinds.pop()
    if kinds <= {INT, LONG}:
        return LONG
    if all(isinstance(kind, IntegralType | DecimalType) for kind in kinds):
        return DecimalType(38, 0)
    if kinds <= {INT, LONG, DOUBLE, DecimalType(38, 0)}:
        return DOUBLE
    return TIMESTAMP if kinds <= {DATE, TIMESTAMP} else STRING


def _kind(text: str) -> DataType:
    if _INTEGER.fullmatch(text):
        number = int(text)
        if -(2**31) <= number < 2**31:
            return INT
        if -(2**63) <= number < 2**63:
            return LONG
        return DecimalType(38, 0) if len(text.lstrip("+-0")) <= 38 else STRING
    if _DOUBLE.fullmatch(text):
        return DOUBLE
    try:
        if _DATE.fullmatch(text):
            datetime.date.fromisoformat(text)
            return DATE
        if _TIMESTAMP.fullmatch(text):
            datetime.datetime.fromisoformat(text)
            return TIMESTAMP
    except ValueError:
        return STRING
    return STRING


def parse_value(text: str, data_type: DataType, zone: str = "UTC") -> Any:
    """The value of a partition's text. Raises AnalysisError INVALID_PARTITION_VALUE where it is none of `data_type`."""
    try:
        return _parse(text, data_type, zone)
    except (ValueError, ArithmeticError):
        parameters = {"value": text, "type": data_type.simpleString()}
        raise AnalysisError("INVALID_PARTITION_VALUE", parameters) from None


def _parse(text: str, data_type: DataType, zone: str) -> Any:
    if isinstance(data_type, IntegralType):
        number = int(text)
        if not -(2 ** (data_type.bits - 1)) <= number < 2 ** (data_type.bits - 1):
            raise ValueError(text)
        return number
    if isinstance(data_type, DecimalType):
        return Decimal(text)
    if data_type in (DOUBLE, FLOAT):
        return float(text)
    if data_type == BOOLEAN:
        if text.lower() not in ("true", "false"):
            raise ValueError(text)
        return text.lower() == "true"
    if data_type == DATE:
        return datetime.date.fromisoformat(text)
    if data_type in (TIMESTAMP, TIMESTAMP_NTZ):
        moment = datetime.datetime.fromisoformat(text)
        if data_type == TIMESTAMP:
            moment = moment.replace(tzinfo=zone_of(zone)).astimezone(datetime.UTC).replace(tzinfo=None)
        return (moment - EPOCH) // datetime.timedelta(microseconds=1)
    return text.encode() if data_type.name == "binary" else text


def _escape(text: str) -> str:
    return "".join(f"%{ord(c):02X}" if c in "\"#%'*/:=?\\\x7f{}[]^" or ord(c) < 32 else c for c in text)
