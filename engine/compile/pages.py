"""Code that decodes the pages of Parquet column chunks.

    chunk ──▶ page_header ──▶ snappy ──▶ codes ──▶ the dictionary's values, or the codes, in the width that is asked for
                                └──▶ plain numbers, narrowed, or texts

It knows what nearly all chunks are made of, and says so (a status that is not 0) where it meets anything else, or a file
that is corrupt: pyarrow then reads the chunk, or finds out what is wrong with it. No byte of a file is believed: sizes and
places are held against what there is before they are used. Sources must be followed by PADDING bytes that may be read,
targets by as many that may be written.
"""

from __future__ import annotations

from engine.compile.bit_packing import codes, placing, varint
from engine.compile.ir import Function, Label, module_text
from engine.compile.snappy import snappy
from engine.compile.ssa import SIZES, Value, Variable
from engine.compile.text_pages import place_texts, plain_texts

PADDING = 64
FIELDS = 80
"""How many words `page_header` fills: field f of the header at f, field g of its struct f at 8 * f + g; -1 for none."""
BOUNDS = FIELDS
"""The place after them of two words with the least and the greatest number of a chunk."""
WIDE = 3
"""The status where a number needs more bits than it was to have."""

PLAIN, SNAPPY = 0, 1
"""Codecs, by Parquet's numbers."""
_DICTIONARY_PAGE = 2


def module() -> tuple[str, list[str]]:
    """The text of one module with all of this, and the names of its functions."""
    widths = ("i8", "i16", "i32", "i64")
    functions = [snappy(), page_header(), chunk(), numbers(), plain_texts(), place_texts()]
    functions += [placing(width, True) for width in widths] + [placing(width, False) for width in widths[:3]]
    functions += [narrowing("i32", width) for width in widths[:3]] + [narrowing("i64", width) for width in widths]
    return module_text(functions), [each.name for each in functions]


def page_header() -> Function:
    """Reads the header at the beginning of `source` into `fields` (FIELDS words); gives its length, or -1 for one that is
    not well formed or holds what page headers do not."""
    f = Function("page_header", [("source", "ptr"), ("size", "i64"), ("fields", "ptr")])
    f.attributes += " noinline"
    place, depth = f.variable("i64", 0), f.variable("i64", 0)
    outer, inner = f.variable("i64", 0), f.variable("i64", 0)
    source, size, bad = f.argument("source"), f.argument("size"), f.label("bad")
    with f.loop(0, FIELDS) as field:
        f.argument("fields").store(f.integer("i64", -1), field)
    with f.forever() as done:
        f.leave_if(place.get() >= size, bad)
        head = source.load("i8", place.get()).unsigned("i64")
        place.add(1)
        again = f.label("next")
        with f.when(head == 0):
            f.leave_if(depth.get() == 0, done)
            depth.add(-1)
            f.jump(again)
        kind, step = head & 15, head >> 4
        f.leave_if(step == 0, bad)
        f.either(
            depth.get() == 0,
            lambda: outer.add(step),
            lambda: inner.set(f.select(depth.get() == 1, inner.get() + step, inner.get())),
        )
        f.leave_if(outer.get() > 9, bad)
        slot = f.select(depth.get() == 0, outer.get(), outer.get() * 8 + inner.get())
        store = (depth.get() < 2) & (inner.get() < 8) & (slot < FIELDS)
        _header_field(f, kind, place, depth, inner, slot, store, bad)
        f.place(again)
    f.give(place.get())
    f.place(bad)
    f.give(-1)
    return f


def _header_field(
    f: Function, kind: Value, place: Variable, depth: Variable, inner: Variable, slot: Value, store: Value, bad: Label
) -> None:
    source, size, end = f.argument("source"), f.argument("size"), f.label("field")

    def keep(value: Value) -> None:
        with f.when(store):
            f.argument("fields").store(value, slot)

    with f.when((kind == 1) | (kind == 2)):
        keep((kind == 1).unsigned("i64"))
        f.jump(end)
    with f.when((kind >= 4) & (kind <= 6)):
        number = varint(f, source, size, place, bad)
        keep((number >> 1) ^ (0 - (number & 1)))
        f.jump(end)
    with f.when(kind == 8):
        length = varint(f, source, size, place, bad)
        f.leave_if(~length.below(size), bad)
        place.add(length)
        f.jump(end)
    with f.when(kind == 12):
        with f.when(depth.get() == 0):
            inner.set(0)
        depth.add(1)
        f.leave_if(depth.get() > 8, bad)
        f.jump(end)
    f.leave_if((kind != 3) & (kind != 7), bad)
    place.add(f.select(kind == 3, f.integer("i64", 1), f.integer("i64", 8)))
    f.place(end)


def chunk() -> Function:
    """Decodes all data pages of a chunk of `rows` values, none of them null. `optional` is 1 where the pages tell which values
    are null, `scratch` has `room` bytes for a page, `block` room for codes, `fields` is for headers. Codes of `entries` values
    in `dictionary` are placed in `target` by the function `place`, plain values by `narrow`, both as numbers of
    `width` bytes. Gives 0 if all is as expected; a status that `place` or `narrow` gives is passed on."""
    numbers = ("size", "rows", "optional", "codec", "room", "entries", "width")
    places = ("source", "scratch", "fields", "block", "dictionary", "place", "narrow", "target")
    f = Function("chunk", [(name, "ptr") for name in places] + [(name, "i64") for name in numbers])
    f.attributes += " noinline"
    place, filled = f.variable("i64", 0), f.variable("i64", 0)
    size, rows, other = f.argument("size"), f.argument("rows"), f.label("other")
    fields = f.argument("fields")
    with f.forever() as done:
        f.leave_if(filled.get() >= rows, done)
        length = f.helped(page_header(), f.argument("source").at(place.get()), size - place.get(), fields)
        f.leave_if(length < 0, other)
        place.add(length)
        kind, unpacked, packed = (fields.load("i64", slot) for slot in (1, 2, 3))
        f.leave_if((packed < 0) | (unpacked < 0) | (packed > size - place.get()), other)
        f.leave_if(fields.load("i64", 4) != -1, other)  # a checksum, which pyarrow looks at
        with f.when(kind != _DICTIONARY_PAGE):
            _data_page(f, f.argument("source").at(place.get()), packed, unpacked, filled, other)
        place.add(packed)
    f.give(0)
    f.place(other)
    f.give(2)
    return f


def _data_page(f: Function, page: Value, packed: Value, unpacked: Value, filled: Variable, other: Label) -> None:
    """A page of the first version, whose levels are packed with its values, or of the second."""
    fields = f.argument("fields")
    kind, first = fields.load("i64", 1), fields.load("i64", 1) == 0
    f.leave_if((kind != 0) & (kind != 3), other)
    count, encoding = (f.select(first, fields.load("i64", one), fields.load("i64", two)) for one, two in _HEADERS)
    f.leave_if((count < 0) | (count > f.argument("rows") - filled.get()), other)
    levels, is_packed = f.variable("i64", 0), f.variable("i64", f.argument("codec"))
    with f.when(~first):
        nulls, definition, repetition, compressed = (fields.load("i64", slot) for slot in (66, 69, 70, 71))
        f.leave_if(
            (nulls != 0) | (repetition > 0) | (definition < 0) | (definition > f.minimum(packed, unpacked)), other
        )
        levels.set(definition)
        is_packed.set(f.select(compressed == 0, f.integer("i64", PLAIN), f.argument("codec")))
    size = unpacked - levels.get()
    data = unpacked_page(f, page.at(levels.get()), packed - levels.get(), size, is_packed.get(), other)
    start = f.variable("i64", 0)
    with f.when(first & (f.argument("optional") == 1)):
        start.set(_levels(f, data, size, count, other))
    target = f.argument("target").at(filled.get() * f.argument("width"))
    values, left = data.at(start.get()), size - start.get()
    f.either(
        (encoding == 8) | (encoding == 2),
        lambda: _coded(f, values, left, count, target, other),
        lambda: _plain(f, values, left, count, target, encoding, other),
    )
    filled.add(count)


_HEADERS = ((41, 65), (42, 68))
"""Where number and encoding of a page's values are, by version."""


def _coded(f: Function, values: Value, size: Value, count: Value, target: Value, other: Label) -> None:
    f.leave_if(size < 1, other)
    bits = values.load("i8").unsigned("i64")
    given = [f.argument(name) for name in ("block", "dictionary", "entries", "place")]
    _pass_on(f, f.helped(codes(), values.at(1), size - 1, bits, count, *given, target, f.argument("width")))


def _plain(f: Function, values: Value, size: Value, count: Value, target: Value, encoding: Value, other: Label) -> None:
    narrow = f.argument("narrow")
    f.leave_if((encoding != 0) | (narrow == f.null()), other)
    _pass_on(f, f.call_pointer(narrow, "i64", values, size, count, target, f.argument("fields")))


def _pass_on(f: Function, status: Value) -> None:
    with f.when(status != 0, False):
        f.give(status)


def unpacked_page(f: Function, page: Value, packed: Value, unpacked: Value, codec: Value, other: Label) -> Value:
    """Where the bytes of a page are once they are unpacked."""
    data = f.variable("ptr")

    def unpack() -> None:
        data.set(f.argument("scratch"))
        f.leave_if(unpacked > f.argument("room"), other)
        f.leave_if(f.helped(snappy(), page, packed, f.argument("scratch"), unpacked) != 0, other)

    def as_it_is() -> None:
        data.set(page)
        f.leave_if(packed != unpacked, other)

    f.either(codec == SNAPPY, unpack, as_it_is)
    return data.get()


def _levels(f: Function, data: Value, size: Value, count: Value, other: Label) -> Value:
    """Where the levels of a page end, which must say in one run that no value is null."""
    f.leave_if(size < 4, other)
    length = data.load("i32", align=1).unsigned("i64")
    f.leave_if(length > size - 4, other)
    place = f.variable("i64", 4)
    head = varint(f, data, size, place, other)
    f.leave_if(((head & 1) == 1) | ((head >> 1) < count) | (place.get() >= size), other)
    f.leave_if(data.load("i8", place.get()) != 1, other)
    return length + 4


def numbers() -> Function:
    """Decodes a chunk of numbers with all its pages, as `chunk` does; the dictionary is unpacked to `scratch`, and narrowed to
    `dictionary`, which has as much room. The words of `fields` at BOUNDS tell the least and the greatest number. Gives WIDE
    if they do not fit in `width` bytes."""
    numbers = ("size", "rows", "optional", "codec", "room", "width")
    places = ("source", "scratch", "fields", "block", "dictionary", "place", "narrow", "target")
    f = Function("numbers", [(name, "ptr") for name in places] + [(name, "i64") for name in numbers])
    source, size, fields = (f.argument(name) for name in ("source", "size", "fields"))
    other, entries = f.label("other"), f.variable("i64", 0)
    fields.store(f.integer("i64", (1 << 63) - 1), BOUNDS)
    fields.store(f.integer("i64", -(1 << 63)), BOUNDS + 1)
    head = f.helped(page_header(), source, size, fields)
    f.leave_if(head < 0, other)
    kind, unpacked, packed, checksum, count, encoding = (fields.load("i64", slot) for slot in (1, 2, 3, 4, 57, 58))
    with f.when(kind == _DICTIONARY_PAGE):
        f.leave_if((packed < 0) | (unpacked < 0) | (packed > size - head) | (checksum != -1), other)
        f.leave_if((encoding != 0) & (encoding != 2), other)
        f.leave_if((count < 0) | (count > unpacked) | (unpacked > f.argument("room")), other)
        data = unpacked_page(f, source.at(head), packed, unpacked, f.argument("codec"), other)
        _pass_on(
            f, f.call_pointer(f.argument("narrow"), "i64", data, unpacked, count, f.argument("dictionary"), fields)
        )
        entries.set(count)
    given = [f.argument(name) for name in places] + [f.argument(name) for name in numbers[:5]]
    _pass_on(f, f.helped(chunk(), *given, entries.get(), f.argument("width")))
    limit = f.integer("i64", 1) << (
        (f.argument("width") << 3) - 1
    )  # of 64 bits: the least number, which needs no check
    low, high = fields.load("i64", BOUNDS), fields.load("i64", BOUNDS + 1)
    inside = (limit < 0) | ((low >= 0 - limit) & (high < limit))
    f.give(f.select(inside, f.integer("i64", 0), f.integer("i64", WIDE)))
    f.place(other)
    f.give(2)
    return f


def narrowing(stored: str, width: str) -> Function:
    """Writes `count` numbers as narrower ones, and widens the bounds in `fields` so that they are within."""
    arguments = [("source", "ptr"), ("size", "i64"), ("count", "i64"), ("target", "ptr"), ("fields", "ptr")]
    f = Function(f"narrow_{stored}_{width}", arguments)
    with f.when(f.argument("size") != f.argument("count") * SIZES[stored]):
        f.give(2)
    low = f.variable(stored, (1 << SIZES[stored] * 8 - 1) - 1)
    high = f.variable(stored, -(1 << SIZES[stored] * 8 - 1))
    with f.loop(0, f.argument("count")) as row:
        value = f.argument("source").at(row, stored).load(stored, align=1)
        low.set(f.select(value < low.get(), value, low.get()))
        high.set(f.select(value > high.get(), value, high.get()))
        f.argument("target").store(value.signed(width), row)
    fields = f.argument("fields")
    least, most = (fields.load("i64", BOUNDS + place) for place in (0, 1))
    for place, before, found in ((0, least, low.get().signed("i64")), (1, most, high.get().signed("i64"))):
        better = found < before if place == 0 else found > before
        fields.store(f.select(better, found, before), BOUNDS + place)
    f.give(0)
    return f
