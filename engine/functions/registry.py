"""The table of all functions: one declaration each, read by analysis, SHOW/DESCRIBE FUNCTION, completion, docs and tests.

    @function("repeat", (STRING, INT), returns=STRING)
    def repeat(text: pa.Array, times: pa.Array) -> pa.Array:
        '''Joins `text` to itself `times` times. ...'''

`families.py` imports every family, which fills the table; it is loaded when the table is first read, since many a statement
calls no function. A name may be declared several times: overloads are tried in
the order of declaration and the first that takes the arguments wins (exact matches before implicit casts).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any, TypeVar

from engine.errors import AnalysisError
from engine.functions.signature import ParameterType, ResultType, Variadic
from engine.records import dataclass
from engine.types import VOID, DataType

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Function:
    """One overload of a function.

    `kind`: "scalar" (kernel over arrays), "rewrite" (`kernel(*arguments: Expression) -> Expression`, replaced in analysis),
    "aggregate" (`kernel` is an engine.kernels.aggregates.AggregateKernel), "window", "generator" (explode ...), "table"
    (range ...: `kernel(*literals) -> LogicalPlan`).
    Scalar kernels get one pa.Array per argument, all of one length, or pa.Scalars where `takes_scalars` (then a mix), and
    give an array of that length of exactly the Arrow type of the result. Kernels with `wants_context` get the evaluation
    context (time zone, ANSI mode, number of rows) as keyword `context`.
    `nullable`: "if_null" (null if an argument is), "always" (may be null), "never", or a function of the arguments.
    `raises`: may raise for some row (then it only sees rows that reach it); `ansi_only`: only under ANSI.
    `coerce`: where parameters depend on each other (an array and its elements): takes the argument types and whether ANSI is
    on, gives the types to cast them to, or None for a mismatch.
    `lambda_types`: what the parameters of a lambda are: takes the position of the lambda among the arguments, how many
    parameters it has and the types of the arguments before it; gives (type, nullable) pairs.
    `hidden`: what other functions are short for; not listed. `names`: of the parameters, for `name => value`.
    `optional`: how many of the last parameters may be left out. `expected`: the numbers of arguments as messages say it, where
    that is not plain from the parameters. `defaults`: what stands for parameters that are left out between named ones.
    `folded`: the places of arguments that a rewrite wants as Literals where they are constants.
    `mismatch`: the error for argument types that do not fit, from the name and the types; None for the usual one.
    """

    name: str
    kind: str
    parameters: tuple[ParameterType, ...]
    returns: ResultType
    kernel: Any
    doc: str = ""
    since: str = "0.1"
    optional: int = 0
    nullable: str | Callable[..., bool] = "if_null"
    raises: bool = False
    ansi_only: bool = False
    deterministic: bool = True
    takes_scalars: bool = False
    wants_context: bool = False
    group: str = ""
    hidden: bool = False
    names: tuple[str, ...] = ()
    coerce: Callable[[tuple[DataType, ...], bool], Sequence[DataType] | None] | None = None
    lambda_types: Callable[[int, int, tuple[DataType, ...]], Sequence[tuple[DataType, bool]]] | None = None
    expected: str = ""
    defaults: tuple[Any, ...] = ()
    folded: tuple[int, ...] = ()
    mismatch: Callable[[str, tuple[DataType, ...]], AnalysisError | None] | None = None
    extra: dict[str, Any] = field(default_factory=dict)


_functions: dict[str, list[Function]] = {}


def _table() -> dict[str, list[Function]]:
    """All functions by name."""
    import engine.functions.families  # noqa: F401 - when first needed, which saves time at the start

    return _functions


def arity(function: Function) -> tuple[int, int | None]:
    """The least and the largest number of arguments; None for any."""
    fixed = len(function.parameters)
    last = function.parameters[-1] if fixed else None
    if isinstance(last, Variadic):
        return fixed - 1 + last.least, None
    return fixed - function.optional, fixed


def register(function: Function, aliases: Sequence[str] = ()) -> None:
    """Adds an overload under its name and `aliases`."""
    for name in (function.name, *aliases):
        _functions.setdefault(name.lower(), []).append(function)


def lookup(name: str) -> list[Function]:
    """The overloads of `name` (matched without case); empty if unknown."""
    return _table().get(name.lower(), [])


def names() -> list[str]:
    """The name of every function that is not hidden, sorted."""
    return sorted(name for name, overloads in _table().items() if not all(each.hidden for each in overloads))


def function(
    name: str,
    parameters: tuple[ParameterType, ...],
    *,
    returns: ResultType = VOID,
    kind: str = "scalar",
    aliases: Sequence[str] = (),
    **options: Any,
) -> Callable[[F], F]:
    """Declares the decorated kernel as a function of SQL; `options` are the other fields of `Function`.
    Rewrites need no `returns`."""

    def declare(kernel: F) -> F:
        doc = (kernel.__doc__ or "").strip()
        group = kernel.__module__.rpartition(".")[2]
        register(Function(name, kind, parameters, returns, kernel, doc, group=group, **options), aliases)
        return kernel

    return declare
