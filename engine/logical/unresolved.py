"""What the parser writes where a name or a type is not definite yet. Analysis replaces every one of these."""

from __future__ import annotations

from typing import Any

from engine.expressions.base import Attribute, Expression, NamedExpression, SortOrder
from engine.expressions.window import WindowSpec
from engine.lazy import cached_property
from engine.logical.plan import JoinType, LogicalPlan
from engine.tree.node import node


@node
class UnresolvedExpression(Expression):
    """An expression without a type."""

    @cached_property
    def resolved(self) -> bool:
        return False


@node
class UnresolvedPlan(LogicalPlan):
    """A plan without columns."""

    @cached_property
    def resolved(self) -> bool:
        return False

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return ()


# Expressions


@node
class UnresolvedAttribute(UnresolvedExpression):
    """A name of one or more parts: a column, a field of one, or a lambda's parameter."""

    parts: tuple[str, ...]


@node
class UnresolvedStar(UnresolvedExpression):
    """`*` or `target.*`, without the columns `excluded` (EXCEPT), with other values for those `replaced` (|> SET)."""

    target: tuple[str, ...] = ()
    excluded: tuple[tuple[str, ...], ...] = ()
    replaced: tuple[tuple[str, Expression], ...] = ()


@node
class UnresolvedFunction(UnresolvedExpression):
    """`name(arguments)` with all that may follow: FILTER is `condition`, WITHIN GROUP is `order`. `named` are the names of
    arguments given as `name => value`, "" for positional ones, in the order of `arguments`."""

    name: tuple[str, ...]
    arguments: tuple[Expression, ...]
    distinct: bool = False
    condition: Expression | None = None
    order: tuple[SortOrder, ...] = ()
    ignore_nulls: bool = False
    named: tuple[str, ...] = ()


@node
class UnresolvedIdentifier(UnresolvedExpression):
    """IDENTIFIER(name): the column that the string `name` names; or a call of the function it names."""

    name: Expression
    function: UnresolvedFunction | None = None


@node
class UnresolvedName(UnresolvedExpression):
    """IDENTIFIER(expression) where the name of an object stands: the one part of a name that is not known yet."""

    expression: Expression


@node
class UnresolvedWindow(UnresolvedExpression):
    """`function OVER spec`; a name instead of a spec refers to the WINDOW clause."""

    function: Expression
    spec: WindowSpec | str


@node
class UnresolvedAlias(UnresolvedExpression):
    """`child AS (names)`: more than one name is for generators."""

    child: Expression
    names: tuple[str, ...]


@node
class UnresolvedExtract(UnresolvedExpression):
    """`child.name` of something that is not a plain name, or `child[key]`: a struct's field, an array's or a map's element."""

    child: Expression
    key: Expression | str


@node
class UnresolvedLambda(UnresolvedExpression):
    """`parameters -> body`."""

    parameters: tuple[str, ...]
    body: Expression


@node
class UnresolvedScalarSubquery(UnresolvedExpression):
    plan: Any


@node
class UnresolvedExists(UnresolvedExpression):
    plan: Any


@node
class UnresolvedInSubquery(UnresolvedExpression):
    """`values IN (plan)`; a row value has several."""

    values: tuple[Expression, ...]
    plan: Any


@node
class Parameter(UnresolvedExpression):
    """`:name`, or `?` as its number from 0."""

    name: str | int


@node
class UnresolvedDatetime(UnresolvedExpression):
    """`DATE '2024-01-31'`: a constant of the type `kind` (DATE, TIMESTAMP, TIMESTAMP_LTZ, TIMESTAMP_NTZ, TIME)."""

    kind: str
    text: str


@node
class UnresolvedOrdinal(UnresolvedExpression):
    """A position in the select list (ORDER BY 1); the analyzer makes these of integer literals."""

    position: int


# Plans


@node
class UnresolvedRelation(UnresolvedPlan):
    """A table, view or CTE by name; or a file: `parquet.`path`` as two parts. `options` are WITH (...) options."""

    parts: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()


@node
class UnresolvedFile(UnresolvedPlan):
    """A quoted path as a table: format by suffix, CSV sniffed."""

    path: str


@node
class UnresolvedValues(UnresolvedPlan):
    """VALUES: `rows` of equal length; columns are col1, col2 ..."""

    rows: tuple[tuple[Expression, ...], ...]


@node
class UnresolvedTableFunction(UnresolvedPlan):
    """A function in FROM: range(10), explode(...)."""

    name: tuple[str, ...]
    arguments: tuple[Expression, ...]
    named: tuple[str, ...] = ()


@node
class UnresolvedIdentifierPlan(UnresolvedPlan):
    """IDENTIFIER(name)(...) in FROM: `plan`, a function without a name, gets the one that the string `name` says."""

    name: Expression
    plan: UnresolvedTableFunction


@node
class UnresolvedColumnAliases(UnresolvedPlan):
    """`child` with its columns renamed: `t(a, b)`."""

    names: tuple[str, ...]
    child: LogicalPlan


@node
class UnresolvedSelect(UnresolvedPlan):
    """SELECT as written, FROM to QUALIFY, in the order it is evaluated. `grouping` None: no GROUP BY; an empty tuple with
    `group_by_all`: GROUP BY ALL. `windows` are named window definitions (a name may refer to another). `pipe` is the
    operator of pipe syntax that it stands for."""

    projections: tuple[Expression, ...]
    distinct: bool
    condition: Expression | None
    grouping: tuple[Expression, ...] | None
    group_by_all: bool
    having: Expression | None
    windows: tuple[tuple[str, WindowSpec | str], ...]
    qualify: Expression | None
    hints: tuple[Hint, ...]
    child: LogicalPlan
    pipe: str = ""


@node
class Hint(UnresolvedExpression):
    """`name(parameters)` inside /*+ */; names of relations are UnresolvedAttributes."""

    name: str
    parameters: tuple[Expression, ...] = ()


@node
class GroupingSets(UnresolvedExpression):
    """ROLLUP, CUBE or GROUPING SETS over `sets`: tuples of expressions; a set may itself be a GroupingSets. `listed` are
    the columns named before GROUPING SETS, in their order."""

    kind: str
    sets: tuple[tuple[Expression, ...] | Expression, ...]
    listed: tuple[Expression, ...] = ()


@node
class UnresolvedJoin(UnresolvedPlan):
    """A join as written: ON is `condition`, USING is `using`, NATURAL is `natural`; `lateral` if `right` may see `left`;
    `asof` for ASOF JOIN."""

    left: LogicalPlan
    right: LogicalPlan
    type: JoinType
    condition: Expression | None = None
    using: tuple[str, ...] = ()
    natural: bool = False
    lateral: bool = False
    asof: bool = False


@node
class UnresolvedLateralView(UnresolvedPlan):
    """LATERAL VIEW [OUTER] generator(...) table AS columns."""

    generator: UnresolvedFunction
    outer: bool
    table: str
    names: tuple[str, ...]
    child: LogicalPlan


@node
class UnresolvedUnnest(UnresolvedPlan):
    """UNNEST(arguments): a row for each element of arrays, or entry of a map. `counted` is "ORDINALITY" or "OFFSET" where
    rows are numbered, from 1 or from 0."""

    arguments: tuple[Expression, ...]
    counted: str = ""


@node
class UnresolvedSummarize(UnresolvedPlan):
    """SUMMARIZE: a row about each column of `child`."""

    child: LogicalPlan


@node
class UnresolvedSample(UnresolvedPlan):
    """TABLESAMPLE: each row of `child` with the probability `fraction`; the same rows for the same `seed`."""

    fraction: float
    seed: int | None
    child: LogicalPlan


@node
class UnresolvedPivot(UnresolvedPlan):
    """PIVOT: `aggregates` for each of the `values` that `columns` may have, grouped by every other column."""

    aggregates: tuple[Expression, ...]
    columns: tuple[str, ...]
    values: tuple[Expression, ...]
    child: LogicalPlan


@node
class UnresolvedUnpivot(UnresolvedPlan):
    """UNPIVOT: a row for each of `columns` (names of as many columns as there are `values`, and an alias or ""), which tells
    its name as `name` and what it holds as `values`; rows of nulls only if `include_nulls`."""

    include_nulls: bool
    values: tuple[str, ...]
    name: str
    columns: tuple[tuple[tuple[tuple[str, ...], ...], str], ...]
    child: LogicalPlan


@node
class UnresolvedSort(UnresolvedPlan):
    """ORDER BY (`everywhere`) or SORT BY; `by_all` for ORDER BY ALL, whose direction is that of the one item in `order`."""

    order: tuple[SortOrder, ...]
    everywhere: bool
    by_all: bool
    child: LogicalPlan


@node
class UnresolvedSetOperation(UnresolvedPlan):
    """UNION, INTERSECT or EXCEPT of two queries; `by_name` matches columns by name."""

    kind: str
    all: bool
    left: LogicalPlan
    right: LogicalPlan
    by_name: bool = False


@node
class UnresolvedRepartition(UnresolvedPlan):
    """DISTRIBUTE BY `keys`, or CLUSTER BY with `sort`."""

    keys: tuple[Expression, ...]
    sort: bool
    child: LogicalPlan


@node
class UnresolvedCte(UnresolvedPlan):
    """One `name [(columns)] AS (child)` of WITH; `max_level` is the number of MAX RECURSION LEVEL."""

    name: str
    columns: tuple[str, ...]
    max_level: int | None
    child: LogicalPlan


@node
class UnresolvedWith(UnresolvedPlan):
    """WITH definitions: each seen by the next ones and by `child`; if `recursive`, by itself too."""

    definitions: tuple[UnresolvedCte, ...]
    recursive: bool
    child: LogicalPlan


def sort_item(child: Expression, ascending: bool = True, nulls_first: bool | None = None) -> SortOrder:
    """A sort key with Spark's default place for nulls: first when ascending, last when descending."""
    return SortOrder(child, ascending, ascending if nulls_first is None else nulls_first)


def is_named(expression: Expression) -> bool:
    """Whether it already has a column name of its own."""
    return isinstance(expression, NamedExpression | UnresolvedAlias)
