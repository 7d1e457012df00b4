"""What joins tell the scan that feeds them before it starts (`runtime_filter.py`): only rows whose key is among those that a
join has built can come out of it.

Nothing is told where rows without a match come out, or where a row that is left out could have raised an error before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from engine.expressions.base import Alias, Attribute, Expression
from engine.kernels.buffers import fixed_values, valid
from engine.logical.plan import JoinType
from engine.physical.encoded_columns import EncodedColumns
from engine.physical.encoding import encoded, is_number, min_max
from engine.physical.execution import Execution
from engine.physical.filter import FilterExec
from engine.physical.hash_join import HashJoinExec
from engine.physical.operator import Operator
from engine.physical.pipeline import Chain
from engine.physical.project import ProjectExec
from engine.physical.runtime_filter import RuntimeFilter, filters_of
from engine.physical.scan import ScanExec

_FEW_ROWS = 1 << 14
"""To read so many rows takes no longer than to make a filter."""
_MOST_ROWS = 1 << 16
"""Of larger built sides only the range of keys is told."""


def tell_scans(chains: Sequence[Chain], run: Execution) -> None:
    """Gives the scans of chains, which are about to start together, the filters of their joins."""
    for chain in chains:
        if isinstance(chain.source, ScanExec) and not chain.tail:
            filters = filters_of(run, chain.source.id)
            filters.clear()  # one scan may feed several chains, one after the other
            if _is_large(chain.source) and sum(other.source.id == chain.source.id for other in chains) == 1:
                filters += _filters(chain, run)


def _is_large(scan: ScanExec) -> bool:
    """Whether a scan may leave out more than it costs to tell it what: all of several pieces, or most rows of one."""
    rows = [split.rows for split in scan.splits]
    return len(rows) > 1 or any(each is None or each > _FEW_ROWS for each in rows)


def _filters(chain: Chain, run: Execution) -> Iterator[RuntimeFilter]:
    places = {column.id: place for place, column in reversed(list(enumerate(chain.source.output)))}
    for step in chain.steps:
        if not isinstance(step, FilterExec | ProjectExec | HashJoinExec) or _can_raise(step):
            return
        if isinstance(step, HashJoinExec):
            if _drops_unmatched(step):
                yield from _of_join(step, places, run)
            if step.has_tail:
                return
        places = _passed(step, places)


def _can_raise(step: Operator) -> bool:
    return any(each.can_raise or not each.deterministic for each in step.expressions)


def _drops_unmatched(join: HashJoinExec) -> bool:
    """Whether nothing comes of a streamed row without a match."""
    return not join.null_aware and not join.keeps_streamed and (join.type in _MATCHED or join.has_tail)


_MATCHED = (JoinType.INNER, JoinType.SEMI)


def _passed(step: Operator, places: dict[int, int]) -> dict[int, int]:
    """Where the columns that come out of a step are in the scan."""
    if not isinstance(step, ProjectExec):
        return {column.id: places[column.id] for column in step.output if column.id in places}
    sources = [(each.to_attribute().id, each.child if isinstance(each, Alias) else each) for each in step.projections]
    return {made: places[each.id] for made, each in sources if isinstance(each, Attribute) and each.id in places}


def _of_join(join: HashJoinExec, places: dict[int, int], run: Execution) -> Iterator[RuntimeFilter]:
    built = join.built_state(run)
    if built.spilled is not None or not isinstance(built.columns, EncodedColumns):
        return
    for key, other, safe in zip(join.keys(False), join.keys(True), join.null_safe, strict=True):
        if isinstance(key, Attribute) and key.id in places and not safe:
            values = _numbers(other, join.built[0].output, built.columns)
            if values is not None and is_number(key.dataType) and key.dataType == other.dataType:
                yield _filter(places[key.id], values)


def _numbers(key: Expression, columns: Sequence[Attribute], built: EncodedColumns) -> pa.Array | None:
    """The values of a key, where it is a column of whole numbers."""
    place = next((n for n, each in enumerate(columns) if isinstance(key, Attribute) and each.id == key.id), None)
    if place is None or not is_number(key.dataType):
        return None
    found = encoded(built.encoded[place], key.dataType)
    return found if pa.types.is_signed_integer(found.type) else None


def _filter(place: int, values: pa.Array) -> RuntimeFilter:
    if len(values) <= _MOST_ROWS:
        present = valid(values)
        numbers = fixed_values(values)
        return RuntimeFilter.of(place, numbers if present is None else numbers[present])
    least, most = min_max(values)
    return RuntimeFilter(place, 1, 0) if least is None or most is None else RuntimeFilter(place, least, most)
