"""The schema and the options that functions of JSON and CSV take as arguments: constants, read in analysis."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pyarrow as pa

from engine.errors import AnalysisError, Unsupported
from engine.expressions.base import Expression, Literal
from engine.expressions.calls import Call
from engine.expressions.sql import shown, shown_type
from engine.functions.ddl import parse_schema
from engine.kernels.context import CallContext
from engine.types import STRING, ArrayType, DataType, MapType, StringType, StructField, StructType


def check_parse_mode(options: Literal, format: str) -> None:
    """Raises PARSE_MODE_UNSUPPORTED for a `mode` that from_`format`() does not have."""
    mode = json.loads(str(options.value)).get("mode", "PERMISSIVE").upper()
    if mode not in ("PERMISSIVE", "FAILFAST"):
        parameters = {"mode": mode, "permissiveMode": "PERMISSIVE", "failFastMode": "FAILFAST"}
        raise AnalysisError("PARSE_MODE_UNSUPPORTED", {"funcName": f"`from_{format}`"} | parameters)


def options_of(given: Expression | None, allowed: frozenset[str], format: str) -> Literal:
    """The options as one literal, the text of a JSON object with names in lower case.

    Raises INVALID_OPTIONS for what is no map() of strings, Unsupported for an option that is not obeyed.
    """
    if given is None:
        return Literal("{}", STRING)
    if not isinstance(given, Call) or given.function != "map":
        raise AnalysisError("INVALID_OPTIONS.NON_MAP_FUNCTION")
    kind = given.dataType
    assert isinstance(kind, MapType), "map() makes maps"
    if not all(isinstance(each, StringType) for each in (kind.keyType, kind.valueType)):
        raise AnalysisError("INVALID_OPTIONS.NON_STRING_TYPE", {"mapType": shown_type(kind)})
    texts = [str(each.value) for each in given.arguments if isinstance(each, Literal)]
    if len(texts) != len(given.arguments):
        raise AnalysisError("INVALID_OPTIONS.NON_MAP_FUNCTION")
    found = {name.lower(): value for name, value in zip(texts[0::2], texts[1::2], strict=True)}
    for name in found:
        if name not in allowed:
            raise Unsupported(f"the option {name} of {format}", given.origin)
    return Literal(json.dumps(found), STRING)


def read_options(options: pa.Array, context: CallContext) -> dict[str, str]:
    """The options again, of a column that holds `options_of` in each row.

    Raises Unsupported for patterns that `timeParserPolicy` LEGACY gives the meaning of FastDateFormat."""
    found: dict[str, str] = json.loads(options[0].as_py()) if len(options) else {}
    if context.query.time_parser_policy == "LEGACY":
        for name in ("dateformat", "timestampformat"):
            if name in found:
                raise Unsupported(f"the option {name} with spark.sql.legacy.timeParserPolicy LEGACY")
    return found


def is_set(options: Mapping[str, str], name: str, default: bool = False) -> bool:
    """An option that is true or false."""
    return options.get(name, str(default)).lower() == "true"


def schema_of(given: Expression) -> DataType:
    """The type that the schema argument names, all of it nullable. Raises INVALID_SCHEMA."""
    if not isinstance(given, Literal) or not isinstance(given.value, str):
        raise AnalysisError("INVALID_SCHEMA.NON_STRING_LITERAL", {"inputSchema": shown(given)})
    return _as_nullable(parse_schema(given.value))


def struct_of(given: Expression) -> StructType:
    """As `schema_of`, which must be a struct."""
    found = schema_of(given)
    if not isinstance(found, StructType):
        parameters = {"inputSchema": shown(given), "dataType": shown_type(found)}
        raise AnalysisError("INVALID_SCHEMA.NON_STRUCT_TYPE", parameters)
    return found


def _as_nullable(kind: DataType) -> DataType:
    match kind:
        case StructType(fields):
            return StructType(tuple(StructField(f.name, _as_nullable(f.dataType), True, f.comment) for f in fields))
        case ArrayType(element, _):
            return ArrayType(_as_nullable(element), True)
        case MapType(key, value, _):
            return MapType(key, _as_nullable(value), True)
    return kind
