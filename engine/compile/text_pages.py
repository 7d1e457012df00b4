"""Code that writes the texts of Parquet pages one after another, as Arrow has them: bytes, and offsets of 32 bits.

Where it has come to is kept in the words of a state, from page to page:

    texts, bytes written ; bytes there is room for ; where offsets are, where bytes are
"""

from __future__ import annotations

from engine.compile.ir import Function
from engine.compile.ssa import Value

STATE = 5
"""How many words there are."""
FULL = 4
"""The status where the texts need more room."""
_STRIDE, _AT_ONCE = 32, 64
"""Bytes of a step of copying, and of those that are copied whatever the length is. Few texts are longer."""


def plain_texts() -> Function:
    """Appends `count` texts, each with its length before it, that are just `size` bytes."""
    arguments = [("source", "ptr"), ("size", "i64"), ("count", "i64"), ("target", "ptr"), ("fields", "ptr")]
    f = Function("plain_texts", arguments)
    f.attributes += " noinline"
    source, size, bad = f.argument("source"), f.argument("size"), f.label("bad")
    place, texts = f.variable("i64", 0), _Texts(f)
    with f.loop(0, f.argument("count")) as row:
        f.leave_if(size - place.get() < 4, bad, False)
        length = source.at(place.get()).load("i32", align=1).unsigned("i64")
        start = place.get() + 4
        f.leave_if(length > size - start, bad, False)
        texts.append(row, source.at(start), length)
        place.set(start + length)
    f.leave_if(place.get() != size, bad)
    texts.done(f.argument("count"))
    f.place(bad)
    f.give(2)
    return f


def place_texts() -> Function:
    """Appends the texts of `count` codes. `dictionary` is two words: where its offsets are, where its bytes are."""
    arguments = [("codes", "ptr"), ("count", "i64"), ("dictionary", "ptr"), ("target", "ptr")]
    f = Function("place_texts", arguments)
    f.attributes += " noinline"
    offsets, data = (f.argument("dictionary").load("ptr", place) for place in (0, 1))
    texts = _Texts(f)
    with f.loop(0, f.argument("count")) as row:
        code = f.argument("codes").load("i32", row).unsigned("i64")
        start, end = (offsets.load("i32", code + place).unsigned("i64") for place in (0, 1))
        texts.append(row, data.at(start), end - start)
    texts.done(f.argument("count"))
    return f


def skip_texts(state: Value, count: Value) -> None:
    """Leaves out `count` texts. Only where the next one begins is written of their offsets."""
    row = state.load("i64", 0) + count
    state.store(row, 0)
    state.load("ptr", 3).store(state.load("i64", 1).signed("i32"), row)


class _Texts:
    """Texts that are written behind those that the state at the argument `target` counts."""

    def __init__(self, f: Function) -> None:
        self._f = f
        self._state = f.argument("target")
        before, written, self._room = (self._state.load("i64", place) for place in (0, 1, 2))
        self._before = before
        self._offsets = self._state.load("ptr", 3).at(before, "i32")
        self._bytes = self._state.load("ptr", 4)
        self._end, self._full = f.variable("i64", written), f.label("full")

    def append(self, row: Value, source: Value, length: Value) -> None:
        """Text number `row` of this call; more may be read and written than it is long."""
        f, end = self._f, self._end.get()
        after = end + length
        f.leave_if(after > self._room, self._full, False)
        target = self._bytes.at(end)
        for part in range(0, _AT_ONCE, _STRIDE):
            _copy(f, target.at(part), source.at(part))
        with f.when(length > _AT_ONCE, False), f.loop(_AT_ONCE, length, _STRIDE) as place:
            _copy(f, target.at(place), source.at(place))
        self._offsets.store(after.signed("i32"), row + 1)
        self._end.set(after)

    def done(self, count: Value) -> None:
        """Notes how far it came, and ends the function."""
        f = self._f
        self._state.store(self._before + count, 0)
        self._state.store(self._end.get(), 1)
        f.give(0)
        f.place(self._full)
        f.give(FULL)


def _copy(f: Function, target: Value, source: Value) -> None:
    kind = f"<{_STRIDE} x i8>"
    loaded = f.write(kind, f"load {kind}, ptr {source.text}, align 1")
    f.line(f"store {kind} {loaded.text}, ptr {target.text}, align 1")
