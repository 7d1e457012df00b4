"""The way from the text of a module to its code, as the settings of a run have it."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.compile.object_cache import default_folder
from engine.config import typed
from engine.physical.execution import Execution


def enabled(run: Execution) -> bool:
    """Whether there is code at all here."""
    return bool(typed(run.task.conf, "flint.compile.enabled")) and _has_llvm()


@lru_cache
def _has_llvm() -> bool:
    return importlib.util.find_spec("llvmlite") is not None


def code_of(text: str, names: Sequence[str], run: Execution) -> Any:
    """The code of a module (`engine.compile.llvm.Code`), not optimized at first where `flint.compile.optimize` says so."""
    from engine.compile.llvm import compiler  # imports LLVM

    conf = run.task.conf
    folder = typed(conf, "flint.compile.cache.directory")
    kept = typed(conf, "flint.compile.cache.enabled")
    setting = typed(conf, "flint.compile.optimize")
    made = compiler((Path(folder) if folder else default_folder()) if kept else None)
    return made.compile(text, names, 0 if setting == "0" else 2, improve=setting == "AUTO")
