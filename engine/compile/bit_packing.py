"""Code that unpacks runs of dictionary codes: numbers of up to 32 bits side by side, eight in a group, or one many times.

    runs ──unpack──▶ a block of codes as numbers of 32 bits ──place──▶ the dictionary's values, or the codes, in their width

A group is a few words, each of which holds as many codes as fit; the codes of all of them are shifted to their places in
one vector. Only placing depends on the width that is asked for, so this is compiled once for all.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.compile.ir import Function, Label
from engine.compile.ssa import Value, Variable

BLOCK = 1024
"""How many codes are unpacked before they are placed: as many as stay in the first cache."""
_CODES = "<8 x i64>"
_WORDS = ((8, 8), (16, 4), (29, 2), (32, 1))
"""The most bits of codes of which so many are in one word, wherever the first begins in its byte."""


def varint(f: Function, source: Value, size: Value, place: Variable, bad: Label) -> Value:
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


def codes() -> Function:
    """Unpacks `count` codes of `bits` bits and has them placed in `target`, `width` bytes each, by the function `place`.
    `block` has room for BLOCK codes. Gives 0; or what `place` or 2, and then what was written means nothing."""
    arguments = [("source", "ptr"), ("size", "i64"), ("bits", "i64"), ("count", "i64"), ("block", "ptr")]
    arguments += [("dictionary", "ptr"), ("entries", "i64"), ("place", "ptr"), ("target", "ptr"), ("width", "i64")]
    f = Function("codes", arguments, internal=True)
    f.attributes += " noinline noimplicitfloat"
    place, filled, bad = f.variable("i64", 0), f.variable("i64", 0), f.label("bad")
    source, size, bits, count = (f.argument(name) for name in ("source", "size", "bits", "count"))
    f.leave_if(~bits.below(33) | (f.argument("entries") < 1), bad)
    with f.forever() as done:
        f.leave_if(filled.get() >= count, done)
        head = varint(f, source, size, place, bad)
        number, left = head >> 1, count - filled.get()
        is_packed = (head & 1) == 1
        length = f.select(is_packed, number * bits, (bits + 7) >> 3)
        f.leave_if(is_packed & ~number.below(size), bad)
        f.leave_if(place.get() + length > size, bad)
        start = source.at(place.get())
        f.either(
            is_packed,
            lambda: _packed(f, start, f.minimum(number << 3, left), filled, bad),
            lambda: _repeated(f, start, f.minimum(number, left), filled, bad),
        )
        place.add(length)
    f.give(0)
    f.place(bad)
    f.give(2)
    return f


def _packed(f: Function, start: Value, rows: Value, filled: Variable, bad: Label) -> None:
    bits, entries, block = (f.argument(name) for name in ("bits", "entries", "block"))
    with f.loop(0, rows, BLOCK) as row:
        part = f.minimum(rows - row, BLOCK)
        most = f.helped(unpack(), start.at((row >> 3) * bits), bits, part, block)
        f.leave_if(most >= entries, bad)
        _place(f, part, filled)


def _repeated(f: Function, start: Value, rows: Value, filled: Variable, bad: Label) -> None:
    code = start.load("i64", align=1) & ((f.integer("i64", 1) << f.argument("bits")) - 1)
    f.leave_if((code >= f.argument("entries")) | (rows < 0), bad)
    with f.loop(0, f.minimum(rows, BLOCK)) as row:
        f.argument("block").store(code.signed("i32"), row)
    with f.loop(0, rows, BLOCK) as row:
        _place(f, f.minimum(rows - row, BLOCK), filled)


def _place(f: Function, rows: Value, filled: Variable) -> None:
    target = f.argument("target").at(filled.get() * f.argument("width"))
    status = f.call_pointer(f.argument("place"), "i64", f.argument("block"), rows, f.argument("dictionary"), target)
    with f.when(status != 0, False):
        f.give(status)
    filled.add(rows)


def unpack() -> Function:
    """Unpacks `count` codes of `bits` bits, at most 32, as numbers of 32 bits without a sign; gives the highest."""
    f = Function(
        "unpack", [("source", "ptr"), ("bits", "i64"), ("count", "i64"), ("target", "ptr")], "i64", internal=True
    )
    f.attributes += " noinline"
    source, bits, count = (f.argument(name) for name in ("source", "bits", "count"))
    mask = (f.integer("i64", 1) << bits) - 1
    highest, whole = f.variable("i64", 0), count & -8
    with f.loop(whole, count) as row:
        bit = row * bits
        code = (source.at(bit >> 3).load("i64", align=1) >> (bit & 7)) & mask
        highest.set(f.select(code > highest.get(), code, highest.get()))
        f.argument("target").store(code.signed("i32"), row)

    def groups(widths: tuple[tuple[int, int], ...]) -> None:
        (widest, codes_in_word), *rest = widths
        if not rest:
            _groups(f, codes_in_word, mask, whole, highest)
            return
        f.either(
            bits <= widest,
            lambda: _groups(f, codes_in_word, mask, whole, highest),
            lambda: groups(tuple(rest)),
        )

    groups(_WORDS)
    f.give(highest.get())
    return f


def _groups(f: Function, codes_in_word: int, mask: Value, whole: Value, highest: Variable) -> None:
    """All whole groups, of codes of which so many are in a word."""
    source, bits, target = (f.argument(name) for name in ("source", "bits", "target"))
    starts = [bits * first for first in range(0, 8, codes_in_word)]
    shifts = [(starts[each // codes_in_word] & 7) + bits * (each % codes_in_word) for each in range(8)]
    shift, masks = _vector(f, shifts), _vector(f, [mask] * 8)
    most = f.variable(_CODES)
    f.line(f"store {_CODES} zeroinitializer, ptr {most.place}")
    with f.loop(0, whole, 8) as row:
        group = source.at((row >> 3) * bits)
        words = [group.at(start >> 3).load("i64", align=1) for start in starts]
        all_words = _vector(f, [words[each // codes_in_word] for each in range(8)])
        found = f.write(_CODES, f"lshr {_CODES} {all_words.text}, {shift.text}")
        found = f.write(_CODES, f"and {_CODES} {found.text}, {masks.text}")
        most.set(f.intrinsic("llvm.umax.v8i64", _CODES, most.get(), found))
        narrow = f.write("<8 x i32>", f"trunc {_CODES} {found.text} to <8 x i32>")
        f.line(f"store <8 x i32> {narrow.text}, ptr {target.at(row, 'i32').text}, align 4")
    found = f.intrinsic("llvm.vector.reduce.umax.v8i64", "i64", most.get())
    highest.set(f.select(found > highest.get(), found, highest.get()))


def _vector(f: Function, words: Sequence[Value]) -> Value:
    """Eight words as one value."""
    made = Value(f, _CODES, "poison")
    for place, word in enumerate(words):
        made = f.write(_CODES, f"insertelement {_CODES} {made.text}, i64 {word.text}, i64 {place}")
    return made


def placing(width: str, looked_up: bool) -> Function:
    """Writes the values of `count` codes, or the codes themselves, as `width` numbers. All codes are in the dictionary."""
    arguments = [("codes", "ptr"), ("count", "i64"), ("dictionary", "ptr"), ("target", "ptr")]
    f = Function(f"place_{width}_{looked_up:d}", arguments)
    if looked_up:
        f.attributes += " noimplicitfloat"  # vectors would gain nothing by gathering
    with f.loop(0, f.argument("count")) as row:
        code = f.argument("codes").load("i32", row)
        value = f.argument("dictionary").load(width, code.unsigned("i64"), fixed=True) if looked_up else None
        f.argument("target").store(code.signed(width) if value is None else value, row)
    f.give(0)
    return f
