"""The page index of a Parquet column chunk: which rows each of its pages has, and between which values they are.

It lies outside of the footer, as two structures of Thrift's compact protocol, and is read only by scans that may skip pages.
Like a footer it may lie, or be forged: what is not as it must be counts as unknown.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.sources.thrift import LIST, list_head, signed, skip, unsigned

_BINARY, _I64, _BOOLEANS = 8, 6, (1, 2)
_MOST_PAGES = 1 << 16


class PageStatistics(NamedTuple):
    """Rows from `start` to before `stop` of a row group. `least` and `most` are plainly encoded, None where there are none;
    `nulls` is None where it is not said."""

    start: int
    stop: int
    least: bytes | None
    most: bytes | None
    nulls: int | None


def page_statistics(column_index: bytes, offset_index: bytes, rows: int) -> list[PageStatistics]:
    """Of all pages of a chunk of `rows` rows, in order. Raises ValueError if the index is not well formed."""
    try:
        starts = _first_rows(offset_index)
        lists = _lists(column_index)
    except (IndexError, TypeError) as error:
        raise ValueError(f"malformed page index: {error}") from error
    empty, least, most, nulls = (lists.get(number) for number in (1, 2, 3, 5))
    stops = [*starts[1:], rows]
    if not starts or starts[0] != 0 or any(start >= stop for start, stop in zip(starts, stops, strict=True)):
        raise ValueError("malformed page index: rows out of order")
    if any(each is None or len(each) != len(starts) for each in (empty, least, most)):
        raise ValueError("malformed page index: not as many values as pages")
    if nulls is None or len(nulls) != len(starts):
        nulls = [None] * len(starts)
    pages = zip(starts, stops, empty or (), least or (), most or (), nulls, strict=True)
    return [
        PageStatistics(start, stop, None, None, stop - start)
        if is_empty
        else PageStatistics(start, stop, low, high, count)
        for start, stop, is_empty, low, high, count in pages
    ]


def _first_rows(data: bytes) -> list[int]:
    """Field 1 of an OffsetIndex: of each page, as a struct, its field 3."""
    number, kind, place = _head(data, 0, 0)
    if number != 1 or kind != LIST:
        raise ValueError("malformed page index: no pages")
    count, _, place = list_head(data, place)
    if count > _MOST_PAGES:
        raise ValueError("malformed page index: too many pages")
    found = []
    for _ in range(count):
        number, row = 0, -1
        while data[place]:
            number, kind, place = _head(data, place, number)
            if number == 3 and kind == _I64:
                row, place = signed(data, place)
            else:
                place = skip(data, place, kind, 1)
        place += 1
        found.append(row)
    return found


def _lists(data: bytes) -> dict[int, list[Any]]:
    """The lists of truths, texts and numbers of a ColumnIndex, by the numbers of their fields."""
    found: dict[int, list[Any]] = {}
    number = place = 0
    while data[place]:
        number, kind, place = _head(data, place, number)
        if kind != LIST:
            place = skip(data, place, kind, 0)
            continue
        count, element, place = list_head(data, place)
        found[number] = items = []
        for _ in range(count):
            item, place = _item(data, place, element)
            items.append(item)
    return found


def _item(data: bytes, place: int, kind: int) -> tuple[Any, int]:
    if kind in _BOOLEANS:
        return data[place] == 1, place + 1
    if kind == _I64:
        return signed(data, place)
    if kind != _BINARY:
        raise ValueError("malformed page index: a list of something else")
    length, place = unsigned(data, place)
    if place + length > len(data):
        raise ValueError("malformed page index: a value beyond the end")
    return data[place : place + length], place + length


def _head(data: bytes, place: int, before: int) -> tuple[int, int, int]:
    """Number and kind of a field, and where its value begins."""
    head = data[place]
    if head > 15:
        return before + (head >> 4), head & 15, place + 1
    number, place = signed(data, place + 1)
    return number, head & 15, place
