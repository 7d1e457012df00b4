"""What the command line asks for (`Options`) and what the user may change while the shell runs (`Settings`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from engine.records import dataclass

_VARIABLE = re.compile(r"\$\{(?:hivevar:)?(\w+)\}")


class ShellError(Exception):
    """The shell refuses something (an unknown format, a file it cannot read); the text is one line for the user."""


class AlreadyTold(ShellError):
    """Something went wrong and the user knows: only the exit code has to tell it again."""


@dataclass(frozen=True)
class Options:
    """The command line. `statements` is -e, `file` is -f; with neither the prompt or stdin is meant."""

    statements: str | None = None
    file: Path | None = None
    init: Path | None = None
    database: str | None = None
    dialect: str | None = None
    format: str | None = None
    master: str | None = None
    conf: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    silent: bool = False
    verbose: bool = False
    log_file: Path | None = None
    log_level: str = "INFO"


@dataclass
class Settings:
    """What the dot commands change: how results are written, and in which dialect statements are read."""

    mode: str = "table"
    max_rows: int = 40
    timer: bool = True
    dialect: str | None = None
    silent: bool = False
    verbose: bool = False


def modes() -> list[str]:
    """Every name `--format` and `.mode` accept."""
    from engine.shell.formats import WRITERS  # here: it needs Arrow, which the prompt must not wait for
    from engine.shell.tabular import names

    return ["table", *WRITERS, *(name for name in names() if name not in WRITERS)]


def checked_mode(name: str) -> str:
    """`name` if it is a format, else a ShellError that tells the nearest ones."""
    from difflib import get_close_matches  # here: 5 ms that only a wrong name needs

    from engine.shell.formats import WRITERS  # here: as above

    if name.lower() == "table" or name.lower() in WRITERS:
        return name.lower()
    known = modes()  # only these need tabulate
    if name.lower() in known:
        return name.lower()
    near = get_close_matches(name.lower(), known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"one of {', '.join(known)}"
    raise ShellError(f"no output format {name}: {hint}")


def read_script(path: Path) -> str:
    """The text of a script; raises ShellError with the reason if it cannot be read."""
    try:
        return path.expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ShellError(f"cannot read {path}: {reason}") from error


def substituted(text: str, variables: Mapping[str, str]) -> str:
    """`text` with `${name}` and `${hivevar:name}` replaced; names nobody defined stay as they are, as in Spark."""
    return _VARIABLE.sub(lambda match: variables.get(match.group(1), match.group()), text)
