"""What is announced while queries run, and the bus that carries it.

The shell's progress, the log file and user interfaces only listen: nothing in the engine waits for what they do. Events
are told in the thread that caused them, so a listener should only note what it heard. Times are seconds: `time` since
the epoch, durations as measured by a steady clock.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from pathlib import Path

from engine.records import dataclass

LOGGER = logging.getLogger("flint")

_WORDS = r"(?:secret|passw(?:or)?d|token|credential|(?:access|api|private|account|encryption|signing)[._-]?key)"
_SECRET = re.compile(_WORDS, re.IGNORECASE)
_ASSIGNED = re.compile(  # key = value, key: value, and the "key 'value'" of OPTIONS
    rf"""(?<![\w.-])(?P<key>[\w.-]*{_WORDS}[\w.-]*["'`]?)(?P<is>\s*[=:]\s*|\s+(?=['"]))"""
    r"""(?:'[^']*'|"[^"]*"|[^\s,;)&'"]+)""",
    re.IGNORECASE,
)
REDACTED = "*********(redacted)"


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened, to the query `query_id` ("" when to none)."""

    query_id: str = ""
    time: float = field(default_factory=time.time)


@dataclass(frozen=True, kw_only=True)
class QueryStarted(Event):
    """A statement arrived; secrets in its text are redacted."""

    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", redact_text(self.text))


@dataclass(frozen=True, kw_only=True)
class QueryPhase(Event):
    """A phase (parse, analyze, optimize, plan, execute) ended after `seconds`."""

    phase: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class QueryFinished(Event):
    """A statement ended after `seconds` with so many `rows`; `error` is its condition, or "" when it went well."""

    seconds: float
    rows: int = 0
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class JobStarted(Event):
    """A job was submitted; `tasks` is how many each stage has, by stage id."""

    job_id: int
    tasks: Mapping[int, int]


@dataclass(frozen=True, kw_only=True)
class JobEnded(Event):
    """A job ended; `error` is the condition, or ""."""

    job_id: int
    seconds: float
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class StageSubmitted(Event):
    """Tasks of a stage may start: all of them, or those that were lost when it is run again."""

    job_id: int
    stage_id: int
    tasks: int


@dataclass(frozen=True, kw_only=True)
class StageCompleted(Event):
    """All tasks of a stage are done; what they wrote for the next stage."""

    job_id: int
    stage_id: int
    seconds: float
    rows: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class TaskStarted(Event):
    """An attempt was sent to an executor."""

    job_id: int
    stage_id: int
    partition: int
    attempt: int
    executor_id: str


@dataclass(frozen=True, kw_only=True)
class TaskEnded(Event):
    """An attempt ended: `status` is succeeded, failed, cancelled, lost (with its executor) or fetch_failed."""

    job_id: int
    stage_id: int
    partition: int
    attempt: int
    executor_id: str
    status: str
    seconds: float
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Progress(Event):
    """Input a running attempt has worked off so far (totals of the attempt, not differences)."""

    job_id: int
    stage_id: int
    partition: int
    attempt: int
    rows: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class ExecutorAdded(Event):
    """An executor is ready for tasks."""

    executor_id: str
    cores: int
    pid: int


@dataclass(frozen=True, kw_only=True)
class ExecutorRemoved(Event):
    """An executor is gone; `reason` says how (its signal), `expected` that it was meant to go."""

    executor_id: str
    reason: str
    expected: bool


@dataclass(frozen=True, kw_only=True)
class CodeCrashed(Event):
    """The executor crashed in a task of the query, which runs again without compiled code. `keys` names the code it was in,
    if any: that is never run again."""

    keys: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class CachedInPart(Event):
    """CACHE TABLE had no room for about `left_out` bytes of the decoded columns of `table`; `kept` bytes of them are in
    memory."""

    table: str
    kept: int
    left_out: int

    @property
    def message(self) -> str:
        """For the user: what fits, and what to do."""
        return (
            f"CACHE TABLE {self.table}: {self.kept:,} bytes of its columns fit in memory, {self.left_out:,} do not and are "
            "read from the files each time. Raise spark.executor.memory, of which cached tables may fill "
            "spark.memory.fraction, or uncache another table."
        )


class EventBus:
    """Carries events to listeners. Thread-safe; a listener that fails is logged once and heard no worse for it."""

    def __init__(self) -> None:
        self._listeners: tuple[Callable[[Event], object], ...] = ()
        self._failed: set[int] = set()
        self._lock = threading.Lock()

    def subscribe(self, callback: Callable[[Event], object]) -> Callable[[], None]:
        """Calls `callback` with every event from now on; what is returned ends that."""
        with self._lock:
            self._listeners = (*self._listeners, callback)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(listener for listener in self._listeners if listener is not callback)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Tells all listeners, in the order they subscribed."""
        for listener in self._listeners:
            try:
                listener(event)
            except (Exception, SystemExit):  # but Ctrl-C is the user's
                if id(listener) not in self._failed:
                    self._failed.add(id(listener))
                    LOGGER.exception("An event listener failed on %s; further failures of it are not logged.", event)


def log_to_file(bus: EventBus, path: Path, level: int = logging.INFO) -> Callable[[], None]:
    """Writes events of `level` and above to `path`, one a line with time, level and query id; returns what ends it.

    Progress and tasks are DEBUG, failures WARNING, the rest INFO. Secrets are redacted. What the engine logs itself (a
    listener that failed) goes there too. Raises OSError.
    """
    handler = logging.FileHandler(path, encoding="utf-8", delay=False)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    logger = logging.Logger("flint.events", level)  # not registered: other log settings of the process do not touch it
    logger.addHandler(handler)

    def write(event: Event) -> None:
        if logger.isEnabledFor(severity := _severity(event)):
            logger.log(severity, "[%s] %s", event.query_id or "-", _line(event))

    unsubscribe = bus.subscribe(write)
    LOGGER.addHandler(handler)

    def end() -> None:
        unsubscribe()
        LOGGER.removeHandler(handler)
        handler.close()

    return end


def is_secret(key: str) -> bool:
    """Whether values under this name must not be shown."""
    return _SECRET.search(key) is not None


def redact(settings: Mapping[str, str]) -> dict[str, str]:
    """The settings with secret values replaced."""
    return {key: REDACTED if is_secret(key) else value for key, value in settings.items()}


def redact_text(text: str) -> str:
    """`text` with the values of secret assignments (`password = 'x'`, `token=abc`, `secret 'x'`) replaced."""
    return _ASSIGNED.sub(rf"\g<key>\g<is>{REDACTED}", text)


def _severity(event: Event) -> int:
    match event:
        case QueryFinished(error=error) | JobEnded(error=error) if error:
            return logging.WARNING
        case TaskEnded(status="failed" | "lost" | "fetch_failed") | ExecutorRemoved(expected=False) | CodeCrashed():
            return logging.WARNING
        case CachedInPart():
            return logging.WARNING
        case Progress() | TaskStarted() | TaskEnded():
            return logging.DEBUG
    return logging.INFO


def _line(event: Event) -> str:
    shown = [
        f"{item.name}={getattr(event, item.name)!r}" for item in fields(event) if item.name not in ("query_id", "time")
    ]
    return redact_text(" ".join([type(event).__name__, *shown]))
