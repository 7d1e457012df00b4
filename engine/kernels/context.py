"""What the value of an expression depends on besides its row: time zone, ANSI mode, and what is bound once per query."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from engine.records import dataclass
from engine.types import VOID, DataType


@dataclass(frozen=True)
class EvalContext:
    """The settings and bindings of one query.

     `time_zone` is a name of the IANA database or an offset ("+02:00"). `partition` numbers the task, for functions whose
     values depend on it (rand, monotonically_increasing_id); `seed` is what rand() without argument starts from. `now` is the
     start of the query in microseconds since 1970 UTC, None: the time of evaluation. `user`, `catalog` and `database` are
     what current_user() and its like say. `time_parser_policy` is `spark.sql.legacy.timeParserPolicy`.
    `level` counts the levels of a recursion: random values differ from one to the next.
    """

    time_zone: str = "UTC"
    ansi: bool = True
    partition: int = 0
    level: int = 0
    seed: int = 0
    now: int | None = None
    user: str = ""
    catalog: str = "spark_catalog"
    database: str = "default"
    time_parser_policy: str = "CORRECTED"


@dataclass
class CallContext:
    """What a function's kernel with `wants_context` gets: the query's context, `rows` (the length of its arrays), the SQL
    types of its arguments and of its result, and `state`, which lives as long as the compiled call."""

    query: EvalContext
    rows: int
    types: tuple[DataType, ...] = ()
    result: DataType = VOID
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def time_zone(self) -> str:
        """The session's time zone."""
        return self.query.time_zone

    @property
    def ansi(self) -> bool:
        """Whether what has no result raises."""
        return self.query.ansi
