"""Programs that were written before, known by the shape of their chain: the next chain of that shape does not write anything.

What is kept holds neither rows nor tables: the code, what each word of the frame is for, and what the source and the sink bind.
For another chain the keys of words are filled in with the constants, operators and tables of that chain.

Checked code (`flint.compile.checked`) is written every time all the same, and must then be what was kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Protocol, cast, runtime_checkable

from engine.compile.code import code_of
from engine.compile.forms import Form
from engine.compile.frame import Frame
from engine.compile.inputs import Hoisted, Inputs
from engine.compile.numbering import NotKept, Numbered, Numbering, Renaming, Shaped
from engine.compile.object_cache import Quarantined, crashed_before
from engine.compile.program import NAME, Program, SinkCode, Step, write
from engine.config import typed
from engine.errors import InternalError
from engine.expressions.base import Attribute, Expression, Literal
from engine.physical.execution import Execution
from engine.protocols import provides
from engine.records import dataclass

_MOST = 512
_SETTINGS = ("checked", "optimize", "cache.enabled", "cache.directory")
_LARGEST_PLACE = 1 << 16


@runtime_checkable
class KeptSink(Shaped, Protocol):
    """The end of a chain whose code can be used again. `providers` are the source and the built sides, in order."""

    def kept(self, providers: Sequence[Any], numbering: Numbering) -> Any:
        """What was decided while it was written. Raises NotKept."""

    def follow(self, kept: Any, providers: Sequence[Any], numbering: Numbering, renamed: Renaming) -> bool:
        """Decides the same for another chain; whether that is possible."""


@dataclass(frozen=True)
class _Slot:
    """In the key of a word: the constant, the operator or the table of that number."""

    kind: str
    number: int


@dataclass(frozen=True)
class KeptProgram:
    """What is known of a program, and its code."""

    code: Any
    text: str
    """Of checked code, what was written."""
    numbered: Numbered
    plain: Mapping[Hashable, int]
    """Words whose keys are the same in each chain."""
    others: Sequence[tuple[Hashable, int]]
    size: int
    computed: Sequence[Sequence[tuple[Expression, int, Hashable]]]
    """Of each table, the columns that were made of its rows for this code."""
    used: Sequence[int]
    hoists: Sequence[Hoisted]
    remapped: frozenset[int]
    sink: Any


@dataclass(frozen=True)
class Shape:
    """A chain for batches of certain forms, as a key, and what has numbers in it."""

    key: Hashable
    numbering: Numbering
    numbered: Numbered


@dataclass(frozen=True)
class Parts:
    """What a program is written of: batches with columns `attributes` of those forms, through steps, into a sink. `tables` are
    those of joins whose words the code reads, `sides` the built sides whose rows it meets."""

    attributes: Sequence[Attribute]
    forms: Sequence[Form]
    steps: Sequence[Step]
    sink: SinkCode
    tables: Sequence[Any] = ()
    sides: Sequence[Any] = ()

    def write(self, run: Execution) -> Program:
        """The program. Raises CannotWrite."""
        checked, zone = bool(typed(run.task.conf, "flint.compile.checked")), run.evaluation.time_zone
        return write(self.attributes, self.forms, self.steps, self.sink, checked=checked, time_zone=zone)

    def shape(self, run: Execution) -> Shape | None:
        """All that the code depends on; None where that is more than shapes tell."""
        if not provides(self.sink, KeptSink) or not all(provides(step.code, Shaped) for step in self.steps):
            return None
        numbering = Numbering()
        settings = tuple(run.task.conf.get(f"flint.compile.{name}") for name in _SETTINGS)
        try:
            source = numbering.of(tuple(self.attributes)), tuple(self.forms)
            shapes = [cast(Shaped, part).shape(numbering) for part in (*(step.code for step in self.steps), self.sink)]
        except NotKept:
            return None
        return Shape((settings, run.evaluation.time_zone, source, *shapes), numbering, numbering.numbered)


def program_of(parts: Callable[[], Parts], run: Execution) -> tuple[Program, Any]:
    """The program of some parts, made anew at each call, and its code. Raises CannotWrite, Quarantined."""
    own = parts()
    shape = own.shape(run)
    kept = programs.get(shape) if shape is not None else None
    made = _again(kept, shape, own) if kept is not None and shape is not None else None
    if kept is not None and made is not None:
        if kept.text:
            _check(kept, made, own, parts(), run)
        programs.found += 1
        return made, kept.code
    widths = [len(table.attributes) for table in own.tables]
    program = own.write(run)
    code = code_of(program.text, [NAME], run)
    if shape is not None:
        programs.put(shape, program, own, widths, code)
    return program, code


class KeptPrograms:
    """The programs that were used last, for all tasks of a process."""

    def __init__(self, most: int = _MOST) -> None:
        self.most = most
        self.found = 0
        """How often there was one."""
        self._programs: OrderedDict[Hashable, KeptProgram] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, shape: Shape) -> KeptProgram | None:
        """What is known of programs of that shape. Raises Quarantined."""
        with self._lock:
            found = self._programs.get(shape.key)
            if found is None:
                return None
            self._programs.move_to_end(shape.key)
        if crashed_before(found.code.key):
            raise Quarantined(found.code.key)
        return found

    def put(self, shape: Shape, program: Program, parts: Parts, widths: Sequence[int], code: Any) -> None:
        """Keeps a program that was written, if no more than its shape tells goes into it. `widths`: the columns that its tables
        had before."""
        try:
            made = _kept(shape, program, parts, widths, code)
        except NotKept:
            return
        with self._lock:
            self._programs[shape.key] = made
            while len(self._programs) > self.most:
                self._programs.popitem(last=False)


programs = KeptPrograms()


def _kept(shape: Shape, program: Program, parts: Parts, widths: Sequence[int], code: Any) -> KeptProgram:
    words = program.frame.words
    slots: dict[tuple[str, Any], _Slot] = {
        **{("constant", each): _Slot("constant", number) for number, each in enumerate(shape.numbered.constants)},
        **{("operator", step.operator.id): _Slot("operator", n) for n, step in enumerate(parts.steps)},
        **{("table", id(table)): _Slot("table", number) for number, table in enumerate(parts.tables)},
    }
    keys = {key: _slotted(key, slots) for key in words}
    inputs = program.inputs
    return KeptProgram(
        code=code,
        text=program.text if program.frame.checked else "",
        numbered=shape.numbered,
        plain={key: place for key, place in words.items() if keys[key] == key},
        others=[(keys[key], place) for key, place in words.items() if keys[key] != key],
        size=program.frame.size,
        computed=[
            [(each, place, table.seen(place)) for each, place in table.computed(width)]
            for table, width in zip(parts.tables, widths, strict=True)
        ],
        used=tuple(inputs.used),
        hoists=tuple(inputs.hoists.values()),
        remapped=frozenset(inputs.remapped),
        sink=cast(KeptSink, parts.sink).kept((inputs, *parts.sides), shape.numbering),
    )


def _again(kept: KeptProgram, shape: Shape, parts: Parts) -> Program | None:
    """The program of parts of the same shape; None where their sink or a table cannot follow."""
    renamed = Renaming(kept.numbered, shape.numbered)
    for table, columns in zip(parts.tables, kept.computed, strict=True):
        for expression, place, seen in columns:
            if table.place_of(renamed(expression)) != place or table.seen(place) != seen:
                return None
    inputs = Inputs(parts.attributes, parts.forms)
    inputs.used.update(dict.fromkeys(kept.used))
    inputs.remapped.update(kept.remapped)
    for each in kept.hoists:
        expression = renamed(each.expression)
        inputs.hoists[expression] = Hoisted(expression, each.place, each.form, each.over)
    follower = cast(KeptSink, parts.sink)
    if not follower.follow(kept.sink, (inputs, *parts.sides), shape.numbering, renamed):
        return None
    frame, operators = Frame(bool(kept.text)), [step.operator.id for step in parts.steps]
    values: dict[str, Sequence[Any]] = {
        "constant": [renamed(constant) for constant in kept.numbered.constants],
        "operator": operators,
        "table": list(map(id, parts.tables)),
    }
    frame.size = kept.size
    frame.words = {**kept.plain, **{_filled(key, values): place for key, place in kept.others}}
    return Program(None, frame, inputs, parts.steps, parts.sink, operators)


def _check(kept: KeptProgram, made: Program, own: Parts, others: Parts, run: Execution) -> None:
    """Raises InternalError where a program is not what is written for its chain."""
    written = others.write(run)
    ends = [
        cast(KeptSink, parts.sink).kept((program.inputs, *parts.sides), Numbering())
        for parts, program in ((own, made), (others, written))
    ]
    sources = [(list(each.used), each.hoists, each.remapped) for each in (made.inputs, written.inputs)]
    frames = [(each.frame.words, each.frame.size, each.counters) for each in (made, written)]
    if written.text != kept.text or any(one != other for one, other in (ends, sources, frames)):
        raise InternalError("A kept program is not what would be written for its chain.")


def _slotted(key: Any, slots: Mapping[tuple[str, Any], _Slot]) -> Hashable:
    """The key of a word with slots for what is another one in each chain. Raises NotKept."""
    if isinstance(key, tuple):
        if key and key[0] == "rows":
            return "rows", slots["operator", key[1]]
        return tuple(_slotted(each, slots) for each in key)
    if isinstance(key, str):
        return key
    if isinstance(key, Literal):
        found = slots.get(("constant", key))
    else:
        found = slots.get(("table", key))
        if found is None and isinstance(key, int) and 0 <= key < _LARGEST_PLACE:
            return key
    if found is None:
        raise NotKept(f"a word for {key!r}")
    return found


def _filled(key: Any, values: Mapping[str, Sequence[Any]]) -> Hashable:
    if isinstance(key, _Slot):
        found: Hashable = values[key.kind][key.number]
        return found
    return tuple([_filled(each, values) for each in key]) if isinstance(key, tuple) else key
