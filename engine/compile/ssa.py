"""Values of LLVM's intermediate representation: one SSA value each, whose operators write instructions into its function.

Constants fold here, so that what is known needs no instruction and no time of the optimizer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from engine.records import dataclass

if TYPE_CHECKING:
    from engine.compile.ir import Function

Operand: TypeAlias = "Value | int | bool | float"

_INTEGERS: Final = {"i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64, "i128": 128}
FLOATS: Final = ("float", "double")

SIZES: Final = {"i1": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "i128": 16, "float": 4, "double": 8, "ptr": 8}
"""Bytes of a value of each type in memory."""


class Value:
    """A value while the function runs; `text` is its name or its constant. Comparisons are signed, as SQL's are. `constant`
    is the number, if it is a whole one known now. Code is written of thousands of these, so they are no dataclass."""

    __slots__ = ("constant", "function", "text", "type")

    def __init__(self, function: Function, type: str, text: str, constant: int | None = None) -> None:
        self.function = function
        self.type = type
        self.text = text
        self.constant = constant

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
        return self._write("frem" if self.type in FLOATS else "srem", self._same(other))

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
        if self.type in FLOATS:
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

    def float_compare(self, how: str, other: Operand) -> Value:
        """A comparison of floating-point numbers by LLVM's name, as in ult: less, or one of them is NaN."""
        return self.function.write("i1", f"fcmp {how} {self.type} {self.text}, {self._same(other).text}")

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
        if self.type in FLOATS:
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
        self.function.guard(self, index, type)
        address = self.at(index, type)
        tail = f", align {align}" if align is not None else ""
        tail += ", !invariant.load !0" if fixed else ""
        return self.function.write(type, f"load {type}, ptr {address.text}{tail}")

    def store(self, value: Value, index: Operand = 0, *, align: int | None = None) -> None:
        """Writes `value` as element `index`."""
        self.function.guard(self, index, value.type)
        address = self.at(index, value.type)
        tail = f", align {align}" if align is not None else ""
        self.function.line(f"store {value.type} {value.text}, ptr {address.text}{tail}")

    def atomic(self, operation: str, value: Value, index: Operand = 0) -> Value:
        """Does `xchg`, `add`, `or`, `and`, `min` or `max` at element `index` as one step; gives what was there."""
        self.function.guard(self, index, value.type)
        address = self.at(index, value.type)
        text = f"atomicrmw {operation} ptr {address.text}, {value.type} {value.text} monotonic"
        return self.function.write(value.type, text)

    def exchange_if(self, expected: Operand, value: Value, index: Operand = 0) -> Value:
        """Writes `value` at element `index` if `expected` is there, as one step; gives what was there."""
        address, wanted = self.at(index, value.type), self.function.value(value.type, expected)
        text = f"cmpxchg ptr {address.text}, {value.type} {wanted.text}, {value.type} {value.text} monotonic monotonic"
        pair = self.function.write(f"{{{value.type}, i1}}", text)
        return self.function.write(value.type, f"extractvalue {pair.type} {pair.text}, 0")

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
        if self.type in FLOATS:
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
        how = f"fcmp {floating}" if self.type in FLOATS else f"icmp {whole}"
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


def _wrapped(number: int, bits: int) -> int:
    """The number that the low `bits` of `number` are, with a sign."""
    low = number & ((1 << bits) - 1)
    return low - (1 << bits) if low >> (bits - 1) else low
