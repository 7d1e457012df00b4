"""Code that unpacks Snappy.

It is most of the time that reading a column takes. In columns of numbers its elements are short and much alike: a few bytes
that are new, and the rest of the eight from somewhere before. Such a pair is taken as one; elsewhere the code branches on the
usual lengths, since a branch that is foreseen costs nothing, while a length that is computed holds up the next element.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.compile.ir import Function, Label
from engine.compile.ssa import Value, Variable


def snappy() -> Function:
    """Unpacks `size` bytes into exactly `capacity`; gives 0, or a number if the bytes are not that."""
    arguments = [("source", "ptr"), ("size", "i64"), ("target", "ptr"), ("capacity", "i64")]
    f = Function("snappy", arguments)
    f.attributes += " noinline"
    read, written = f.variable("i64", 0), f.variable("i64", 0)
    size, capacity, broken = f.argument("size"), f.argument("capacity"), f.label("broken")
    source = f.argument("source")
    with f.forever() as begin:  # the length, which the page's header tells as well
        f.leave_if(read.get() >= size, broken)
        byte = source.load("i8", read.get())
        read.add(1)
        f.leave_if(byte >= 0, begin)
    with f.forever() as done:
        pair = f.label("pair")
        f.place(pair)
        place = read.get()
        f.leave_if(place >= size, done)
        tag = source.load("i8", place).unsigned("i64")
        _pair(f, tag, read, written, pair)
        f.either(
            (tag & 3) == 0,
            lambda: _literal(f, tag, read, written, broken),
            lambda: _copy(f, tag, read, written, broken),
        )
    f.give(f.select(written.get() == capacity, f.integer("i64", 0), f.integer("i64", 1)))
    f.place(broken)
    f.give(2)
    return f


def _pair(f: Function, tag: Value, read: Variable, written: Variable, again: Label) -> None:
    """Some bytes and the rest of eight from before, as in a column of small numbers of 64 bits: two elements as one, whose
    lengths are no matter. Goes on `again` if that is what comes."""
    source, target = f.argument("source"), f.argument("target")
    place, end, other = read.get(), written.get(), f.label("single")
    length = (tag >> 2) + 1
    f.leave_if(((tag & 3) != 0) | (tag > 24), other)
    second = source.at(place + 1 + length).load("i32", align=1).unsigned("i64")
    # a copy of 8 - length bytes, its offset in two bytes, or in one and three bits: the sums tell, whatever the length
    two = (second & 3) == 2
    rest = f.select(two, (tag + (second & 255)) ^ 26, (tag + (second & 31)) ^ 13)
    f.leave_if(rest != 0, other)
    low = (second >> 8) & 255
    offset = f.select(two, (second >> 8) & 0xFFFF, low | ((second & 0xE0) << 3))
    after = place + length + f.select(two, f.integer("i64", 4), f.integer("i64", 3))
    start = end + length - offset
    f.leave_if((offset < 8) | (start < 0), other, False)
    f.leave_if((after > f.argument("size")) | (end + 8 > f.argument("capacity")), other, False)
    target.at(end).store(source.at(place + 1).load("i64", align=1), align=1)
    target.at(end + length).store(target.at(start).load("i64", align=1), align=1)
    read.set(after)
    written.set(end + 8)
    f.jump(again)
    f.place(other)


def _literal(f: Function, tag: Value, read: Variable, written: Variable, broken: Label) -> None:
    source, target = f.argument("source"), f.argument("target")
    place, end = read.get(), written.get()

    def advance(length: Value | int) -> None:
        written.set(end + length)
        read.set(place + 1 + length)

    def short() -> None:
        f.leave_if(f.argument("capacity") < end, broken, False)
        for part in (0, 8):
            target.at(end + part).store(source.at(place + 1 + part).load("i64", align=1), align=1)
        _by_length(f, (tag >> 2) + 1, (1, 2, 3), advance)

    def long() -> None:
        extra = f.variable("i64", 0)
        length = f.variable("i64", (tag >> 2) + 1)
        with f.when(length.get() > 60, False):
            extra.set(length.get() - 60)
            word = source.at(place + 1).load("i32", align=1).unsigned("i64")
            length.set((word & ((f.integer("i64", 1) << (extra.get() << 3)) - 1)) + 1)
        start = place + 1 + extra.get()
        f.leave_if(start + length.get() > f.argument("size"), broken, False)
        f.leave_if(end + length.get() > f.argument("capacity"), broken, False)
        copy_bytes(f, target.at(end), source.at(start), length.get())
        written.set(end + length.get())
        read.set(start + length.get())

    f.either(tag < 64, short, long)


def _copy(f: Function, tag: Value, read: Variable, written: Variable, broken: Label) -> None:
    source = f.argument("source")
    place = read.get()

    def near() -> None:
        offset = ((tag >> 5) << 8) | source.load("i8", place + 1).unsigned("i64")
        read.set(place + 2)
        _copied(f, offset, ((tag >> 2) & 7) + 4, written, broken)

    def far() -> None:
        offset = source.at(place + 1).load("i16", align=1).unsigned("i64")
        read.set(place + 3)
        _copied(f, offset, (tag >> 2) + 1, written, broken)

    def farther() -> None:
        offset = source.at(place + 1).load("i32", align=1).unsigned("i64")
        read.set(place + 5)
        _copied(f, offset, (tag >> 2) + 1, written, broken)

    f.either((tag & 3) == 2, far, lambda: f.either((tag & 3) == 1, near, farther))


def _copied(f: Function, offset: Value, length: Value, written: Variable, broken: Label) -> None:
    """Bytes from `offset` before the end; they may overlap what they become."""
    target, end = f.argument("target"), written.get()
    f.leave_if(~(offset - 1).below(end), broken, False)
    f.leave_if(end + length > f.argument("capacity"), broken, False)
    start = end - offset

    def word(part: Value | int) -> None:
        target.at(end + part).store(target.at(start + part).load("i64", align=1), align=1)

    def apart() -> None:
        word(0)
        with f.when(length > 8):
            word(8)
            with f.when(length > 16), f.loop(16, length, 8) as part:
                word(part)

    def overlapping() -> None:
        with f.loop(0, length) as part:
            target.store(target.load("i8", start + part), end + part)

    f.either(offset >= 8, apart, overlapping)
    _by_length(f, length, (6, 7, 5), lambda known: written.set(end + known))


def _by_length(f: Function, length: Value, usual: tuple[int, ...], then: Callable[[Value | int], None]) -> None:
    """Does `then` with the length as a constant for usual ones, so that what follows need not wait for it."""
    if not usual:
        then(length)
        return
    after, other = f.label("known"), f.label("other")
    known = f.label("usual")
    f.branch(length == usual[0], known, other, True)
    f.place(known)
    then(usual[0])
    f.jump(after)
    f.place(other)
    _by_length(f, length, usual[1:], then)
    f.place(after)


def copy_bytes(f: Function, target: Value, source: Value, length: Value) -> None:
    """Copies bytes that do not overlap."""
    f.declarations["declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"] = None
    f.line(f"call void @llvm.memcpy.p0.p0.i64(ptr {target.text}, ptr {source.text}, i64 {length.text}, i1 false)")
