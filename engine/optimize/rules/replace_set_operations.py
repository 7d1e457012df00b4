"""INTERSECT and EXCEPT as joins on all columns, nulls equal.

    SetOperation INTERSECT          Aggregate [a] [a]
    ├─ l                      =>    └─ Join LeftSemi (a <=> b)
    └─ r                               ├─ l
                                       └─ r

With ALL the rows of either side are first numbered among their equals, so that each row of `r` takes away, or keeps, one.
"""

from __future__ import annotations

from engine.expressions.base import Alias, Attribute
from engine.expressions.predicates import EqualNullSafe, EqualTo, conjunction
from engine.expressions.window import CurrentRow, Frame, Unbounded, WindowCall, WindowExpression, WindowSpec
from engine.logical.plan import Aggregate, Join, JoinType, LogicalPlan, Project, SetOperation, Window
from engine.logical.renew import renew
from engine.tree.node import TreeNode
from engine.tree.rules import rule
from engine.types import INT

_ROWS = Frame("rows", Unbounded(), CurrentRow())


@rule(SetOperation)
def replace_set_operations(plan: TreeNode) -> TreeNode | None:
    match plan:
        case SetOperation(kind, every, left, right):
            kept = JoinType.SEMI if kind.lower() == "intersect" else JoinType.ANTI
            if left.output_ids & right.output_ids:
                right = renew(right)
            if every:
                return _counted(left, right, kept)
            same = conjunction(*(EqualNullSafe(a, b) for a, b in zip(left.output, right.output, strict=True)))
            return Aggregate(left.output, left.output, Join(left, right, kept, same))
    return None


def _counted(left: LogicalPlan, right: LogicalPlan, type: JoinType) -> LogicalPlan:
    one, first = numbered(left)
    other, second = numbered(right)
    same = [EqualNullSafe(a, b) for a, b in zip(left.output, right.output, strict=True)]
    return Project(left.output, Join(one, other, type, conjunction(*same, EqualTo(first, second))))


def numbered(plan: LogicalPlan) -> tuple[LogicalPlan, Attribute]:
    """`plan` with a column that counts equal rows from 1, and that column."""
    spec = WindowSpec(plan.output, (), _ROWS)
    number = Alias(WindowExpression(WindowCall("row_number", (), INT, False), spec), "number")
    return Window((number,), plan.output, (), plan), number.to_attribute()
