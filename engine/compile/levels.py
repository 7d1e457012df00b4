"""Code for the definition levels of Parquet pages: which rows have a value, a byte each, and values moved to their rows.

A page holds its values without gaps. They are decoded as if no row were null, and then moved from the last to the first, so
that no value is written over one that is still to be moved.
"""

from __future__ import annotations

from engine.compile.bit_packing import varint
from engine.compile.ir import Function, Label
from engine.compile.ssa import Value, Variable


def levels() -> Function:
    """Reads the levels of `count` rows, each 0 or 1, from `size` bytes at `source`, to a byte each at `target`, where all are
    1 before; null if they are not wanted. Gives how many are 1, or -1 for bytes that are no levels."""
    arguments = [("source", "ptr"), ("size", "i64"), ("count", "i64"), ("target", "ptr")]
    f = Function("levels", arguments, internal=True)
    f.attributes += " noinline"
    place, filled, present, bad = f.variable("i64", 0), f.variable("i64", 0), f.variable("i64", 0), f.label("bad")
    source, size, count = (f.argument(name) for name in ("source", "size", "count"))
    with f.forever() as done:
        f.leave_if(filled.get() >= count, done)
        head = varint(f, source, size, place, bad)
        number, left = head >> 1, count - filled.get()
        is_packed = (head & 1) == 1
        length = f.select(is_packed, number, f.integer("i64", 1))
        f.leave_if(~number.below(1 << 56) | (length > size - place.get()), bad)
        start = source.at(place.get())
        f.either(
            is_packed,
            lambda: _packed(f, start, f.minimum(number << 3, left), filled, present),
            lambda: _repeated(f, start, f.minimum(number, left), filled, present, bad),
        )
        place.add(length)
    f.give(present.get())
    f.place(bad)
    f.give(-1)
    return f


def _packed(f: Function, start: Value, rows: Value, filled: Variable, present: Variable) -> None:
    """Eight levels in a byte, the first in its lowest bit. What comes after the last is left as it is: 1."""
    target = f.argument("target")
    with f.loop(0, rows, 8) as row:
        left = f.minimum(rows - row, 8)
        byte, own = start.load("i8", row >> 3).unsigned("i64"), (f.integer("i64", 1) << left) - 1
        present.set(present.get() + f.intrinsic("llvm.ctpop.i64", "i64", byte & own))
        spread = (((byte | ~own) & 255) * 0x0101010101010101) & f.integer("i64", 0x8040201008040201 - (1 << 64))
        with f.when(target != f.null()):
            ones = ((spread + 0x7F7F7F7F7F7F7F7F) >> 7) & 0x0101010101010101
            target.at(filled.get() + row).store(ones, align=1)
    filled.add(rows)


def _repeated(f: Function, start: Value, rows: Value, filled: Variable, present: Variable, bad: Label) -> None:
    level = start.load("i8").unsigned("i64")
    f.leave_if(level > 1, bad)
    target = f.argument("target")
    with f.when((level == 0) & (target != f.null())):
        f.declarations["declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"] = None
        f.line(f"call void @llvm.memset.p0.i64(ptr {target.at(filled.get()).text}, i8 0, i64 {rows.text}, i1 false)")
    present.set(present.get() + rows * level)
    filled.add(rows)


_SPREAD = [("target", "ptr"), ("count", "i64"), ("present", "i64"), ("levels", "ptr")]


def spreading(width: str) -> Function:
    """Moves the `present` values at the beginning of `target` to those of `count` rows that have one; the others are 0."""
    f = Function(f"spread_{width}", _SPREAD)
    target, count = f.argument("target"), f.argument("count")
    last = f.variable("i64", f.argument("present") - 1)
    with f.loop(0, count) as back:
        row = count - 1 - back
        level = f.argument("levels").load("i8", row)
        value = target.load(width, f.select(last.get() < 0, f.integer("i64", 0), last.get()))
        target.store(f.select(level == 0, f.integer(width, 0), value), row)
        last.set(last.get() - level.unsigned("i64"))
    f.give(0)
    return f


def spread_texts() -> Function:
    """The same for texts that were appended last; `target` is the state of `text_pages.py`. Nulls are empty texts."""
    f = Function("spread_texts", _SPREAD)
    state, count, present = (f.argument(name) for name in ("target", "count", "present"))
    before = state.load("i64", 0) - present
    offsets = state.load("ptr", 3).at(before, "i32")
    last = f.variable("i64", present)
    with f.loop(0, count) as back:
        row = count - back
        offsets.store(offsets.load("i32", last.get()), row)
        last.set(last.get() - f.argument("levels").load("i8", row - 1).unsigned("i64"))
    state.store(before + count, 0)
    f.give(0)
    return f
