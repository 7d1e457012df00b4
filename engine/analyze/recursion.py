"""WITH RECURSIVE: a union whose second part reads the rows of the level before becomes a UnionLoop.

The first part, the anchor, must not read them; the second not where a level could not be told from all rows: below an
aggregate, a window, a sort, or on the side of an outer join that gets nulls.
"""

from __future__ import annotations

from engine.analyze.arithmetic import cast
from engine.analyze.expressions import named
from engine.errors import AnalysisError, Position
from engine.expressions.base import Attribute, next_id
from engine.expressions.subquery import OuterReference, SubqueryExpression
from engine.logical import plan as lp
from engine.logical import unresolved as un
from engine.logical.plan import JoinType, LogicalPlan
from engine.logical.recursion import ALL_ROWS, UnionLoop, UnionLoopRef
from engine.logical.renew import produced
from engine.types.coercion import common_type


class Loop:
    """The name of a definition of WITH RECURSIVE while its query is analyzed. `origin` is the whole WITH."""

    def __init__(self, cte: un.UnresolvedCte, origin: Position | None) -> None:
        self.cte = cte
        self.id = next_id()
        self.is_used = False
        self.distinct = False
        self._origin = origin
        self._columns: tuple[Attribute, ...] | None = None

    def begin(self, anchor: LogicalPlan) -> None:
        """The anchor is analyzed: from now on the name means the level before."""
        self._columns = anchor.output

    def reference(self, origin: Position | None) -> UnionLoopRef:
        """The level before. Raises INVALID_RECURSIVE_CTE outside the second part of a union."""
        if self.distinct:
            raise AnalysisError("UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE", {}, self._origin)
        if self._columns is None:
            raise AnalysisError("INVALID_RECURSIVE_CTE", {})
        names = self.names(origin)
        self.is_used = True
        pairs = zip(names, self._columns, strict=True)
        return UnionLoopRef(self.id, tuple(Attribute(name, column.dataType, True) for name, column in pairs))

    def names(self, origin: Position | None) -> tuple[str, ...]:
        """What the columns are called. Raises ASSIGNMENT_ARITY_MISMATCH where there are more or fewer names than columns."""
        assert self._columns is not None
        if not self.cte.columns:
            return tuple(column.name for column in self._columns)
        if len(self.cte.columns) != len(self._columns):
            parameters = {"numExpr": len(self.cte.columns), "numTarget": len(self._columns)}
            raise AnalysisError("ASSIGNMENT_ARITY_MISMATCH", parameters, origin)
        return self.cte.columns


def looped(
    loop: Loop, anchor: LogicalPlan, recursion: LogicalPlan, node: un.UnresolvedSetOperation, ansi: bool
) -> UnionLoop:
    """The two parts of a union as a loop. Raises AnalysisError where the second may not read the level before as it does,
    or gives other columns."""
    _check_place(recursion, loop.id, True)
    if len(anchor.output) != len(recursion.output):
        parameters = {
            "operator": "UNION",
            "firstNumColumns": len(anchor.output),
            "invalidOrdinalNum": "second",
            "invalidNumColumns": len(recursion.output),
        }
        raise AnalysisError("NUM_COLUMNS_MISMATCH", parameters, node.origin)
    recursion = _as_anchor(anchor, recursion, ansi)
    pairs = zip(loop.names(node.origin), anchor.output, strict=True)
    columns = tuple(Attribute(name, column.dataType, True) for name, column in pairs)
    name, levels = loop.cte.name, loop.cte.max_level
    found = UnionLoop(loop.id, name, columns, levels, None, anchor, recursion).at(node.origin)
    _refuse_correlation(found)
    return found


def _as_anchor(anchor: LogicalPlan, recursion: LogicalPlan, ansi: bool) -> LogicalPlan:
    """The recursion with the types of the anchor, which must be as wide as its own."""
    columns = []
    for mine, given in zip(anchor.output, recursion.output, strict=True):
        if common_type(mine.dataType, given.dataType, ansi) != mine.dataType:
            parameters = {"left": f'"{mine.dataType.sql}"', "right": f'"{given.dataType.sql}"'}
            raise AnalysisError("CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE", parameters)
        columns.append(named(cast(given, mine.dataType, ansi), given.name))
    if all(a is b for a, b in zip(columns, recursion.output, strict=True)):
        return recursion
    return lp.Project(tuple(columns), recursion)


def _check_place(plan: LogicalPlan, loop: int, allowed: bool) -> None:
    """Raises INVALID_RECURSIVE_REFERENCE.PLACE where `plan` reads the loop and may not."""
    if not plan.has(UnionLoopRef):
        return
    if isinstance(plan, UnionLoopRef):
        if plan.id == loop and not allowed:
            raise AnalysisError("INVALID_RECURSIVE_REFERENCE.PLACE", {})
        return
    sides: tuple[bool, ...] = (allowed,) * len(plan.plans)
    match plan:
        case lp.Join(type=kind):
            sides = tuple(allowed and kept for kept in _KEPT.get(kind, (False, False)))
        case lp.Aggregate() | lp.Window() | lp.Sort():
            sides = (False,)
    for child, kept in zip(plan.plans, sides, strict=True):
        _check_place(child, loop, kept)
    for expression in plan.expressions:
        for query in expression.collect(SubqueryExpression):
            _check_place(query.plan, loop, True)


_KEPT = {
    JoinType.INNER: (True, True),
    JoinType.CROSS: (True, True),
    JoinType.LEFT: (True, False),
    JoinType.RIGHT: (False, True),
    JoinType.SEMI: (True, False),
    JoinType.ANTI: (True, False),
}
"""On which sides of a join the level before may be read."""


def _refuse_correlation(loop: UnionLoop) -> None:
    """A loop does not read columns of an enclosing query."""
    own = produced(loop)
    for reference in loop.collect(OuterReference):
        if reference.attribute.id not in own:
            condition = "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED"
            raise AnalysisError(condition, {"treeNode": f"UnionLoop {loop.name}"}, reference.origin)


_THROUGH = (
    lp.Aggregate,
    lp.Filter,
    lp.Join,
    lp.Limit,
    lp.Project,
    lp.SubqueryAlias,
    lp.Union,
    lp.Window,
    lp.WithCte,
)
"""Below LIMIT ALL these hand on that there is no limit of rows."""


def unlimited(plan: LogicalPlan) -> LogicalPlan:
    """`plan` under LIMIT ALL: its loops may give as many rows as they do."""
    if not plan.has(UnionLoop):
        return plan
    if isinstance(plan, UnionLoop):
        return UnionLoop(plan.id, plan.name, plan.columns, plan.max_level, ALL_ROWS, plan.anchor, plan.recursion).at(
            plan.origin
        )
    if not isinstance(plan, _THROUGH) or (isinstance(plan, lp.Limit) and plan.count is not None):
        return plan
    found: LogicalPlan = plan.map_plans(unlimited)
    return found
