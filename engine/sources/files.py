"""Which files a path means: single files, directories, globs; hidden ones (`_x`, `.x`) are no data.

Directories named key=value are partitions (`partitions.py`). The last level of them is not listed here but when a scan
knows which of them it needs, so a filter on a partition column saves the listing too.
"""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from engine.errors import AnalysisError, ExecutionError, Unsupported, suggestions
from engine.lazy import cached_property
from engine.records import dataclass
from engine.sources.partitions import PartitionColumns, Values, partition_of

_LISTED_AGAIN = 100
"""How often at most, while other statements replace files."""
MAX_DEPTH = 32
"""Directories nested deeper than this are links that go in circles."""


@dataclass(frozen=True)
class DataFile:
    """A file as it was when listed: `size` in bytes, `mtime` in ns. `values` are those of its partition columns (in a
    Listing as text, in a Selection typed)."""

    path: str
    size: int
    mtime: int
    values: Values = ()


@dataclass(frozen=True)
class Directory:
    """A partition's directory, not listed yet; `values` as text, None for null."""

    path: str
    mtime: int
    values: tuple[str | None, ...]


@dataclass(frozen=True)
class Selection:
    """What is left of a listing: `files`, and how many of `considered` partitions were `pruned`."""

    files: tuple[DataFile, ...]
    considered: int = 0
    pruned: int = 0


@dataclass(frozen=True)
class Listing:
    """The files under some paths: `files` are known, `directories` hold those of one partition each; `asked` are the
    paths with their globs."""

    paths: tuple[str, ...]
    files: tuple[DataFile, ...]
    directories: tuple[Directory, ...]
    columns: PartitionColumns
    pattern: str = ""
    asked: tuple[str, ...] = ()
    folders: tuple[tuple[int, int], ...] = field(default=(), compare=False)

    def is_current(self) -> bool:
        """Whether the paths still lead to the same folders: a statement that replaces files replaces the folder."""
        return self.folders == _folders(self.paths)

    @cached_property
    def identity(self) -> Hashable:
        """Changes when a file or a directory does."""
        return self.paths, self.files, self.directories, self.pattern

    def select(self, keep: Callable[[Values], bool] = lambda _: True) -> Selection:
        """The files whose partition values `keep` accepts; directories of the others are not even listed."""
        listed = [replace(file, values=self.columns.typed(file.values)) for file in self.files]
        files = [file for file in listed if keep(file.values)]
        pruned = 0
        for directory in self.directories:
            values = self.columns.typed(directory.values)
            if keep(values):
                files += [replace(file, values=values) for file in _files_below(directory.path, self.pattern)]
            else:
                pruned += 1
        return Selection(tuple(files), len(self.directories), pruned)

    def partitions(self) -> Iterator[Values]:
        """The values of all partitions."""
        texts = [directory.values for directory in self.directories] + [file.values for file in self.files]
        return map(self.columns.typed, texts)

    def sample(self, count: int) -> tuple[DataFile, ...]:
        """At most some `count` files, the first ones, listing only what that takes."""
        files = [replace(file, values=self.columns.typed(file.values)) for file in self.files[:count]]
        for directory in self.directories:
            if len(files) >= count:
                break
            values = self.columns.typed(directory.values)
            below = _files_below(directory.path, self.pattern)
            files += [replace(file, values=values) for file in below]
        return tuple(files[:count])


def list_files(
    paths: Sequence[str], options: Mapping[str, str], conf: Mapping[str, str], *, must_exist: bool = True
) -> Listing:
    """Lists what `paths` name. Raises AnalysisError PATH_NOT_FOUND with the nearest names unless `must_exist` is false,
    and ExecutionError FAILED_READ_FILE for a directory that may not be read."""
    asked = tuple(local_path(path) for path in paths)
    roots = [root for path in asked for root in _expand(path, must_exist)]
    pattern = options.get("pathglobfilter", "")
    if options.get("recursivefilelookup", "false").lower() == "true":
        found = [file for root in roots for file in _files_below(root, pattern)]
        return Listing(tuple(roots), tuple(found), (), PartitionColumns(), pattern, asked)
    base = local_path(options["basepath"]) if "basepath" in options else None
    for _ in range(_LISTED_AGAIN):
        folders = _folders(roots)
        walk = _Walk(pattern, base)
        for root in roots:
            walk.add(root)
        if folders == _folders(roots):
            break  # else a part was listed before files were replaced, and a part after that
    return replace(walk.listing(tuple(roots), conf), asked=asked, folders=folders)


def _folders(paths: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Which folders (or files) the paths lead to."""
    try:
        found = [os.stat(path) for path in paths]  # noqa: PTH116 - a text, many times
    except OSError:
        return ()  # gone: listing it says so
    return tuple((status.st_dev, status.st_ino) for status in found)


def local_path(path: str) -> str:
    """`path` as an absolute path of this machine: ~ and file: are resolved, other schemes refused."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", path):
        parts = urlsplit(path)
        if parts.scheme != "file":
            raise Unsupported(f"reading from {parts.scheme}: ({path})")
        path = unquote(parts.path)
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 - pathlib drops no ".." and keeps "~user"


def stat_file(path: str) -> DataFile:
    """The file as it is now. Raises ExecutionError FAILED_READ_FILE if it is gone."""
    try:
        status = os.stat(path)  # noqa: PTH116 - a Path takes longer than the file, and this is asked twice for each row group
    except OSError as error:
        raise read_error(path, f"It cannot be opened: {error.strerror}.") from error
    return DataFile(path, status.st_size, status.st_mtime_ns)


def check_unchanged(file: DataFile) -> None:
    """Raises ExecutionError FAILED_READ_FILE if `file` was replaced, changed or removed since it was listed."""
    now = stat_file(file.path)
    if (now.size, now.mtime) != (file.size, file.mtime):
        raise read_error(
            file.path, "It was replaced or changed since the query began. Run the query again to read the new file."
        )


def reason_of(error: BaseException, otherwise: str) -> str:
    """What went wrong, in a sentence: that the file may not be read, or `otherwise` and the error's first line."""
    if isinstance(error, PermissionError):
        return "It cannot be read: permission denied."
    return f"{otherwise}: {(str(error) or type(error).__name__).splitlines()[0].rstrip('.')}."


def read_error(path: str, reason: str, *, hint: str = "") -> ExecutionError:
    """FAILED_READ_FILE for `path`."""
    return ExecutionError("FAILED_READ_FILE", {"path": path, "reason": reason}, hint=hint)


class _Walk:
    """Collects files and partition directories below roots."""

    def __init__(self, pattern: str, base: str | None) -> None:
        self.pattern = pattern
        self.base = base
        self.files: list[tuple[DataFile, tuple[tuple[str, str | None], ...]]] = []
        self.leaves: list[tuple[Directory, tuple[tuple[str, str | None], ...]]] = []
        self.depth: int | None = None

    def add(self, root: str) -> None:
        if Path(root).is_file():
            self.files.append((stat_file(root), self._above(str(Path(root).parent))))
        else:
            self._directory(root, self._above(root), 0)

    def _above(self, root: str) -> tuple[tuple[str, str | None], ...]:
        """Partitions named between basePath and `root`: a glob or a single partition keeps its columns only then."""
        if self.base is None or not Path(root).is_relative_to(self.base):
            return ()
        pairs = (partition_of(part) for part in Path(root).relative_to(self.base).parts)
        return tuple(pair for pair in pairs if pair is not None)

    def _directory(self, path: str, keys: tuple[tuple[str, str | None], ...], depth: int) -> None:
        if depth > MAX_DEPTH:
            raise read_error(path, f"Directories are nested more than {MAX_DEPTH} deep.")
        for entry in _entries(path):
            pair = partition_of(entry.name)
            if entry.is_dir():
                if pair is None:
                    self._directory(entry.path, keys, depth + 1)
                elif self.depth == len(keys) + 1:
                    self.leaves.append((Directory(entry.path, _status(entry).st_mtime_ns, ()), (*keys, pair)))
                else:
                    self._directory(entry.path, (*keys, pair), depth + 1)
                    self._settle(entry, (*keys, pair))
            elif matches(entry.name, self.pattern):
                self.files.append((_file(entry), keys))

    def _settle(self, entry: os.DirEntry[str], keys: tuple[tuple[str, str | None], ...]) -> None:
        """Once files are seen below the first partition, its siblings are leaves: they need not be opened now."""
        if self.depth is None and self.files and len(self.files[-1][1]) == len(keys):
            self.depth = len(keys)
            own = [pair for pair in self.files if pair[1] == keys]
            self.files = [pair for pair in self.files if pair[1] != keys]
            if own:
                self.leaves.append((Directory(entry.path, _status(entry).st_mtime_ns, ()), keys))

    def listing(self, roots: tuple[str, ...], conf: Mapping[str, str]) -> Listing:
        keyed = [keys for _, keys in self.files] + [keys for _, keys in self.leaves]
        infer_types = conf.get("spark.sql.sources.partitionColumnTypeInference.enabled", "true") == "true"
        zone = conf.get("spark.sql.session.timeZone", "UTC")
        columns = PartitionColumns.infer(roots, keyed, zone, infer_types)
        files = tuple(replace(file, values=tuple(value for _, value in keys)) for file, keys in self.files)
        directories = tuple(
            Directory(leaf.path, leaf.mtime, tuple(value for _, value in keys)) for leaf, keys in self.leaves
        )
        return Listing(roots, files, directories, columns, self.pattern)


def hidden(name: str) -> bool:
    """Whether a file or directory of that name is no data (as in Spark: `_SUCCESS`, `.crc`, but not `_k=v`)."""
    return name.startswith(".") or (name.startswith("_") and "=" not in name)


def matches(name: str, pattern: str) -> bool:
    """Whether a file's name fits pathGlobFilter."""
    return not pattern or fnmatch.fnmatchcase(name, pattern)


def _entries(path: str) -> list[os.DirEntry[str]]:
    """What a directory holds, by name, without hidden entries."""
    try:
        with os.scandir(path) as entries:
            return sorted((entry for entry in entries if not hidden(entry.name)), key=lambda entry: entry.name)
    except OSError as error:
        raise read_error(path, f"The directory cannot be listed: {error.strerror}.") from error


def _status(entry: os.DirEntry[str]) -> os.stat_result:
    try:
        return entry.stat()
    except OSError as error:
        raise read_error(entry.path, f"It cannot be opened: {error.strerror}.") from error


def _file(entry: os.DirEntry[str]) -> DataFile:
    status = _status(entry)
    return DataFile(entry.path, status.st_size, status.st_mtime_ns)


def _files_below(path: str, pattern: str, depth: int = 0) -> list[DataFile]:
    if depth > MAX_DEPTH:
        raise read_error(path, f"Directories are nested more than {MAX_DEPTH} deep.")
    if Path(path).is_file():
        return [stat_file(path)]
    found: list[DataFile] = []
    for entry in _entries(path):
        if entry.is_dir():
            found += _files_below(entry.path, pattern, depth + 1)
        elif matches(entry.name, pattern):
            found.append(_file(entry))
    return found


def _expand(path: str, must_exist: bool) -> list[str]:
    """The paths that a glob stands for; a path that exists is never a glob. {a,b} is an alternative, as in Spark."""
    if Path(path).exists():
        return [path]
    if any(sign in path for sign in "*?[{"):
        found = {match for each in _braces(path) for match in glob.glob(each, recursive=True)}  # noqa: PTH207
        shown = sorted(match for match in found if not hidden(Path(match).name))
        if shown:
            return shown
    if not must_exist:
        return []
    raise not_found(path)


def not_found(path: str) -> AnalysisError:
    """PATH_NOT_FOUND with the names nearest to it in the directory where it should be."""
    missing, parent = path, Path(path).parent
    while not parent.is_dir() and parent != parent.parent:
        path, parent = str(parent), parent.parent
    near = suggestions(Path(path).name, _names(parent))
    hint = f"Did you mean {' or '.join(repr(str(parent / name)) for name in near)}?" if near else ""
    return AnalysisError("PATH_NOT_FOUND", {"path": f"file:{missing}"}, hint=hint)


def _names(directory: Path) -> Iterable[str]:
    try:
        return [name for name in os.listdir(directory) if not hidden(name)]  # noqa: PTH208
    except OSError:
        return []  # an unreadable directory has no names to suggest; the error itself is already on its way


def _braces(pattern: str) -> list[str]:
    match = re.search(r"\{([^{}]*)\}", pattern)
    if match is None:
        return [pattern]
    return [
        each
        for choice in match[1].split(",")
        for each in _braces(pattern[: match.start()] + choice + pattern[match.end() :])
    ]
