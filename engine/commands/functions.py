"""SHOW FUNCTIONS and DESCRIBE FUNCTION: what can be called, and the operators."""

from __future__ import annotations

import inspect

from engine.catalog.patterns import matching
from engine.commands.context import Context, answer
from engine.commands.routines import described, kept_names
from engine.functions import registry
from engine.functions.classes import class_of
from engine.functions.mismatch import unresolved_routine
from engine.functions.registry import Function
from engine.logical.commands import DescribeFunction, Show
from engine.logical.plan import LogicalPlan

_BUILTIN = (("builtin",), ("system", "builtin"))
"""What may stand before the name of a function of Spark's own."""
OPERATORS: dict[str, tuple[str, str]] = {
    "!": ("Not", "! expr - Logical not."),
    "!=": ("", "expr1 != expr2 - Returns true if `expr1` is not equal to `expr2`."),
    "%": ("Remainder", "expr1 % expr2, or mod(expr1, expr2) - Returns the remainder after `expr1`/`expr2`."),
    "&": ("BitwiseAnd", "expr1 & expr2 - Returns the result of bitwise AND of `expr1` and `expr2`."),
    "*": ("Multiply", "expr1 * expr2 - Returns `expr1`*`expr2`."),
    "+": ("Add", "expr1 + expr2 - Returns `expr1`+`expr2`."),
    "-": ("Subtract", "expr1 - expr2 - Returns `expr1`-`expr2`."),
    "/": ("Divide", "expr1 / expr2 - Returns `expr1`/`expr2`. It always performs floating point division."),
    "<": ("LessThan", "expr1 < expr2 - Returns true if `expr1` is less than `expr2`."),
    "<=": ("LessThanOrEqual", "expr1 <= expr2 - Returns true if `expr1` is less than or equal to `expr2`."),
    "<=>": ("EqualNullSafe", "expr1 <=> expr2 - Returns whether both are equal or both are null."),
    "<>": ("", "expr1 <> expr2 - Returns true if `expr1` is not equal to `expr2`."),
    "=": ("EqualTo", "expr1 = expr2 - Returns true if `expr1` equals `expr2`, or false otherwise."),
    "==": ("EqualTo", "expr1 == expr2 - Returns true if `expr1` equals `expr2`, or false otherwise."),
    ">": ("GreaterThan", "expr1 > expr2 - Returns true if `expr1` is greater than `expr2`."),
    ">=": ("GreaterThanOrEqual", "expr1 >= expr2 - Returns true if `expr1` is greater than or equal to `expr2`."),
    "^": ("BitwiseXor", "expr1 ^ expr2 - Returns the result of bitwise exclusive OR of `expr1` and `expr2`."),
    "and": ("And", "expr1 and expr2 - Logical AND."),
    "between": ("Between", "input [NOT] between lower AND upper - evaluate if `input` is [not] in between `lower` and `upper`"),
    "case": ("", "CASE expr1 WHEN expr2 THEN expr3 [WHEN expr4 THEN expr5]* [ELSE expr6] END - When `expr1` = `expr2`, "
             "returns `expr3`; when `expr1` = `expr4`, return `expr5`; else return `expr6`."),
    "cast": ("Cast", "cast(expr AS type) - Casts the value `expr` to the target data type `type`. `expr` :: `type` "
             "alternative casting syntax is also supported."),
    "grouping": ("Grouping", "grouping(col) - Returns 1 where a column of a GROUP BY is aggregated over, else 0."),
    "grouping_id": ("GroupingID", "grouping_id([col1[, col2 ..]]) - Returns the level of grouping."),
    "in": ("In", "expr1 in(expr2, expr3, ...) - Returns true if `expr` equals to any valN."),
    "not": ("Not", "not expr - Logical not."),
    "or": ("Or", "expr1 or expr2 - Logical OR."),
    "when": ("CaseWhen", "CASE WHEN expr1 THEN expr2 [WHEN expr3 THEN expr4]* [ELSE expr5] END - When `expr1` = true, "
             "returns `expr2`; else when `expr3` = true, returns `expr4`; else returns `expr5`."),
    "|": ("BitwiseOr", "expr1 | expr2 - Returns the result of bitwise OR of `expr1` and `expr2`."),
    "||": ("", "expr1 || expr2 - Returns the concatenation of `expr1` and `expr2`."),
    "~": ("BitwiseNot", "~ expr - Returns the result of bitwise NOT of `expr`."),
}  # fmt: skip
"""Operators and what the grammar reads like functions: the class of Spark, and how they are used."""


def show_functions(command: Show, context: Context) -> LogicalPlan:
    """SHOW [USER | SYSTEM | ALL] FUNCTIONS [IN database] [LIKE pattern]."""
    if command.name:
        context.catalog.database(context.catalog.database_part(command.name))
    own = kept_names(context, command.name) if command.scope != "system" else []
    known = [] if command.scope == "user" else sorted({*registry.names(), *OPERATORS})
    chosen = [*matching(known, command.pattern), *(n for n in own if matching([n.rpartition(".")[2]], command.pattern))]
    return answer(("function",), [(name,) for name in sorted(chosen)])


def describe_function(command: DescribeFunction, context: Context) -> LogicalPlan:
    """DESCRIBE FUNCTION [EXTENDED] name."""
    name = command.name[-1].lower()
    known = len(command.name) == 1 or tuple(part.lower() for part in command.name[:-1]) in _BUILTIN
    overloads = registry.lookup(name) if known else []
    routine = None if overloads else context.catalog.routine(command.name)
    if routine is not None:
        return answer(("function_desc",), described(routine, command.extended))
    if not overloads and (not known or name not in OPERATORS):
        raise unresolved_routine(".".join(command.name), command.origin)
    rows = [f"Function: {name}"]
    if overloads:
        rows.append(f"Class: {class_of(name)}")
        rows.append(f"Usage: {_usage(name, overloads)}")
    else:
        kind, usage = OPERATORS[name]
        rows += [f"Class: org.apache.spark.sql.catalyst.expressions.{kind}"] if kind else []
        rows.append(f"Usage: {usage}")
    if command.extended:
        rows.append(f"Extended Usage:{_extended(name, overloads)}")
    return answer(("function_desc",), [(row,) for row in rows])


def _usage(name: str, overloads: list[Function]) -> str:
    """How a function is called, and what it does."""
    described = next((each for each in overloads if each.doc), overloads[0])
    usage = " ".join(described.doc.partition("\n\n")[0].split())
    return f"{name}({_parameters(described)}) - {usage}"


def _parameters(function: Function) -> str:
    """The names of the parameters; those in brackets may be left out."""
    names = list(function.names)
    if not names and callable(function.kernel):
        kinds = inspect.signature(function.kernel).parameters.values()
        names = [each.name for each in kinds if each.kind is not each.KEYWORD_ONLY and each.name != "mode"]
        if len(names) != len(function.parameters):
            names = []
    required = len(function.parameters) - function.optional
    names = names or [f"expr{place}" for place in range(1, len(function.parameters) + 1)]
    inner = ", ".join(names[:required])
    for place, each in enumerate(names[required:]):
        inner += f"[{', ' if required or place else ''}{each}"
    return inner + "]" * len(names[required:])


def _extended(name: str, overloads: list[Function]) -> str:
    examples = next((each.doc.partition("\n\n")[2] for each in overloads if each.doc), "")
    if not examples:
        return f"\n    No example/argument for {name}.\n"
    lines = [line.strip() for line in examples.strip().splitlines()]
    shown = "\n".join(f"      {line}" if line.startswith(">") else f"       {line}" for line in lines)
    since = min(each.since for each in overloads)
    return f"\n    Examples:\n{shown}\n  \n    Since: {since}\n"
