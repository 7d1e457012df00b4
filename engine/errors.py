"""Every error a user can meet, as one hierarchy, with Spark's condition names, SQLSTATEs and the place in the query.

    FlintError
    ├── ParseError          the text is not SQL            PARSE_SYNTAX_ERROR, UNCLOSED_BRACKETED_COMMENT
    ├── AnalysisError       names or types do not fit      UNRESOLVED_COLUMN, DATATYPE_MISMATCH, TABLE_OR_VIEW_NOT_FOUND
    │   └── Unsupported     valid Spark, not here yet      UNSUPPORTED_FEATURE
    ├── ExecutionError      the data do not fit            CAST_INVALID_INPUT, DIVIDE_BY_ZERO, FAILED_READ_FILE
    │   └── Cancelled       the user, or a time limit      OPERATION_CANCELED
    ├── ClusterError        workers, disks, memory         EXECUTOR_LOST, FETCH_FAILED, OUT_OF_MEMORY
    └── InternalError       our fault                      INTERNAL_ERROR

An error holds a condition and its parameters; the text comes from `engine.conditions`. A phase that knows only an offset
into the query raises with a `Position`; `located` adds the query text once it is known.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Self

from engine.conditions import CONDITIONS, CONSTANTS
from engine.records import dataclass


@dataclass(frozen=True)
class Position:
    """A span of the query: offsets in characters, `stop` exclusive."""

    start: int
    stop: int


class FlintError(Exception):
    """A condition with its parameters.

    `condition` is Spark's name ("UNRESOLVED_COLUMN.WITH_SUGGESTION"), `message_parameters` fill its template, `position`
    is where in `text` (the statement) it happened, `hint` is one concrete fix, `details` are for logs only.
    """

    def __init__(
        self,
        condition: str,
        message_parameters: Mapping[str, Any] | None = None,
        position: Position | None = None,
        *,
        hint: str = "",
        details: str = "",
    ) -> None:
        super().__init__(condition)
        self.condition = condition
        given = {**CONSTANTS.get(condition, {}), **(message_parameters or {})}
        self.message_parameters = {name: str(value) for name, value in given.items()}
        self.position = position
        self.hint = hint
        self.details = details
        self.text: str | None = None

    @property
    def sqlstate(self) -> str:
        """The five-letter SQLSTATE of the condition."""
        return CONDITIONS[self.condition][0]

    @property
    def message(self) -> str:
        """The message with its parameters filled in, without condition, SQLSTATE or place."""
        text = CONDITIONS[self.condition][1]
        for name, value in self.message_parameters.items():
            text = text.replace(f"<{name}>", value)
        return text

    def located(self, text: str) -> Self:
        """This error, knowing the statement it happened in (the first to say so wins)."""
        if self.text is None:
            self.text = text
        return self

    def render(self, text: str | None = None) -> str:
        """The error as users see it: condition, message, line and caret, hint. `text` overrides the statement."""
        lines = [f"[{self.condition}] {self.message} SQLSTATE: {self.sqlstate}"]
        text = text if text is not None else self.text
        if text is not None and self.position is not None:
            lines.append(_caret(text, self.position))
        if self.hint:
            lines.append(f"Hint: {self.hint}")
        return "\n".join(lines).encode("utf-8", "replace").decode()  # a statement may hold what cannot be printed

    def __str__(self) -> str:
        return self.render()

    def __reduce__(self) -> tuple[Any, ...]:
        state = {"position": self.position, "hint": self.hint, "details": self.details, "text": self.text}
        return _rebuild, (type(self), self.condition, self.message_parameters, state)


class ParseError(FlintError):
    """The text is not a statement of the language."""


class AnalysisError(FlintError):
    """A name or a type of the statement does not fit the catalog or its neighbours."""


class Unsupported(AnalysisError):
    """A clause, statement or function that Spark has and this engine does not have yet."""

    def __init__(self, feature: str, position: Position | None = None, *, hint: str = "") -> None:
        super().__init__("UNSUPPORTED_FEATURE", {"feature": feature}, position, hint=hint)

    def __reduce__(self) -> tuple[Any, ...]:
        state = {"text": self.text}
        return _rebuild_unsupported, (self.message_parameters["feature"], self.position, self.hint, state)


class ExecutionError(FlintError):
    """A value or a file does not allow the operation."""


class Cancelled(ExecutionError):
    """The statement was stopped by the user or by its time limit."""

    def __init__(self, condition: str = "OPERATION_CANCELED", *args: Any, **options: Any) -> None:
        super().__init__(condition, *args, **options)


class ClusterError(FlintError):
    """Workers, disks or memory do not suffice."""


class InternalError(FlintError):
    """A bug of the engine; `details` hold the traceback."""

    def __init__(self, message: str, *, details: str = "") -> None:
        super().__init__("INTERNAL_ERROR", {"message": message}, details=details)

    def __reduce__(self) -> tuple[Any, ...]:
        return InternalError, (self.message_parameters["message"],), {"details": self.details, "text": self.text}


def suggestions(name: str, candidates: Iterable[str], limit: int = 3) -> list[str]:
    """The candidates nearest to `name`, best first; none where nothing is near."""
    by_fold = {candidate.lower(): candidate for candidate in candidates}
    near = difflib.get_close_matches(name.lower(), by_fold, n=limit, cutoff=0.6)
    return [by_fold[found] for found in near]


def quoted(name: str | Iterable[str]) -> str:
    """A name of one or more parts as messages show it: `a`.`b`."""
    parts = [name] if isinstance(name, str) else list(name)
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


def _caret(text: str, position: Position) -> str:
    start = min(position.start, len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    number = text.count("\n", 0, start) + 1
    line, column = text[line_start:line_end], start - line_start
    width = max(1, min(position.stop, line_end) - start)
    shift = max(0, column - 70)
    shown = line[shift : shift + 110]
    lead = f"LINE {number}: "
    pad = "".join("\t" if c == "\t" else " " for c in line[shift:column])
    return f"{lead}{shown}\n{' ' * len(lead)}{pad}{'^' * min(width, 110 - (column - shift))}"


def _rebuild(kind: type[FlintError], condition: str, parameters: dict[str, str], state: dict[str, Any]) -> FlintError:
    error = kind(condition, parameters)
    error.__dict__.update(state)
    return error


def _rebuild_unsupported(feature: str, position: Position | None, hint: str, state: dict[str, Any]) -> Unsupported:
    error = Unsupported(feature, position, hint=hint)
    error.__dict__.update(state)
    return error
