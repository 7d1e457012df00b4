"""Functions of the generated module that look through the bytes of one text: search, comparison, counting characters."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from engine.compile.ir import Function, Operand, Value, Variable

_STEP, _PAGE = 64, 4096
_VECTOR = f"<{_STEP} x i8>"
"""What is looked at in one step: as many places as a mask has bits."""


def equal_bytes(function: Function, left: Value, right: Value, length: Value) -> Value:
    """Whether `length` bytes are the same in two places."""
    return function.helped(_equal(), left, right, length) != 0


@lru_cache
def _equal() -> Function:
    """i64 equal(ptr left, ptr right, i64 length): short texts by two words that overlap, which costs less than a call."""
    f = Function("text_equal", [("left", "ptr"), ("right", "ptr"), ("length", "i64")], internal=True)
    left, right, length = (f.argument(name) for name in ("left", "right", "length"))
    with f.when(length > 16):
        f.give((f.intrinsic("bcmp", "i32", left, right, length) == 0).unsigned("i64"))
    for size, kind in ((8, "i64"), (4, "i32"), (2, "i16")):
        with f.when(length >= size):
            last = length - size
            first = left.load(kind, align=1) ^ right.load(kind, align=1)
            second = left.at(last).load(kind, align=1) ^ right.at(last).load(kind, align=1)
            f.give(((first | second) == 0).unsigned("i64"))
    with f.when(length == 0):
        f.give(1)
    f.give((left.load("i8") == right.load("i8")).unsigned("i64"))
    return f


def order_bytes(function: Function, left: Value, right: Value, length: Value) -> Value:
    """An i32 below, at or above zero as `length` bytes of two places order."""
    return function.intrinsic("memcmp", "i32", left, right, length)


@lru_cache
def finding() -> Function:
    """i64 find(ptr text, i64 length, ptr part, i64 size): where `part` begins in the text first, -1 where it is not.

    Candidates are the places where the first and the last byte of `part` are right, found for many places at once. A step may
    read beyond the text, but never beyond the page of memory its first byte is in, and does not look at what it read there;
    where it would, the places are looked at one by one.
    """
    f = Function("text_find", [("text", "ptr"), ("length", "i64"), ("part", "ptr"), ("size", "i64")], internal=True)
    text, length, part, size = (f.argument(name) for name in ("text", "length", "part", "size"))
    with f.when(size == 0):
        f.give(0)
    places = length - size + 1
    with f.when(places <= 0):
        f.give(-1)
    ends = part.load("i8"), part.load("i8", size - 1)
    first, last = (_splat(f, each) for each in ends)
    with f.loop(0, places, _STEP) as start:
        here, there = text.at(start), text.at(start + (size - 1))
        left = places - start
        mask = f.variable("i64", -1)
        with f.when(left < _STEP):
            mask.set((f.integer("i64", 1) << left) - 1)
            with f.when(_crosses(f, here) | _crosses(f, there)):
                _one_by_one(f, (text, start, places, part, size), ends)
                f.give(-1)
        mask.set(mask.get() & _matches(f, here, first) & _matches(f, there, last))
        _verified(f, mask, start, (text, part, size))
    f.give(-1)
    return f


def _crosses(f: Function, address: Value) -> Value:
    """Whether a step from there on reads from the next page of memory."""
    place = f.write("i64", f"ptrtoint ptr {address.text} to i64")
    return (place & (_PAGE - 1)) > _PAGE - _STEP


def _one_by_one(f: Function, given: tuple[Value, Value, Value, Value, Value], ends: tuple[Value, Value]) -> None:
    text, start, places, part, size = given
    with f.loop(start, places) as place:
        candidate = (text.load("i8", place) == ends[0]) & (text.load("i8", place + (size - 1)) == ends[1])
        with f.when(candidate):
            _give_if_equal(f, text, part, size, place)


def _verified(f: Function, mask: Variable, start: Value, given: tuple[Value, Value, Value]) -> None:
    text, part, size = given
    with f.forever() as none_left:
        left = mask.get()
        f.leave_if(left == 0, none_left)
        place = start + f.intrinsic("llvm.cttz.i64", "i64", left, f.boolean(False))
        _give_if_equal(f, text, part, size, place)
        mask.set(left & (left - 1))


def _give_if_equal(f: Function, text: Value, part: Value, size: Value, place: Value) -> None:
    with f.when(equal_bytes(f, text.at(place), part, size)):
        f.give(place)


def _splat(f: Function, byte: Value) -> Value:
    one = f.write(_VECTOR, f"insertelement {_VECTOR} poison, i8 {byte.text}, i64 0")
    return f.write(_VECTOR, f"shufflevector {_VECTOR} {one.text}, {_VECTOR} poison, <{_STEP} x i32> zeroinitializer")


def _matches(f: Function, address: Value, wanted: Value) -> Value:
    """A bit for each place of a step that holds the byte."""
    found = f.write(_VECTOR, f"load {_VECTOR}, ptr {address.text}, align 1")
    same = f.write(f"<{_STEP} x i1>", f"icmp eq {_VECTOR} {found.text}, {wanted.text}")
    return f.write("i64", f"bitcast {same.type} {same.text} to i64")


def _is_start(byte: Value) -> Value:
    """Whether a byte of UTF-8 begins a character."""
    return (byte & -64) != -128


@lru_cache
def counting() -> Function:
    """i64 characters(ptr text, i64 length) of UTF-8."""
    f = Function("text_characters", [("text", "ptr"), ("length", "i64")], internal=True)
    count = f.variable("i64", 0)
    with f.loop(0, f.argument("length")) as place:
        count.add(_is_start(f.argument("text").load("i8", place)).unsigned("i64"))
    f.give(count.get())
    return f


@lru_cache
def skipping() -> Function:
    """i64 skip(ptr text, i64 length, i64 count): the bytes of the first `count` characters, all where there are fewer."""
    f = Function("text_skip", [("text", "ptr"), ("length", "i64"), ("count", "i64")], internal=True)
    text, length, count = (f.argument(name) for name in ("text", "length", "count"))
    with f.when(count >= length):
        f.give(length)
    position, left = f.variable("i64", 0), f.variable("i64", count)
    _skip_ascii(f, text, length, position, left)
    with f.forever() as after:
        now = position.get()
        f.leave_if(now >= length, after)
        starts = _is_start(text.load("i8", now))
        f.leave_if(starts & (left.get() == 0), after)
        left.set(left.get() - starts.unsigned("i64"))
        position.set(now + 1)
    f.give(position.get())
    return f


def _skip_ascii(f: Function, text: Value, length: Value, position: Variable, left: Variable) -> None:
    """Eight characters at a time, as long as they have one byte each."""
    with f.forever() as after:
        now, rest = position.get(), left.get()
        f.leave_if((rest < 8) | (now + 8 > length), after)
        word = text.at(now).load("i64", align=1)
        f.leave_if((word & -9187201950435737472) != 0, after)
        position.set(now + 8)
        left.set(rest - 8)


@lru_cache
def finding_again() -> Function:
    """i64 nth(ptr text, i64 length, ptr part, i64 size, i64 number): where occurrence `number` (from 1) of `part` begins, -1
    where there are fewer. None is within another."""
    f = Function("text_find_again", [*_TEXT_AND_PART, ("number", "i64")], internal=True)
    text, length, part, size = (f.argument(name) for name, _ in _TEXT_AND_PART)
    position = f.variable("i64", 0)
    with f.loop(1, f.argument("number")):
        position.set(_after(f, position, (text, length, part, size), -1))
    found = f.helped(finding(), text.at(position.get()), length - position.get(), part, size)
    f.give(f.select(found < 0, found, found + position.get()))
    return f


@lru_cache
def occurrences() -> Function:
    """i64 occurrences(ptr text, i64 length, ptr part, i64 size): how often `part` is there, none within another."""
    f = Function("text_occurrences", list(_TEXT_AND_PART), internal=True)
    text, length, part, size = (f.argument(name) for name, _ in _TEXT_AND_PART)
    position, count = f.variable("i64", 0), f.variable("i64", 0)
    with f.forever():
        position.set(_after(f, position, (text, length, part, size), count.get()))
        count.add(1)
    return f


_TEXT_AND_PART = (("text", "ptr"), ("length", "i64"), ("part", "ptr"), ("size", "i64"))


def _after(f: Function, position: Variable, given: tuple[Value, Value, Value, Value], otherwise: Operand) -> Value:
    """The place after the next `part` from a position on; the function gives `otherwise` if there is none."""
    text, length, part, size = given
    now = position.get()
    found = f.helped(finding(), text.at(now), length - now, part, size)
    with f.when(found < 0):
        f.give(otherwise)
    return now + found + size


@lru_cache
def start_of_rest() -> Function:
    """i64 start(ptr text, i64 length, ptr strip, i64 size): where the first byte is that is none of `strip`."""
    f = Function("text_start", [("text", "ptr"), ("length", "i64"), ("strip", "ptr"), ("size", "i64")], internal=True)
    text = f.argument("text")
    with f.loop(0, f.argument("length")) as place, f.when(~_is_among(f, text.load("i8", place))):
        f.give(place)
    f.give(f.argument("length"))
    return f


@lru_cache
def end_of_rest() -> Function:
    """i64 end(ptr text, i64 start, i64 length, ptr strip, i64 size): the place after the last byte that is none of `strip`."""
    arguments = [("text", "ptr"), ("start", "i64"), ("length", "i64"), ("strip", "ptr"), ("size", "i64")]
    f = Function("text_end", arguments, internal=True)
    text, start, end = f.argument("text"), f.argument("start"), f.variable("i64", f.argument("length"))
    with f.forever() as done:
        now = end.get()
        f.leave_if(now <= start, done)
        f.leave_if(~_is_among(f, text.load("i8", now - 1)), done)
        end.set(now - 1)
    f.give(end.get())
    return f


def _is_among(f: Function, byte: Value) -> Value:
    """Whether a byte is one of those to strip."""
    found = f.variable("i1", False)
    with f.loop(0, f.argument("size")) as place:
        found.set(found.get() | (f.argument("strip").load("i8", place) == byte))
    return found.get()


@lru_cache
def stepping_back() -> Function:
    """i64 back(ptr text, i64 end, i64 count): where `count` characters before `end` begin, -1: there are fewer."""
    f = Function("text_back", [("text", "ptr"), ("end", "i64"), ("count", "i64")], internal=True)
    position, left = f.variable("i64", f.argument("end")), f.variable("i64", f.argument("count"))
    with f.forever() as done:
        f.leave_if(left.get() == 0, done)
        with f.when(position.get() <= 0):
            f.give(-1)
        position.set(position.get() - 1)
        left.set(left.get() - _is_start(f.argument("text").load("i8", position.get())).unsigned("i64"))
    f.give(position.get())
    return f


HELPERS: tuple[Callable[[], Function], ...] = (
    finding,
    counting,
    skipping,
    finding_again,
    occurrences,
    start_of_rest,
    end_of_rest,
    stepping_back,
)
