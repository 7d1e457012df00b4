"""EXPLAIN CODEGEN: for each pipeline of a plan what runs as code, the code, and for what does not the reason.

Nothing runs and nothing is compiled: code is written for batches in the engine's own types, which may have nulls, and for
joins whose built side is empty. What runs differs by the forms that batches come in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.compile.chain import CompiledChain, expected_rows
from engine.compile.code import enabled
from engine.compile.forms import Form, storage_of_arrow
from engine.compile.ir import module_text
from engine.compile.windows.program import window_program
from engine.config import typed
from engine.expressions.base import Attribute
from engine.expressions.sql import Name, sql
from engine.physical.built_rows import by_number
from engine.physical.emit import EmitSink
from engine.physical.execution import Execution
from engine.physical.join import JoinExec
from engine.physical.operator import Breaker, Operator, Sink, Streaming
from engine.physical.pipeline import Chain, Pipeline
from engine.physical.program import StageProgram
from engine.physical.task import TaskContext
from engine.physical.whole_partitions import sees_whole_partitions
from engine.physical.window import WindowExec
from engine.types.arrow import to_arrow


def outline(programs: Sequence[StageProgram], conf: dict[str, str], name: Name) -> Iterator[str]:
    """A paragraph for each pipeline of the stages; `name` writes columns."""
    number = 0
    for program in programs:
        with TaskContext.local(conf=conf) as task:
            run = Execution(task, program.evaluation)
            every = [each for query in program.queries for each in query.pipelines]
            for pipeline in (*every, *program.pipelines):
                sink = _sink(pipeline, run)
                for chain in pipeline.chains:
                    number += 1
                    yield "\n".join((f"Pipeline {number}: {_title(chain, pipeline)}", *_lines(chain, sink, run, name)))
                if isinstance(pipeline.target, WindowExec) and enabled(run):
                    yield "\n".join((f"Loop of {pipeline.target.title}:", *_loop(pipeline.target, run, name)))
                sink.finish()


def _sink(pipeline: Pipeline, run: Execution) -> Sink:
    target = pipeline.target
    if target is None:
        return EmitSink([].append, run)
    assert isinstance(target, Breaker | Streaming)
    return target.build_sink(run) if pipeline.build or isinstance(target, Streaming) else target.sink(run)


def _title(chain: Chain, pipeline: Pipeline) -> str:
    names = [chain.source.title, *(step.title for step in chain.steps)]
    target = pipeline.target
    end = "result" if target is None else f"build of {target.title}" if pipeline.build else target.title
    return " → ".join((*names, end))


def _lines(chain: Chain, sink: Sink, run: Execution, name: Name) -> Iterator[str]:
    if chain.tail and not (isinstance(chain.source, JoinExec) and chain.source.has_tail):
        yield "  interpreted: rows that are there only where memory does not suffice"
        return
    if chain.tail:
        assert isinstance(chain.source, JoinExec)
        chain = by_number(chain.source, chain, typed(run.task.conf, "flint.compile.minRows"))
    if not enabled(run):
        yield "  interpreted: code is switched off (flint.compile.enabled), or llvmlite is not installed"
        return
    rows, least = expected_rows(chain.source), typed(run.task.conf, "flint.compile.minRows")
    if rows is not None and rows < least:
        yield f"  interpreted: about {rows:.0f} rows, fewer than flint.compile.minRows = {least}"
        return
    code = CompiledChain(chain, sink, run)
    if code.passes:
        yield "  batches go on as they are read"
        return
    program = code.variants.write([_form(column) for column in chain.source.output]) if code.promises else None
    level = code.variants.level
    compiled = level.steps if level is not None and program is not None else 0
    for place, step in enumerate(chain.steps):
        yield f"  {'compiled' if place < compiled else 'interpreted'}: {step.describe(name)}{_reason(code, step, place)}"
    if program is not None:
        yield f"  {'compiled' if level is not None and level.whole else 'interpreted'}: the end of the pipeline"
        for hoisted in program.inputs.hoists:
            yield f"  by kernels, before: {sql(hoisted, name)}"
        yield from (
            "  " + line
            for line in module_text([program.function] if program.function is not None else [], notes=True).splitlines()
        )


def _loop(operator: WindowExec, run: Execution, name: Name) -> Iterator[str]:
    """The loop over sorted rows, and the functions that kernels compute."""
    columns = operator.child.output
    if sees_whole_partitions(operator.functions):
        yield "  by kernels, as groups are: each row sees all of its partition"
        return
    found = window_program(operator.functions, columns, [_form(column) for column in columns], run.evaluation)
    for number, function in enumerate(operator.functions):
        reason = found.reasons.get(number)
        yield f"  {'compiled' if reason is None else 'interpreted'}: {sql(function, name)}" + (
            "" if reason is None else f" (no code for {reason})"
        )
    if found.program is not None and found.program.function is not None:
        yield from ("  " + line for line in module_text([found.program.function], notes=True).splitlines())


def _reason(code: CompiledChain, step: Operator, place: int) -> str:
    if place < len(code.operators):
        reason = code.variants.reasons.get(step.id, "")
        return f" (no code for {reason})" if reason else ""
    return " (no code for this operator)" if place == len(code.operators) else " (after one that is interpreted)"


def _form(column: Attribute) -> Form:
    return Form(storage_of_arrow(to_arrow(column.dataType)), column.nullable)
