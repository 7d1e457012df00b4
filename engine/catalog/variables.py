"""Session variables: values by name, made by DECLARE and changed by SET VAR."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field

from engine.errors import AnalysisError, Position, quoted
from engine.expressions.base import Expression, Literal
from engine.records import dataclass
from engine.types import DataType

SCOPES = (("session",), ("system", "session"))
"""What may stand before a variable's name."""


@dataclass(frozen=True)
class Variable:
    """A value of `type`, and the expression that DEFAULT means for it."""

    value: Literal
    type: DataType
    default: Expression


@dataclass
class Variables:
    """The variables of a session. Names are matched without case."""

    found: dict[str, Variable] = field(default_factory=dict)

    def value(self, parts: Sequence[str]) -> tuple[Literal, tuple[str, ...]] | None:
        """The value of the variable that `parts` begin with, and the parts that are left: a path of fields."""
        for scope in ((), *SCOPES):
            length = len(scope)
            if len(parts) > length and tuple(part.lower() for part in parts[:length]) == scope:
                variable = self.found.get(parts[length].lower())
                if variable is not None:
                    return variable.value, tuple(parts[length + 1 :])
        return None

    def name(self, parts: tuple[str, ...], origin: Position | None) -> str:
        """The name under which `parts` are kept. Raises UNRESOLVED_VARIABLE for another scope than the session."""
        if len(parts) > 1 and tuple(part.lower() for part in parts[:-1]) not in SCOPES:
            raise unresolved_variable(parts, origin)
        return parts[-1].lower()

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Takes back every change where one fails."""
        before = dict(self.found)
        try:
            yield
        except BaseException:
            self.found = before
            raise


def unresolved_variable(parts: tuple[str, ...], origin: Position | None) -> AnalysisError:
    """The error for a variable that does not exist."""
    parameters = {"variableName": quoted(parts), "searchPath": "[`system`.`session`]"}
    return AnalysisError("UNRESOLVED_VARIABLE", parameters, origin)
