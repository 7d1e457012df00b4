"""The frame: a vector of 64-bit words through which compiled code and Python speak.

Compiled functions take the address of a frame and a range of rows. Each word has a key that says what it holds: an address
of a column, a constant, an address of a table, a counter. Code loads words once, at its start; Python fills them, those of
columns for each batch. As constants are words, plans that differ in nothing else share their code.

Checked code (`flint.compile.checked`) also has a word for the room behind each address, and leaves where it would read or write
beyond it, or at no address at all.
"""

from __future__ import annotations

from collections.abc import Hashable

from engine.compile.ir import SIZES, Function, Value


class Frame:
    """Which word is where. `words` are keys with their places; a key of two words (a 128-bit constant) has the first."""

    def __init__(self, checked: bool = False) -> None:
        self.checked = checked
        self.words: dict[Hashable, int] = {}
        self.size = 0
        self._loaded: dict[tuple[int, Hashable, str], Value] = {}

    def place(self, key: Hashable, words: int = 1) -> int:
        """The place of `key`, a new one where it has none yet."""
        if key not in self.words:
            self.words[key] = self.size
            self.size += words
        return self.words[key]

    def load(self, function: Function, key: Hashable, type: str = "i64") -> Value:
        """The word of `key` as the function begins; nobody changes it while the function runs."""
        known = (id(function), key, type)
        if known not in self._loaded:
            place = self.place(key, max(1, SIZES[type] // 8))
            base = function.argument("frame")
            address = function.early("ptr", f"getelementptr i64, ptr {base.text}, i64 {place}")
            self._loaded[known] = function.early(type, f"load {type}, ptr {address.text}, align 8")
            if self.checked and type == "ptr":
                function.rooms[self._loaded[known].text] = self.load(function, ("room", key))
        return self._loaded[known]

    def word(self, function: Function, key: Hashable) -> Value:
        """The address of the word of `key`, for what changes while the function runs."""
        return function.argument("frame").at(self.place(key), "i64")
