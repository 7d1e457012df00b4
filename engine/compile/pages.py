"""Code that decodes the pages of Parquet column chunks.

    chunk ──▶ page_header ──▶ snappy ──▶ levels ──▶ codes ──▶ the dictionary's values, or the codes, as wide as asked for
                 └──▶ no row is wanted: skipped        └──▶ plain numbers, narrowed, or texts

It knows what nearly all chunks are made of, and says so (a status that is not 0) where it meets anything else, or a file
that is corrupt: pyarrow then reads the chunk, or finds out what is wrong with it. No byte of a file is believed: sizes and
places are held against what there is before they are used. Sources must be followed by PADDING bytes that may be read,
targets by as many that may be written.
"""

from __future__ import annotations

from engine.compile.bit_packing import codes, placing, varint
from engine.compile.ir import Function, Label, module_text
from engine.compile.levels import levels, spread_texts, spreading
from engine.compile.snappy import snappy
from engine.compile.ssa import SIZES, Value, Variable
from engine.compile.text_pages import place_texts, plain_texts, skip_texts

PADDING = 64
FIELDS = 80
"""How many words `page_header` fills: field f of the header at f, field g of its struct f at 8 * f + g; -1 for none."""
BOUNDS = FIELDS
"""The place after them of two words with the least and the greatest number of a chunk."""
RANGES, LEVELS, SPREAD, STORED, UNPACKED, ROOM = range(BOUNDS + 2, BOUNDS + 8)
"""Words that are given: where the wanted rows are, as pairs of first and one past the last, in order, to an end of two
greatest numbers; where a byte for each row is, or null if all must have a value; the function that moves values to their
rows; how many bytes a number has that is stored with its highest byte first; where pages of the codec ELSEWHERE are, and how
many bytes."""
SKIPPED, NULLS, CURSOR = range(BOUNDS + 8, BOUNDS + 11)
"""Words that count pages that were left out, and rows without a value; and how much of ROOM is used."""
WORDS = BOUNDS + 11
WIDE = 3
"""The status where a number needs more bits than it was to have."""

PLAIN, SNAPPY, ELSEWHERE = 0, 1, 99
"""Codecs, by Parquet's numbers; the last is that of pages that a library has unpacked, one after another."""
_DICTIONARY_PAGE = 2
_MOST_OF_PAGE = 1 << 32
"""Bytes of a page: more cannot be said, and sums of less do not overflow."""


def module() -> tuple[str, list[str]]:
    """The text of one module with all of this, and the names of its functions."""
    widths = ("i8", "i16", "i32", "i64")
    functions = [snappy(), page_header(), chunk(), numbers(), plain_texts(), place_texts()]
    functions += [placing(width, True) for width in widths] + [placing(width, False) for width in widths[:3]]
    functions += [narrowing("i32", width) for width in widths[:3]] + [narrowing("i64", width) for width in widths]
    functions += [narrowing(None, width) for width in widths]
    functions += [spreading(width) for width in widths] + [spread_texts()]
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
    """Decodes all data pages of a chunk of `rows` values that have rows among those wanted. `optional` is 1 where pages have
    levels, `scratch` has `room` bytes for a page, `block` room for codes, `fields` is for headers and has the words above.
    Codes of `entries` values in `dictionary` are placed in `target` by the function `place`, plain values by `narrow`, both
    as numbers of `width` bytes, 0 for texts. Gives 0 if all is as expected; a status that `place` or `narrow` gives is passed
    on."""
    numbers = ("size", "rows", "optional", "codec", "room", "entries", "width")
    places = ("source", "scratch", "fields", "block", "dictionary", "place", "narrow", "target")
    f = Function("chunk", [(name, "ptr") for name in places] + [(name, "i64") for name in numbers])
    f.attributes += " noinline"
    place, filled = f.variable("i64", 0), f.variable("i64", 0)
    size, rows, other = f.argument("size"), f.argument("rows"), f.label("other")
    fields = f.argument("fields")
    wanted = f.variable("ptr", fields.load("ptr", RANGES))
    with f.forever() as done:
        with f.forever() as reached:
            f.leave_if(wanted.get().load("i64", 1) > filled.get(), reached)
            wanted.set(wanted.get().at(16))
        f.leave_if((filled.get() >= rows) | (wanted.get().load("i64") >= rows), done)
        length = f.helped(page_header(), f.argument("source").at(place.get()), size - place.get(), fields)
        f.leave_if(length < 0, other)
        place.add(length)
        kind, unpacked, packed = (fields.load("i64", slot) for slot in (1, 2, 3))
        f.leave_if((packed < 0) | ~unpacked.below(_MOST_OF_PAGE) | (packed > size - place.get()), other)
        f.leave_if(fields.load("i64", 4) != -1, other)  # a checksum, which pyarrow looks at
        with f.when(kind != _DICTIONARY_PAGE):
            _page(f, f.argument("source").at(place.get()), wanted.get(), filled, other)
        place.add(packed)
        fields.store(fields.load("i64", CURSOR) + unpacked, CURSOR)
    f.give(0)
    f.place(other)
    f.give(2)
    return f


def _page(f: Function, page: Value, wanted: Value, filled: Variable, other: Label) -> None:
    """Decodes a data page, or skips it if no row of it is wanted."""
    fields = f.argument("fields")
    kind = fields.load("i64", 1)
    f.leave_if((kind != 0) & (kind != 3), other)
    count, encoding = (f.select(kind == 0, fields.load("i64", v1), fields.load("i64", v2)) for v1, v2 in _HEADERS)
    f.leave_if((count < 0) | (count > f.argument("rows") - filled.get()), other)

    def skip() -> None:
        fields.store(fields.load("i64", SKIPPED) + 1, SKIPPED)
        with f.when(f.argument("width") == 0):
            skip_texts(f.argument("target"), count)

    f.either(
        wanted.load("i64") < filled.get() + count,
        lambda: _data_page(f, page, count, encoding, filled.get(), other),
        skip,
    )
    filled.add(count)


def _data_page(f: Function, page: Value, count: Value, encoding: Value, row: Value, other: Label) -> None:
    """A page of the first version, whose levels are packed with its values, or of the second, from row `row` on."""
    fields = f.argument("fields")
    packed, unpacked = fields.load("i64", 3), fields.load("i64", 2)
    first, optional = fields.load("i64", 1) == 0, f.argument("optional") == 1
    levels_size, is_packed = f.variable("i64", 0), f.variable("i64", f.argument("codec"))
    with f.when(~first):
        definition, repetition, compressed = (fields.load("i64", slot) for slot in (69, 70, 71))
        f.leave_if((repetition > 0) | (definition < 0) | (definition > f.minimum(packed, unpacked)), other)
        levels_size.set(definition)
        is_packed.set(f.select(compressed == 0, f.integer("i64", PLAIN), f.argument("codec")))
    skipped = levels_size.get()
    size = unpacked - skipped
    data = unpacked_page(f, page.at(skipped), packed - skipped, size, is_packed.get(), skipped, other)
    start, present = f.variable("i64", 0), f.variable("i64", count)
    with f.when(first & optional):
        f.leave_if(size < 4, other)
        length = data.load("i32", align=1).unsigned("i64")
        f.leave_if(length > size - 4, other)
        present.set(_levels(f, data.at(4), length, count, row, other))
        start.set(length + 4)
    with f.when(~first & optional & (skipped > 0)):
        present.set(_levels(f, page, skipped, count, row, other))
    target = f.argument("target").at(row * f.argument("width"))
    values, left = data.at(start.get()), size - start.get()
    with f.when(present.get() > 0):
        f.either(
            (encoding == 8) | (encoding == 2),
            lambda: _coded(f, values, left, present.get(), target, other),
            lambda: _plain(f, values, left, present.get(), target, encoding, other),
        )
    with f.when(present.get() < count):
        fields.store(fields.load("i64", NULLS) + (count - present.get()), NULLS)
        given = target, count, present.get(), fields.load("ptr", LEVELS).at(row)
        _pass_on(f, f.call_pointer(fields.load("ptr", SPREAD), "i64", *given))


_HEADERS = ((41, 65), (42, 68))
"""Where number and encoding of a page's values are, by version."""


def _levels(f: Function, source: Value, size: Value, count: Value, row: Value, other: Label) -> Value:
    """How many of `count` rows from `row` on have a value, by their levels."""
    target = f.argument("fields").load("ptr", LEVELS)
    place = f.select(target == f.null(), target, target.at(row))
    present = f.helped(levels(), source, size, count, place)
    f.leave_if((present < 0) | ((present < count) & (target == f.null())), other)
    return present


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


def unpacked_page(
    f: Function, page: Value, packed: Value, unpacked: Value, codec: Value, skipped: Value | int, other: Label
) -> Value:
    """Where the bytes of a page are once they are unpacked, without the first that are `skipped`."""
    data, fields = f.variable("ptr"), f.argument("fields")

    def unpack() -> None:
        data.set(f.argument("scratch"))
        f.leave_if(unpacked > f.argument("room"), other)
        f.leave_if(f.helped(snappy(), page, packed, f.argument("scratch"), unpacked) != 0, other)

    def as_it_is() -> None:
        data.set(page)
        f.leave_if(packed != unpacked, other)

    def elsewhere() -> None:
        start = fields.load("i64", CURSOR) + skipped
        f.leave_if(unpacked > fields.load("i64", ROOM) - start, other)
        data.set(fields.load("ptr", UNPACKED).at(start))

    f.either(codec == SNAPPY, unpack, lambda: f.either(codec == PLAIN, as_it_is, elsewhere))
    return data.get()


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
        f.leave_if(count * f.argument("width") > f.argument("room"), other)
        data = unpacked_page(f, source.at(head), packed, unpacked, f.argument("codec"), 0, other)
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


def narrowing(stored: str | None, width: str) -> Function:
    """Writes `count` numbers as narrower ones, and widens the bounds in `fields` so that they are within. `stored` is None for
    numbers of as many bytes as the word STORED says, at most 8, the highest first."""
    arguments = [("source", "ptr"), ("size", "i64"), ("count", "i64"), ("target", "ptr"), ("fields", "ptr")]
    f = Function(f"narrow_{stored or 'be'}_{width}", arguments)
    wide, fields = stored or "i64", f.argument("fields")
    size = f.integer("i64", SIZES[wide]) if stored else fields.load("i64", STORED)
    with f.when(f.argument("size") != f.argument("count") * size):
        f.give(2)
    low = f.variable(wide, (1 << SIZES[wide] * 8 - 1) - 1)
    high = f.variable(wide, -(1 << SIZES[wide] * 8 - 1))
    with f.loop(0, f.argument("count")) as row:
        value = f.argument("source").at(row * size).load(wide, align=1)
        if stored is None:
            value = f.intrinsic("llvm.bswap.i64", "i64", value).arithmetic_shift(64 - (size << 3))
        low.set(f.select(value < low.get(), value, low.get()))
        high.set(f.select(value > high.get(), value, high.get()))
        f.argument("target").store(value.signed(width), row)
    least, most = (fields.load("i64", BOUNDS + place) for place in (0, 1))
    for place, before, found in ((0, least, low.get().signed("i64")), (1, most, high.get().signed("i64"))):
        better = found < before if place == 0 else found > before
        fields.store(f.select(better, found, before), BOUNDS + place)
    f.give(0)
    return f
