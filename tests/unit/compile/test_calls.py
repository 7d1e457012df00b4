"""The record of calls: what it holds while threads are in code, and what is read of it afterwards."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from engine.compile.calls import CallRecord, crashed_code, name_of


def test_the_file_holds_the_code_that_is_being_run(tmp_path: Path) -> None:
    file = tmp_path / "calls"
    record = CallRecord(file)
    with record.calling(name_of("one", None)):
        with record.calling(name_of("two", Path("/cache"))):
            assert crashed_code(file) == {"one": None, "two": Path("/cache")}
        assert crashed_code(file) == {"one": None}
    assert crashed_code(file) == {}


def test_an_error_wipes_the_slot(tmp_path: Path) -> None:
    file = tmp_path / "calls"
    record = CallRecord(file)
    try:
        with record.calling(name_of("one", None)):
            raise KeyError
    except KeyError:
        assert crashed_code(file) == {}


def test_more_calls_than_slots_are_made_all_the_same(tmp_path: Path) -> None:
    record = CallRecord(tmp_path / "calls")
    with ExitStack() as stack:
        for number in range(1000):
            stack.enter_context(record.calling(name_of(f"key{number}", None)))
        assert len(crashed_code(tmp_path / "calls")) == 256
    assert crashed_code(tmp_path / "calls") == {}


def test_a_folder_with_a_very_long_name_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "calls"
    with CallRecord(file).calling(name_of("one", Path("/" + "x" * 600))):
        assert crashed_code(file) == {"one": None}


def test_no_file_no_code(tmp_path: Path) -> None:
    assert crashed_code(tmp_path / "none") == {}
