"""Resolved logical plans. Every node says which rows come out of it; `output` are its columns.

Nodes with unresolved names are in `unresolved.py`, statements in `commands.py`. Children are always last, so that positional
patterns read `Filter(condition, child)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

import pyarrow as pa

from engine.expressions.base import Alias, Attribute, Expression, NamedExpression, SortOrder
from engine.lazy import cached_property
from engine.logical.hints import JoinHint
from engine.logical.relation import Relation
from engine.tree.node import TreeNode, node
from engine.types import LONG, StructField, StructType


@node
class LogicalPlan(TreeNode):
    """A plan, or a part of one."""

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        """The columns of the rows that come out."""
        return self.plans[0].output if self.plans else ()

    @cached_property
    def plans(self) -> tuple[LogicalPlan, ...]:
        """The child plans (not those inside expressions)."""
        return tuple([child for child in self.children if isinstance(child, LogicalPlan)])

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """The expressions this very node holds."""
        return tuple([child for child in self.children if isinstance(child, Expression)])

    @cached_property
    def resolved(self) -> bool:
        """Whether every name and type in it is definite."""
        return all(child.resolved for child in self.children)

    @cached_property
    def output_ids(self) -> frozenset[int]:
        """The ids of `output`."""
        return frozenset([attribute.id for attribute in self.output])

    @cached_property
    def references(self) -> frozenset[int]:
        """The ids of the columns its expressions read."""
        return frozenset().union(*[each.references for each in self.expressions])

    @cached_property
    def schema(self) -> StructType:
        """The output as a schema."""
        return StructType(tuple(StructField(a.name, a.dataType, a.nullable) for a in self.output))

    def walk_plans(self) -> Iterator[LogicalPlan]:
        """This plan and all below, parents first, without those inside expressions."""
        yield self
        for child in self.plans:
            yield from child.walk_plans()

    def map_expressions(self, fn: Any) -> Any:
        """This node with `fn` applied to each expression it directly holds."""
        return self.map_children(lambda child: fn(child) if isinstance(child, Expression) else child)

    def map_plans(self, fn: Any) -> Any:
        """This node with `fn` applied to each child plan."""
        return self.map_children(lambda child: fn(child) if isinstance(child, LogicalPlan) else child)


@node
class OneRow(LogicalPlan):
    """One row without columns: what a SELECT without FROM reads."""


@node
class LocalRelation(LogicalPlan):
    """Rows known while planning (VALUES). `batch` has a column for each of `columns`, by position."""

    columns: tuple[Attribute, ...]
    batch: pa.RecordBatch

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns

    def __hash__(self) -> int:
        return hash((self.columns, self.batch.num_rows))  # batches do not hash


@node
class Range(LogicalPlan):
    """The numbers from `start` to before `end` by `step`, as BIGINT."""

    start: int
    end: int
    step: int
    column: Attribute
    partitions: int | None = None

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return (self.column,)


@node
class Scan(LogicalPlan):
    """The rows of `relation`, of its columns those named as `columns`. `filters` may be used to skip rows that fail them and
    need not be applied; `limit` allows to stop after so many rows per split."""

    relation: Relation
    columns: tuple[Attribute, ...]
    name: tuple[str, ...] = ()
    filters: tuple[Expression, ...] = ()
    limit: int | None = None

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns


@node
class Project(LogicalPlan):
    """Each row of `child` as the values of `projections`."""

    projections: tuple[NamedExpression, ...]
    child: LogicalPlan

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return tuple(each.to_attribute() for each in self.projections)


@node
class Filter(LogicalPlan):
    """Keeps the rows of `child` whose `condition` is true; null counts as false."""

    condition: Expression
    child: LogicalPlan


class JoinType(Enum):
    """INNER and CROSS pair rows; LEFT/RIGHT/FULL keep unmatched rows with nulls; SEMI/ANTI keep left rows with/without a
    match; EXISTENCE keeps all left rows and adds a boolean: had a match."""

    INNER = "Inner"
    CROSS = "Cross"
    LEFT = "LeftOuter"
    RIGHT = "RightOuter"
    FULL = "FullOuter"
    SEMI = "LeftSemi"
    ANTI = "LeftAnti"
    EXISTENCE = "ExistenceJoin"


@node
class Join(LogicalPlan):
    """Pairs of rows of `left` and `right` for which `condition` is true (None: all pairs), as `type` says.

    `null_aware` (ANTI only, condition one equality): NOT IN, where a null on either side matches. `exists` is the added
    column of EXISTENCE joins. `hints` are the strategies asked for.
    """

    left: LogicalPlan
    right: LogicalPlan
    type: JoinType
    condition: Expression | None = None
    null_aware: bool = False
    exists: Attribute | None = None
    hints: tuple[JoinHint, ...] = ()

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        left, right = self.left.output, self.right.output
        match self.type:
            case JoinType.SEMI | JoinType.ANTI:
                return left
            case JoinType.EXISTENCE:
                return (*left, self.exists) if self.exists is not None else left
            case JoinType.LEFT:
                return left + _nullable(right)
            case JoinType.RIGHT:
                return _nullable(left) + right
            case JoinType.FULL:
                return _nullable(left) + _nullable(right)
        return left + right


@node
class LateralJoin(LogicalPlan):
    """For each row of `left`, the rows of `right`, which may read columns of `left` by OuterReference. INNER, LEFT or CROSS."""

    left: LogicalPlan
    right: LogicalPlan
    type: JoinType
    condition: Expression | None = None

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        right = self.right.output
        return self.left.output + (_nullable(right) if self.type is JoinType.LEFT else right)


@node
class Aggregate(LogicalPlan):
    """One row for each distinct tuple of `grouping` values (one row in all if empty), holding `aggregates`, which are made of
    grouping expressions and AggregateCalls."""

    grouping: tuple[Expression, ...]
    aggregates: tuple[NamedExpression, ...]
    child: LogicalPlan

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return tuple(each.to_attribute() for each in self.aggregates)


@node
class Window(LogicalPlan):
    """The rows of `child` with a column added for each of `functions`: Aliases of WindowExpressions that share
    `partition` and `order`."""

    functions: tuple[Alias, ...]
    partition: tuple[Expression, ...]
    order: tuple[SortOrder, ...]
    child: LogicalPlan

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.child.output + tuple(each.to_attribute() for each in self.functions)


@node
class Expand(LogicalPlan):
    """Each row of `child` once for each of `projections`, as `columns` (grouping sets, several distinct aggregates)."""

    projections: tuple[tuple[Expression, ...], ...]
    columns: tuple[Attribute, ...]
    child: LogicalPlan

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns


@node
class Generate(LogicalPlan):
    """Each row of `child` beside each row that `generator` (a Call of kind "generator") makes of it; with `outer`, a row
    for which it makes none is kept once with nulls."""

    generator: Expression
    outer: bool
    columns: tuple[Attribute, ...]
    child: LogicalPlan

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.child.output + (_nullable(self.columns) if self.outer else self.columns)


@node
class Sort(LogicalPlan):
    """The rows of `child` in `order`; all of them, or within each partition only if not `everywhere` (SORT BY)."""

    order: tuple[SortOrder, ...]
    everywhere: bool
    child: LogicalPlan


@node
class Limit(LogicalPlan):
    """The first `count` rows of `child` after skipping `offset`; `count` None keeps all."""

    count: Expression | None
    offset: Expression | None
    child: LogicalPlan


@node
class TopN(LogicalPlan):
    """Sort and Limit in one: the `count` first rows in `order`, after skipping `offset`."""

    count: int
    offset: int
    order: tuple[SortOrder, ...]
    child: LogicalPlan


@node
class Distinct(LogicalPlan):
    """Each different row of `child` once."""

    child: LogicalPlan


@node
class Union(LogicalPlan):
    """All rows of all `inputs`, columns by position; `columns` are what comes out."""

    inputs: tuple[LogicalPlan, ...]
    columns: tuple[Attribute, ...]

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns


@node
class SetOperation(LogicalPlan):
    """INTERSECT or EXCEPT: rows of `left` that are, or are not, rows of `right`; with `all`, counted. Columns by position."""

    kind: str
    all: bool
    left: LogicalPlan
    right: LogicalPlan


@node
class Repartition(LogicalPlan):
    """The same rows, spread over `partitions` executors' tasks by hash of `keys`, or round robin (CLUSTER BY, or `hint`)."""

    partitions: int | None
    keys: tuple[Expression, ...]
    child: LogicalPlan
    hint: str = ""
    number: int = 0


@node
class SubqueryAlias(LogicalPlan):
    """`child` under a table name; disappears in optimization."""

    name: tuple[str, ...]
    child: LogicalPlan

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return tuple(attribute.with_qualifier(self.name) for attribute in self.child.output)


@node
class ResolvedHint(LogicalPlan):
    """A join strategy asked for `child` by a hint: moved into the join above it, then gone."""

    strategy: str
    child: LogicalPlan
    number: int = 0


@node
class CteDefinition(LogicalPlan):
    """A named query computed for every CteReference with its `id`."""

    id: int
    name: str
    child: LogicalPlan


@node
class CteReference(LogicalPlan):
    """The rows of the CteDefinition `id`, under columns of its own: by position, one for each of the definition's."""

    id: int
    columns: tuple[Attribute, ...]

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.columns


@node
class WithCte(LogicalPlan):
    """`child`, which refers to `definitions`; a definition may refer to earlier ones."""

    definitions: tuple[CteDefinition, ...]
    child: LogicalPlan

    @cached_property
    def output(self) -> tuple[Attribute, ...]:
        return self.child.output


def _nullable(attributes: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    return tuple(attribute.with_nullability(True) for attribute in attributes)


def range_column() -> Attribute:
    """A fresh column as `range()` makes it."""
    return Attribute("id", LONG, False)
