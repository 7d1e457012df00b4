"""now() and its like are the start of the query, wherever and however often they are read.

current_date() - 1     =>     DATE '2026-01-01' - 1
"""

from __future__ import annotations

from engine.expressions.calls import Call
from engine.kernels.context import EvalContext
from engine.kernels.evaluate import evaluate_constant
from engine.tree.node import TreeNode
from engine.tree.rules import rule

BOUND = frozenset(
    {
        "current_date",
        "curdate",
        "current_timestamp",
        "now",
        "localtimestamp",
        "current_user",
        "session_user",
        "user",
        "current_catalog",
        "current_database",
        "current_schema",
        "current_timezone",
    }
)


@rule(Call)
def bind_current_time(node: TreeNode, context: EvalContext) -> TreeNode | None:
    match node:
        case Call(function, ()) if function.lower() in BOUND:
            return evaluate_constant(node, context)
    return None
