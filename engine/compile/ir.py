"""LLVM's intermediate representation as text, written with values that read like Python.

    f = Function("sum", [("values", "ptr"), ("count", "i64")])
    total = f.variable("i64", 0)
    with f.loop(0, f.argument("count")) as row:
        total.add(f.argument("values").load("i64", row))
    f.give(total.get())

A `Value` is one SSA value; operators on it write instructions into its function. Variables are allocas, which LLVM turns into
registers. Constants fold here, so that what is known needs no instruction and no time of the optimizer.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeAlias

Operand: TypeAlias = "Value | int | bool | float"

_INTEGERS: Final = {"i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64, "i128": 128}
_FLOATS: Final = ("float", "double")

SIZES: Final = {"i1": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "i128": 16, "float": 4, "double": 8, "ptr": 8}
"""Bytes of a value of each type in memory."""


@dataclass(frozen=True, eq=False)
class Value:
    """A value while the function runs; `text` is its name or its constant. Comparisons are signed, as SQL's are."""

    function: Function
    type: str
    text: str

    @property
    def constant(self) -> int | None:
        """The number, if it is a whole one known now."""
        if self.type not in _INTEGERS or self.text.startswith("%"):
            return None
        return {"true": 1, "false": 0}.get(self.text) if self.type == "i1" else int(self.text)

    @property
    def bits(self) -> int:
        """How many bits an integer has."""
        return _INTEGERS[self.type]

    # arithmetic

    def __add__(self, other: Operand) -> Value:
        return self._binary("add", other, 0)

    def __radd__(self, other: Operand) -> Value:
        return self + other

    def __sub__(self, other: Operand) -> Value:
        return self._binary("sub", other, 0)

    def __rsub__(self, other: Operand) -> Value:
        return self._same(other) - self

    def __mul__(self, other: Operand) -> Value:
        return self._binary("mul", other, 1)

    def __rmul__(self, other: Operand) -> Value:
        return self * other

    def __truediv__(self, other: Operand) -> Value:
        """Of floating-point numbers."""
        return self._binary("div", other, None)

    def __floordiv__(self, other: Operand) -> Value:
        """Signed division that truncates, as SQL's does; the divisor must not be 0."""
        return self._write("sdiv", self._same(other))

    def __mod__(self, other: Operand) -> Value:
        """The signed remainder, with the sign of the dividend."""
        return self._write("frem" if self.type in _FLOATS else "srem", self._same(other))

    def __and__(self, other: Operand) -> Value:
        return self._logic("and", other)

    def __rand__(self, other: Operand) -> Value:
        return self & other

    def __or__(self, other: Operand) -> Value:
        return self._logic("or", other)

    def __ror__(self, other: Operand) -> Value:
        return self | other

    def __xor__(self, other: Operand) -> Value:
        return self._write("xor", self._same(other))

    def __invert__(self) -> Value:
        if self.type == "i1" and self.constant is not None:
            return self.function.boolean(not self.constant)
        return self ^ (True if self.type == "i1" else -1)

    def __neg__(self) -> Value:
        if self.type in _FLOATS:
            return self.function.write(self.type, f"fneg {self.type} {self.text}")
        return self._same(0) - self

    def __lshift__(self, other: Operand) -> Value:
        return self._write("shl", self._same(other))

    def __rshift__(self, other: Operand) -> Value:
        """A shift that fills with zeros."""
        return self._write("lshr", self._same(other))

    def arithmetic_shift(self, other: Operand) -> Value:
        """A shift to the right that keeps the sign."""
        return self._write("ashr", self._same(other))

    def unsigned_remainder(self, other: Operand) -> Value:
        """The remainder of bits taken as a number without a sign."""
        return self._write("urem", self._same(other))

    def unsigned_quotient(self, other: Operand) -> Value:
        """The quotient of bits taken as a number without a sign."""
        return self._write("udiv", self._same(other))

    # comparison

    def __lt__(self, other: Operand) -> Value:
        return self._compare("slt", "olt", other)

    def __le__(self, other: Operand) -> Value:
        return self._compare("sle", "ole", other)

    def __gt__(self, other: Operand) -> Value:
        return self._compare("sgt", "ogt", other)

    def __ge__(self, other: Operand) -> Value:
        return self._compare("sge", "oge", other)

    def __eq__(self, other: object) -> Value:  # type: ignore[override]
        assert isinstance(other, Value | int | float)
        return self._compare("eq", "oeq", other)

    def __ne__(self, other: object) -> Value:  # type: ignore[override]
        assert isinstance(other, Value | int | float)
        return self._compare("ne", "une", other)

    __hash__ = None  # type: ignore[assignment]

    def below(self, other: Operand) -> Value:
        """Less than, of bits taken as numbers without a sign."""
        return self.function.write("i1", f"icmp ult {self.type} {self.text}, {self._same(other).text}")

    # conversion

    def signed(self, type: str) -> Value:
        """The same number in another width; narrower ones keep the low bits."""
        return self._resized(type, "sext")

    def unsigned(self, type: str) -> Value:
        """The same bits in another width, filled with zeros."""
        return self._resized(type, "zext")

    def bitcast(self, type: str) -> Value:
        """The same bits as another type of that size."""
        return self if type == self.type else self._converted("bitcast", type)

    def to_float(self, type: str = "double") -> Value:
        """A number as a floating-point one. i128 has no instruction for it: see `values.py`."""
        if self.type in _FLOATS:
            return self if self.type == type else self._converted("fpext" if type == "double" else "fptrunc", type)
        return self._converted("sitofp", type)

    def to_integer(self, type: str) -> Value:
        """A floating-point number cut to a whole one; it must fit."""
        return self._converted("fptosi", type)

    # memory, of pointers

    def at(self, index: Operand, type: str = "i8") -> Value:
        """The address of element `index` of `type`."""
        place = self.function.value("i64", index)
        if place.constant == 0:
            return self
        return self.function.write("ptr", f"getelementptr {type}, ptr {self.text}, i64 {place.text}")

    def load(self, type: str, index: Operand = 0, *, fixed: bool = False, align: int | None = None) -> Value:
        """Element `index`. `fixed`: nothing writes there while the function runs. `align`: in bytes, if not the type's own."""
        address = self.at(index, type)
        tail = f", align {align}" if align is not None else ""
        tail += ", !invariant.load !0" if fixed else ""
        return self.function.write(type, f"load {type}, ptr {address.text}{tail}")

    def store(self, value: Value, index: Operand = 0, *, align: int | None = None) -> None:
        """Writes `value` as element `index`."""
        address = self.at(index, value.type)
        tail = f", align {align}" if align is not None else ""
        self.function.line(f"store {value.type} {value.text}, ptr {address.text}{tail}")

    def atomic(self, operation: str, value: Value, index: Operand = 0) -> Value:
        """Does `xchg`, `add`, `or`, `and`, `min` or `max` at element `index` as one step; gives what was there."""
        address = self.at(index, value.type)
        text = f"atomicrmw {operation} ptr {address.text}, {value.type} {value.text} monotonic"
        return self.function.write(value.type, text)

    def _resized(self, type: str, how: str) -> Value:
        if type == self.type:
            return self
        if self.constant is not None and self.type != "i1" and (how == "sext" or self.constant >= 0):
            return self.function.integer(type, _wrapped(self.constant, _INTEGERS[type]))
        return self._converted("trunc" if _INTEGERS[type] < self.bits else how, type)

    def _converted(self, how: str, type: str) -> Value:
        return self.function.write(type, f"{how} {self.type} {self.text} to {type}")

    def _same(self, other: Operand) -> Value:
        return self.function.value(self.type, other)

    def _binary(self, operation: str, other: Operand, neutral: int | None) -> Value:
        right = self._same(other)
        if self.type in _FLOATS:
            return self._write(f"f{operation}", right)
        left, known = self.constant, right.constant
        if left is not None and known is not None:
            found = {"add": left + known, "sub": left - known, "mul": left * known}[operation]
            return self.function.integer(self.type, _wrapped(found, self.bits))
        if known is not None and known == neutral:
            return self
        return self._write(operation, right)

    def _logic(self, operation: str, other: Operand) -> Value:
        right = self._same(other)
        for one, another in ((self, right), (right, self)):
            if one.type == "i1" and one.constant is not None:
                return another if bool(one.constant) == (operation == "and") else one
        return self._write(operation, right)

    def _write(self, operation: str, right: Value) -> Value:
        return self.function.write(self.type, f"{operation} {self.type} {self.text}, {right.text}")

    def _compare(self, whole: str, floating: str, other: Operand) -> Value:
        right = self._same(other)
        how = f"fcmp {floating}" if self.type in _FLOATS else f"icmp {whole}"
        return self.function.write("i1", f"{how} {self.type} {self.text}, {right.text}")


@dataclass(frozen=True, eq=False)
class Variable:
    """A place for values of one type, in a register once LLVM has seen it."""

    function: Function
    type: str
    place: str

    def get(self) -> Value:
        """What it holds now."""
        return self.function.write(self.type, f"load {self.type}, ptr {self.place}")

    def set(self, value: Operand) -> None:
        """Makes it hold `value`."""
        held = self.function.value(self.type, value)
        self.function.line(f"store {self.type} {held.text}, ptr {self.place}")

    def add(self, value: Operand) -> None:
        """Adds to it."""
        self.set(self.get() + value)

    @property
    def address(self) -> Value:
        """Where it is, for intrinsics that write through pointers."""
        return Value(self.function, "ptr", self.place)


@dataclass(frozen=True, eq=False)
class Label:
    """The start of a block."""

    name: str


class Function:
    """One function being written. `result` is the type it gives, or void."""

    def __init__(self, name: str, arguments: Sequence[tuple[str, str]], result: str = "i64") -> None:
        self.name = name
        self.result = result
        self.declarations: dict[str, None] = {}
        self._arguments = list(arguments)
        self._allocas: list[str] = []
        self._early: list[str] = []
        self._lines: list[str] = []
        self._count = 0
        self._open = True

    # values

    def argument(self, name: str) -> Value:
        """The argument of that name."""
        return Value(self, next(kind for own, kind in self._arguments if own == name), f"%{name}")

    def integer(self, type: str, number: int) -> Value:
        """A whole number."""
        return self.boolean(bool(number)) if type == "i1" else Value(self, type, str(number))

    def boolean(self, truth: bool) -> Value:
        """True or false, an i1."""
        return Value(self, "i1", "true" if truth else "false")

    def number(self, type: str, number: float) -> Value:
        """A floating-point number, exactly."""
        rounded = struct.unpack("<f", struct.pack("<f", number))[0] if type == "float" else number
        return Value(self, type, f"0x{struct.unpack('<Q', struct.pack('<d', rounded))[0]:016X}")

    def null(self) -> Value:
        """The pointer to nothing."""
        return Value(self, "ptr", "null")

    def value(self, type: str, operand: Operand) -> Value:
        """`operand` as a value of `type`: values must be of it, numbers become constants."""
        if isinstance(operand, Value):
            assert operand.type == type, f"{operand.type} {operand.text} where {type} is wanted"
            return operand
        return self.number(type, operand) if type in _FLOATS else self.integer(type, int(operand))

    def variable(self, type: str, initial: Operand | None = None) -> Variable:
        """A new variable; what it holds before the first `set` is not defined without `initial`."""
        self._count += 1
        made = Variable(self, type, f"%v{self._count}")
        self._allocas.append(f"  {made.place} = alloca {type}")
        if initial is not None:
            made.set(initial)
        return made

    def select(self, condition: Value, yes: Value, no: Value) -> Value:
        """One of two values, both computed."""
        if condition.constant is not None:
            return yes if condition.constant else no
        assert yes.type == no.type
        return self.write(yes.type, f"select i1 {condition.text}, {yes.type} {yes.text}, {no.type} {no.text}")

    def minimum(self, left: Value, right: Operand) -> Value:
        """The smaller of two whole numbers."""
        other = self.value(left.type, right)
        return self.select(left < other, left, other)

    def intrinsic(self, name: str, result: str, *arguments: Value) -> Value:
        """Calls an intrinsic of LLVM, `name` as in `llvm.ctpop.i64`; `result` may be a struct like `{i64, i1}`."""
        types = ", ".join(each.type for each in arguments)
        self.declarations[f"declare {result} @{name}({types})"] = None
        given = ", ".join(f"{each.type} {each.text}" for each in arguments)
        return self.write(result, f"call {result} @{name}({given})")

    def call(self, name: str, result: str, *arguments: Value) -> Value:
        """Calls another function of the module."""
        given = ", ".join(f"{each.type} {each.text}" for each in arguments)
        return self.write(result, f"call {result} @{name}({given})")

    def overflowing(self, operation: str, left: Value, right: Value) -> tuple[Value, Value]:
        """Signed `add`, `sub` or `mul` (this of at most 64 bits), and whether the result did not fit."""
        assert operation != "mul" or left.bits <= 64, "a 128-bit multiplication would call a function that is not there"
        type = left.type
        pair = self.intrinsic(f"llvm.s{operation}.with.overflow.{type}", f"{{{type}, i1}}", left, right)
        return (
            self.write(type, f"extractvalue {pair.type} {pair.text}, 0"),
            self.write("i1", f"extractvalue {pair.type} {pair.text}, 1"),
        )

    # control

    @contextmanager
    def loop(self, start: Operand, stop: Operand, step: Operand = 1) -> Iterator[Value]:
        """For each index from `start` to before `stop`."""
        end = self.value("i64", stop)
        index = self.variable("i64", start)
        head, body, after = self.label("loop"), self.label("body"), self.label("end")
        self.jump(head)
        self.place(head)
        now = index.get()
        self.branch(now < end, body, after)
        self.place(body)
        yield now
        index.set(now + step)
        self.jump(head)
        self.place(after)

    @contextmanager
    def forever(self) -> Iterator[Label]:
        """Until something jumps to the label it gives, which is after the loop."""
        head, after = self.label("again"), self.label("end")
        self.jump(head)
        self.place(head)
        yield after
        self.jump(head)
        self.place(after)

    @contextmanager
    def when(self, condition: Value, likely: bool | None = None) -> Iterator[None]:
        """What follows only if `condition` is true."""
        yes, after = self.label("then"), self.label("after")
        self.branch(condition, yes, after, likely)
        self.place(yes)
        yield
        self.jump(after)
        self.place(after)

    def either(self, condition: Value, yes: Callable[[], None], no: Callable[[], None]) -> None:
        """One of two."""
        first, second, after = self.label("then"), self.label("else"), self.label("after")
        self.branch(condition, first, second)
        self.place(first)
        yes()
        self.jump(after)
        self.place(second)
        no()
        self.jump(after)
        self.place(after)

    def label(self, hint: str) -> Label:
        """A new label, to be placed once."""
        self._count += 1
        return Label(f"{hint}{self._count}")

    def place(self, label: Label) -> None:
        """Begins the block of `label` here; what came before falls through into it."""
        self.jump(label)
        self._lines.append(f"{label.name}:")
        self._open = True

    def jump(self, label: Label) -> None:
        """Goes on at `label`. Nothing where the block has ended already."""
        self._end(f"br label %{label.name}")

    def branch(self, condition: Value, yes: Label, no: Label, likely: bool | None = None) -> None:
        """Goes on at one of two labels."""
        if condition.constant is not None:
            self.jump(yes if condition.constant else no)
            return
        weight = "" if likely is None else ", !prof !1" if likely else ", !prof !2"
        self._end(f"br i1 {condition.text}, label %{yes.name}, label %{no.name}{weight}")

    def leave_if(self, condition: Value, to: Label, likely: bool | None = None) -> None:
        """Goes on at `to` if the condition holds, else here."""
        stay = self.label("stay")
        self.branch(condition, to, stay, likely)
        self.place(stay)

    def give(self, value: Operand | None = None) -> None:
        """Returns."""
        if value is None:
            self._end("ret void")
        else:
            self._end(f"ret {self.result} {self.value(self.result, value).text}")

    # text

    def write(self, type: str, instruction: str) -> Value:
        """Appends an instruction that gives a value."""
        self._count += 1
        made = Value(self, type, f"%t{self._count}")
        self.line(f"{made.text} = {instruction}")
        return made

    def early(self, type: str, instruction: str) -> Value:
        """Like `write`, but at the start of the function: for what is the same in every round of a loop."""
        self._count += 1
        made = Value(self, type, f"%t{self._count}")
        self._early.append(f"  {made.text} = {instruction}")
        return made

    def line(self, text: str) -> None:
        """Appends an instruction; one that cannot be reached starts a block of its own, which LLVM drops."""
        if not self._open:
            self.place(self.label("dead"))
        self._lines.append(f"  {text}")

    def note(self, text: str) -> None:
        """A comment in the code."""
        self._lines.extend(f"  ; {line}" for line in text.splitlines())

    def text(self) -> str:
        """The definition."""
        given = ", ".join(f"{kind} {'noalias ' if kind == 'ptr' else ''}%{name}" for name, kind in self._arguments)
        body = "\n".join((*self._allocas, *self._early, "  br label %begin", "begin:", *self._lines))
        end = "" if not self._open else "\n  unreachable"
        return f"define {self.result} @{self.name}({given}) nounwind {{\nentry:\n{body}{end}\n}}\n"

    def _end(self, text: str) -> None:
        if self._open:
            self._lines.append(f"  {text}")
            self._open = False


def module_text(functions: Sequence[Function]) -> str:
    """The module that holds `functions`, with the declarations they need."""
    declarations = dict.fromkeys(line for function in functions for line in function.declarations)
    weights = ("!1", "!{!'branch_weights', i32 2000, i32 1}"), ("!2", "!{!'branch_weights', i32 1, i32 2000}")
    metadata = ["!0 = !{}", *(f"{name} = {text}".replace("'", '"') for name, text in weights)]
    return "\n".join((*declarations, *(function.text() for function in functions), *metadata, ""))


def _wrapped(number: int, bits: int) -> int:
    """The number that the low `bits` of `number` are, with a sign."""
    low = number & ((1 << bits) - 1)
    return low - (1 << bits) if low >> (bits - 1) else low
