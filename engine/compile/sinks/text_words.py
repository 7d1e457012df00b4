"""Texts of rows as words of the thread's table of texts (`tables/texts.py`): codes of dictionaries by a table of words that is
filled when a code is first met."""

from __future__ import annotations

from engine.compile.inputs import Inputs
from engine.compile.ir import Value
from engine.compile.row import Row
from engine.compile.tables.texts import hold, intern
from engine.compile.values import Sql, Text

TEXTS = "texts"
TEXTS_FULL = "texts full"


def text_word(row: Row, value: Sql) -> Value:
    """The word of a text in the thread's table of texts; 0 for null."""
    f = row.function
    word = f.variable("i64", 0)
    text = value.text

    def of_bytes() -> None:
        with f.forever() as known:
            word.set(f.helped(intern(), row.fixed(TEXTS, "ptr"), text.address, text.length))
            f.leave_if(word.get() != 0, known, likely=True)
            row.call_back(TEXTS_FULL, text.length)

    def found() -> None:
        place = None if text.code is None else text.code.place
        if text.code is None or not isinstance(
            place, int
        ):  # built sides hold their dictionaries as long as the chain runs
            of_bytes()
            return
        inputs_of(row).remapped.add(place)
        words = row.fixed(("words", place), "ptr")
        word.set(words.load("i64", text.code.value))
        with f.when(word.get() == 0, likely=False), row.branch():
            of_bytes()
            words.store(word.get(), text.code.value)

    if value.null is None:
        found()
    else:
        with f.when(~value.null), row.branch():
            found()
    return word.get()


def held_word(row: Row, word: Value, text: Text) -> Value:
    """The word of a text that takes the place of that of `word` (0: of none), in the thread's table of texts."""
    f = row.function
    found = f.variable("i64", 0)
    with f.forever() as held:
        found.set(f.helped(hold(), row.fixed(TEXTS, "ptr"), word, text.address, text.length))
        f.leave_if(found.get() != 0, held, likely=True)
        row.call_back(TEXTS_FULL, text.length * 2)
    return found.get()


def inputs_of(row: Row) -> Inputs:
    """The provider of the source's columns."""
    return next(each for each in row.providers if isinstance(each, Inputs))
