"""What optimization is given beside the plan."""

from __future__ import annotations

import getpass
import os
import random
from dataclasses import field
from typing import Any, Protocol

from engine.kernels.context import EvalContext
from engine.optimize.join_order import Chooser, cheapest
from engine.optimize.statistics import Estimator
from engine.records import dataclass


class _Conf(Protocol):
    def get(self, name: str) -> str: ...
    def value(self, name: str) -> Any: ...


class _Session(Protocol):
    @property
    def conf(self) -> _Conf: ...


@dataclass(frozen=True)
class OptimizerContext:
    """Settings, and what is bound once per query.

    `started` is the start of the query in seconds since 1970 UTC (current_timestamp and its like); `seed` is what random
    values without a seed of their own start from. `excluded` are names of rules or batches to leave out, those without which a
    plan cannot be run excepted. `check` switches on the guards (tests), `order_joins` chooses orders of joins.
    """

    ansi: bool = True
    time_zone: str = "UTC"
    started: float = 0.0
    user: str = ""
    seed: int = 0
    catalog: str = "spark_catalog"
    database: str = "default"
    time_parser_policy: str = "CORRECTED"
    excluded: frozenset[str] = frozenset()
    check: bool = False
    estimator: Estimator = field(default_factory=Estimator)
    order_joins: Chooser = cheapest

    @classmethod
    def of(cls, session: Any, started: float) -> OptimizerContext:
        """The context of a query of `session` that was started at `started`."""
        conf: _Conf = session.conf
        excluded = conf.get("spark.sql.optimizer.excludedRules") or ""
        return cls(
            ansi=conf.value("spark.sql.ansi.enabled"),
            time_zone=conf.get("spark.sql.session.timeZone"),
            started=started,
            user=_user(),
            seed=random.randrange(1 << 40),
            catalog=getattr(session.catalog, "current_catalog", "spark_catalog"),
            database=getattr(session.catalog, "current_database", "default"),
            time_parser_policy=conf.value("spark.sql.legacy.timeParserPolicy"),
            excluded=frozenset(name.strip().rpartition(".")[2] for name in excluded.split(",") if name.strip()),
            check=conf.value("flint.optimizer.check"),
        )

    @property
    def evaluation(self) -> EvalContext:
        """How constants are computed."""
        return EvalContext(
            time_zone=self.time_zone,
            ansi=self.ansi,
            now=int(self.started * 1_000_000),
            user=self.user,
            seed=self.seed,
            catalog=self.catalog,
            database=self.database,
            time_parser_policy=self.time_parser_policy,
        )


def _user() -> str:
    """The name of the user of this process; their number where it has no name (containers)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
