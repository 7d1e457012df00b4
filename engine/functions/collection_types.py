"""Which types functions of arrays and maps take: elements and keys that meet in one type, and what is said where they do not.

Strings are not promoted here, and numbers only to types that hold all their values, as Spark has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.errors import AnalysisError, quoted
from engine.expressions.sql import shown_type
from engine.functions.mismatch import mismatch
from engine.types import VOID, ArrayType, BinaryType, DataType, DecimalType, IntegralType, MapType, NullType, StringType
from engine.types.coercion import can_implicitly_cast, tightest_common_type
from engine.types.decimals import decimal_for, wider_decimal

Types = tuple[DataType, ...]
Coerce = Callable[[Types, bool], Sequence[DataType] | None]
Mismatch = Callable[[str, Types], AnalysisError | None]


def as_list(data_type: DataType) -> ArrayType | None:
    """An array type as it is, an untyped NULL as an array of it, None for other types."""
    if isinstance(data_type, NullType):
        return ArrayType(VOID)
    return data_type if isinstance(data_type, ArrayType) else None


def exact_type(left: DataType, right: DataType) -> DataType | None:
    """The one of two types that holds all values of both (`findTightestCommonType`); None if neither does."""
    met = tightest_common_type(left, right)
    if isinstance(met, DecimalType) and left != right:
        whole = [decimal_for(each) for each in (left, right) if isinstance(each, IntegralType)]
        if any(each is not None and wider_decimal(each, met) not in (left, right) for each in whole):
            return None
    return met


def list_and_element(types: Types, _ansi: bool) -> Sequence[DataType] | None:
    """(array, element): both meet in one element type; further arguments stay."""
    return _with_element(types, exact_type)


def list_and_wider_element(types: Types, _ansi: bool) -> Sequence[DataType] | None:
    """As `list_and_element`, where numbers meet in any type that is wide enough. Neither may be NULL."""
    return None if any(isinstance(each, NullType) for each in types) else _with_element(types, tightest_common_type)


def _with_element(types: Types, meet: Callable[[DataType, DataType], DataType | None]) -> Sequence[DataType] | None:
    listed = types[0]
    met = meet(listed.elementType, types[1]) if isinstance(listed, ArrayType) else None
    if not isinstance(listed, ArrayType) or met is None:
        return None
    return (ArrayType(met, listed.containsNull), met, *types[2:])


def no_element(name: str, types: Types) -> AnalysisError | None:
    """The error for an array and a value of another type."""
    if any(isinstance(each, NullType) for each in types) and name.lower() in ("array_contains",):
        return mismatch("NULL_TYPE", functionName=quoted(name))
    if not isinstance(types[0], ArrayType):
        return None
    return different("ARRAY_FUNCTION_DIFF_TYPES", name, "ARRAY", types[0], types[-1])


def different(condition: str, name: str, collection: str, left: DataType, right: DataType) -> AnalysisError:
    """The error for a collection and a value of another type."""
    return mismatch(
        condition,
        functionName=quoted(name),
        dataType=f'"{collection}"',
        leftType=shown_type(left),
        rightType=shown_type(right),
    )


def same_lists(types: Types, _ansi: bool) -> Sequence[DataType] | None:
    """Arrays whose elements meet in one type."""
    element: DataType | None = VOID
    contains_null = False
    for each in types:
        if not isinstance(each, ArrayType) or element is None:
            return None
        element = exact_type(element, each.elementType)
        contains_null = contains_null or each.containsNull
    return None if element is None else [ArrayType(element, contains_null)] * len(types)


def different_lists(name: str, types: Types) -> AnalysisError | None:
    """The error for two arrays of different types, or what is none."""
    left, right = types
    return mismatch(
        "BINARY_ARRAY_DIFF_TYPES",
        functionName=quoted(name),
        arrayType='"ARRAY"',
        leftType=shown_type(left),
        rightType=shown_type(right),
    )


def list_then(*rest: DataType) -> Coerce:
    """(array, then arguments of fixed types, of which the last may be left out)."""

    def coerce(types: Types, ansi: bool) -> Sequence[DataType] | None:
        listed = as_list(types[0])
        fits = all(can_implicitly_cast(given, wanted, ansi) for given, wanted in zip(types[1:], rest, strict=False))
        return (listed, *rest[: len(types) - 1]) if listed is not None and fits else None

    return coerce


def map_and_key(types: Types, _ansi: bool) -> Sequence[DataType] | None:
    """(map, key): both meet in one key type."""
    return _with_key(types, exact_type)


def map_and_wider_key(types: Types, _ansi: bool) -> Sequence[DataType] | None:
    """As `map_and_key`, where numbers meet in any type that is wide enough."""
    return _with_key(types, tightest_common_type)


def _with_key(types: Types, meet: Callable[[DataType, DataType], DataType | None]) -> Sequence[DataType] | None:
    given = types[0]
    if not isinstance(given, MapType) or isinstance(types[1], NullType):
        return None
    met = meet(given.keyType, types[1])
    return None if met is None else (MapType(met, given.valueType, given.valueContainsNull), met)


def no_key(name: str, types: Types) -> AnalysisError | None:
    """The error for a map and a key of another type."""
    if isinstance(types[1], NullType):
        return mismatch("NULL_TYPE", functionName=quoted(name))
    return different("MAP_FUNCTION_DIFF_TYPES", name, "MAP", *types)


def maps_in(data_type: DataType) -> bool:
    """Whether a type is a map or holds one, so that its values have no order and are not told apart."""
    return isinstance(data_type, MapType) or any(map(maps_in, data_type.children))


def comparable_list(types: Types, _ansi: bool) -> Sequence[DataType] | None:
    """An array of what can be compared, and then arguments as they are."""
    listed = as_list(types[0])
    return None if listed is None or maps_in(listed) else (listed, *types[1:])


def no_order(name: str, types: Types) -> AnalysisError | None:
    """The error for an array of what cannot be compared."""
    if not isinstance(types[0], ArrayType) or not maps_in(types[0]):
        return None
    kind = types[0] if name == "sort_array" else types[0].elementType
    return mismatch("INVALID_ORDERING_TYPE", functionName=quoted(name), dataType=shown_type(kind))


def is_text(data_type: DataType) -> bool:
    """Whether it is text, bytes or NULL."""
    return isinstance(data_type, StringType | BinaryType | NullType)
