"""LLVM's intermediate representation as text, written with values that read like Python.

    f = Function("sum", [("values", "ptr"), ("count", "i64")])
    total = f.variable("i64", 0)
    with f.loop(0, f.argument("count")) as row:
        total.add(f.argument("values").load("i64", row))
    f.give(total.get())

A `Value` (`ssa.py`) is one SSA value; operators on it write instructions into its function. Variables are allocas, which LLVM
turns into registers.

Code in `when`, `either` and loops may be passed over, so values written there must not be used after it: whoever keeps
values for later takes a `mark` with them and asks whether it still `holds`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from engine.compile.ssa import FLOATS, SIZES, Label, Operand, Value, Variable
from engine.records import dataclass

__all__ = ["SIZES", "Function", "Label", "Mark", "Operand", "Value", "Variable", "module_text"]


_GUARD = "guarded"


@dataclass(frozen=True)
class Mark:
    """A place in a function's code: the blocks around it, how many values, lines and notes came before, whether its block is
    open."""

    scope: tuple[int, ...]
    values: int
    lines: int
    notes: int
    is_open: bool


class Function:
    """One function being written. `result` is the type it gives, or void; an `internal` one is called by its module alone."""

    def __init__(
        self, name: str, arguments: Sequence[tuple[str, str]], result: str = "i64", *, internal: bool = False
    ) -> None:
        self.name = name
        self.result = result
        self.internal = internal
        self.attributes = "nounwind"
        self.declarations: dict[str, None] = {}
        self.helpers: dict[str, Function] = {}
        self.rooms: dict[str, Value] = {}
        """In checked code: how many bytes are known to be at an address, by its name; 0: not known."""
        self.violated = Label("violated")
        self._scope: tuple[int, ...] = ()
        self._undone: list[tuple[int, int]] = []
        self._arguments = dict(arguments)
        self._allocas: list[str] = []
        self._early: list[str] = []
        self._lines: list[str] = []
        self._notes: list[tuple[int, Callable[[], str]]] = []
        self._count = 0
        self._open = True

    # values

    def argument(self, name: str) -> Value:
        """The argument of that name."""
        return Value(self, self._arguments[name], f"%{name}")

    def integer(self, type: str, number: int) -> Value:
        """A whole number."""
        return self.boolean(bool(number)) if type == "i1" else Value(self, type, str(number), number)

    def boolean(self, truth: bool) -> Value:
        """True or false, an i1."""
        return Value(self, "i1", "true" if truth else "false", int(truth))

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
        return self.number(type, operand) if type in FLOATS else self.integer(type, int(operand))

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

    def prefetch(self, address: Value) -> None:
        """Asks for the memory at an address, which need not be one."""
        self.declarations["declare void @llvm.prefetch.p0(ptr, i32, i32, i32)"] = None
        self.line(f"call void @llvm.prefetch.p0(ptr {address.text}, i32 0, i32 3, i32 1)")

    def call(self, name: str, result: str, *arguments: Value, sign: str = "@") -> Value:
        """Calls another function of the module."""
        given = ", ".join(f"{each.type} {each.text}" for each in arguments)
        return self.write(result, f"call {result} {sign}{name}({given})")

    def call_pointer(self, function: Value, result: str, *arguments: Value) -> Value:
        """Calls the function at an address."""
        return self.call(function.text[1:], result, *arguments, sign="%")

    def helped(self, helper: Function, *arguments: Value) -> Value:
        """Calls another function, which becomes part of the module."""
        self.helpers[helper.name] = helper
        return self.call(helper.name, helper.result, *arguments)

    def bitmask(self, address: Value) -> Value:
        """Which of the 64 bytes at an address are not 0, a bit each."""
        loaded = self.write("<64 x i8>", f"load <64 x i8>, ptr {address.text}, align 1")
        there = self.write("<64 x i1>", f"icmp ne <64 x i8> {loaded.text}, zeroinitializer")
        return self.write("i64", f"bitcast <64 x i1> {there.text} to i64")

    def overflowing(self, operation: str, left: Value, right: Value) -> tuple[Value, Value]:
        """Signed `add`, `sub` or `mul` (this of at most 64 bits), and whether the result did not fit."""
        assert operation != "mul" or left.bits <= 64, "a 128-bit multiplication would call a function that is not there"
        kind = left.type
        pair = self.intrinsic(f"llvm.s{operation}.with.overflow.{kind}", f"{{{kind}, i1}}", left, right)
        return (
            self.write(kind, f"extractvalue {pair.type} {pair.text}, 0"),
            self.write("i1", f"extractvalue {pair.type} {pair.text}, 1"),
        )

    def guard(self, base: Value, index: Operand, type: str) -> None:
        """In checked code: leaves at `violated` if element `index` is beyond what is known to be at `base`."""
        if base.text in self.rooms:
            self.guard_range(base, index, self.value("i64", index) * SIZES[type] + SIZES[type])

    def guard_range(self, base: Value, start: Operand, stop: Value) -> None:
        """In checked code: leaves at `violated` if bytes `start` to before `stop` are not all there."""
        room = self.rooms.get(base.text)
        if room is not None:
            first = self.value("i64", start)
            beyond = (room != 0) & ((first < 0) | (stop < first) | (stop > room))
            nowhere = (base == self.null()) & (stop != first)
            there = self.label(_GUARD)
            self.branch(beyond | nowhere, self.violated, there, likely=False)
            self.place(there)

    # what holds where

    @contextmanager
    def inner(self) -> Iterator[None]:
        """What is written inside may be passed over when the function runs."""
        self._count += 1
        outer, self._scope = self._scope, (*self._scope, self._count)
        yield
        self._scope = outer

    def mark(self) -> Mark:
        """Here."""
        return Mark(self._scope, self._count, len(self._lines), len(self._notes), self._open)

    def holds(self, mark: Mark) -> bool:
        """Whether the code at `mark` has run for sure when the code here runs."""
        return self._scope[: len(mark.scope)] == mark.scope and self.stays(mark)

    def stays(self, mark: Mark) -> bool:
        """Whether the code at `mark` was not taken back."""
        return not any(first < mark.values <= last for first, last in self._undone)

    def is_straight(self, mark: Mark, most: int) -> bool:
        """Whether what was written since `mark` has no branches, but for guards, and at most so many instructions."""
        written = self._lines[mark.lines :]
        labels = [line for line in written if line.endswith(":")]
        return len(written) <= most and all(line.startswith(_GUARD) for line in labels)

    def undo(self, mark: Mark) -> None:
        """Takes back all that was written since `mark`."""
        before = [each for each in self._undone if each[0] < mark.values]  # the others are part of this
        self._undone = [*before, (mark.values, self._count)]
        del self._lines[mark.lines :], self._notes[mark.notes :]
        self._scope, self._open = mark.scope, mark.is_open

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
        with self.inner():
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
        with self.inner():
            yield after
        self.jump(head)
        self.place(after)

    @contextmanager
    def when(self, condition: Value, likely: bool | None = None) -> Iterator[None]:
        """What follows only if `condition` is true."""
        yes, after = self.label("then"), self.label("after")
        self.branch(condition, yes, after, likely)
        self.place(yes)
        with self.inner():
            yield
        self.jump(after)
        self.place(after)

    def either(self, condition: Value, yes: Callable[[], None], no: Callable[[], None]) -> None:
        """One of two."""
        first, second, after = self.label("then"), self.label("else"), self.label("after")
        self.branch(condition, first, second)
        for start, write in ((first, yes), (second, no)):
            self.place(start)
            with self.inner():
                write()
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

    def note(self, text: Callable[[], str]) -> None:
        """A comment in the code, which is asked for only where somebody reads it."""
        self._notes.append((len(self._lines), text))

    def text(self, notes: bool = False) -> str:
        """The definition; comments only if asked for, since what is compiled is known by its text."""
        lines = self._noted() if notes else self._lines
        given = ", ".join(
            f"{kind} {'noalias ' if kind == 'ptr' else ''}%{name}" for name, kind in self._arguments.items()
        )
        body = "\n".join((*self._allocas, *self._early, "  br label %begin", "begin:", *lines))
        end = "" if not self._open else "\n  unreachable"
        linkage = "internal " if self.internal else ""
        return f"define {linkage}{self.result} @{self.name}({given}) {self.attributes} {{\nentry:\n{body}{end}\n}}\n"

    def _noted(self) -> list[str]:
        lines = list(self._lines)
        for place, text in reversed(self._notes):
            lines[place:place] = [f"  ; {line}" for line in text().splitlines()]
        return lines

    def _end(self, text: str) -> None:
        if self._open:
            self._lines.append(f"  {text}")
            self._open = False


def module_text(functions: Sequence[Function], notes: bool = False) -> str:
    """The module that holds `functions`, with the helpers and declarations they need; `notes`: with comments."""
    every: dict[str, Function] = {}
    rest = list(reversed(functions))
    while rest:
        function = rest.pop()
        if function.name not in every:
            every[function.name] = function
            rest += function.helpers.values()
    declarations = dict.fromkeys(line for function in every.values() for line in function.declarations)
    weights = ("!1", "!{!'branch_weights', i32 2000, i32 1}"), ("!2", "!{!'branch_weights', i32 1, i32 2000}")
    metadata = ["!0 = !{}", *(f"{name} = {text}".replace("'", '"') for name, text in weights)]
    return "\n".join((*declarations, *(function.text(notes) for function in every.values()), *metadata, ""))
