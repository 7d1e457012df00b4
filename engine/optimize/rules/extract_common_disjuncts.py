"""What every branch of an OR asks for is asked once, outside (TPC-H Q19's join key).

    (a AND b) OR (a AND c)    =>    a AND (b OR c)

Only for terms that cannot raise: they come to stand before the others.
"""

from __future__ import annotations

from engine.expressions.predicates import Or, conjunction, conjuncts, disjunction
from engine.optimize.substitution import is_movable
from engine.tree.node import TreeNode
from engine.tree.rules import rule


@rule(Or)
def extract_common_disjuncts(node: TreeNode) -> TreeNode | None:
    match node:
        case Or(terms):
            first, *others = [conjuncts(term) for term in terms]
            sets = [set(each) for each in others]
            common = tuple(term for term in first if is_movable(term) and all(term in each for each in sets))
            if not common:
                return None
            rests = [conjunction(*(t for t in each if t not in common)) for each in (first, *others)]
            if any(rest == conjunction() for rest in rests):
                return conjunction(*common)
            return conjunction(*common, disjunction(*rests))
    return None
