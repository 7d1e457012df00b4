"""Transformer of grammar/relations.lark: queries as unresolved plans.

Each public function is the rule (or the `-> name`) of its name, as in `engine.parse.expressions`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from engine.errors import ParseError, Unsupported
from engine.expressions.base import Expression, SortOrder
from engine.logical.plan import JoinType, Limit, LogicalPlan, OneRow, SubqueryAlias
from engine.logical.unresolved import (
    GroupingSets,
    Hint,
    UnresolvedColumnAliases,
    UnresolvedFile,
    UnresolvedFunction,
    UnresolvedIdentifierPlan,
    UnresolvedLateralView,
    UnresolvedRelation,
    UnresolvedRepartition,
    UnresolvedSelect,
    UnresolvedSetOperation,
    UnresolvedSort,
    UnresolvedStar,
    UnresolvedTableFunction,
    UnresolvedValues,
)
from engine.logical.unresolved import sort_item as sort_order
from engine.parse.lexer import Token
from engine.parse.literals import string_value
from engine.parse.parts import (
    Grouping,
    JoinPart,
    LateralViewPart,
    NamedArgument,
    Relation,
    SelectHead,
    Step,
    TableAlias,
    TailItem,
    Windows,
    call,
    joined,
    row_values,
)

# A query and what follows it


def organized(plan: LogicalPlan, items: tuple[TailItem, ...]) -> LogicalPlan:
    """A query with its tail. Clauses come once and in Spark's order; OFFSET may also stand before LIMIT."""
    by_clause = {item.clause: item for item in items}
    for before, item in pairwise(items):
        if _ORDER[item.clause] < _ORDER[before.clause] or by_clause[before.clause] is not before:
            hint = f": it cannot follow {before.clause}"
            raise ParseError("PARSE_SYNTAX_ERROR", {"error": f"'{item.clause}'", "hint": hint}, item.origin)
    for item in items:
        if item.clause in ("LIMIT", "OFFSET"):
            break
        plan = _ordered(plan, item).at(item.origin)
    count, offset_item = by_clause.get("LIMIT"), by_clause.get("OFFSET")
    if offset_item is None and count is None:
        return plan
    return Limit(count.value if count else None, offset_item.value if offset_item else None, plan)


_ORDER = {"ORDER BY": 0, "CLUSTER BY": 1, "DISTRIBUTE BY": 2, "SORT BY": 3, "LIMIT": 4, "OFFSET": 4}


def _ordered(plan: LogicalPlan, item: TailItem) -> LogicalPlan:
    match item.clause:
        case "ORDER BY" if isinstance(item.value, SortOrder):
            return UnresolvedSort((item.value,), True, True, plan)
        case "ORDER BY" | "SORT BY":
            return UnresolvedSort(item.value, item.clause == "ORDER BY", False, plan)
    return UnresolvedRepartition(item.value, item.clause == "CLUSTER BY", plan)


def tail_order(items: tuple[SortOrder, ...]) -> TailItem:
    return TailItem("ORDER BY", items)


def tail_order_all(word: Token, direction: Token | None, nulls: Token | None) -> TailItem:
    """ORDER BY ALL: its one sort key carries the direction for every column."""
    ascending = direction is None or direction.kind == "ASC"
    every = UnresolvedStar().at(word.position)
    return TailItem("ORDER BY", sort_order(every, ascending, None if nulls is None else nulls.kind == "FIRST"))


def sort_by(items: tuple[SortOrder, ...]) -> TailItem:
    return TailItem("SORT BY", items)


def cluster_by(keys: tuple[Expression, ...]) -> TailItem:
    return TailItem("CLUSTER BY", keys)


def distribute_by(keys: tuple[Expression, ...]) -> TailItem:
    return TailItem("DISTRIBUTE BY", keys)


def limit(count: Expression) -> TailItem:
    return TailItem("LIMIT", count)


def limit_all() -> TailItem:
    return TailItem("LIMIT", None)


def offset(count: Expression) -> TailItem:
    return TailItem("OFFSET", count)


# Set operations


def set_operation(left: LogicalPlan, kind: Token, quantifier: Token | None, right: LogicalPlan) -> LogicalPlan:
    """UNION, INTERSECT, EXCEPT (also SETMINUS, MINUS): without duplicates unless ALL."""
    name = "except" if kind.kind in ("SETMINUS", "MINUS") else kind.kind.lower()
    return UnresolvedSetOperation(name, quantifier is not None and quantifier.kind == "ALL", left, right)


def union_by_name(left: LogicalPlan, _kind: Token, quantifier: Token | None, right: LogicalPlan) -> LogicalPlan:
    every = quantifier is not None and quantifier.kind == "ALL"
    return UnresolvedSetOperation("union", every, left, right, by_name=True)


# SELECT


def select_head(*parts: Any) -> SelectHead:
    """SELECT: tuples of hints, the quantifier or None, the projections."""
    *hints, quantifier, projections = parts
    distinct = isinstance(quantifier, Token) and quantifier.kind == "DISTINCT"
    return SelectHead(tuple(each for group in hints for each in group), distinct, projections)


def hint(*parts: Token | Hint) -> tuple[Hint, ...]:
    return tuple(part for part in parts if isinstance(part, Hint))


def hint_item(name: str, parameters: tuple[Expression, ...] | None) -> Hint:
    return Hint(name, parameters or ())


def select(
    head: SelectHead,
    child: LogicalPlan | None,
    where: Expression | None,
    grouping: Grouping | None,
    having: Expression | None,
    windows: Windows | None,
    qualify: Expression | None,
) -> LogicalPlan:
    return UnresolvedSelect(
        head.projections,
        head.distinct,
        where,
        None if grouping is None else grouping.items,
        grouping is not None and grouping.everything,
        having,
        windows or (),
        qualify,
        head.hints,
        child if child is not None else OneRow(),
    )


def from_only(child: LogicalPlan) -> LogicalPlan:
    """FROM t is SELECT * FROM t."""
    return select(SelectHead((), False, (UnresolvedStar(),)), child, None, None, None, None, None)


def from_select(
    child: LogicalPlan,
    head: SelectHead,
    where: Expression | None,
    grouping: Grouping | None,
    having: Expression | None,
    windows: Windows | None,
    qualify: Expression | None,
) -> LogicalPlan:
    return select(head, child, where, grouping, having, windows, qualify)


def group_by(*parts: Expression | tuple[()] | Token | None) -> Grouping:
    """GROUP BY items [WITH ROLLUP | WITH CUBE]."""
    *listed, suffix = parts
    items = tuple(item for item in listed if isinstance(item, Expression))
    if isinstance(suffix, Token):
        return Grouping((GroupingSets(suffix.kind.lower(), tuple((item,) for item in items)),))
    return Grouping(items)


def group_by_all(_word: Token) -> Grouping:
    return Grouping((), True)


def group_by_sets(items: tuple[Expression, ...], sets: tuple[tuple[Expression, ...] | Expression, ...]) -> Grouping:
    """GROUP BY a, b GROUPING SETS ((a, b), (a)): the columns in this order, also those that no set holds."""
    return Grouping((GroupingSets("grouping sets", sets, items),))


def group_items(*items: Expression | tuple[()]) -> tuple[Expression, ...]:
    return tuple(item for item in items if isinstance(item, Expression))


def empty_set() -> tuple[()]:
    return ()


def grouping(kind: Token, *sets: tuple[Expression, ...] | Expression) -> Expression:
    return GroupingSets(kind.kind.lower(), sets)


def grouping_sets(*sets: tuple[Expression, ...] | Expression) -> Expression:
    return GroupingSets("grouping sets", sets)


def group_set(value: Expression) -> tuple[Expression, ...] | Expression:
    """A set: (a, b) holds two, a holds one; a ROLLUP among sets stands for its own sets."""
    return value if isinstance(value, GroupingSets) else row_values(value)


# FROM


def from_clause(*parts: Relation | LateralViewPart | Step | None) -> LogicalPlan:
    """Items and joins from left to right: as in Spark a comma binds no weaker than JOIN, so ON sees all before it."""
    plan: LogicalPlan | None = None
    for part in parts:
        if isinstance(part, Relation):
            plan = _related(plan, part)
        elif isinstance(part, LateralViewPart):
            assert plan is not None
            plan = UnresolvedLateralView(part.generator, part.outer, part.table, part.names, plan).at(
                part.generator.origin
            )
        elif part is not None:
            assert plan is not None
            plan = part(plan)
    assert plan is not None
    return plan


def _related(left: LogicalPlan | None, item: Relation) -> LogicalPlan:
    plan = item.first
    if left is not None:
        plan = joined(left, JoinPart(plan, JoinType.INNER, lateral=item.lateral))
    for each in item.joins:
        plan = joined(plan, each) if isinstance(each, JoinPart) else each(plan)
    return plan


def relation(lateral: Token | None, first: LogicalPlan, *joins: JoinPart | Step) -> Relation:
    return Relation(first, lateral is not None, joins)


def parenthesized_relation(item: Relation) -> LogicalPlan:
    return _related(None, item)


def join(
    kind: JoinType | None, lateral: Token | None, right: LogicalPlan, condition: Expression | tuple[str, ...] | None
) -> JoinPart:
    using = condition if isinstance(condition, tuple) else ()
    on = condition if isinstance(condition, Expression) else None
    return JoinPart(right, kind or JoinType.INNER, on, using, lateral=lateral is not None)


def natural_join(kind: JoinType | None, lateral: Token | None, right: LogicalPlan) -> JoinPart:
    return JoinPart(right, kind or JoinType.INNER, natural=True, lateral=lateral is not None)


_JOIN_TYPES = {
    "INNER": JoinType.INNER,
    "CROSS": JoinType.CROSS,
    "LEFT": JoinType.LEFT,
    "RIGHT": JoinType.RIGHT,
    "FULL": JoinType.FULL,
    "SEMI": JoinType.SEMI,
    "ANTI": JoinType.ANTI,
}


def join_type(*words: Token) -> JoinType:
    """LEFT OUTER is LEFT, LEFT SEMI is SEMI."""
    last = words[-1].kind
    return _JOIN_TYPES[words[0].kind if last == "OUTER" else last]


def lateral_view(
    outer: Token | None,
    generator: tuple[str, ...],
    arguments: tuple[Expression | NamedArgument, ...] | None,
    names: TableAlias | None,
) -> LateralViewPart:
    names = names or TableAlias("", ())
    made = call(generator, arguments or ())
    if not isinstance(made, UnresolvedFunction):
        raise Unsupported("LATERAL VIEW IDENTIFIER()")
    return LateralViewPart(made, outer is not None, names.name, names.columns)


def view_names(table_name: str, columns: tuple[str, ...]) -> TableAlias:
    return TableAlias(table_name, columns)


def view_table(table_name: str) -> TableAlias:
    return TableAlias(table_name, ())


def view_as_columns(columns: tuple[str, ...]) -> TableAlias:
    return TableAlias("", columns)


def table_alias(name: str, columns: tuple[str, ...] | None) -> TableAlias:
    return TableAlias(name, columns or ())


def column_aliases(columns: tuple[str, ...]) -> TableAlias:
    return TableAlias("", columns)


def aliased(plan: LogicalPlan, alias: TableAlias | None) -> LogicalPlan:
    """A relation under another name, its columns under other names."""
    if alias is None:
        return plan
    if alias.columns:
        plan = UnresolvedColumnAliases(alias.columns, plan).at(plan.origin)
    return SubqueryAlias((alias.name,), plan).at(plan.origin) if alias.name else plan


def table(name: tuple[str, ...]) -> LogicalPlan:
    return UnresolvedRelation(name)


def table_query(name: tuple[str, ...]) -> LogicalPlan:
    """TABLE t as a query."""
    return UnresolvedRelation(name)


def file(path: Token) -> LogicalPlan:
    """A file in single quotes, as in DuckDB; what is in double quotes Spark takes for no table."""
    if path.text[0] == '"':
        raise ParseError("PARSE_SYNTAX_ERROR", {"error": f"'{path.text}'", "hint": ""}, path.position)
    return UnresolvedFile(string_value(path))


def table_function(function: tuple[str, ...], arguments: tuple[Expression | NamedArgument, ...] | None) -> LogicalPlan:
    made = call(function, arguments or ())
    assert isinstance(made, UnresolvedFunction)  # IDENTIFIER(...) is the name of a table
    return UnresolvedTableFunction(function, made.arguments, made.named)


def identifier_table_function(
    _word: Token, function: Expression, arguments: tuple[Expression | NamedArgument, ...] | None
) -> LogicalPlan:
    """IDENTIFIER('range')(3)."""
    made = call(("",), arguments or ())
    assert isinstance(made, UnresolvedFunction)
    return UnresolvedIdentifierPlan(function, UnresolvedTableFunction((), made.arguments, made.named))


def inline_rows(rows: tuple[Expression, ...]) -> LogicalPlan:
    """VALUES (1, 'a'), (2, 'b'): a bare value is a row of one."""
    values = tuple(map(row_values, rows))
    for number, row in enumerate(values):
        if len(row) != len(values[0]):
            parameters = {"expectedNumCols": len(values[0]), "actualNumCols": len(row), "rowIndex": number}
            raise ParseError("INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH", parameters, rows[number].origin)
    return UnresolvedValues(values)
