"""Functions that generated modules bring along: 128-bit division, text search. Compared with Python."""

from __future__ import annotations

import ctypes
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engine.compile import wide
from engine.compile.ir import Function, Value, module_text
from engine.compile.llvm import compiler
from engine.compile.tables.texts import Texts, TextTable, hold
from engine.compile.text_scans import counting, equal_bytes, finding, skipping


def built(write: Callable[[Function], None], arguments: list[tuple[str, str]], level: int) -> Any:
    """The machine code of a function of pointers and i64 that gives an i64."""
    function = Function("f", arguments)
    write(function)
    code = compiler(None).compile(module_text([function]), ["f"], level)
    types = [ctypes.c_void_p if kind == "ptr" else ctypes.c_int64 for _, kind in arguments]
    made = ctypes.CFUNCTYPE(ctypes.c_int64, *types)(code.addresses["f"])
    made.code = code  # type: ignore[attr-defined]
    return made


def words(number: int) -> np.ndarray[Any, Any]:
    return np.frombuffer(number.to_bytes(16, "little", signed=True), np.uint64).copy()


def wide_numbers(source: random.Random) -> list[int]:
    edges = [
        1,
        -1,
        2,
        3,
        10,
        2**31,
        2**32 - 1,
        2**63 - 1,
        -(2**63),
        2**63,
        2**64 - 1,
        2**64,
        2**64 + 1,
        10**19,
        10**38 - 1,
    ]
    edges += [2**127 - 1, -(2**127), -(10**38) + 1, (2**64 - 1) << 32, (2**32 - 1) << 64, (1 << 95) - 1]
    return edges + [source.randint(-(1 << bits), 1 << bits) or 7 for bits in range(1, 127) for _ in range(3)]


@pytest.mark.parametrize("level", [0, 2])
def test_wide_quotients(level: int) -> None:
    def write(f: Function) -> None:
        left, right, result = (f.argument(name) for name in ("left", "right", "result"))
        result.store(wide.quotient(f, left.load("i128", align=8), right.load("i128", align=8)), align=8)
        f.give(0)

    divide = built(write, [("left", "ptr"), ("right", "ptr"), ("result", "ptr")], level)
    source = random.Random(level)
    numbers, result = wide_numbers(source), np.zeros(2, np.uint64)
    for left in [0, *numbers]:
        for right in source.sample(numbers, 40):
            if (left, right) == (-(2**127), -1):
                continue
            one, other = words(left), words(right)
            divide(one.ctypes.data, other.ctypes.data, result.ctypes.data)
            wanted = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
            assert int.from_bytes(result.tobytes(), "little", signed=True) == wanted, (left, right)


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("scale", [1, 2, 9, 18])
def test_quotients_as_doubles_are_rounded_once(level: int, scale: int) -> None:
    def write(f: Function) -> None:
        f.give(wide.exact_quotient(f, f.argument("number"), 10**scale).bitcast("i64"))

    divide, source = built(write, [("number", "i64")], level), random.Random(scale)
    numbers = [
        2**63 - 1,
        -(2**63),
        2**53 + 1,
        -(2**53) - 1,
        2**62 + 2**9,
        *(source.randint(-(2**63), 2**63 - 1) for _ in range(2000)),
    ]
    for number in numbers:
        assert np.int64(divide(number)).view(np.float64) == number / 10**scale, number


@pytest.mark.parametrize("level", [0, 2])
def test_texts_are_found_where_python_finds_them(level: int) -> None:
    arguments = [("text", "ptr"), ("length", "i64"), ("part", "ptr"), ("size", "i64")]
    find = built(lambda f: f.give(f.helped(finding(), *(f.argument(name) for name, _ in arguments))), arguments, level)
    source = random.Random(level)
    for _ in range(3000):
        letters = source.choice(("ab", "abcdefgh"))
        text = "".join(
            source.choice(letters) for _ in range(source.choice((0, 1, 5, 8, 9, 31, 32, 33, 40, 64, 100)))
        ).encode()
        part = "".join(source.choice(letters) for _ in range(source.choice((0, 1, 2, 3, 8, 12)))).encode()
        assert find(text, len(text), part, len(part)) == text.find(part), (text, part)


@pytest.mark.parametrize("level", [0, 2])
def test_texts_are_equal_byte_by_byte(level: int) -> None:
    def write(f: Function) -> None:
        f.give(equal_bytes(f, *(f.argument(name) for name in ("left", "right", "length"))).unsigned("i64"))

    equal = built(write, [("left", "ptr"), ("right", "ptr"), ("length", "i64")], level)
    for length in range(40):
        text = bytes(range(1, length + 1))
        assert equal(text, text + b"?", length) == 1
        for place in range(length):
            other = text[:place] + b"?" + text[place + 1 :] if text[place] != ord("?") else text[:place] + b"!"
            assert equal(text, other + bytes(length), length) == 0, (length, place)


@pytest.mark.parametrize("level", [0, 2])
def test_characters_are_counted_and_skipped(level: int) -> None:
    def counted(f: Function) -> None:
        f.give(f.helped(counting(), f.argument("text"), f.argument("length")))

    def skipped(f: Function) -> None:
        f.give(f.helped(skipping(), *(f.argument(name) for name in ("text", "length", "count"))))

    count = built(counted, [("text", "ptr"), ("length", "i64")], level)
    skip = built(skipped, [("text", "ptr"), ("length", "i64"), ("count", "i64")], level)
    source = random.Random(level)
    for _ in range(2000):
        text = "".join(source.choice("aaaañ𝄞€") for _ in range(source.randint(0, 40)))
        data, wanted = text.encode(), source.randint(0, 45)
        assert count(data, len(data)) == len(text)
        assert skip(data, len(data), wanted) == len(text[:wanted].encode()), (text, wanted)


def test_a_function_of_a_library_is_refused() -> None:
    def write(f: Function) -> None:
        wider: Callable[[str], Value] = lambda name: f.argument(name).signed("i128")  # noqa: E731
        f.give((wider("left") // wider("right")).signed("i64"))  # LLVM makes a call of __divti3 of it

    with pytest.raises(RuntimeError, match="__divti3"):
        built(write, [("left", "i64"), ("right", "i64")], 0)


@pytest.mark.parametrize("level", [0, 2])
def test_held_texts_in_order_take_little_room(level: int) -> None:
    def write(f: Function) -> None:
        f.give(f.helped(hold(), *(f.argument(name) for name, _ in arguments)))

    arguments = [("table", "ptr"), ("word", "i64"), ("bytes", "ptr"), ("length", "i64")]
    kept, table = built(write, arguments, level), TextTable(3, lambda size: None)
    texts = [f"{number:09}" * (1 + number % 3) for number in range(20_000)]
    word = 0
    for text in texts:
        data = np.frombuffer(text.encode(), np.uint8)
        while (found := kept(table.words.ctypes.data, word, data.ctypes.data, len(data))) == 0:
            table.grow(2 * len(data))
        word = found
    assert table.size < 100_000
    found = Texts([TextTable(each, lambda size: None) for each in range(3)] + [table])
    assert found.take(np.array([word, 0], np.uint64), pa.string()).to_pylist() == [texts[-1], None]
