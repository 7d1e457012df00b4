"""Code that decodes the pages of Parquet column chunks: Snappy, page headers, runs of dictionary codes, dictionaries of texts.

    chunk ──▶ page_header ──▶ snappy ──▶ codes ──▶ the dictionary's values, or the codes, in the width that is asked for

It knows what nearly all chunks are made of, and says so (a status that is not 0) where it meets anything else, or a file
that is corrupt: pyarrow then reads the chunk, or finds out what is wrong with it. No byte of a file is believed: sizes and
places are held against what there is before they are used. Sources must be followed by PADDING bytes that may be read,
targets by as many that may be written.
"""

from __future__ import annotations

from engine.compile.ir import Function, Label, module_text
from engine.compile.snappy import copy_bytes, snappy
from engine.compile.ssa import Value, Variable

PADDING = 64
FIELDS = 80
"""How many words `page_header` fills: field f of the header at f, field g of its struct f at 8 * f + g; -1 for none."""

PLAIN, SNAPPY = 0, 1
"""Codecs, by Parquet's numbers."""


def module() -> tuple[str, list[str]]:
    """The text of one module with all of this, and the names of its functions."""
    kinds = [("i8", True), ("i16", True), ("i32", True), ("i64", True), ("i8", False), ("i16", False), ("i32", False)]
    functions = [snappy(), page_header(), texts(), *(chunk(width, looked_up) for width, looked_up in kinds)]
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
        number = _varint(f, source, size, place, bad)
        keep((number >> 1) ^ (0 - (number & 1)))
        f.jump(end)
    with f.when(kind == 8):
        length = _varint(f, source, size, place, bad)
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


def _varint(f: Function, source: Value, size: Value, place: Variable, bad: Label) -> Value:
    """A number in groups of seven bits."""
    number, shift = f.variable("i64", 0), f.variable("i64", 0)
    with f.forever() as done:
        f.leave_if((place.get() >= size) | (shift.get() > 56), bad)
        byte = source.load("i8", place.get()).unsigned("i64")
        place.add(1)
        number.set(number.get() | ((byte & 127) << shift.get()))
        shift.add(7)
        f.leave_if(byte < 128, done)
    return number.get()


def codes(width: str, looked_up: bool) -> Function:
    """Unpacks `count` codes of `bits` bits from runs and packed groups into `target`, as `width` numbers: the codes, or the
    numbers they stand for in `dictionary`, of that width too. Gives 0; or a number, and then what was written means nothing."""
    arguments = [("source", "ptr"), ("size", "i64"), ("bits", "i64"), ("count", "i64")]
    arguments += [("dictionary", "ptr"), ("entries", "i64"), ("target", "ptr")]
    f = Function(f"codes_{width}_{looked_up:d}", arguments, internal=True)
    f.attributes += " noinline noimplicitfloat"  # vectors would gain nothing by gathering, and take long to compile
    writer = _CodeWriter(f, width, looked_up)
    with f.forever() as done:
        f.leave_if(writer.filled.get() >= f.argument("count"), done)
        head = _varint(f, f.argument("source"), f.argument("size"), writer.place, writer.bad)
        f.either((head & 1) == 1, lambda: writer.packed(head >> 1), lambda: writer.run(head >> 1))
    f.give(f.select(writer.highest.get() < f.argument("entries"), f.integer("i64", 0), f.integer("i64", 1)))
    f.place(writer.bad)
    f.give(2)
    return f


class _CodeWriter:
    """The parts of `codes`. A code that the dictionary does not have reads its last entry, and is noticed at the end."""

    def __init__(self, f: Function, width: str, looked_up: bool) -> None:
        self.bad = f.label("bad")
        self.place, self.filled, self.highest = (f.variable("i64", 0) for _ in range(3))
        self._f, self._width, self._looked_up = f, width, looked_up
        self._bits = f.argument("bits")
        f.leave_if(~self._bits.below(33) | (f.argument("entries") < 1), self.bad)
        self._mask = (f.integer("i64", 1) << self._bits) - 1
        self._last = f.argument("entries") - 1

    def packed(self, groups: Value) -> None:
        """Groups of eight codes side by side."""
        f, size = self._f, self._f.argument("size")
        length = groups * self._bits
        f.leave_if(~groups.below(size) | (self.place.get() + length > size), self.bad)
        start = self.filled.get()
        rows = f.minimum(groups << 3, f.argument("count") - start)
        base = f.argument("source").at(self.place.get())
        whole = rows & -8
        with f.loop(0, whole, 8) as group:
            eight = base.at((group >> 3) * self._bits)
            for each in range(8):
                self._put(self._code(eight, self._bits * each), start + group + each)
        with f.loop(whole, rows) as row:
            self._put(self._code(base, row * self._bits), start + row)
        self.place.add(length)
        self.filled.add(rows)

    def run(self, length: Value) -> None:
        """One code many times."""
        f = self._f
        used = (self._bits + 7) >> 3
        f.leave_if(self.place.get() + used > f.argument("size"), self.bad)
        start = self.filled.get()
        rows = f.minimum(length, f.argument("count") - start)
        same = self._value(f.argument("source").at(self.place.get()).load("i64", align=1) & self._mask)
        with f.loop(0, rows) as row:
            f.argument("target").store(same, start + row)
        self.place.add(used)
        self.filled.add(rows)

    def _code(self, base: Value, bit: Value) -> Value:
        return (base.at(bit >> 3).load("i64", align=1) >> (bit & 7)) & self._mask

    def _value(self, code: Value) -> Value:
        f = self._f
        self.highest.set(f.select(code > self.highest.get(), code, self.highest.get()))
        if self._looked_up:
            return f.argument("dictionary").load(self._width, f.minimum(code, self._last), fixed=True)
        return code.signed(self._width)

    def _put(self, code: Value, at: Value) -> None:
        self._f.argument("target").store(self._value(code), at)


def chunk(width: str, looked_up: bool) -> Function:
    """Decodes all data pages of a chunk of `rows` dictionary-coded values, none of them null, as `codes` does. `optional` is
    1 where the pages tell which values are null, `scratch` has `room` bytes for a page, `fields` is for headers. Gives 0 if
    all is as expected."""
    names = [("source", "ptr"), ("size", "i64"), ("rows", "i64"), ("optional", "i64"), ("codec", "i64")]
    names += [("scratch", "ptr"), ("room", "i64"), ("fields", "ptr")]
    names += [("dictionary", "ptr"), ("entries", "i64"), ("target", "ptr")]
    f = Function(f"chunk_{width}_{looked_up:d}", names)
    place, filled = f.variable("i64", 0), f.variable("i64", 0)
    size, rows, other = f.argument("size"), f.argument("rows"), f.label("other")
    fields = f.argument("fields")
    with f.forever() as done:
        f.leave_if(filled.get() >= rows, done)
        length = f.helped(page_header(), f.argument("source").at(place.get()), size - place.get(), fields)
        f.leave_if(length < 0, other)
        place.add(length)
        kind, unpacked, packed = (fields.load("i64", slot) for slot in (1, 2, 3))
        f.leave_if(
            (packed < 0) | (unpacked < 0) | (packed > size - place.get()) | (unpacked > f.argument("room")), other
        )
        f.leave_if(fields.load("i64", 4) != -1, other)  # a checksum, which pyarrow looks at
        with f.when(kind != 2):
            f.leave_if(kind != 0, other)
            _data_page(f, width, looked_up, f.argument("source").at(place.get()), packed, unpacked, filled, other)
        place.add(packed)
    f.give(f.select(filled.get() == rows, f.integer("i64", 0), f.integer("i64", 1)))
    f.place(other)
    f.give(2)
    return f


def _data_page(
    f: Function,
    width: str,
    looked_up: bool,
    page: Value,
    packed: Value,
    unpacked: Value,
    filled: Variable,
    other: Label,
) -> None:
    fields = f.argument("fields")
    count, encoding = fields.load("i64", 41), fields.load("i64", 42)
    f.leave_if((encoding != 8) & (encoding != 2), other)
    f.leave_if((count < 0) | (count > f.argument("rows") - filled.get()), other)
    data = _unpacked(f, page, packed, unpacked, other)
    start = f.variable("i64", 0)
    with f.when(f.argument("optional") == 1):
        start.set(_levels(f, data, unpacked, count, other))
    f.leave_if(start.get() >= unpacked, other)
    bits = data.load("i8", start.get()).unsigned("i64")
    rest = data.at(start.get() + 1), unpacked - start.get() - 1
    dictionary = f.argument("dictionary"), f.argument("entries")
    target = f.argument("target").at(filled.get(), width)
    f.leave_if(f.helped(codes(width, looked_up), *rest, bits, count, *dictionary, target) != 0, other)
    filled.add(count)


def _unpacked(f: Function, page: Value, packed: Value, unpacked: Value, other: Label) -> Value:
    """Where the bytes of a page are once they are unpacked."""
    data = f.variable("ptr")

    def unpack() -> None:
        data.set(f.argument("scratch"))
        f.leave_if(f.helped(snappy(), page, packed, f.argument("scratch"), unpacked) != 0, other)

    def as_it_is() -> None:
        data.set(page)
        f.leave_if(packed != unpacked, other)

    f.either(f.argument("codec") == SNAPPY, unpack, as_it_is)
    return data.get()


def _levels(f: Function, data: Value, size: Value, count: Value, other: Label) -> Value:
    """Where the levels of a page end, which must say in one run that no value is null."""
    f.leave_if(size < 4, other)
    length = data.load("i32", align=1).unsigned("i64")
    f.leave_if(length > size - 4, other)
    place = f.variable("i64", 4)
    head = _varint(f, data, size, place, other)
    f.leave_if(((head & 1) == 1) | ((head >> 1) < count) | (place.get() >= size), other)
    f.leave_if(data.load("i8", place.get()) != 1, other)
    return length + 4


def texts() -> Function:
    """Takes `count` texts, each with its length before it, apart into `offsets` (count + 1 numbers of 32 bits) and `target`.
    Gives how many bytes of texts there are, or -1 if `size` bytes do not hold just that."""
    names = [("source", "ptr"), ("size", "i64"), ("count", "i64"), ("offsets", "ptr"), ("target", "ptr")]
    f = Function("texts", names)
    source, size, bad = f.argument("source"), f.argument("size"), f.label("bad")
    place, end = f.variable("i64", 0), f.variable("i64", 0)
    f.argument("offsets").store(f.integer("i32", 0))
    with f.loop(0, f.argument("count")) as row:
        f.leave_if(size - place.get() < 4, bad)
        length = source.at(place.get()).load("i32", align=1).unsigned("i64")
        start = place.get() + 4
        f.leave_if(length > size - start, bad)
        copy_bytes(f, f.argument("target").at(end.get()), source.at(start), length)
        place.set(start + length)
        end.add(length)
        f.argument("offsets").store(end.get().signed("i32"), row + 1)
    f.leave_if(place.get() != size, bad)
    f.give(end.get())
    f.place(bad)
    f.give(-1)
    return f
