"""Which files a path means, and what is said when it means none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import AnalysisError, ExecutionError, Unsupported
from engine.sources.base import format_named, format_of, open_relation
from engine.sources.files import DataFile, check_unchanged, list_files, stat_file


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def found(path: str, **options: str) -> list[str]:
    listing = list_files([path], options, {})
    return [os.path.relpath(file.path) for file in listing.select().files]


def test_a_directory_is_its_files_without_hidden_ones(here: Path) -> None:
    make(here, "d/b.csv", "d/a.csv", "d/_SUCCESS", "d/.a.csv.crc", "d/_temporary/x.csv", "d/sub/c.csv")
    assert found("d") == ["d/a.csv", "d/b.csv", "d/sub/c.csv"]
    assert found("file:" + str(here / "d/a.csv")) == ["d/a.csv"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.csv", ["a 1.csv", "b.csv"]),
        ("[ab]*.csv", ["a 1.csv", "b.csv"]),
        ("{b,ü}.*", ["b.csv", "ü.json"]),
        ("a 1.csv", ["a 1.csv"]),
        ("ü.json", ["ü.json"]),
        ("**/deep.csv", ["x/y/deep.csv"]),
    ],
)
def test_globs_spaces_and_letters_of_all_kinds(here: Path, pattern: str, names: list[str]) -> None:
    make(here, "a 1.csv", "b.csv", "ü.json", "x/y/deep.csv", "_hidden.csv")
    assert found(pattern) == names


def test_a_name_with_brackets_is_a_file_before_it_is_a_pattern(here: Path) -> None:
    make(here, "a[1].csv", "a1.csv")
    assert found("a[1].csv") == ["a[1].csv"]


def test_options_choose_names_and_depth(here: Path) -> None:
    make(here, "d/k=1/a.csv", "d/k=1/b.txt", "d/c.csv")
    assert found("d", pathglobfilter="*.csv", recursivefilelookup="true") == ["d/c.csv", "d/k=1/a.csv"]


def test_a_missing_path_names_the_nearest_ones(here: Path) -> None:
    make(here, "data/orders.parquet", "data/lines.csv")
    with pytest.raises(AnalysisError) as error:
        list_files(["data/order.parquet"], {}, {})
    assert error.value.condition == "PATH_NOT_FOUND"
    assert "orders.parquet" in error.value.hint and "lines" not in error.value.hint
    with pytest.raises(AnalysisError) as error:
        list_files(["dota/orders.parquet"], {}, {})
    assert error.value.message == f"Path does not exist: file:{here / 'dota' / 'orders.parquet'}."
    assert str(here / "data") in error.value.hint
    with pytest.raises(AnalysisError, match="PATH_NOT_FOUND") as error:
        list_files(["zzz*.csv"], {}, {})
    assert error.value.hint == ""


def test_a_missing_path_with_a_schema_is_an_empty_table(here: Path) -> None:
    assert list_files(["nothing"], {}, {}, must_exist=False).select().files == ()


def test_an_unreadable_directory_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "d").mkdir()

    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("engine.sources.files.os.scandir", refuse)
    with pytest.raises(
        ExecutionError, match=r"FAILED_READ_FILE.*/d\. The directory cannot be listed: Permission denied"
    ):
        list_files(["d"], {}, {})


def test_links_in_a_circle_end(here: Path) -> None:
    make(here, "d/a.csv")
    (here / "d/again").symlink_to(here / "d")
    with pytest.raises(ExecutionError, match="nested more than"):
        list_files(["d"], {}, {})
    (here / "d/again").unlink()
    (here / "d/lost.csv").symlink_to(here / "nowhere")
    with pytest.raises(ExecutionError, match="cannot be opened"):
        list_files(["d"], {}, {})


def test_changes_after_listing_are_noticed(here: Path) -> None:
    make(here, "a.csv")
    file = stat_file(str(here / "a.csv"))
    check_unchanged(file)
    with pytest.raises(ExecutionError, match="replaced or changed"):
        check_unchanged(DataFile(file.path, file.size + 1, file.mtime))
    (here / "a.csv").unlink()
    with pytest.raises(ExecutionError, match="cannot be opened: No such file"):
        check_unchanged(file)


def test_formats_by_name_and_suffix() -> None:
    assert [format_of(p).name for p in ("a.PARQUET", "b.csv.gz", "d/*.jsonl", "x.tbl")] == [  # type: ignore[union-attr]
        "parquet",
        "csv",
        "json",
        "csv",
    ]
    assert format_of("a.xyz") is None and format_of("noname") is None
    with pytest.raises(AnalysisError, match=r"parqet\. Did you mean parquet"):
        format_named("parqet")
    with pytest.raises(AnalysisError, match="UNKNOWN_DATASOURCE"):
        open_relation("zzz", ["x"])
    with pytest.raises(Unsupported, match="reading from s3:"):
        open_relation("parquet", ["s3://bucket/x.parquet"])
