"""Object code in files: what was damaged, belongs to others or has crashed is never used."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.compile.ir import Function, module_text
from engine.compile.llvm import Code, Compiler, compiler
from engine.compile.object_cache import ObjectCache, Quarantined


@pytest.fixture
def cache(tmp_path: Path) -> ObjectCache:
    return ObjectCache(tmp_path / "objects")


def code(number: int) -> str:
    function = Function("f", [("x", "i64")])
    function.give(function.argument("x") + number)
    return module_text([function])


def call(made: object) -> int:
    address = made.addresses["f"]  # type: ignore[attr-defined]
    return int(ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)(1))


def test_what_was_put_is_there_for_others(cache: ObjectCache) -> None:
    cache.put("key", b"code")
    assert ObjectCache(cache.folder).get("key") == b"code"
    assert cache.get("other") is None
    assert cache.folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "damage", [lambda old: old[:-1], lambda old: b"", lambda old: old[:40] + b"?" + old[41:], lambda old: old[:20]]
)
def test_damaged_code_is_dropped(cache: ObjectCache, damage: object) -> None:
    cache.put("key", b"code" * 100)
    path = cache.folder / "key.object"
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    assert cache.get("key") is None
    assert not path.exists()


def test_folders_of_others_are_not_used(tmp_path: Path) -> None:
    open_folder = tmp_path / "open"
    open_folder.mkdir(mode=0o755)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "file").touch()
    for folder in (open_folder, link, tmp_path / "file", tmp_path / "file" / "below"):
        cache = ObjectCache(folder)
        cache.put("key", b"code")
        assert not cache.usable
        assert cache.get("key") is None
    assert not list(open_folder.iterdir())


def test_the_oldest_go_first_and_half_written_files_go(tmp_path: Path) -> None:
    cache = ObjectCache(tmp_path / "objects", limit=300)
    for number, key in enumerate("abc"):
        cache.put(key, bytes(100 - 32))
        os.utime(cache.folder / f"{key}.object", (number, number))
    left = cache.folder / "x.1.part"
    left.touch()
    os.utime(left, (1, 1))
    (cache.folder / "y.1.part").touch()
    assert cache.get("a") is not None, "used now, so no longer the oldest"
    cache.put("d", bytes(100 - 32))
    assert sorted(each.name for each in cache.folder.iterdir()) == ["a.object", "c.object", "d.object", "y.1.part"]


def test_code_is_linked_from_files(tmp_path: Path) -> None:
    compiler(None)  # prepares LLVM
    folder = tmp_path / "objects"
    first = Compiler(ObjectCache(folder))
    assert call(first.compile(code(5), ["f"])) == 6
    second = Compiler(ObjectCache(folder))
    assert call(second.compile(code(5), ["f"])) == 6
    assert second.statistics == {"compiled": 0, "from_memory": 0, "from_disk": 1, "refused": 0}
    path = next(folder.glob("*.object"))
    path.write_bytes(path.read_bytes()[:-9])
    third = Compiler(ObjectCache(folder))
    assert call(third.compile(code(5), ["f"])) == 6
    assert third.statistics["compiled"] == 1


def test_keys_tell_code_and_level_apart() -> None:
    one = compiler(None)
    assert len({one.key(code(1), 2), one.key(code(2), 2), one.key(code(1), 0)}) == 3


def test_code_that_crashed_is_not_loaded_again(tmp_path: Path) -> None:
    compiler(None)
    first = Compiler(ObjectCache(tmp_path / "objects"))
    first.compile(code(7), ["f"])
    assert first.cache is not None
    first.cache.quarantine(first.key(code(7), 2))
    with pytest.raises(Quarantined):
        Compiler(ObjectCache(tmp_path / "objects")).compile(code(7), ["f"])


def test_better_code_is_swapped_in(tmp_path: Path) -> None:
    compiler(None)
    made = Compiler(ObjectCache(tmp_path / "objects")).compile(code(9), ["f"], improve=True)
    deadline = time.monotonic() + 30
    while made.level == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (made.level, call(made)) == (2, 10)


def test_code_that_cannot_be_improved_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Optimized, a module may call what its plain form does not."""
    plain = Compiler._compiled

    def refusing(self: Compiler, text: str, names: Sequence[str], level: int, key: str) -> Code:
        if level and text == code(7):
            raise RuntimeError("Machine code needs memchr from elsewhere.")
        return plain(self, text, names, level, key)

    monkeypatch.setattr(Compiler, "_compiled", refusing)
    made = Compiler(ObjectCache(tmp_path / "objects"))
    refused, other = (made.compile(code(number), ["f"], improve=True) for number in (7, 8))
    deadline = time.monotonic() + 60
    while other.level == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (refused.level, other.level, made.statistics["refused"]) == (0, 2, 1)
    assert (call(refused), call(other)) == (8, 9)
