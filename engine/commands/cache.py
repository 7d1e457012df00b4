"""CACHE TABLE, UNCACHE TABLE, CLEAR CACHE, REFRESH.

The columns of a table of files are pinned in the executors' cache of decoded columns (`engine/memory/columns.py`), under the
files as they were: nothing is sorted, indexed or summed up. What else a name stands for, a query or files of a format that is
not read column by column, is computed once, and its rows are kept in the driver's memory.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from engine.catalog.tables import TempView
from engine.commands.context import DONE, Context, answer
from engine.errors import AnalysisError, Unsupported, quoted
from engine.events import LOGGER, CachedInPart
from engine.logical.commands import CacheTable, RefreshPath, RefreshTable, Show, Uncache
from engine.logical.plan import LogicalPlan, Scan
from engine.logical.relation import Columnar, ScanRequest, TableStatistics
from engine.logical.unresolved import UnresolvedRelation
from engine.memory.columns import cache_limit
from engine.physical.cached_columns import ListCachedColumns, kept_columns
from engine.physical.column_scan import NOT_PINNED
from engine.schedule.stage import Job, Stage, next_job_id
from engine.sources.arrow import ArrowRelation
from engine.sources.filescan import FileRelation
from engine.types import LONG

if TYPE_CHECKING:
    from engine.query import Query


def cache_table(command: CacheTable, context: Context) -> LogicalPlan:
    """CACHE [LAZY] TABLE name [AS query]: eager ones are read now, lazy ones when they are first scanned."""
    _check_options(command)
    if command.query is not None:
        context.refuse_parameters(command.text, "CACHE TABLE ... AS")
        if len(command.name) > 1:
            raise AnalysisError("TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS", {"actualName": quoted(command.name)})
        plan = context.subquery(command.query).analyzed
        context.catalog.create_temp_view(TempView(command.name[0], plan, command.text))
    name = context.catalog.full_name(command.name)
    if not context.catalog.is_cached(name):
        _keep(command.name, name, context, lazy=command.lazy)
    return DONE


def _keep(parts: tuple[str, ...], name: tuple[str, ...], context: Context, *, lazy: bool) -> None:
    # resolved now, so that the query below reads what the name stood for and not what stands in for it
    plan = context.subquery(UnresolvedRelation(name)).analyzed
    pinned = _pinned(context.subquery(plan))
    if pinned is not None and cache_limit(context.session.conf.mapping()):
        context.catalog.cache(parts, pinned)
        if not lazy:
            _read(parts, name, pinned, context)
        return

    def load() -> list[pa.RecordBatch]:
        return list(context.subquery(context.catalog.refreshed(plan)).batches())

    relation = ArrowRelation.lazy(plan.schema, load, f"cached {'.'.join(parts)}")
    if not lazy:
        relation.batches()
    context.catalog.cache(parts, relation)


def _pinned(query: Query) -> FileRelation | None:
    """The relation whose rows a name stands for, just as they are, with a number to pin them by; None if there is none."""
    plan = query.optimized
    if (
        not isinstance(plan, Scan)
        or not isinstance(plan.relation, FileRelation)
        or plan.filters
        or plan.limit is not None
    ):
        return None
    fields = [(field.name, field.dataType) for field in plan.relation.schema.fields]
    columns = [(column.name, column.dataType) for column in query.analyzed.output]
    if fields != columns or not isinstance(plan.relation, Columnar):
        return None
    return replace(plan.relation, pin=next(_pins))


_pins = itertools.count(1)


def _read(parts: tuple[str, ...], name: tuple[str, ...], relation: FileRelation, context: Context) -> None:
    """Has executors read all columns; what fails takes the name out of the cache again. If there is not room for all, that
    is said, and the narrow ones are those that are kept."""
    left_out = 0
    try:
        for group in _groups(relation):
            counts = ", ".join(f"count({quoted((column,))})" for column in group)
            query = context.statement(f"SELECT {counts} FROM {quoted(parts)}", {})
            for _ in query.batches():
                pass
            left_out += _left_out(query)
    except BaseException:
        context.catalog.uncache(name)
        raise
    if left_out:
        rows = [row for batch in _told_by_executors(context) for row in batch.to_pylist()]
        kept = sum(row["bytes"] for row in rows if row["pin"] == relation.pin)
        found = CachedInPart(query_id=context.query.id, table=".".join(name), kept=kept, left_out=left_out)
        LOGGER.warning("%s", found.message)
        context.session.events.publish(found)


def _groups(relation: FileRelation) -> list[list[str]]:
    """The columns, narrow ones first, as many together as scans hold at once of a split and as are a small part of memory."""
    sizes = dict.fromkeys(relation.schema.names, 0)
    largest = dict.fromkeys(sizes, 0)
    for split in relation.splits(ScanRequest(tuple(sizes))).splits:
        for column in sizes:
            found = relation.columns_of(split, [column]) if isinstance(relation, Columnar) else None
            size = (split.bytes or 0) if found is None else found.size(column)
            sizes[column] += size
            largest[column] = max(largest[column], size)
    groups: list[list[str]] = []
    for column in sorted(sizes, key=lambda column: sizes[column]):
        together = [*groups[-1], column] if groups else [column]
        if (
            not groups
            or sum(map(sizes.__getitem__, together)) > _SMALL
            or sum(map(largest.__getitem__, together)) > _HELD
        ):
            groups.append([])
        groups[-1].append(column)
    return groups


_HELD, _SMALL = 1 << 26, 1 << 30


def _left_out(query: Query) -> int:
    """Bytes of columns that executors had no room for."""
    if query.handle is None:
        return 0
    operators = [each for stage in query.handle.metrics.values() for each in stage.operators.items()]
    return sum(int(found.total) for (_, metric), found in operators if metric == NOT_PINNED)


def _check_options(command: CacheTable) -> None:
    """OPTIONS ('storageLevel' 'MEMORY_...'): rows are kept in memory, other levels are refused."""
    for key, value in command.options:
        if key.lower() != "storagelevel":
            raise AnalysisError(
                "INVALID_OPTIONS.UNKNOWN",
                {"option": key, "format": "CACHE TABLE", "suggestion": " Known: storageLevel."},
            )
        if not value.upper().startswith("MEMORY"):
            raise Unsupported(f"the storage level {value}", hint="Cached tables are kept in memory: MEMORY_ONLY.")


def uncache(command: Uncache, context: Context) -> LogicalPlan:
    """UNCACHE TABLE [IF EXISTS] name; CLEAR CACHE."""
    if command.name is None:
        context.catalog.clear_cache()
        return DONE
    found = context.catalog.find(command.name)
    if found is None and command.if_exists:
        return DONE
    context.catalog.uncache(context.catalog.full_name(command.name))
    return DONE


def show_cached(_command: Show, context: Context) -> LogicalPlan:
    """SHOW CACHED TABLES (ours): each column that is kept, of cached tables and of files that queries have read, with how often
    scans have found it; a row without a column for what is kept as rows, or is not read yet."""
    cached = context.catalog.cached()
    names = {pin: ".".join(name) for name, each in cached.items() if (pin := getattr(each, "pin", 0))}
    kept = kept_columns(_told_by_executors(context), names)
    told = {each.name for each in kept}
    rows: list[tuple[object, ...]] = [(each.name, each.column, each.rows, each.bytes, each.hits) for each in kept]
    for name, relation in cached.items():
        if ".".join(name) not in told:
            known = relation.statistics() if isinstance(relation, ArrowRelation) else TableStatistics()
            rows.append((".".join(name), None, known.rows, known.bytes, None))
    return answer(("name", "column", ("rows", LONG), ("bytes", LONG), ("hits", LONG)), rows)


def _told_by_executors(context: Context) -> list[pa.RecordBatch]:
    scheduler = context.session.scheduler(local=False)
    stage = Stage(1, (), context.session.cluster.executors, ListCachedColumns(), "result")
    handle = scheduler.submit(Job(next_job_id(), (stage,), context.query.id, context.session.conf.mapping()))
    return [batch for _, batch in handle.batches(ordered=True)]


def refresh_table(command: RefreshTable, context: Context) -> LogicalPlan:
    """REFRESH TABLE: files are listed anew; what is cached is read again when it is next scanned."""
    refresh(context.catalog.full_name(command.name), context)
    return DONE


def refresh_path(_command: RefreshPath, context: Context) -> LogicalPlan:
    """REFRESH 'path': no listing outlives its query, so only kept rows may be old. A view may read any path, so all are."""
    for name in context.catalog.cached():
        refresh(name, context)
    context.catalog.changed()
    return DONE


def refresh(name: tuple[str, ...], context: Context) -> None:
    """Notes that the rows of `name`, a full name, have changed."""
    if context.catalog.uncache(name):
        _keep(name, name, context, lazy=True)
    context.catalog.changed()
