"""Flint: Spark SQL without the JVM.

The life of one query, `SELECT ... FROM 'orders.parquet'`:

 1. `Session.sql(text)` (session.py) makes a `Query` (query.py), whose properties are the steps below.
 2. parse/ turns the text into an unresolved plan: a loop over an LALR table that lark built from grammar/.
 3. analyze/ asks catalog/ and sources/ what names mean and functions/ what calls mean; columns get ids and types.
 4. optimize/ rewrites the plan by rules, one per file, and orders joins by estimated cost.
 5. plan/ chooses algorithms (physical/) and puts exchanges where rows must move between executors.
 6. plan/stages.py cuts the plan at the exchanges; each piece is a stage of tasks.
 7. schedule/ runs stages when their inputs are there, tasks where there is room, and again where a worker died.
 8. cluster/ holds the executors: this process for small queries, worker processes otherwise.
 9. In an executor, physical/run.py has its threads pull morsels through operators into one shared sink.
10. compile/ turns chains of operators into machine code; what has none evaluates expressions with kernels/ over Arrow batches.
11. shuffle/ writes what a stage made to files that the next one maps; memory/ keeps account of what operators hold.
12. Result batches stream back to the caller: `toArrow()`, `collect()`, `show()` (dataframe/), or the shell (shell/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.session import Session

__all__ = ["Session"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Imports the engine when it is first used: `import engine.errors` alone must stay cheap."""
    if name == "Session":
        from engine.session import Session

        return Session
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
