"""The one printer of logical plans: a line a node, columns with ids renumbered by where they first appear.

    Project [l_orderkey#1]
    └─ Filter (l_quantity#2 < 24)
       └─ Scan lineitem [l_orderkey#1, l_quantity#2]

Plans inside expressions hang below the node that holds them, after its child plans, each under a line "Subquery".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from engine.expressions.base import Attribute, Expression
from engine.expressions.sql import sql
from engine.expressions.subquery import SubqueryExpression
from engine.logical import plan as lp
from engine.logical import unresolved as un
from engine.logical.asof import AsOfJoin
from engine.logical.recursion import ALL_ROWS, UnionLoop, UnionLoopRef
from engine.tree.node import TreeNode

Note = Callable[[Any], str]


class Numbers:
    """Ids as they are printed: 1, 2, ... in the order in which they are first asked for."""

    def __init__(self) -> None:
        self._of: dict[int, int] = {}

    def __call__(self, attribute: Attribute) -> str:
        return f"{attribute.name}#{self._of.setdefault(attribute.id, len(self._of) + 1)}"


def show(plan: TreeNode, note: Note | None = None) -> str:
    """The tree of `plan` as text; `note(node)` adds something to a node's line (estimates, times)."""
    numbers = Numbers()
    # columns are numbered from the leaves up, as they come into being
    for node in _leaves_first(plan):
        for attribute in getattr(node, "output", ()):
            numbers(attribute)
    return "\n".join(_lines(plan, numbers, note, "", ""))


def _leaves_first(plan: Any) -> Iterator[Any]:
    for child in getattr(plan, "plans", ()):
        yield from _leaves_first(child)
    yield plan


def _lines(node: Any, name: Numbers, note: Note | None, lead: str, below: str) -> Iterator[str]:
    extra = note(node) if note is not None else ""
    yield (lead + describe(node, name) + (f"  {extra}" if extra else "")).rstrip()
    children: list[tuple[str, Any]] = [("", child) for child in getattr(node, "plans", ())]
    for expression in getattr(node, "expressions", ()):
        children += [("Subquery", each.plan) for each in _subqueries(expression)]
    for place, (title, child) in enumerate(children):
        last = place == len(children) - 1
        branch, rest = ("└─ ", "   ") if last else ("├─ ", "│  ")
        if title:
            yield below + branch + title
            yield from _lines(child, name, note, below + rest + "└─ ", below + rest + "   ")
        else:
            yield from _lines(child, name, note, below + branch, below + rest)


def _subqueries(expression: Expression) -> Iterator[SubqueryExpression]:
    if isinstance(expression, SubqueryExpression):
        yield expression
    for child in expression.children:
        if isinstance(child, Expression):
            yield from _subqueries(child)


def describe(node: Any, name: Numbers) -> str:
    """The line of one node."""
    if isinstance(node, Expression):
        return sql(node, name)
    if hasattr(node, "describe"):  # physical operators know their own line
        return str(node.describe(name))
    details = _details(node, name)
    return type(node).__name__ + (f" {details}" if details else "")


def _details(node: Any, name: Numbers) -> str:
    def many(items: Any) -> str:
        return "[" + ", ".join(sql(item, name) for item in items) + "]"

    match node:
        case lp.LocalRelation(columns, batch):
            return f"{many(columns)} ({batch.num_rows} rows)"
        case lp.Range(start, end, step, column):
            return f"({start}, {end}, {step}) {many([column])}"
        case lp.Scan(relation, columns, table, filters, limit):
            text = f"{'.'.join(table[-1:]) or relation.description} {many(columns)}"
            text += f" filters={many(filters)}" if filters else ""
            return text + (f" limit={limit}" if limit is not None else "")
        case lp.Project(projections):
            return many(projections)
        case lp.Filter(condition):
            return sql(condition, name)
        case lp.Join() | lp.LateralJoin() | AsOfJoin():
            return _join(node, name)
        case lp.Aggregate(grouping, aggregates):
            return f"{many(grouping)} {many(aggregates)}"
        case lp.Window(functions):
            return many(functions)
        case lp.Expand(projections, columns):
            return f"{[many(each) for each in projections]} {many(columns)}".replace("'", "")
        case lp.Generate(generator, outer, columns):
            return f"{'outer ' if outer else ''}{sql(generator, name)} {many(columns)}"
        case lp.Sort(order, everywhere):
            return many(order) + ("" if everywhere else " in partitions")
        case lp.Limit(count, offset):
            return _limit(count, offset, name)
        case lp.TopN(count, offset, order):
            return f"{count}{f' offset {offset}' if offset else ''} {many(order)}"
        case lp.Union(_, columns):
            return many(columns)
    return _rare_details(node, name)


def _rare_details(node: Any, name: Numbers) -> str:
    match node:
        case lp.SetOperation(kind, every):
            return f"{kind.upper()}{' ALL' if every else ''}"
        case lp.Repartition(partitions, keys):
            return f"{partitions or ''} [{', '.join(sql(key, name) for key in keys)}]".strip()
        case lp.SubqueryAlias(parts):
            return ".".join(parts)
        case lp.ResolvedHint(strategy):
            return strategy
        case lp.CteDefinition(_, title):
            return title
        case lp.CteReference(_, columns) | UnionLoopRef(_, columns):
            return "[" + ", ".join(name(column) for column in columns) + "]"
        case UnionLoop(_, title, columns, levels, limit):
            most = "" if levels is None else f" at most {levels} levels"
            rows = "" if limit is None else " all rows" if limit == ALL_ROWS else f" limit {limit}"
            return f"{title} [{', '.join(name(column) for column in columns)}]{most}{rows}"
    return _as_written(node)


def _as_written(node: Any) -> str:
    """What the parser wrote down of a node that is not analyzed yet."""
    match node:
        case un.UnresolvedRelation(parts):
            return ".".join(parts)
        case un.UnresolvedFile(path):
            return f"'{path}'"
        case un.UnresolvedTableFunction(parts, arguments):
            return f"{'.'.join(parts)}({_sqls(arguments)})"
        case un.UnresolvedColumnAliases(names):
            return f"[{', '.join(names)}]"
        case un.UnresolvedSelect():
            return _select(node)
        case un.UnresolvedJoin():
            using = f" using [{', '.join(node.using)}]" if node.using else ""
            on = f" on {sql(node.condition)}" if node.condition is not None else ""
            words = [word for word in ("natural", "asof") if getattr(node, word)]
            after = " lateral" if node.lateral else ""
            return " ".join([*words, node.type.value]) + after + using + on
        case un.UnresolvedUnnest(arguments, counted):
            return f"({_sqls(arguments)}){' with ' + counted.lower() if counted else ''}"
        case un.UnresolvedSort(order):
            return f"[{_sqls(order)}]"
        case un.UnresolvedSetOperation(kind, every):
            return f"{kind.upper()}{' ALL' if every else ''}{' BY NAME' if node.by_name else ''}"
        case un.UnresolvedValues(rows):
            return f"({len(rows)} rows)"
        case un.UnresolvedWith(_, recursive):
            return "recursive" if recursive else ""
        case un.UnresolvedCte(title, names, levels):
            most = "" if levels is None else f" at most {levels} levels"
            return title + (f" [{', '.join(names)}]" if names else "") + most
        case un.UnresolvedLateralView(generator, outer, table, names):
            return f"{'outer ' if outer else ''}{sql(generator)} {table} [{', '.join(names)}]"
    return ""


def _select(node: un.UnresolvedSelect) -> str:
    text = f"{'distinct ' if node.distinct else ''}[{_sqls(node.projections)}]"
    for word, condition in (("where", node.condition), ("having", node.having), ("qualify", node.qualify)):
        if word == "having" and (node.grouping is not None or node.group_by_all):
            text += " group by " + ("all" if node.group_by_all else f"[{_sqls(node.grouping or ())}]")
        text += f" {word} {sql(condition)}" if condition is not None else ""
    return text


def _sqls(expressions: Iterable[TreeNode]) -> str:
    return ", ".join(map(sql, expressions))


def _join(node: Any, name: Numbers) -> str:
    text: str = node.type.value
    if node.condition is not None:
        text += f" {sql(node.condition, name)}"
    if getattr(node, "null_aware", False):
        text += " null aware"
    if getattr(node, "exists", None) is not None:
        text += f" -> {name(node.exists)}"
    for side, strategy, _ in getattr(node, "hints", ()):
        text += f" hint({side} {strategy})"
    return text


def _limit(count: Expression | None, offset: Expression | None, name: Numbers) -> str:
    text = "all" if count is None else sql(count, name)
    return text + (f" offset {sql(offset, name)}" if offset is not None else "")
