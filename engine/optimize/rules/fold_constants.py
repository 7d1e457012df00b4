"""What has one value whatever the row is computed now.

    a < 1 + 2               =>  a < 3
    DATE '1998-12-01' - INTERVAL '90' DAY   =>  DATE '1998-09-02'

Where computing raises (1 / 0) the expression stays: whether any row ever reaches it is known only when the query runs.
"""

from __future__ import annotations

from typing import Any

from engine.errors import FlintError
from engine.expressions.base import Alias, Expression, Literal, SortOrder
from engine.expressions.calls import Call
from engine.expressions.lambdas import Lambda
from engine.expressions.subquery import SubqueryExpression
from engine.expressions.window import Frame, WindowSpec
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import evaluate_constant
from engine.logical.plan import LogicalPlan
from engine.tree.node import TreeNode
from engine.tree.rules import rule

_HOLDING = (Literal, Call)
"""What every constant holds."""
_NOT_VALUES = (Literal, Alias, SortOrder, Lambda, Frame, WindowSpec, SubqueryExpression)


@rule(LogicalPlan, needs=_HOLDING)
def fold_constants(plan: TreeNode, context: EvalContext) -> TreeNode | None:
    if not isinstance(plan, LogicalPlan):
        return None

    def visit(node: Any) -> Any:
        if not node.children or isinstance(node, LogicalPlan) or not node.has(*_HOLDING):
            return node
        if node.foldable and node.resolved and not isinstance(node, _NOT_VALUES):
            return _value(node, context) or node.map_children(visit)
        return node.map_children(visit)

    return plan.map_expressions(visit)  # type: ignore[no-any-return]


def _value(expression: Expression, context: EvalContext) -> Literal | None:
    if expression.dataType.children or any(call.function.startswith("raise_") for call in expression.collect(Call)):
        return None  # nested constants are kept as the calls that make them
    try:
        found = evaluate_constant(expression, context)
    except FlintError:
        return None
    return found if found.type == expression.dataType else None
