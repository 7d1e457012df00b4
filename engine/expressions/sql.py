"""The SQL text of an expression, as Spark writes it: names of result columns, error messages, EXPLAIN.

`sql(expression)` is Spark's pretty form: columns by bare name, text literals unquoted, implicit casts left out. `sql(e, name)`
writes columns by `name(attribute)` and text literals with quotes: the form of plans.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import reduce

from engine.expressions import aggregate as agg
from engine.expressions import conditional as cond
from engine.expressions import operators as ops
from engine.expressions import predicates as pred
from engine.expressions import subquery as sub
from engine.expressions import window as win
from engine.expressions.base import Alias, Attribute, Expression, Literal, SortOrder
from engine.expressions.calls import Call, Field
from engine.expressions.cast import Cast
from engine.expressions.char import PaddedChar
from engine.expressions.lambdas import Lambda
from engine.expressions.routines import SQLScalarFunction
from engine.expressions.shown import shown_call
from engine.logical import unresolved as un
from engine.tree.node import TreeNode
from engine.types import (
    ArrayType,
    BinaryType,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DoubleType,
    FloatType,
    StringType,
    TimestampNTZType,
    TimestampType,
    TimeType,
    YearMonthIntervalType,
)
from engine.types.cells import date_text, time_text, timestamp_text, zone_of
from engine.types.intervals import calendar_interval_text, interval_text
from engine.types.java_numbers import java_double, java_float
from engine.types.session import shown_zone

Name = Callable[[Attribute], str]
Writer = Callable[..., str]


def sql(expression: TreeNode, name: Name | None = None) -> str:
    """The text of `expression`; `name` writes its columns."""
    writer = _WRITERS.get(type(expression))
    if writer is None:
        for kind in type(expression).__mro__:
            if kind in _WRITERS:
                writer = _WRITERS[kind]
                break
        else:
            return f"{type(expression).__name__.lower()}({_list(expression.children, name)})"
    return writer(expression, name)


def shown(expression: TreeNode) -> str:
    """The text of an expression as errors show it, in double quotes."""
    return f'"{sql(expression)}"'


def shown_type(data_type: DataType) -> str:
    """A type as errors show it, in double quotes."""
    return f'"{data_type.sql}"'


def _list(items: Iterable[TreeNode], name: Name | None) -> str:
    return ", ".join(sql(item, name) for item in items)


def _attribute(e: Attribute, name: Name | None) -> str:
    return e.name if name is None else name(e)


def _literal(e: Literal, name: Name | None) -> str:
    value = e.value
    if value is None:
        return "NULL"
    match e.type:
        case StringType():
            return str(value) if name is None else "'" + str(value).replace("'", "\\'") + "'"
        case BinaryType():
            return f"X'{bytes(value).hex().upper()}'"
        case DateType():
            return f"DATE '{date_text(value) if isinstance(value, int) else value}'"
        case TimestampType() | TimestampNTZType():
            text = timestamp_text(value, zone_of(shown_zone()) if isinstance(e.type, TimestampType) else datetime.UTC)
            return f"{'TIMESTAMP' if isinstance(e.type, TimestampType) else 'TIMESTAMP_NTZ'} '{text}'"
        case TimeType():
            return f"TIME '{time_text(value)}'"
        case CalendarIntervalType():
            return f"INTERVAL '{calendar_interval_text(*value)}'"
        case YearMonthIntervalType() | DayTimeIntervalType():
            return interval_text(value, e.type)
        case FloatType():
            return java_float(float(value))
        case DoubleType():
            return java_double(float(value))
    if isinstance(e.type, ArrayType):
        return f"array({', '.join(_literal(Literal(each, e.type.elementType), name) for each in value)})"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return str(value if value else value.copy_abs())  # as Java writes it: 1E-7
    return str(value)


def _concat(e: ops.Concat, name: Name | None) -> str:
    if not e.chained:
        return f"concat({_list(e.arguments, name)})"
    return reduce(
        lambda before, each: f"concat({before}, {sql(each, name)})", e.arguments[1:], sql(e.arguments[0], name)
    )


def _binary(e: ops.BinaryArithmetic | ops.BinaryBitwise | pred.BinaryComparison, name: Name | None) -> str:
    return f"({sql(e.left, name)} {e.symbol} {sql(e.right, name)})"


def _joined(word: str) -> Writer:
    def write(e: pred.And | pred.Or, name: Name | None) -> str:
        text = sql(e.terms[0], name)
        for term in e.terms[1:]:
            text = f"({text} {word} {sql(term, name)})"
        return text

    return write


def _case(e: cond.CaseWhen, name: Name | None) -> str:
    branches = "".join(f" WHEN {sql(when, name)} THEN {sql(then, name)}" for when, then in e.branches)
    otherwise = f" ELSE {sql(e.otherwise, name)}" if e.otherwise is not None else ""
    return f"CASE{branches}{otherwise} END"


def _cast(e: Cast, name: Name | None) -> str:
    if e.implicit and name is None:
        return sql(e.child, name)
    return f"{'TRY_CAST' if e.mode.value == 'try' else 'CAST'}({sql(e.child, name)} AS {e.to.sql})"


def _like(e: pred.Like, name: Name | None) -> str:
    word = "ilike" if e.ignore_case else "LIKE"
    escape = f" ESCAPE '{e.escape}'" if e.escape != "\\" else ""
    text = f"{sql(e.value, name)} {word} {sql(e.pattern, name)}{escape}"
    return f"ilike({sql(e.value, name)}, {sql(e.pattern, name)})" if e.ignore_case else text


def _sort(e: SortOrder, name: Name | None) -> str:
    direction, nulls = ("ASC" if e.ascending else "DESC"), ("FIRST" if e.nulls_first else "LAST")
    return f"{sql(e.child, name)} {direction} NULLS {nulls}"


def _aggregate(e: agg.AggregateCall, name: Name | None) -> str:
    arguments = e.arguments[1:] if e.order and e.function != "listagg" else e.arguments  # which WITHIN GROUP shows
    text = f"{e.function}({'DISTINCT ' if e.distinct else ''}{_list(arguments, name)})"
    if e.order:
        text += f" WITHIN GROUP (ORDER BY {_within(e.function, e.order, name)})"  # type: ignore[arg-type]
    return text + (f" FILTER (WHERE {sql(e.condition, name)})" if e.condition is not None else "")


def _function(e: un.UnresolvedFunction, name: Name | None) -> str:
    function = e.name[-1].lower()
    arguments = [_argument(each, name) for each in e.arguments]
    if function == "count" and e.arguments == (un.UnresolvedStar(),) and not e.distinct:
        arguments = ["1"]
    if function in _IGNORING and len(arguments) == 2:
        arguments.pop()  # whether nulls are ignored is not shown
    if e.order and function == "string_agg":
        function = "listagg"
    if e.ignore_nulls and function in _PLAINLY:
        function = _PLAINLY[function]
    text = shown_call(function, arguments, e.distinct)
    if e.order:
        text += f" WITHIN GROUP (ORDER BY {_within(function, e.order, name)})"
    if e.ignore_nulls and function == "nth_value":
        text += " ignore nulls"
    return text + (f" FILTER (WHERE {sql(e.condition, name)})" if e.condition is not None else "")


def _argument(e: Expression, name: Name | None) -> str:
    """struct(a AS b) shows the names of its fields."""
    return f"{sql(e.child, name)} AS {e.name}" if isinstance(e, Alias) and name is None else sql(e, name)


_PLAINLY = {"first_value": "first", "last_value": "last"}
_IGNORING = frozenset(("first", "last", "any_value", "first_value", "last_value"))


def _within(function: str, order: tuple[SortOrder, ...], name: Name | None) -> str:
    """Percentiles show an ascending order by its expression only; mode() is the reverse of what was asked for."""
    if function == "mode":
        return ", ".join(sql(each.child, name) + (" DESC" if each.ascending else "") for each in order)
    if not function.startswith("percentile_"):
        return _list(order, name)
    return ", ".join(sql(each.child, name) + ("" if each.ascending else " DESC") for each in order)


def _bound(e: Expression, name: Name | None, side: str) -> str:
    match e:
        case win.Unbounded():
            return f"UNBOUNDED {side}"
        case win.CurrentRow():
            return "CURRENT ROW"
        case win.Offset(value):
            if isinstance(value, Literal) and isinstance(value.value, int | float | Decimal) and value.value < 0:
                return f"{sql(Literal(-value.value, value.type), name)} PRECEDING"
            return f"{sql(value, name)} FOLLOWING"
    return sql(e, name)


def _frame(e: win.Frame, name: Name | None) -> str:
    lower, upper = _bound(e.lower, name, "PRECEDING"), _bound(e.upper, name, "FOLLOWING")
    return f"{e.unit.upper()} BETWEEN {lower} AND {upper}"


def _spec(e: win.WindowSpec, name: Name | None) -> str:
    parts = []
    if e.partition:
        parts.append(f"PARTITION BY {_list(e.partition, name)}")
    if e.order:
        parts.append(f"ORDER BY {_list(e.order, name)}")
    frame = e.frame or (win.UP_TO_CURRENT if e.order else win.WHOLE_PARTITION)
    parts.append(_frame(frame, name))
    return "(" + " ".join(parts) + ")"


def _window_call(e: win.WindowExpression | un.UnresolvedWindow, name: Name | None) -> str:
    spec = e.spec if isinstance(e.spec, str) else sql(e.spec, name)
    return f"{sql(e.function, name)} OVER {spec}"


def _window_function(e: win.WindowCall, name: Name | None) -> str:
    return f"{e.function}({_list(e.arguments, name)}){' IGNORE NULLS' if e.ignore_nulls else ''}"


def _in_values(values: tuple[Expression, ...], name: Name | None) -> str:
    return sql(values[0], name) if len(values) == 1 else f"({_list(values, name)})"


def _lambda(e: Lambda, name: Name | None) -> str:
    names = [sql(p, name) for p in e.parameters]
    return f"lambdafunction({sql(e.body, name)}, {', '.join(names)})"


def _extract(e: un.UnresolvedExtract, name: Name | None) -> str:
    if isinstance(e.key, str):
        return f"{sql(e.child, name)}.{e.key}"
    return f"{sql(e.child, name)}[{sql(e.key, name)}]"


def _routine(e: SQLScalarFunction, name: Name | None) -> str:
    given = (each.child if isinstance(each, Cast) else each for each in e.arguments[: e.written])
    return f"{'.'.join(e.body.name)}({_list(given, name)})"


_WRITERS: dict[type[TreeNode], Writer] = {
    SQLScalarFunction: _routine,
    Attribute: _attribute,
    Literal: _literal,
    Alias: lambda e, n: sql(e.child, n) if n is None else f"{sql(e.child, n)} AS {n(e.to_attribute())}",
    SortOrder: _sort,
    ops.BinaryArithmetic: _binary,
    ops.Pmod: lambda e, n: f"pmod({sql(e.left, n)}, {sql(e.right, n)})",
    ops.BinaryBitwise: _binary,
    ops.UnaryMinus: lambda e, n: f"(- {sql(e.child, n)})",
    ops.UnaryPlus: lambda e, n: f"(+ {sql(e.child, n)})",
    ops.BitwiseNot: lambda e, n: f"~{sql(e.child, n)}",
    ops.Concat: _concat,
    pred.BinaryComparison: _binary,
    pred.And: _joined("AND"),
    pred.Or: _joined("OR"),
    pred.Not: lambda e, n: f"(NOT {sql(e.child, n)})",
    pred.IsNull: lambda e, n: f"({sql(e.child, n)} IS NULL)",
    pred.IsNotNull: lambda e, n: f"({sql(e.child, n)} IS NOT NULL)",
    PaddedChar: lambda e, n: f"rpad({sql(e.child, n)}, {e.length},  )",
    pred.IsNaN: lambda e, n: f"isnan({sql(e.child, n)})",
    pred.Between: lambda e, n: f"between({_list((e.value, e.low, e.high), n)})",
    pred.In: lambda e, n: f"({sql(e.value, n)} IN ({_list(e.options, n)}))",
    pred.Like: _like,
    pred.RLike: lambda e, n: f"RLIKE({sql(e.value, n)}, {sql(e.pattern, n)})",
    cond.If: lambda e, n: f"(IF({_list((e.condition, e.yes, e.no), n)}))",
    cond.CaseWhen: _case,
    cond.Coalesce: lambda e, n: f"coalesce({_list(e.arguments, n)})",
    Cast: _cast,
    Call: lambda e, n: f"{e.function}({_list(e.arguments, n)})",
    Field: lambda e, n: f"{sql(e.child, n)}.{e.name}",
    Lambda: _lambda,
    agg.AggregateCall: _aggregate,
    agg.Grouping: lambda e, n: f"grouping({sql(e.child, n)})",
    agg.GroupingId: lambda e, n: f"grouping_id({_list(e.arguments, n)})",
    win.WindowExpression: _window_call,
    win.WindowCall: _window_function,
    win.WindowSpec: _spec,
    win.Frame: _frame,
    sub.OuterReference: lambda e, n: f"outer({sql(e.attribute, n)})" if n is not None else sql(e.attribute, n),
    sub.ScalarSubquery: lambda e, n: "scalarsubquery()",  # noqa: ARG005 - every writer takes both
    sub.Exists: lambda e, n: "exists()",  # noqa: ARG005
    sub.InSubquery: lambda e, n: f"({_in_values(e.values, n)} IN (listquery()))",
    un.UnresolvedAttribute: lambda e, n: ".".join(e.parts),  # noqa: ARG005
    un.UnresolvedStar: lambda e, n: ".".join((*e.target, "*")),  # noqa: ARG005
    un.UnresolvedDatetime: lambda e, n: f"{e.kind} '{e.text}'",  # noqa: ARG005
    un.UnresolvedFunction: _function,
    un.UnresolvedWindow: _window_call,
    un.UnresolvedAlias: lambda e, n: sql(e.child, n),
    un.UnresolvedExtract: _extract,
    un.UnresolvedLambda: lambda e, n: f"lambdafunction({sql(e.body, n)}, {', '.join(e.parameters)})",
    un.UnresolvedScalarSubquery: lambda e, n: "scalarsubquery()",  # noqa: ARG005
    un.UnresolvedExists: lambda e, n: "exists()",  # noqa: ARG005
    un.UnresolvedInSubquery: lambda e, n: f"({_in_values(e.values, n)} IN (listquery()))",
}
