"""EXPLAIN: a query's plans as text.

simple      the physical plan                    cost      the optimized plan with estimated rows and bytes
extended    all four plans                       rules     what each optimizer rule changed, before and after
formatted   the physical plan by numbers, then   analyze   the query is run: share of time, estimated and actual rows,
            each operator's details                         bytes and pieces read, operator by operator
codegen     what of each pipeline runs as machine code, the code before LLVM sees it, and why the rest does not

Where the query has hints, all of them tell at the end which are used, and why the others are not.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import Unsupported
from engine.optimize.context import OptimizerContext
from engine.optimize.optimizer import optimize
from engine.physical.program import StageProgram
from engine.schedule.metrics import Summary
from engine.tree.node import TreeNode
from engine.tree.show import Numbers, show

if TYPE_CHECKING:
    from engine.physical.operator import Operator
    from engine.query import Query

WIDTH = 100


def explain(query: Query, mode: str) -> str:
    """The text of EXPLAIN `mode`. Raises Unsupported for a mode there is not ."""
    writer = _MODES.get(mode.lower())
    if writer is None:
        known = ", ".join(sorted(_MODES))
        raise Unsupported(f"EXPLAIN {mode.upper()}", hint=f"There are: {known}.")
    return writer(query) + _hints(query)


def _hints(query: Query) -> str:
    """What became of the hints, where there are any."""
    if not query.hints.lines():
        return ""
    query.physical  # noqa: B018 - planning settles them
    return "\n\n== Hints ==\n" + "\n".join(query.hints.lines())


def _simple(query: Query) -> str:
    return "== Physical Plan ==\n" + show(query.physical)


def _extended(query: Query) -> str:
    return "\n\n".join(
        (
            "== Parsed Logical Plan ==\n" + show(query.parsed),
            "== Analyzed Logical Plan ==\n" + _columns(query) + show(query.analyzed),
            "== Optimized Logical Plan ==\n" + show(query.optimized),
            _simple(query),
        )
    )


def _columns(query: Query) -> str:
    return ", ".join(f"{f.name}: {f.dataType.simpleString()}" for f in query.schema.fields) + "\n"


def _formatted(query: Query) -> str:
    numbers = {id(node): number for number, node in enumerate(_leaves_first(query.physical), 1)}
    names = Numbers()
    lines = ["== Physical Plan =="]
    lines += [f"{lead}{node.title} ({numbers[id(node)]})" for lead, node in _tree(query.physical)]
    for node in _leaves_first(query.physical):
        output = ", ".join(names(column) for column in node.output)
        lines += ["", f"({numbers[id(node)]}) {node.title}", f"Output: [{output}]"]
        details = node.details(names)
        if details:
            lines.append(f"Details: {details}")
    return "\n".join(lines)


def _cost(query: Query) -> str:
    estimator = query.estimator

    def note(node: Any) -> str:
        rows, size = estimator.rows(node), estimator.bytes(node)
        shown = [f"{_number(rows)} rows" if rows is not None else "", _size(size) if size is not None else ""]
        return "(" + ", ".join(each for each in shown if each) + ")" if any(shown) else ""

    return "== Optimized Logical Plan ==\n" + show(query.optimized, note) + "\n\n" + _simple(query)


def _rules(query: Query) -> str:
    changes: list[tuple[str, TreeNode, TreeNode]] = []
    context = OptimizerContext.of(query.session, query.started)
    optimized = optimize(query.analyzed, context, lambda *change: changes.append(change))
    parts = ["== Analyzed Logical Plan ==\n" + show(query.analyzed)]
    for number, (rule, *plans) in enumerate(changes, 1):
        before, after = (show(plan).splitlines() for plan in plans)
        if before != after:
            parts.append(f"== {number}. {rule} ==\n" + "\n".join(_difference(before, after)))
    parts.append("== Optimized Logical Plan ==\n" + show(optimized))
    return "\n\n".join(parts)


def _difference(before: list[str], after: list[str]) -> Iterator[str]:
    """The lines that went (-), came (+) and stayed."""
    for line in difflib.ndiff(before, after):
        if not line.startswith("?"):
            yield line.rstrip()


def _analyze(query: Query) -> str:
    rows = sum(batch.num_rows for batch in query.batches())
    handle = query.handle
    metrics: dict[tuple[int, str], Summary] = {}
    peak, stages, tasks = 0.0, 0, 0
    for stage in handle.metrics.values() if handle is not None else ():
        metrics.update(stage.operators)
        peak, stages, tasks = max(peak, stage.peak_memory.maximum), stages + 1, tasks + stage.tasks
    spent = {node.id: _metric(metrics, node.id, "time") for node in _operators(query.physical)}
    total = sum(spent.values()) or 1.0
    lines = [" time │ rows est → actual        │ operator"]
    for lead, node in _tree(query.physical):
        estimated = _number(node.estimated_rows) if node.estimated_rows is not None else "?"
        actual = _number(_metric(metrics, node.id, "rows"))
        share = f"{100 * spent[node.id] / total:3.0f} %"
        text = f"{lead}{node.describe(_plain)}"
        extra = _extra(metrics, node)
        room = WIDTH - 34 - len(extra)
        text = text if len(text) <= room else text[: max(8, room - 1)] + "…"
        lines.append(f"{share} │ {estimated:>10} → {actual:<10} │ {text}{extra}".rstrip())
        skipped = ", ".join(_skipped(metrics, node))
        if skipped:
            below = lead.replace("├─ ", "│  ").replace("└─ ", "   ")
            lines.append(f"{'':5} │ {'':23} │ {below}skipped {skipped}")
    phases = " · ".join(f"{name} {1000 * seconds:.1f} ms" for name, seconds in query.seconds.items())
    executors = query.session.cluster.executors if not query.is_small else 0
    where = f"{executors} executor{'s' if executors != 1 else ''}" if executors else "in this process"
    lines += [
        phases,
        f"{rows:,} rows · {stages} stages, {tasks} tasks · {where} · peak {_size(peak)} · {_spilled(metrics)}",
    ]
    return "\n".join(lines)


def _spilled(metrics: Mapping[tuple[int, str], Summary]) -> str:
    size = sum(summary.total for (_, name), summary in metrics.items() if name == "spill_bytes")
    files = sum(summary.total for (_, name), summary in metrics.items() if name == "spill_files")
    return f"spilled {_size(size)} in {files:.0f} files" if files else "no spill"


_REASONS = {
    "groups": "row group statistics",
    "pages": "page statistics",
    "joins": "values that joins look for",
    "filters": "values of filters",
}
"""What lets a scan leave out rows, by the ends of its metrics' names."""


def _skipped(metrics: Mapping[tuple[int, str], Summary], node: Operator) -> Iterator[str]:
    """What a scan did not read, and why."""
    for name, reason in _REASONS.items():
        if rows := int(_metric(metrics, node.id, f"rows_left_out_by_{name}")):
            yield f"{rows:,} rows by {reason}"
    if pages := int(_metric(metrics, node.id, "pages_skipped")):
        yield f"{pages:,} pages"


def _extra(metrics: Mapping[tuple[int, str], Summary], node: Operator) -> str:
    parts = []
    size = _metric(metrics, node.id, "bytes")
    if size:
        parts.append(_size(size))
    if (node.id, "row_groups") in metrics:
        read = int(_metric(metrics, node.id, "row_groups"))
        parts.append(f"{read}/{getattr(node, 'considered', 0) or read} pieces")
    skipped, warm = (int(_metric(metrics, node.id, name)) for name in ("row_groups_skipped", "columns_warm"))
    if skipped:
        parts.append(f"{skipped} left out")
    if warm:
        parts.append(f"{warm}/{warm + int(_metric(metrics, node.id, 'columns_read'))} columns warm")
    spilled = _metric(metrics, node.id, "spill_bytes")
    if spilled:
        parts.append(f"{_size(spilled)} spilled")
    return "  " + ", ".join(parts) if parts else ""


def _metric(metrics: Mapping[tuple[int, str], Summary], operator: int, name: str) -> float:
    found = metrics.get((operator, name))
    return found.total if found is not None else 0.0


def _plain(attribute: Any) -> str:
    return str(attribute.name)


def _tree(node: Operator, lead: str = "", below: str = "") -> Iterator[tuple[str, Operator]]:
    yield lead, node
    for place, child in enumerate(node.inputs):
        last = place == len(node.inputs) - 1
        yield from _tree(child, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))


def _leaves_first(node: Operator) -> Iterator[Operator]:
    for child in node.inputs:
        yield from _leaves_first(child)
    yield node


def _operators(node: Operator) -> Iterator[Operator]:
    return (each for _, each in _tree(node))


def _number(value: float) -> str:
    return f"{round(value):,}"


def _size(value: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def _codegen(query: Query) -> str:
    from engine.compile.outline import outline  # only here: it knows every kind of code

    programs = [stage.program for stage in query.stages if isinstance(stage.program, StageProgram)]
    return "\n\n".join(("== Pipelines ==", *outline(programs, query.session.conf.mapping(), _plain)))


_MODES: dict[str, Callable[[Query], str]] = {
    "simple": _simple,
    "extended": _extended,
    "formatted": _formatted,
    "cost": _cost,
    "rules": _rules,
    "analyze": _analyze,
    "codegen": _codegen,
}
