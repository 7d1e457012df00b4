"""Types to and from Arrow.

Inside the engine a year-month interval is `int32` months (pyarrow has no such kernels), a day-time interval is
`duration('us')`, a TIMESTAMP is `timestamp('us', 'UTC')`, a TIMESTAMP_NTZ is `timestamp('us')` and a TIME `time64('us')`.
The old INTERVAL of months, days and microseconds is a struct of the three.
"""

from __future__ import annotations

import pyarrow as pa

from engine.types.types import (
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
    StringType,
    StructField,
    StructType,
    TimeType,
    YearMonthIntervalType,
)

CALENDAR_INTERVAL_ARROW = pa.struct([("months", pa.int32()), ("days", pa.int32()), ("micros", pa.int64())])
TIMESTAMP_ARROW = pa.timestamp("us", tz="UTC")

_PLAIN: dict[DataType, pa.DataType] = {
    VOID: pa.null(),
    BOOLEAN: pa.bool_(),
    BYTE: pa.int8(),
    SHORT: pa.int16(),
    INT: pa.int32(),
    LONG: pa.int64(),
    FLOAT: pa.float32(),
    DOUBLE: pa.float64(),
    STRING: pa.string(),
    BINARY: pa.binary(),
    DATE: pa.date32(),
    CALENDAR_INTERVAL: CALENDAR_INTERVAL_ARROW,
    TIMESTAMP: TIMESTAMP_ARROW,
    TIMESTAMP_NTZ: pa.timestamp("us"),
}

_OF_CLASS: dict[type[DataType], pa.DataType] = {type(each): arrow for each, arrow in _PLAIN.items()}
"""By class, since to compare types takes long and this is asked for each column of each batch."""


def to_arrow(data_type: DataType) -> pa.DataType:
    """The Arrow type that holds values of `data_type` inside the engine."""
    plain = _OF_CLASS.get(type(data_type))
    if plain is not None:
        return plain
    match data_type:
        case DecimalType(precision, scale):
            return pa.decimal128(precision, scale)
        case StringType():
            return pa.string()
        case YearMonthIntervalType():
            return pa.int32()
        case TimeType():
            return pa.time64("us")
        case DayTimeIntervalType():
            return pa.duration("us")
        case ArrayType(element, nullable):
            return pa.list_(_field("element", element, nullable))
        case MapType(key, value, nullable):
            # Arrow has no map whose keys are of the null type: `map()` is one that never has a key
            keys = pa.string() if key == VOID else to_arrow(key)
            return pa.map_(pa.field("key", keys, False), _field("value", value, nullable))
        case StructType():
            return pa.struct(to_arrow_schema(data_type))
    raise TypeError(f"no Arrow type for {data_type}")


def to_arrow_schema(schema: StructType) -> pa.Schema:
    """The Arrow schema of a relation."""
    return pa.schema([_field(f.name, f.dataType, f.nullable) for f in schema.fields])


def _field(name: str, data_type: DataType, nullable: bool) -> pa.Field:
    """A field; Arrow wants those of the null type nullable."""
    return pa.field(name, to_arrow(data_type), nullable or data_type == VOID)


_BY_ID: dict[int, DataType] = {
    pa.null().id: VOID,
    pa.bool_().id: BOOLEAN,
    pa.int8().id: BYTE,
    pa.int16().id: SHORT,
    pa.int32().id: INT,
    pa.int64().id: LONG,
    pa.uint8().id: SHORT,
    pa.uint16().id: INT,
    pa.uint32().id: LONG,
    pa.uint64().id: DecimalType(20, 0),
    pa.float16().id: FLOAT,
    pa.float32().id: FLOAT,
    pa.float64().id: DOUBLE,
    pa.string().id: STRING,
    pa.large_string().id: STRING,
    pa.string_view().id: STRING,
    pa.binary().id: BINARY,
    pa.large_binary().id: BINARY,
    pa.binary_view().id: BINARY,
    pa.date32().id: DATE,
    pa.date64().id: DATE,
    pa.time32("s").id: TIME,
    pa.time64("us").id: TIME,
    pa.duration("us").id: DayTimeIntervalType(),
    pa.month_day_nano_interval().id: DayTimeIntervalType(),
}


def from_arrow(data_type: pa.DataType) -> DataType:
    """Spark's type for an Arrow type; unsigned integers widen. Raises TypeError for what Spark cannot hold."""
    plain = _BY_ID.get(data_type.id)
    if plain is not None and data_type != pa.time64("ns"):  # nanoseconds do not fit
        return plain
    if pa.types.is_fixed_size_binary(data_type):
        return BINARY
    if pa.types.is_timestamp(data_type):
        return TIMESTAMP if data_type.tz else TIMESTAMP_NTZ
    if pa.types.is_decimal(data_type) and data_type.precision <= DecimalType.MAX_PRECISION and data_type.scale >= 0:
        return DecimalType(data_type.precision, data_type.scale)
    if pa.types.is_dictionary(data_type):
        return from_arrow(data_type.value_type)
    if pa.types.is_map(data_type):
        return MapType(from_arrow(data_type.key_type), from_arrow(data_type.item_type), data_type.item_field.nullable)
    if pa.types.is_list(data_type) or pa.types.is_large_list(data_type) or pa.types.is_fixed_size_list(data_type):
        return ArrayType(from_arrow(data_type.value_type), data_type.value_field.nullable)
    if pa.types.is_struct(data_type):
        return from_arrow_schema(data_type)
    raise TypeError(f"no SQL type for Arrow's {data_type}")


def from_arrow_schema(fields: pa.Schema | pa.StructType) -> StructType:
    """Spark's schema for Arrow fields."""
    return StructType(tuple(StructField(f.name, from_arrow(f.type), f.nullable) for f in fields))


def public_schema(schema: StructType) -> pa.Schema:
    """The Arrow schema that users get: year-month intervals as Arrow's own interval type."""
    return pa.schema([pa.field(f.name, _public(f.dataType), f.nullable) for f in schema.fields])


def _public(data_type: DataType) -> pa.DataType:
    if isinstance(data_type, YearMonthIntervalType):
        return pa.month_day_nano_interval()
    return to_arrow(data_type)


def public_batch(batch: pa.RecordBatch, schema: StructType, target: pa.Schema) -> pa.RecordBatch:
    """A batch of the engine with the names and types users get."""
    columns = [_public_column(c, field.dataType) for c, field in zip(batch.columns, schema.fields, strict=True)]
    return _batch(columns, target, batch.num_rows)


def _public_column(column: pa.Array, data_type: DataType) -> pa.Array:
    if not isinstance(data_type, YearMonthIntervalType):
        return column
    triples = [None if v is None else (v, 0, 0) for v in column.to_pylist()]
    return pa.array(triples, pa.month_day_nano_interval())


def _batch(columns: list[pa.Array], schema: pa.Schema, rows: int) -> pa.RecordBatch:
    if columns:
        return pa.RecordBatch.from_arrays(columns, schema=schema)
    return pa.RecordBatch.from_struct_array(pa.array([{}] * rows, pa.struct([])))
