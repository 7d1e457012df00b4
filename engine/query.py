"""The life of one query, as properties in the order in which it is lived:

    parsed → analyzed → optimized → physical → stages → batches

Each is computed when first asked for, and timed. Whoever knows this file knows where everything else is.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from engine.analyze.analyzer import analyze, with_names
from engine.analyze.context import AnalyzerContext
from engine.deep import planned
from engine.errors import Cancelled, ClusterError, FlintError, ParseError
from engine.events import QueryFinished, QueryPhase, QueryStarted
from engine.explain import explain
from engine.expressions.base import Expression
from engine.kernels.moment import watched
from engine.lazy import cached_property
from engine.logical.hints import Hints
from engine.logical.plan import LogicalPlan, Scan
from engine.memory.columns import PINS, pins_of
from engine.optimize.context import OptimizerContext
from engine.optimize.optimizer import optimize
from engine.optimize.statistics import Estimator
from engine.parse.parser import parse
from engine.parse.substitution import Parameters, Reading
from engine.physical.operator import Operator
from engine.plan.context import PlannerContext
from engine.plan.planner import plan_physical
from engine.plan.stages import cut
from engine.plan_cache import Key, Planned, bound, key_of
from engine.records import dataclass
from engine.schedule.results import JobHandle
from engine.schedule.stage import Job, Stage, next_job_id
from engine.types import TIMESTAMP, TIMESTAMP_NTZ, StructType
from engine.types.arrow import to_arrow_schema
from engine.types.session import session_types

if TYPE_CHECKING:
    from engine.session import Session

T = TypeVar("T")

_TIMEOUT = "spark.sql.statementTimeout"
_KEPT = "flint.planCache.size"

_numbers = itertools.count(1)


@dataclass(eq=False)
class Query:
    """A statement of `session`, from text (or from a plan already parsed) to batches. `frozen`: see AnalyzerContext."""

    session: Session
    text: str
    parameters: Mapping[str, Expression] | Sequence[Expression] = ()
    plan: LogicalPlan | None = None
    frozen: str = ""

    def __post_init__(self) -> None:
        self.id = f"q{next(_numbers)}"
        self.seconds: dict[str, float] = {}
        self.hints = Hints()
        self.started = time.time()
        self.handle: JobHandle | None = None
        self._of_the_moment: set[str] = set()
        self._cancelled = threading.Event()
        self._deadline = self._new_deadline()

    # the phases

    @cached_property
    def parsed(self) -> LogicalPlan:
        """1. The text as a tree; names are as written."""
        if self.plan is not None:
            return self.plan
        if self._known is not None:
            return self._known.parsed

        def work() -> LogicalPlan:
            with self._types():
                return self._parse(self.text, self.parameters or None)

        return self._planned("parse", work)

    def _types(self) -> AbstractContextManager[None]:
        """What the session says about types, for the parse and the analysis."""
        conf = self.session.conf
        wanted = TIMESTAMP_NTZ if conf.value("spark.sql.timestampType") == "TIMESTAMP_NTZ" else TIMESTAMP
        legacy = conf.value("spark.sql.legacy.interval.enabled")
        text = conf.value("spark.sql.function.concatBinaryAsString")
        picked = conf.value("spark.sql.function.eltOutputAsString")
        return session_types(wanted, conf.get("spark.sql.session.timeZone"), legacy, text, picked)

    @cached_property
    def analyzed(self) -> LogicalPlan:
        """2. Every name and type definite, by the catalog and the function registry."""
        if self._known is not None:
            return self._known.analyzed
        parsed, context = self.parsed, self.analyzer_context()

        def work() -> LogicalPlan:
            with self._types():
                plan = analyze(parsed, context)
            plan.schema  # noqa: B018 - kept: asked for by users, whose threads have less room
            return plan

        return self._planned("analyze", work)

    def with_names(self, command: LogicalPlan) -> LogicalPlan:
        """A statement that is no query, with the names that IDENTIFIER() computes."""
        return with_names(command, self.analyzer_context())

    def _parse(self, text: str, parameters: Parameters | None = None) -> LogicalPlan:
        return parse(text, parameters, self._reading)

    @property
    def _reading(self) -> Reading:
        conf = self.session.conf
        ansi = conf.value("spark.sql.ansi.enabled")
        return Reading(
            double_quoted=ansi and conf.value("spark.sql.ansi.doubleQuotedIdentifiers"),
            reserved=ansi and conf.value("spark.sql.ansi.enforceReservedKeywords"),
            identifiers=not conf.value("spark.sql.legacy.identifierClause"),
        )

    def analyzer_context(self) -> AnalyzerContext:
        """What names and types are made definite with: the session's catalog, variables and settings of now."""
        conf = self.session.conf
        return AnalyzerContext(
            catalog=self.session.catalog,
            parse=self._parse,
            ansi=conf.value("spark.sql.ansi.enabled"),
            allow_precision_loss=conf.value("spark.sql.decimalOperations.allowPrecisionLoss"),
            case_sensitive=conf.value("spark.sql.caseSensitive"),
            time_zone=conf.get("spark.sql.session.timeZone"),
            group_by_ordinal=conf.value("spark.sql.groupByOrdinal"),
            group_by_aliases=conf.value("spark.sql.groupByAliases"),
            order_by_ordinal=conf.value("spark.sql.orderByOrdinal"),
            regex_columns=conf.value("spark.sql.parser.quotedRegexColumnNames"),
            reserved_keywords=self._reading.reserved,
            cte_precedence=conf.value("spark.sql.legacy.ctePrecedencePolicy"),
            variables=self.session.variables,
            frozen=self.frozen,
            hints=self.hints,
        )

    @cached_property
    def optimized(self) -> LogicalPlan:
        """3. The same answer with less work."""
        if self._known is not None and self._known.optimized is not None:
            return self._known.optimized
        analyzed = self.analyzed

        def work() -> LogicalPlan:
            if analyzed.has(Scan):
                self.session.warm_up()  # workers start while we plan
            return optimize(analyzed, self.optimizer_context)

        return self._planned("optimize", work)

    @cached_property
    def physical(self) -> Operator:
        """4. How to do it: algorithms, and the exchanges between executors."""
        if self._known is not None and self._known.physical is not None:
            return self._known.physical
        optimized = self.optimized
        return self._planned("plan", lambda: plan_physical(optimized, self._planner_context))

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """5. The plan cut at its exchanges: what the scheduler runs."""
        if self._known is not None and self._known.stages:
            return bound(self._known.stages, self.optimizer_context.evaluation)
        return planned(self._cut, self._check)  # the phases before it, too: one thread for all

    def _cut(self) -> tuple[Stage, ...]:
        physical = self.physical
        pieces = self._planned("plan", lambda: cut(physical, self.optimizer_context.evaluation))
        stages = tuple(
            Stage(
                stage_id=piece.stage_id,
                parents=piece.parents,
                partitions=piece.partitions,
                program=piece.program,
                output=piece.output,
                shuffle_partitions=piece.shuffle_partitions,
                deterministic=piece.deterministic,
                reads=piece.reads,
            )
            for piece in pieces
        )
        self._keep(stages)
        return stages

    def batches(self) -> Iterator[pa.RecordBatch]:
        """6. The rows, as they are computed, in the engine's own Arrow types. May be called again: it runs again."""
        rows, began, error = 0, time.perf_counter(), ""
        self._cancelled.clear()  # what was stopped may be run again
        self._deadline = self._new_deadline()
        events = self.session.events
        events.publish(QueryStarted(query_id=self.id, text=self.text))
        try:
            with self.session.running(self):
                for batch in self._run():
                    rows += batch.num_rows
                    yield batch
        except BaseException as problem:
            error = problem.condition if isinstance(problem, FlintError) else type(problem).__name__
            raise
        finally:
            seconds = time.perf_counter() - began
            events.publish(QueryFinished(query_id=self.id, seconds=seconds, rows=rows, error=error))

    def _run(self) -> Iterator[pa.RecordBatch]:
        stages = self.stages
        with self._phase("execute"):
            scheduler = self.session.scheduler(local=self.is_small)
            conf = self.session.conf.mapping() | {PINS: pins_of(self.session.catalog.cached().values())}
            job = Job(next_job_id(), stages, self.id, conf)
            left = max(0.001, self._deadline - time.perf_counter()) if self._deadline is not None else None
            handle = scheduler.submit(job, left, _TIMEOUT, self.session.conf.value(_TIMEOUT))
            self.handle = handle
            schema = self.arrow_schema
            for _, batch in handle.batches(ordered=True):
                yield _renamed(batch, schema)

    # what users ask about it

    @cached_property
    def schema(self) -> StructType:
        """The columns of the result."""
        return self.analyzed.schema

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """The columns of the result as the engine's Arrow types."""
        return to_arrow_schema(self.schema)

    @cached_property
    def is_small(self) -> bool:
        """Whether it reads no files and few rows: then it runs in this process, without workers."""
        if self._known is not None and self._known.stages:
            return self._known.is_small
        rows = self.estimator.rows(self.optimized)
        limit = self.session.conf.value("flint.local.rowLimit")
        return not self.optimized.has(Scan) and rows is not None and rows <= limit

    # plans that were made before

    @cached_property
    def _key(self) -> Key | None:
        """What its plan is kept under; None where it is not."""
        if self.plan is not None or self.frozen or not self.session.conf.value(_KEPT):
            return None
        return key_of(self.session, self.text, self.parameters)

    @cached_property
    def _known(self) -> Planned | None:
        """The plan of the same text, run before."""
        if self._key is None:
            return None
        with self._phase("reuse"):
            found = self.session.plans.find(self._key)
        if found is not None:
            self.hints = found.hints
        return found

    def _keep(self, stages: tuple[Stage, ...]) -> None:
        """Keeps what does not depend on the moment, for when the same text is run again."""
        if self._key is None or self._known is not None or self._of_the_moment & {"parse", "analyze"}:
            return
        kept = Planned(self.parsed, self.analyzed, self.hints)
        if not self._of_the_moment:
            kept = Planned(self.parsed, self.analyzed, self.hints, self.optimized, self.physical, stages, self.is_small)
        self.session.plans.keep(self._key, kept, self.session.conf.value(_KEPT))

    # what users do with it

    def explain(self, mode: str = "simple") -> str:
        """The plans as text; see `engine.explain`."""
        with self._located():
            if mode.lower() == "analyze":  # runs it: in this thread, where Ctrl-C ends the job too
                return explain(self, mode)
            return planned(lambda: explain(self, mode), self._check)

    def cancel(self) -> None:
        """Stops it, whichever phase it is in; whoever waits for it gets OPERATION_CANCELED."""
        self._cancelled.set()
        if self.handle is not None:
            self.handle.cancel()

    def announce_failure(self, error: FlintError) -> None:
        """Tells the bus of a statement that ended before it had rows."""
        self.session.events.publish(QueryStarted(query_id=self.id, text=self.text, time=self.started))
        spent = time.time() - self.started
        self.session.events.publish(QueryFinished(query_id=self.id, seconds=spent, error=error.condition))

    @cached_property
    def estimator(self) -> Estimator:
        """What is guessed of the sizes of its plans."""
        return self.optimizer_context.estimator

    # bookkeeping

    @cached_property
    def optimizer_context(self) -> OptimizerContext:
        """What the optimizer is told of this run."""
        return OptimizerContext.of(self.session, self.started)

    @cached_property
    def _planner_context(self) -> PlannerContext:
        here = self.is_small
        return PlannerContext.of(
            self.session.conf.mapping(),
            executors=1 if here else self.session.cluster.executors,
            cores=1 if here else self.session.cluster.cores,
            rows=self.estimator.rows,
            bytes=self.estimator.bytes,
            evaluation=self.optimizer_context.evaluation,
            hints=self.hints,
        )

    def _new_deadline(self) -> float | None:
        limit = self.session.conf.value(_TIMEOUT)
        return time.perf_counter() + limit if limit else None

    def _check(self) -> None:
        """Raises what ends the statement early."""
        if self._cancelled.is_set():
            raise Cancelled()
        if self._deadline is not None and time.perf_counter() > self._deadline:
            limit = self.session.conf.value(_TIMEOUT)
            raise ClusterError("QUERY_TIMEOUT", {"seconds": f"{limit:g}", "setting": _TIMEOUT})

    def _planned(self, name: str, work: Callable[[], T]) -> T:
        """What a phase gives, in a thread of its own: deep statements have room there, and stopping is felt at once."""

        def watching() -> T:
            with watched() as read:
                found = work()
            if read:
                self._of_the_moment.add(name)
            return found

        with self.session.running(self), self._phase(name):
            found = planned(watching, self._check)
        self._check()
        return found

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        """Times a phase, tells the bus, and gives errors the text they point into."""
        began = time.perf_counter()
        try:
            with self._located():
                yield
        finally:
            spent = time.perf_counter() - began
            self.seconds[name] = self.seconds.get(name, 0.0) + spent
            self.session.events.publish(QueryPhase(query_id=self.id, phase=name, seconds=spent))

    @contextmanager
    def _located(self) -> Iterator[None]:
        try:
            yield
        except FlintError as error:
            raise error.located(self.text) from error.__cause__
        except RecursionError:
            raise ParseError("FAILED_TO_PARSE_TOO_COMPLEX") from None


def _renamed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """`batch` under the result's names; operators know columns by position only."""
    if not schema.names:
        return batch
    columns: list[Any] = [
        column if column.type == wanted.type else column.cast(wanted.type)
        for column, wanted in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
