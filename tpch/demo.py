"""`flint demo`: TPC-H on this machine. Generates the data, answers the 22 queries, checks and times each answer."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from pathlib import Path

from tpch import params
from tpch.answer import NoAnswer, recorded_scales
from tpch.check import answer_queries, print_outcomes
from tpch.load import GenerateError, default_folder, load, register, views

INIT = "init.sql"  # beside the data: makes the tables known to a shell


def run(scale: float = 0.1) -> int:
    """Runs the demonstration at `scale`; its table goes to stdout, a line at a time.

    Exit code 0: 22 of 22 are right; 1: some are not; 2: nothing to check, for want of data or of recorded answers.
    """
    if scale not in recorded_scales():
        there = ", ".join(f"{known:g}" for known in recorded_scales())
        print(f"flint demo: answers are recorded for scale {there}, not for {scale:g}", file=sys.stderr)
        return 2
    try:
        path = _data(scale)
        init = write_init(path)
        code = _answer(path, scale)
    except (GenerateError, NoAnswer, OSError) as error:
        print(f"flint demo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nflint demo: interrupted", file=sys.stderr)
        return 130  # as a shell counts it
    print(f"\nOpen a shell on these data:\n\n    {_command()} --init {shlex.quote(str(init))}", flush=True)
    return code


def write_init(path: Path) -> Path:
    """Writes the statements that make the tables under `path` views, for `flint --init`; gives the file."""
    init = path / INIT
    text = "".join(f"{statement};\n" for statement in views(path))
    if not init.exists() or init.read_text(encoding="utf-8") != text:
        init.write_text(text, encoding="utf-8")
    return init


def _data(scale: float) -> Path:
    start = time.perf_counter()
    if not (default_folder() / f"sf{scale:g}").exists():
        print(f"Generating TPC-H at scale {scale:g} ...", file=sys.stderr, flush=True)
    path = load(scale)
    print(
        f"TPC-H at scale {scale:g} in {path} ({_size(path) / 1e6:,.0f} MB, {time.perf_counter() - start:.1f} seconds)\n"
    )
    return path


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*.parquet"))


def _answer(path: Path, scale: float) -> int:
    from engine import Session  # start-up: a wrong --scale is refused before the engine is loaded

    with Session() as session:
        register(session, path)
        return print_outcomes(answer_queries(session, params.QUERIES, scale))


def _command() -> str:
    """How to start flint in the same shell: by its name if the PATH leads to the running one, else by its place."""
    program = Path(sys.argv[0])
    if program.name != "flint" or shutil.which("flint") == str(program):
        return "flint"
    return shlex.quote(str(program))
