"""Code that unpacks Snappy.

It is most of the time that reading a column takes. Two loops take turns. In dictionaries of numbers nearly all elements come
in pairs: a few bytes that are new, and the rest of the eight from somewhere before; such a pair is one load, one merge and
one store. Texts are short copies and literals without any order, so a branch on what comes next would be foreseen wrongly:
the other loop computes place and length of either kind, and copies more bytes than it must. What is rare, and what could be
wrong, goes a slower way that looks closer.
"""

from __future__ import annotations

from engine.compile.ir import Function, Label
from engine.compile.ssa import Value, Variable

_STRIDE, _MOST = 16, 64
"""Bytes that are copied at least, and of one element at most: as many may be read and written beyond the end."""
_FEW_PAIRS, _ELEMENTS = 8, 160
"""After fewer pairs than that of late, so many bytes of elements are taken singly before the next is looked for."""


def snappy() -> Function:
    """Unpacks `size` bytes into exactly `capacity`; gives 0, or a number if the bytes are not that."""
    arguments = [("source", "ptr"), ("size", "i64"), ("target", "ptr"), ("capacity", "i64")]
    f = Function("snappy", arguments)
    f.attributes += " noinline"
    read, written = f.variable("i64", 0), f.variable("i64", 0)
    size, capacity, broken = f.argument("size"), f.argument("capacity"), f.label("broken")
    source, done = f.argument("source"), f.label("done")
    with f.forever() as begin:  # the length, which the page's header tells as well
        f.leave_if(read.get() >= size, broken)
        byte = source.load("i8", read.get())
        read.add(1)
        f.leave_if(byte >= 0, begin)
    pairs = f.variable("i64", 0)
    with f.forever():
        pairs.set(pairs.get() - (pairs.get() >> 2))
        with f.forever() as single:
            f.leave_if(read.get() >= size, done)
            _pair(f, read, written, single)
            pairs.add(1)
        many = f.select(pairs.get() < _FEW_PAIRS, f.integer("i64", _ELEMENTS), f.integer("i64", 1))
        limit = f.minimum(size, read.get() + many)
        with f.forever() as enough:
            f.leave_if(read.get() >= limit, enough)
            f.leave_if(written.get() > capacity, broken, False)
            _element(f, read, written, broken)
    f.place(done)
    whole = (written.get() == capacity) & (read.get() == size)
    f.give(f.select(whole, f.integer("i64", 0), f.integer("i64", 1)))
    f.place(broken)
    f.give(2)
    return f


def _pair(f: Function, read: Variable, written: Variable, other: Label) -> None:
    """At most four bytes and the rest of eight from before; `other` if something else comes."""
    place, end, target = read.get(), written.get(), f.argument("target")
    word = f.argument("source").at(place).load("i64", align=1)
    tag = word & 255
    second = word >> (((tag << 1) + 16) & 63)
    # a copy of 8 - length bytes, its offset in two bytes, or in one and three bits: the sums tell, whatever the length
    two = (second & 3) == 2
    rest = f.select(two, (tag + (second & 255)) ^ 26, (tag + (second & 31)) ^ 13)
    f.leave_if((rest | (tag & ~12)) != 0, other)
    low = (second >> 8) & 255
    offset = f.select(two, (second >> 8) & 0xFFFF, low | ((second & 0xE0) << 3))
    f.leave_if((offset < 8) | (offset > end) | (end > f.argument("capacity")), other, False)
    before = target.at(end - offset).load("i64", align=1)
    new = (f.integer("i64", 1) << (((tag << 1) + 8) & 63)) - 1
    target.at(end).store(before ^ ((before ^ (word >> 8)) & new), align=1)
    read.set(place + (tag >> 2) + f.select(two, f.integer("i64", 5), f.integer("i64", 4)))
    written.set(end + 8)


def _element(f: Function, read: Variable, written: Variable, broken: Label) -> None:
    place, end = read.get(), written.get()
    source, target = f.argument("source"), f.argument("target")
    word = source.at(place).load("i32", align=1).unsigned("i64")
    tag = word & 255
    kind, number = tag & 3, tag >> 2
    near, literal = kind == 1, kind == 0
    length = f.select(near, (number & 7) + 4, number + 1)
    step = f.select(literal, number + 2, kind + 1)
    second = word >> 8
    offset = f.select(near, (second & 255) | ((tag & 0xE0) << 3), second & 0xFFFF)
    plain = f.select(literal, tag < 240, (kind != 3) & (offset >= length) & (offset <= end))

    def whole() -> None:
        start = f.select(literal, source.at(place + 1), target.at(end - offset))
        _stride(f, target.at(end), start, 0)
        with f.when(length > _STRIDE, False):
            for part in range(_STRIDE, _MOST, _STRIDE):
                _stride(f, target.at(end), start, part)
        read.set(place + step)
        written.set(end + length)

    def closely() -> None:
        f.either(
            literal,
            lambda: _long_literal(f, number + 1, read, written, broken),
            lambda: _any_copy(f, tag, read, written, broken),
        )

    f.either(plain, whole, closely)


def _stride(f: Function, target: Value, start: Value, part: int) -> None:
    kind = f"<{_STRIDE} x i8>"
    loaded = f.write(kind, f"load {kind}, ptr {start.at(part).text}, align 1")
    f.line(f"store {kind} {loaded.text}, ptr {target.at(part).text}, align 1")


def _long_literal(f: Function, short: Value, read: Variable, written: Variable, broken: Label) -> None:
    """Bytes whose number comes before them."""
    source, place, end = f.argument("source"), read.get(), written.get()
    extra = short - 60
    word = source.at(place + 1).load("i32", align=1).unsigned("i64")
    length = (word & ((f.integer("i64", 1) << (extra << 3)) - 1)) + 1
    start = place + 1 + extra
    f.leave_if((start + length > f.argument("size")) | (end + length > f.argument("capacity")), broken, False)
    copy_bytes(f, f.argument("target").at(end), source.at(start), length)
    written.set(end + length)
    read.set(start + length)


def _any_copy(f: Function, tag: Value, read: Variable, written: Variable, broken: Label) -> None:
    source, place = f.argument("source"), read.get()
    kind, following = tag & 3, source.at(place + 1)
    near = (kind == 1, ((tag >> 5) << 8) | following.load("i8").unsigned("i64"))
    far = (kind == 2, following.load("i16", align=1).unsigned("i64"))
    farther = following.load("i32", align=1).unsigned("i64")
    length = f.select(near[0], ((tag >> 2) & 7) + 4, (tag >> 2) + 1)
    read.set(place + f.select(kind == 3, f.integer("i64", 5), kind + 1))
    _copied(f, f.select(near[0], near[1], f.select(far[0], far[1], farther)), length, written, broken)


def _copied(f: Function, offset: Value, length: Value, written: Variable, broken: Label) -> None:
    """Bytes from `offset` before the end, which may overlap what they become: then they are repeated."""
    target, end = f.argument("target"), written.get()
    f.leave_if(~(offset - 1).below(end), broken, False)
    f.leave_if(end + length > f.argument("capacity"), broken, False)
    first, distance = f.variable("i64", 0), f.variable("i64", offset)
    with f.when(offset < 8):
        with f.loop(0, 8) as part:
            target.store(target.load("i8", end - offset + part), end + part)
        first.set(8)
        distance.set((offset + 7).unsigned_quotient(offset) * offset)  # as many repetitions as a word needs
    with f.loop(first.get(), length, 8) as part:
        place = end + part
        target.at(place).store(target.at(place - distance.get()).load("i64", align=1), align=1)
    written.set(end + length)


def copy_bytes(f: Function, target: Value, source: Value, length: Value) -> None:
    """Copies bytes that do not overlap."""
    f.declarations["declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"] = None
    f.line(f"call void @llvm.memcpy.p0.p0.i64(ptr {target.text}, ptr {source.text}, i64 {length.text}, i1 false)")
