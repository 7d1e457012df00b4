"""Which functions of a window operator have code, and the program of those; the others' reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

from engine.compile.forms import Form
from engine.compile.program import Program
from engine.compile.values import NotCompiled
from engine.compile.windows.aggregates import Accumulated, Call
from engine.compile.windows.fetched import Fetched, neighbour, nth
from engine.compile.windows.frames import Bounds
from engine.compile.windows.loop import Loop, Writer, write
from engine.compile.windows.numbers import Counted
from engine.expressions.aggregate import AggregateCall
from engine.expressions.base import Alias, Attribute, Expression, Literal
from engine.expressions.window import WindowCall, WindowExpression
from engine.kernels.aggregate_values import First, Last
from engine.kernels.aggregates import aggregate_kernel
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import evaluate_constant
from engine.records import dataclass

_COUNTED = ("row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile")


@dataclass
class WindowProgram:
    """The loop, and what it writes: by the number of a function what makes its values. `reasons` are those of functions that
    have no code."""

    program: Program | None = None
    counted: dict[int, Counted] = field(default_factory=dict)
    fetched: dict[int, Fetched] = field(default_factory=dict)
    accumulated: list[Accumulated] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)

    @property
    def asks_for_peers(self) -> bool:
        """Whether it has to be told which rows are peers."""
        return any(writer.asks_for_peers for writer in self.writers)

    @property
    def writers(self) -> list[Writer]:
        """What writes the loop."""
        return [*self.counted.values(), *self.fetched.values(), *self.accumulated]


def window_program(
    functions: Sequence[Alias],
    attributes: Sequence[Attribute],
    forms: Sequence[Form],
    context: EvalContext,
    *,
    checked: bool = False,
) -> WindowProgram:
    """The program for columns of those forms."""
    loop = Loop(attributes, forms, checked, context.time_zone)
    made = WindowProgram()
    frames: dict[Any, tuple[Bounds, list[Call]]] = {}
    for number, alias in enumerate(functions):
        before = loop.function.mark()
        try:
            _plan(loop, alias.child, number, made, frames, context)
        except NotCompiled as reason:
            loop.function.undo(before)
            made.reasons[number] = str(reason)
    made.accumulated = [Accumulated(loop, calls, bounds, n) for n, (bounds, calls) in enumerate(frames.values())]
    if made.writers:
        made.program = write(loop, made.writers)
    return made


def _plan(
    loop: Loop, expression: Expression, number: int, made: WindowProgram, frames: dict[Any, Any], context: EvalContext
) -> None:
    assert isinstance(expression, WindowExpression)
    call = expression.function
    if not call.deterministic:
        raise NotCompiled("values at random")
    if isinstance(call, WindowCall) and call.function in _COUNTED:
        shares = _constant(call, 0, context) if call.function == "ntile" else 1
        if shares < 1:
            raise NotCompiled("a number of tiles that is not positive")
        made.counted[number] = Counted(call.function, number, shares)
        return
    bounds = Bounds(expression.spec, context)
    if isinstance(call, WindowCall):
        made.fetched[number] = _fetched(loop, call, bounds, number, context)
        return
    assert isinstance(call, AggregateCall)
    kernel = aggregate_kernel(call, context)
    if isinstance(kernel, First):
        if kernel.ignores_nulls or call.condition is not None:
            raise NotCompiled("values that are passed over")
        find = nth(bounds, 0, isinstance(kernel, Last))
        made.fetched[number] = _of_other(loop, call.arguments[0], find, bounds.asks_for_peers, None, number)
        return
    if bounds.kind == "other" or call.distinct:
        raise NotCompiled("frames like that" if bounds.kind == "other" else "DISTINCT")
    if call.can_raise and (bounds.kind == "few" or call.condition is not None) and _may_raise(call):
        raise NotCompiled("what may raise, of rows that no frame may have")
    own = Call(call, kernel, number)
    Accumulated(loop, [own], bounds, 0)  # raises what stands against it
    frames.setdefault(bounds.key, (bounds, []))[1].append(own)


def _may_raise(call: AggregateCall) -> bool:
    """Whether something that it is made of may raise; that a sum may, is the kernels' to say."""
    condition = () if call.condition is None else (call.condition,)
    return any(each.can_raise for each in (*call.arguments, *condition))


def _fetched(loop: Loop, call: WindowCall, bounds: Bounds, number: int, context: EvalContext) -> Fetched:
    if call.ignore_nulls:
        raise NotCompiled("IGNORE NULLS")
    if call.function in ("lag", "lead"):
        steps = _constant(call, 1, context) * (1 if call.function == "lead" else -1)
        default = call.arguments[2] if len(call.arguments) > 2 else None
        default = None if isinstance(default, Literal) and default.value is None else default
        return _of_other(loop, call.arguments[0], neighbour(steps), False, default, number)
    if call.function == "nth_value":
        which = _constant(call, 1, context)
        if which < 1:
            raise NotCompiled("a row before the first")
        return _of_other(loop, call.arguments[0], nth(bounds, which - 1), bounds.asks_for_peers, None, number)
    raise NotCompiled(call.function)


def _of_other(
    loop: Loop, expression: Expression, find: Any, asks_for_peers: bool, default: Expression | None, number: int
) -> Fetched:
    if expression.can_raise or (default is not None and default.can_raise):
        raise NotCompiled("what may raise, of rows that nobody may ask for")
    made = Fetched(expression, find, asks_for_peers, default, number)
    if made.storage == "text" and default is not None:
        raise NotCompiled("a default of texts")
    if default is not None and default.dataType != expression.dataType:
        raise NotCompiled("a default of another type")
    for each in () if made.storage == "text" else (expression, *(() if default is None else (default,))):
        before = loop.function.mark()
        loop.row(loop.function.integer("i64", 0)).value(each)
        loop.function.undo(before)
    return made


def _constant(call: WindowCall, place: int, context: EvalContext) -> int:
    """A constant argument, 1 where it is left out."""
    if place >= len(call.arguments):
        return 1
    value = evaluate_constant(call.arguments[place], context).value
    if value is None:
        raise NotCompiled("null as a number of rows")
    return int(value)
