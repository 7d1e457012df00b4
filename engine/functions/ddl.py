"""Types as text: the schema argument of from_json and its like ("a INT, b ARRAY<STRING>")."""

from __future__ import annotations

import re

from engine.errors import AnalysisError
from engine.types import (
    BINARY,
    BOOLEAN,
    BYTE,
    CALENDAR_INTERVAL,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    SHORT,
    STRING,
    TIME,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    VOID,
    ArrayType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    MapType,
    StructField,
    StructType,
    TimeType,
    YearMonthIntervalType,
)
from engine.types.session import timestamp_type
from engine.types.types import DAY_TIME_FIELDS, YEAR_MONTH_FIELDS

_PLAIN: dict[str, DataType] = {
    "boolean": BOOLEAN, "tinyint": BYTE, "byte": BYTE, "smallint": SHORT, "short": SHORT, "int": INT, "integer": INT,
    "bigint": LONG, "long": LONG, "float": FLOAT, "real": FLOAT, "double": DOUBLE, "string": STRING, "binary": BINARY,
    "date": DATE, "timestamp": TIMESTAMP, "timestamp_ltz": TIMESTAMP, "timestamp_ntz": TIMESTAMP_NTZ, "time": TIME,
    "void": VOID, "interval": CALENDAR_INTERVAL,
}  # fmt: skip
_TOKEN = re.compile(r"\s*(`(?:[^`]|``)+`|\w+|[<>(),:]|'(?:[^'\\]|\\.)*')")


def parse_schema(text: str) -> DataType:
    """The type a text names; fields without struct<> around them make a struct. Raises PARSE_SYNTAX_ERROR."""
    reader = _Reader(text)
    try:
        first = reader.peek()
        following = reader.tokens[reader.place + 1 : reader.place + 2]
        is_type = first.lower() in (*_PLAIN, "decimal", "dec", "numeric", "array", "map", "struct")
        found = reader.type() if is_type and following in ([], ["<"], ["("]) else reader.fields("")
        reader.end()
        return found
    except (IndexError, KeyError, ValueError) as error:
        raise _no_type(reader.tokens) from error


def _no_type(tokens: list[str]) -> AnalysisError:
    """The error that Spark has for a text which is no type: its first word is read as one."""
    if len(tokens) < 2:
        name = tokens[0].upper() if tokens else ""
        return AnalysisError("UNSUPPORTED_DATATYPE", {"typeName": f'"{name}"'})
    hint = f": extra input '{tokens[1]}'" if len(tokens) == 2 else ""
    return AnalysisError("PARSE_SYNTAX_ERROR", {"error": f"'{tokens[1]}'", "hint": hint})


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        self.place = 0
        start = 0
        while start < len(text.rstrip()):
            found = _TOKEN.match(text, start)
            if found is None:
                at = text[start:].split()[0][:1]
                raise AnalysisError("PARSE_SYNTAX_ERROR", {"error": f"'{at}'", "hint": ""})
            self.tokens.append(found[1])
            start = found.end()

    def peek(self) -> str:
        return self.tokens[self.place]

    def next(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1]

    def expect(self, token: str) -> None:
        found = self.next()
        if found != token:
            raise ValueError(f"'{token}' is expected, not '{found}'")

    def accept(self, token: str) -> bool:
        found = self.place < len(self.tokens) and self.tokens[self.place].lower() == token
        self.place += found
        return found

    def end(self) -> None:
        if self.place < len(self.tokens):
            raise ValueError(f"at '{self.peek()}'")

    def type(self) -> DataType:
        name = self.next().lower()
        if name in ("decimal", "dec", "numeric"):
            return self._decimal()
        if name == "time" and self.accept("("):
            precision = int(self.next())
            self.expect(")")
            return TimeType(precision)
        if name in ("varchar", "char"):
            for _ in range(3 if self.accept("(") else 0):
                if self.next() == ")":
                    break
            return STRING
        if name == "array":
            self.expect("<")
            element = self.type()
            self.expect(">")
            return ArrayType(element)
        if name == "map":
            self.expect("<")
            key = self.type()
            self.expect(",")
            value = self.type()
            self.expect(">")
            return MapType(key, value)
        if name == "struct":
            self.expect("<")
            return self.fields(">")
        if name == "timestamp":
            return timestamp_type()
        if name == "interval":
            return self._interval()
        if name not in _PLAIN:
            raise ValueError(f"no such type: {name}")
        return _PLAIN[name]

    def _interval(self) -> DataType:
        """INTERVAL, or one of the fields that follow it: DAY, YEAR TO MONTH."""
        for fields, kind in ((YEAR_MONTH_FIELDS, YearMonthIntervalType), (DAY_TIME_FIELDS, DayTimeIntervalType)):
            if self.place < len(self.tokens) and self.peek().lower() in fields:
                start = fields.index(self.next().lower())
                return kind(start, fields.index(self.next().lower()) if self.accept("to") else start)
        return CALENDAR_INTERVAL

    def _decimal(self) -> DataType:
        if not self.accept("("):
            return DecimalType(10, 0)
        precision = int(self.next())
        scale = int(self.next()) if self.accept(",") else 0
        self.expect(")")
        return DecimalType(precision, scale)

    def fields(self, closing: str) -> StructType:
        found: list[StructField] = []
        while True:
            if closing and self.accept(closing):
                return StructType(tuple(found))
            name = self.next()
            name = name[1:-1].replace("``", "`") if name.startswith("`") else name
            self.accept(":")
            data_type = self.type()
            nullable = not self.accept("not")
            if not nullable:
                self.expect_word("null")
            comment = self.next()[1:-1] if self.accept("comment") else ""
            found.append(StructField(name, data_type, nullable, comment))
            if not self.accept(","):
                if closing:
                    self.expect(closing)
                return StructType(tuple(found))

    def expect_word(self, word: str) -> None:
        if not self.accept(word):
            raise ValueError(f"'{word}' is expected")
