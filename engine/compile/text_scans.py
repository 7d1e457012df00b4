"""Functions of the generated module that look through the bytes of one text: search, comparison, counting characters."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from engine.compile.ir import Function, Value, Variable

_WIDE, _NARROW = 32, 8
"""Places that are looked at in one step, in long texts and in short ones."""


def equal_bytes(function: Function, left: Value, right: Value, length: Value) -> Value:
    """Whether `length` bytes are the same in two places."""
    return function.intrinsic("bcmp", "i32", left, right, length) == 0


def order_bytes(function: Function, left: Value, right: Value, length: Value) -> Value:
    """An i32 below, at or above zero as `length` bytes of two places order."""
    return function.intrinsic("memcmp", "i32", left, right, length)


@lru_cache
def finding() -> Function:
    """i64 find(ptr text, i64 length, ptr part, i64 size): where `part` begins in the text first, -1 where it is not.

    Candidates are the places where the first and the last byte of `part` are right, found for many places at once. Nothing
    beyond the text is read: the last step overlaps the one before, and texts too short for a step are looked at byte by byte.
    """
    f = Function("text_find", [("text", "ptr"), ("length", "i64"), ("part", "ptr"), ("size", "i64")], internal=True)
    text, length, part, size = (f.argument(name) for name in ("text", "length", "part", "size"))
    with f.when(size == 0):
        f.give(0)
    places = length - size + 1
    with f.when(places <= 0):
        f.give(-1)
    first, last = part.load("i8"), part.load("i8", size - 1)
    for step in (_WIDE, _NARROW):
        with f.when(places >= step):
            _steps(f, step, (text, places, part, size), (first, last))
            f.give(-1)
    with f.loop(0, places) as place:
        candidate = (text.load("i8", place) == first) & (text.load("i8", place + (size - 1)) == last)
        _give_if_found(f, text, part, size, place, candidate)
    f.give(-1)
    return f


def _steps(f: Function, step: int, given: tuple[Value, Value, Value, Value], ends: tuple[Value, Value]) -> None:
    text, places, part, size = given
    first, last = (_splat(f, each, step) for each in ends)
    final = places - step
    position = f.variable("i64", 0)
    with f.forever() as after:
        now = position.get()
        matches = _matches(f, step, text.at(now), first)
        matches = matches & _matches(f, step, text.at(now + (size - 1)), last)
        mask = f.variable(f"i{step}", f.write(f"i{step}", f"bitcast {matches.type} {matches.text} to i{step}"))
        with f.forever() as none_left:
            left = mask.get()
            f.leave_if(left == 0, none_left)
            bit = f.intrinsic(f"llvm.cttz.i{step}", f"i{step}", left, f.boolean(False))
            _give_if_found(f, text, part, size, now + bit.unsigned("i64"), f.boolean(True))
            mask.set(left & (left - 1))
        f.leave_if(now == final, after)
        position.set(f.minimum(now + step, final))


def _splat(f: Function, byte: Value, step: int) -> Value:
    kind = f"<{step} x i8>"
    one = f.write(kind, f"insertelement {kind} poison, i8 {byte.text}, i64 0")
    return f.write(kind, f"shufflevector {kind} {one.text}, {kind} poison, <{step} x i32> zeroinitializer")


def _matches(f: Function, step: int, address: Value, wanted: Value) -> Value:
    found = f.write(wanted.type, f"load {wanted.type}, ptr {address.text}, align 1")
    return f.write(f"<{step} x i1>", f"icmp eq {wanted.type} {found.text}, {wanted.text}")


def _give_if_found(f: Function, text: Value, part: Value, size: Value, place: Value, candidate: Value) -> None:
    with f.when(candidate), f.when(equal_bytes(f, text.at(place), part, size)):
        f.give(place)


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


HELPERS: tuple[Callable[[], Function], ...] = (finding, counting, skipping)
