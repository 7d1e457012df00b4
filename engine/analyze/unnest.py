"""UNNEST: a relation of the elements of arrays, or of the entries of a map, as the SQL standard, Trino and DuckDB have it.

Several arrays stand side by side, the shorter ones with nulls; WITH ORDINALITY numbers the rows from 1, WITH OFFSET from 0. A
null array has no elements. An element that is a struct stays one column, as in DuckDB. Spark's explode() keeps its own meaning.
"""

from __future__ import annotations

from engine.analyze.coerce import wrong_input
from engine.analyze.expressions import Resolver
from engine.errors import Unsupported
from engine.expressions.base import Attribute, Expression, Literal
from engine.expressions.calls import Call
from engine.logical import unresolved as un
from engine.logical.plan import Generate, OneRow
from engine.types import INT, LONG, ArrayType, MapType, StructField, StructType


def unnested(node: un.UnresolvedUnnest, resolver: Resolver) -> Generate:
    """The rows of UNNEST, whose arguments `resolver` resolves."""
    arguments = resolver.all(node.arguments)
    fields = _fields(node, arguments)
    if node.counted:
        fields.append(StructField(node.counted.lower(), LONG, False))
        first = Literal(int(node.counted == "ORDINALITY"), INT)
        call = Call("unnest_counted", (first, *arguments), StructType(tuple(fields)), False)
    else:
        call = Call("unnest_rows", arguments, StructType(tuple(fields)), False)
    columns = tuple(Attribute(f.name, f.dataType, f.nullable) for f in fields)
    return Generate(call.at(node.origin), False, columns, OneRow()).at(node.origin)


def _fields(node: un.UnresolvedUnnest, arguments: tuple[Expression, ...]) -> list[StructField]:
    fields = []
    for number, argument in enumerate(arguments):
        match argument.dataType:
            case ArrayType(element, contains_null):
                fields.append(StructField("unnest", element, contains_null or len(arguments) > 1))
            case MapType(key, value, contains_null) if len(arguments) == 1:
                fields += [StructField("key", key, False), StructField("value", value, contains_null)]
            case MapType():
                raise Unsupported("UNNEST of a map beside other arguments", node.arguments[number].origin)
            case _:
                call = Call("unnest", arguments, StructType(()), False).at(node.origin)
                raise wrong_input(call, number, '("ARRAY" or "MAP")', argument)
    return fields
