"""Where rows are: what operators require of their inputs, and what they provide, between executors.

required    anything | one task | by keys | a copy for every task
provided    `count` tasks, and by which keys rows are split among them, if any
"""

from __future__ import annotations

from enum import Enum
from functools import singledispatch

from engine.expressions.base import Attribute, Expression
from engine.logical.plan import JoinType
from engine.physical.aggregate import AggregateExec
from engine.physical.asof_join import AsOfJoinExec
from engine.physical.exchange import Broadcast, ExchangeExec, HashSplit
from engine.physical.hash_join import HashJoinExec
from engine.physical.limit import LimitExec
from engine.physical.nested_loop_join import NestedLoopJoinExec
from engine.physical.operator import Operator
from engine.physical.range import RangeExec
from engine.physical.scan import ScanExec
from engine.physical.sort import SortExec
from engine.physical.top_n import TopNExec
from engine.physical.union import UnionExec
from engine.physical.window import WindowExec
from engine.records import dataclass


class Where(Enum):
    """Requirements that name no keys."""

    ANYWHERE = "anywhere"
    ONE_TASK = "one task"
    EVERY_TASK = "every task"


@dataclass(frozen=True)
class ByKeys:
    """Rows with equal `keys` in one task. `exact`: by just these keys in this order, as the other side of a join is."""

    keys: tuple[Expression, ...]
    exact: bool = False


Required = Where | ByKeys


@dataclass(frozen=True)
class Provided:
    """Rows are in `count` tasks, split by the hash of `keys` where there are any; `copied`: each task has all."""

    count: int
    keys: tuple[Expression, ...] = ()
    copied: bool = False

    def satisfies(self, required: Required) -> bool:
        """Whether rows are where they must be."""
        if isinstance(required, ByKeys):
            if self.count == 1 and not self.copied:
                return True
            if not self.keys or self.copied:
                return False
            return self.keys == required.keys or (not required.exact and set(self.keys) <= set(required.keys))
        if required is Where.ANYWHERE:
            return True
        return self.copied if required is Where.EVERY_TASK else self.count == 1 and not self.copied


@singledispatch
def required(operator: Operator) -> tuple[Required, ...]:
    """What an operator requires of each of its inputs."""
    return (Where.ANYWHERE,) * len(operator.inputs)


@required.register
def _(operator: AggregateExec) -> tuple[Required, ...]:
    if operator.mode == "partial":
        return (Where.ANYWHERE,)
    return (ByKeys(operator.keys) if operator.keys else Where.ONE_TASK,)


@required.register
def _(operator: HashJoinExec) -> tuple[Required, ...]:
    if operator.broadcast:
        return _built_everywhere(operator.build == "left")
    return ByKeys(operator.left_keys, exact=True), ByKeys(operator.right_keys, exact=True)


@required.register
def _(operator: AsOfJoinExec) -> tuple[Required, ...]:
    if operator.broadcast or not operator.left_keys:
        return _built_everywhere(False)
    return ByKeys(operator.left_keys, exact=True), ByKeys(operator.right_keys, exact=True)


@required.register
def _(operator: NestedLoopJoinExec) -> tuple[Required, ...]:
    if operator.has_tail:
        return Where.ONE_TASK, Where.ONE_TASK
    return _built_everywhere(operator.build == "left")


@required.register(LimitExec)
@required.register(TopNExec)
@required.register(SortExec)
def _(operator: LimitExec | TopNExec | SortExec) -> tuple[Required, ...]:
    return (Where.ONE_TASK if operator.everywhere else Where.ANYWHERE,)


@required.register
def _(operator: WindowExec) -> tuple[Required, ...]:
    return (ByKeys(operator.partition) if operator.partition else Where.ONE_TASK,)


def _built_everywhere(left: bool) -> tuple[Required, ...]:
    return (Where.EVERY_TASK, Where.ANYWHERE) if left else (Where.ANYWHERE, Where.EVERY_TASK)


@singledispatch
def provided(operator: Operator) -> Provided:
    """Where the rows of an operator are: by default where those of its first input are."""
    return provided(operator.inputs[0]) if operator.inputs else Provided(1)


@provided.register
def _(operator: ScanExec) -> Provided:
    return Provided(operator.partitions)


@provided.register
def _(operator: RangeExec) -> Provided:
    return Provided(operator.partitions)


@provided.register
def _(operator: ExchangeExec) -> Provided:
    split = operator.split
    if isinstance(split, Broadcast):
        return Provided(1, copied=True)
    keys = split.keys if isinstance(split, HashSplit) else ()
    return Provided(split.partitions, _renamed(keys, operator))


@provided.register
def _(operator: UnionExec) -> Provided:
    return Provided(max(provided(member).count for member in operator.members))


@provided.register(AsOfJoinExec)
@provided.register(HashJoinExec)
@provided.register(NestedLoopJoinExec)
def _(operator: AsOfJoinExec | HashJoinExec | NestedLoopJoinExec) -> Provided:
    streamed = provided(operator.streamed)
    if operator.type is JoinType.FULL or streamed.copied:
        return Provided(streamed.count)
    if isinstance(operator, HashJoinExec) and not operator.broadcast:
        side = operator.right if operator.type is JoinType.RIGHT else operator.left
        return provided(side)
    return streamed


def _renamed(keys: tuple[Expression, ...], operator: ExchangeExec) -> tuple[Expression, ...]:
    """The keys of a split as the columns that the exchange gives them out under."""
    names: dict[int, Attribute] = {
        old.id: new for old, new in zip(operator.child.output, operator.columns, strict=True)
    }
    return tuple(names.get(key.id, key) if isinstance(key, Attribute) else key for key in keys)
