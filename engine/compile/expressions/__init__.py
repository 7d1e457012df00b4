"""How expressions become code: one emitter per class of expressions, in families as the kernels are.

To compile a new expression, write a function `(expression, row) -> Sql` in the family it belongs to and add it to that family's
EMITTERS (CALLS, by name, for a function of the registry). One without an emitter is computed by its kernel over whole
batches before the code runs (`Row`).
"""

from engine.compile.expressions import (
    arithmetic,
    bits,
    branching,
    calls,
    casts,
    comparison,
    like,
    literals,
    logic,
    membership,
)
from engine.compile.row import Emitter
from engine.expressions.base import Expression

EMITTERS: dict[type[Expression], Emitter] = {
    **literals.EMITTERS,
    **comparison.EMITTERS,
    **logic.EMITTERS,
    **membership.EMITTERS,
    **arithmetic.EMITTERS,
    **bits.EMITTERS,
    **branching.EMITTERS,
    **casts.EMITTERS,
    **like.EMITTERS,
    **calls.EMITTERS,
}
