"""A user's world: a catalog, settings, the executors, and `sql()`."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

from engine.catalog.catalog import Catalog
from engine.catalog.variables import Variables
from engine.cluster.inline import InlineCluster
from engine.config import Conf
from engine.dataframe.dataframe import DataFrame
from engine.errors import AnalysisError, Cancelled, FlintError
from engine.events import EventBus
from engine.expressions.base import Expression
from engine.expressions.literals import literal
from engine.logical.commands import Command
from engine.logical.plan import LogicalPlan
from engine.logical.unresolved import UnresolvedRelation
from engine.plan_cache import PlanCache
from engine.query import Query
from engine.schedule.scheduler import Scheduler

if TYPE_CHECKING:
    from engine.cluster.local import LocalCluster

Arguments = Mapping[str, Any] | Sequence[Any]
T = TypeVar("T")

INLINE_EXECUTORS = 4
"""How many small queries run in this process at a time."""


class Session:
    """Where queries are run.

    `master` is "local", "local[N]" or "local[*]": one executor with N threads (all cores for *), unless
    `spark.executor.instances` and `spark.executor.cores` in `conf` say otherwise. Several threads may use one session.
    Use it as a context manager, or call `stop()`; a program that forgets leaves nothing behind either.
    """

    def __init__(self, master: str | None = None, conf: Mapping[str, Any] | None = None) -> None:
        settings = dict(conf or {})
        if master is not None:
            settings["spark.master"] = master
        self.conf = Conf(settings | _cores_of(str(settings.get("spark.master", "local[*]")), settings))
        self.events = EventBus()
        self.catalog = Catalog(self.conf)
        self.variables = Variables()
        self.plans = PlanCache()
        self._lock = threading.RLock()
        self._parts: dict[str, Any] = {}
        self._running: set[Query] = set()
        self._stopped = False

    # queries

    def sql(self, text: str, args: Arguments | None = None, dialect: str | None = None) -> DataFrame:
        """A statement as a DataFrame. Queries run when rows are asked for; other statements run now.

        `args` are values for `:name` (a mapping) or `?` (a sequence). `dialect` names another SQL ("duckdb", "postgres")
        that `text` is written in. Raises ParseError and AnalysisError with the place in `text`.
        """
        self._check_open()
        if dialect is not None:
            from engine.parse.dialects import to_spark  # here: sqlglot takes 0.2 s to import

            text = to_spark(text, dialect)
        query = Query(self, self.conf.substituted(text), _parameters(args))
        try:
            parsed = query.parsed
            if isinstance(parsed, Command):
                return self._command(parsed, query)
            query.analyzed  # noqa: B018 - names and types are checked now, rows come later
        except FlintError as error:
            query.announce_failure(error)
            raise
        return DataFrame(query)

    def table(self, name: str) -> DataFrame:
        """A table or view as a DataFrame; `name` may have several parts and be backquoted."""
        parts = tuple(
            quoted.replace("``", "`") if quoted else plain
            for quoted, plain in re.findall(r"`((?:[^`]|``)*)`|([^.`]+)", name)
        )
        return self.execute(UnresolvedRelation(parts), name)

    def execute(self, plan: LogicalPlan, text: str = "") -> DataFrame:
        """A plan, resolved or not, as a DataFrame. `text` is what its positions point into."""
        self._check_open()
        query = Query(self, text, plan=plan)
        query.analyzed  # noqa: B018 - as in sql()
        return DataFrame(query)

    def _command(self, command: Command, query: Query) -> DataFrame:
        from engine.commands.execute import execute_command  # here: most statements are queries

        try:
            return self.execute(execute_command(command, self, query), query.text)
        except FlintError as error:
            raise error.located(query.text) from error.__cause__

    def parse(self, text: str) -> LogicalPlan:
        """The unresolved plan of a statement."""
        return Query(self, text).parsed

    # running

    def cancel(self) -> None:
        """Stops every statement of this session that is running. They end in OPERATION_CANCELED; the session goes on."""
        with self._lock:
            running = list(self._running)
        for query in running:
            query.cancel()

    @contextmanager
    def running(self, query: Query) -> Iterator[None]:
        """Counts `query` among those that `cancel` stops."""
        self._check_open()
        with self._lock:
            within = query in self._running
            self._running.add(query)
        try:
            yield
        finally:
            if not within:
                with self._lock:
                    self._running.discard(query)

    def warm_up(self) -> None:
        """Begins to start the executors, without waiting."""
        self._cluster_scheduler.start()

    def scheduler(self, local: bool) -> Scheduler:
        """What runs jobs: `local` in this process, else on the executors."""
        return self._inline_scheduler if local else self._cluster_scheduler

    @property
    def cluster(self) -> LocalCluster:
        """The worker processes; they start with the first query that reads something."""
        from engine.cluster.local import LocalCluster  # here: small queries need no workers

        return self._once("cluster", lambda: LocalCluster(self.conf.mapping()))

    @property
    def _cluster_scheduler(self) -> Scheduler:
        return self._once("scheduler", lambda: Scheduler(self.cluster, self.events))

    @property
    def _inline_scheduler(self) -> Scheduler:
        # small queries of several threads run beside each other
        inline = partial(InlineCluster, self.conf.mapping(), executors=INLINE_EXECUTORS, cores=1)
        return self._once("inline", lambda: Scheduler(inline(), self.events))

    def _once(self, name: str, make: Callable[[], T]) -> T:
        with self._lock:
            if name not in self._parts:
                self._parts[name] = make()
            part: T = self._parts[name]
            return part

    # the end

    def stop(self) -> None:
        """Ends running statements, the executors, and removes their files. May be called twice."""
        self._stopped = True
        self.cancel()
        for name in ("scheduler", "inline", "cluster"):  # the last for one that was asked about, but never started
            if name in self._parts:
                self._parts[name].stop()

    def _check_open(self) -> None:
        if self._stopped:
            raise Cancelled(hint="The session was stopped.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _cores_of(master: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """The threads that local[N] asks for, where they are not set by themselves."""
    match = re.fullmatch(r"local(?:\[(\*|\d+)\])?", master.strip())
    if match is None or match[1] == "0":
        raise AnalysisError(
            "INVALID_CONF_VALUE",
            {"confName": "spark.master", "confValue": master, "reason": "It should be local, local[N] or local[*]."},
        )
    if match[1] == "*" or "spark.executor.cores" in settings:
        return {}
    executors = Conf(settings).value("spark.executor.instances")
    return {"spark.executor.cores": str(max(1, int(match[1] or 1) // executors))}


def _parameters(args: Arguments | None) -> dict[str, Expression] | tuple[Expression, ...]:
    if isinstance(args, Mapping):
        return {name: literal(value) for name, value in args.items()}
    return tuple(literal(value) for value in args or ())
