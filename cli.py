"""The command `flint`: reads the arguments and hands over to the shell. No logic here, no import that takes long."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

_EPILOG = """examples:
  flint                                        a prompt
  flint -e "select * from 'orders.parquet'"    one statement, or several with ; between them
  flint -f report.sql --format csv > out.csv   a script, its results as csv
  flint demo                                   TPC-H on this machine, checked and timed

exit codes: 0 all went well, 1 a statement failed, 2 the command line is wrong"""


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise argparse.ArgumentTypeError(f"expected key=value, not {text!r}")
    return key.strip(), value


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line: the whole usage would push it off the screen."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} ({self.prog} --help tells more)\n")


def _parser() -> _Parser:
    parser = _Parser("flint", description="Spark SQL without the JVM.", epilog=_EPILOG)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    what = parser.add_mutually_exclusive_group()
    what.add_argument("-e", "--execute", metavar="SQL", help="run these statements and exit")
    what.add_argument("-f", "--file", type=Path, metavar="FILE", help="run the statements of a file and exit")
    add("-i", "--init", type=Path, metavar="FILE", help="run the statements of a file first")
    add(
        "-o",
        "--format",
        metavar="NAME",
        help="table, csv, tsv, json, jsonl, markdown, vertical, html, ... (.mode lists them)",
    )
    add("--database", metavar="NAME", help="the database to start in")
    add("--dialect", metavar="NAME", help="read statements as duckdb, postgres, ... instead of Spark's SQL")
    add("--master", metavar="local[N]", help="run on N threads of this machine (default: all cores)")
    add("--num-executors", type=int, metavar="N", help="worker processes")
    add("--executor-cores", type=int, metavar="N", help="threads of each worker")
    add("--executor-memory", metavar="SIZE", help="memory of each worker, as 4g or 800m")
    add("--conf", type=_pair, action="append", default=[], metavar="KEY=VALUE", help="a setting; may be repeated")
    define = add("-d", "--define", "--hivevar", type=_pair, action="append", default=[], metavar="KEY=VALUE")
    define.dest, define.help = "variables", "replaces ${KEY} in statements; may be repeated"
    add("-S", "--silent", action="store_true", help="print results and errors only")
    add("-v", "--verbose", action="store_true", help="print statements, times and the details of errors, too")
    add("--log-file", type=Path, metavar="FILE", help="write what happens to a file")
    add("--log-level", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"), help="how much of it")
    add("--version", action="store_true", help="print the version and exit")
    return parser


def _demo(arguments: list[str]) -> int:
    parser = _Parser("flint demo", description="TPC-H on this machine: 22 queries, checked and timed.")
    parser.add_argument("--scale", type=float, default=0.1, help="size of the data in GB (default 0.1)")
    scale = parser.parse_args(arguments).scale
    from tpch.demo import run  # here: the shell does not need it

    return int(run(scale))


def main(arguments: list[str] | None = None) -> int:
    """Runs `flint` and returns its exit code: 0 all went well, 1 a statement failed, 2 wrong usage, 130 Ctrl-C."""
    if sys.platform == "win32":
        print("flint runs on Linux and macOS; on Windows, use it inside WSL.", file=sys.stderr)
        return 2
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader has had enough (`| head`); Python must not complain when it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["demo"]:
        return _demo(arguments[1:])
    parser = _parser()
    chosen = parser.parse_args(arguments)
    from engine.shell.start import run  # here: --help and usage errors need none of the engine

    return run(chosen, parser.error)


if __name__ == "__main__":
    sys.exit(main())
