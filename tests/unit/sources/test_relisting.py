"""Relations over files that were named are asked again: whether the files are those that were listed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import AnalysisError
from engine.sources import filescan
from engine.sources.base import open_relation
from engine.sources.filescan import FileRelation


@pytest.fixture
def named(tmp_path: Path) -> FileRelation:
    """Two files below folders, one of which is a link."""
    for folder in ("one", "other", "spare"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "t.csv").write_text("a\n1\n" if folder != "spare" else "a\n1\n2\n")
    (tmp_path / "link").symlink_to(tmp_path / "other")
    found = open_relation("csv", [str(tmp_path / folder / "t.csv") for folder in ("one", "link")], {"header": "true"})
    assert isinstance(found, FileRelation)
    return found


def linked_elsewhere(root: Path) -> None:
    (root / "link").unlink()
    (root / "link").symlink_to(root / "spare")


def renamed_over(root: Path) -> None:
    (root / "one").rename(root / "gone")
    (root / "spare").rename(root / "one")


def overwritten(root: Path) -> None:
    file = root / "one/t.csv"
    status = file.stat()
    file.write_text("a\n2\n")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))  # clocks of files may be coarse


def a_folder_now(root: Path) -> None:
    (root / "one/t.csv").unlink()
    shutil.copytree(root / "spare", root / "one/t.csv")


CHANGES: dict[str, Callable[[Path], object]] = {
    "replaced": lambda root: (root / "spare/t.csv").replace(root / "one/t.csv"),
    "overwritten with as many bytes": overwritten,
    "a link in between": linked_elsewhere,
    "a folder in between": renamed_over,
    "a folder of its name": a_folder_now,
}


@pytest.mark.parametrize("change", CHANGES)
def test_files_that_changed_are_listed_anew(named: FileRelation, tmp_path: Path, change: str) -> None:
    CHANGES[change](tmp_path)
    assert not named.is_current()
    again = named.relisted()
    assert again != named and again == open_relation("csv", list(named.listing.asked), {"header": "true"})
    assert again.is_current() and again.relisted() == again


@pytest.mark.parametrize("gone", ["one/t.csv", "one", "link"])
def test_files_that_are_gone_are_told(named: FileRelation, tmp_path: Path, gone: str) -> None:
    (tmp_path / gone).rename(tmp_path / "elsewhere")
    with pytest.raises(AnalysisError, match="PATH_NOT_FOUND"):
        named.relisted()


def test_files_that_are_as_they_were_are_not_listed(
    named: FileRelation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one/u.csv").write_text("a\n3\n")  # nobody asked for it

    def listed(*_: object, **__: object) -> None:
        raise AssertionError("listed")

    monkeypatch.setattr(filescan, "list_files", listed)
    assert named.relisted() is named and named.is_current()
