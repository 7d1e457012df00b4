"""The column chunks of a Parquet footer, read from its bytes.

pyarrow ends the process for some forged footers when it is asked about a column chunk (a C++ exception that nothing
catches), and footers are looked into by the driver, which must live. So sizes and statistics are read here: whatever is
wrong with them raises ValueError. Format: Thrift's compact protocol over the structures of parquet.thrift.
"""

from __future__ import annotations

from typing import Any

from engine.records import dataclass

BOOL_TRUE, BOOL_FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
MAX_DEPTH = 20

Spec = dict[int, Any]
"""The fields to keep, by number: None for a plain value, a Spec for a struct, [Spec] for a list of structs."""

_STATISTICS: Spec = {1: None, 2: None, 3: None, 5: None, 6: None, 7: None, 8: None}
_PAGES: Spec = {1: None, 2: None}
_INDEX = (4, 5, 6, 7)
_CHUNK: Spec = {
    1: None,
    **dict.fromkeys(_INDEX),
    3: {1: None, **dict.fromkeys((4, 5, 6, 7, 9, 11)), 12: _STATISTICS, 13: [_PAGES]},
}
_FOOTER: Spec = {4: [{1: [_CHUNK]}]}


@dataclass(frozen=True)
class Chunk:
    """A column chunk: `type` is Parquet's physical type by number; `size` is in bytes, uncompressed.

    `least` and `most` are encoded as plain values, None where they are not stated or their order is not sure; `exact`
    unless they are said to be truncated. `dictionary_coded`: the footer says that every page of values is.
    `codec` is Parquet's number; `values` values are in `length` bytes from `start` on, -1 where that is not in this file.
    `index` is where the offset and the column index are, each with its length; none of it where one is not there.
    """

    type: int
    size: int
    has_dictionary: bool
    nulls: int | None
    least: bytes | None
    most: bytes | None
    exact: bool
    dictionary_coded: bool
    codec: int
    values: int
    start: int
    length: int
    index: tuple[int, int, int, int] | None


def column_chunks(footer: bytes) -> list[list[Chunk]]:
    """The column chunks of each row group, in the order of the leaves of the schema. Raises ValueError if `footer`
    (without length and magic) is not well formed."""
    try:
        found, _ = _struct(footer, 0, _FOOTER, 0)
        return [[_chunk(each) for each in group.get(1, ())] for group in found.get(4, ())]
    except (IndexError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"malformed footer: {error}") from error


def _chunk(found: dict[int, Any]) -> Chunk:
    data = found[3]
    statistics = data.get(12, {})
    least, most = statistics.get(6), statistics.get(5)
    if least is None and most is None and data[1] in _SIGNED:
        least, most = statistics.get(2), statistics.get(1)  # the old fields, whose order is right for these types only
    exact = statistics.get(7, True) and statistics.get(8, True)
    pages = [page.get(2) for page in data.get(13, ()) if page.get(1) in _VALUE_PAGES]
    coded = bool(pages) and all(encoding in _DICTIONARY_CODES for encoding in pages)
    start = data.get(11) or data.get(9, -1)
    place = (data.get(4, -1), data.get(5, -1), -1 if 1 in found else start, data.get(7, -1))
    known = all(number in found for number in _INDEX) and 1 not in found
    index = (found[4], found[5], found[6], found[7]) if known else None
    return Chunk(
        data[1], max(0, data.get(6, 0)), 11 in data, statistics.get(3), least, most, exact, coded, *place, index
    )


_VALUE_PAGES = (0, 3)
"""DATA_PAGE and DATA_PAGE_V2."""
_DICTIONARY_CODES = (2, 8)
"""PLAIN_DICTIONARY and RLE_DICTIONARY."""
_SIGNED = (0, 1, 2, 4, 5)
"""BOOLEAN, INT32, INT64, FLOAT, DOUBLE."""


def _struct(data: bytes, place: int, spec: Spec, depth: int) -> tuple[dict[int, Any], int]:
    """The fields of `spec`. Numbers and short texts are read here and not by calls: a large file has 100,000 of them."""
    found: dict[int, Any] = {}
    number = 0
    while True:
        head = data[place]
        place += 1
        if head == 0:
            return found, place
        kind = head & 15
        if head > 15:
            number += head >> 4
        else:
            number, place = signed(data, place)
        if number in spec:
            found[number], place = _value(data, place, kind, spec[number], depth)
        elif I32 <= kind <= I64:
            while data[place] > 127:
                place += 1
            place += 1
        elif kind == BINARY and data[place] < 128:
            place += data[place] + 1
        else:
            place = skip(data, place, kind, depth)


def _value(data: bytes, place: int, kind: int, spec: Any, depth: int) -> tuple[Any, int]:
    if spec is None and (I32 <= kind <= I64):
        return signed(data, place)
    if kind == STRUCT and isinstance(spec, dict):
        return _struct(data, place, spec, depth + 1)
    if kind == LIST and isinstance(spec, list):
        count, element, place = list_head(data, place)
        items = []
        if element != STRUCT and count:
            raise ValueError("malformed footer: a list of something else")
        for _ in range(count):
            item, place = _struct(data, place, spec[0], depth + 1)
            items.append(item)
        return items, place
    if spec is not None:
        raise ValueError("malformed footer: a field of another type")
    if kind in (BOOL_TRUE, BOOL_FALSE):
        return kind == BOOL_TRUE, place
    if kind in (I16, I32, I64):
        return signed(data, place)
    if kind == BINARY:
        length, place = unsigned(data, place)
        if place + length > len(data):
            raise ValueError("malformed footer: a text beyond the end")
        return data[place : place + length], place + length
    raise ValueError("malformed footer: a field of another type")


def skip(data: bytes, place: int, kind: int, depth: int) -> int:
    if kind in (I16, I32, I64):
        while data[place] > 127:
            place += 1
        return place + 1
    if kind == BINARY:
        length, place = unsigned(data, place)
        return place + length
    if kind in (BOOL_TRUE, BOOL_FALSE):
        return place
    if kind == BYTE:
        return place + 1
    if kind == DOUBLE:
        return place + 8
    if depth > MAX_DEPTH:
        raise ValueError("malformed footer: nested too deep")
    if kind == STRUCT:
        return _struct(data, place, {}, depth + 1)[1]
    if kind in (LIST, SET):
        return _skip_list(data, place, depth)
    if kind == MAP:
        return _skip_map(data, place, depth)
    raise ValueError("malformed footer: no such type")


def _skip_list(data: bytes, place: int, depth: int) -> int:
    count, element, place = list_head(data, place)
    for _ in range(count):
        place = _skip_item(data, place, element, depth)
    return place


def _skip_map(data: bytes, place: int, depth: int) -> int:
    count, place = unsigned(data, place)
    if count:
        kinds = data[place]
        place += 1
        for _ in range(count):
            place = _skip_item(data, place, kinds >> 4, depth)
            place = _skip_item(data, place, kinds & 15, depth)
    return place


def _skip_item(data: bytes, place: int, kind: int, depth: int) -> int:
    """An item takes a byte at least, so that no count, however large, is believed for long."""
    # in a list or map a boolean takes a byte, in a struct it is part of the head
    place = place + 1 if kind in (BOOL_TRUE, BOOL_FALSE) else skip(data, place, kind, depth + 1)
    if place > len(data):
        raise ValueError("malformed footer: an item beyond the end")
    return place


def list_head(data: bytes, place: int) -> tuple[int, int, int]:
    head = data[place]
    place += 1
    count = head >> 4
    if count == 15:
        count, place = unsigned(data, place)
    if count > len(data):
        raise ValueError("malformed footer: a list beyond the end")
    return count, head & 15, place


def unsigned(data: bytes, place: int) -> tuple[int, int]:
    """A number in groups of seven bits at `place`, and where it ends."""
    byte = data[place]
    place += 1
    if byte < 128:
        return byte, place
    found, shift = byte & 127, 7
    while True:
        byte = data[place]
        place += 1
        found |= (byte & 127) << shift
        if byte < 128:
            return found, place
        shift += 7
        if shift > 63:
            raise ValueError("malformed footer: a number without end")


def signed(data: bytes, place: int) -> tuple[int, int]:
    number = data[place]
    place += 1
    if number > 127:
        number, place = unsigned(data, place - 1)
    return (number >> 1) ^ -(number & 1), place
