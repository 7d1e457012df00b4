"""Every module that is compiled, in tests and elsewhere, is looked at: it needs nothing but what the engine gives it."""

from __future__ import annotations

import pytest

from engine.compile.llvm import _SYMBOLS, compiler
from engine.compile.object_file import undefined

WIDE = """
define void @f(ptr %x, ptr %y) {{
  %a = load i128, ptr %x
  %b = load i128, ptr %y
  %c = {operation} i128 %a, %b
  store i128 %c, ptr %x
  ret void
}}
"""
REAL = """
define {type} @f({type} %x, {type} %y) {{
  %z = frem {type} %x, %y
  ret {type} %z
}}
"""
COPIED = """
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
define void @f(ptr %x, ptr %y, i64 %n) {
  call void @llvm.memcpy.p0.p0.i64(ptr %x, ptr %y, i64 %n, i1 false)
  ret void
}
"""
CALLED = """
declare i64 @getpid()
define i64 @f() {
  %x = call i64 @getpid()
  ret i64 %x
}
"""


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        (WIDE.format(operation="sdiv"), "__divti3"),
        (WIDE.format(operation="urem"), "__umodti3"),
        (REAL.format(type="fp128"), "fmodl|fmodf128"),
        (CALLED, "getpid"),
    ],
)
def test_what_needs_more_is_refused(text: str, symbol: str, level: int) -> None:
    with pytest.raises(RuntimeError, match=f"needs ({symbol}) from elsewhere"):
        compiler(None).compile(text, ["f"], level)


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        (WIDE.format(operation="mul"), None),
        (REAL.format(type="double"), "fmod"),
        (REAL.format(type="float"), "fmodf"),
        (COPIED, "memcpy"),
    ],
)
def test_what_the_engine_gives(monkeypatch: pytest.MonkeyPatch, text: str, symbol: str | None, level: int) -> None:
    found: list[bytes] = []
    linked = type(compiler(None))._linked
    monkeypatch.setattr(
        "engine.compile.llvm.Compiler._linked",
        lambda self, code, *rest: (found.append(code), linked(self, code, *rest))[1],
    )
    compiler(None).compile(f"; {level} {symbol}\n{text}", ["f"], level)
    assert [undefined(each) for each in found] == [{symbol} if symbol else set()]
    assert symbol is None or symbol in _SYMBOLS


def test_other_files_say_nothing() -> None:
    assert undefined(b"\xcf\xfa\xed\xfe an object file of macOS") == set()
