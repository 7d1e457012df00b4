"""One dictionary for the row groups of a column that has few different texts.

Writers begin a dictionary anew for each row group, with the texts in the order in which they come. Whatever is computed for
each text, or remembered of it by its code, would be so again for each row group. So codes of small dictionaries are changed to
those of one that all share.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pyarrow as pa

from engine.lazy import pc
from engine.records import dataclass

_MOST_TEXTS = 127  # as many as codes of one byte tell apart
_MOST_BYTES = 1 << 13


@dataclass(frozen=True)
class _Shared:
    array: pa.Array
    places: dict[str, int]


class SmallDictionaries:
    """The dictionaries in use, by the names of columns. Thread-safe."""

    def __init__(self) -> None:
        self._known: dict[str, _Shared] = {}
        self._lock = threading.Lock()

    def shared(self, name: str, pieces: Sequence[pa.Array]) -> tuple[pa.Array, ...]:
        """The pieces of a column, coded by the dictionary of all columns of that name if theirs are small."""
        return tuple(self._piece(name, piece) if _is_small(piece) else piece for piece in pieces)

    def exchanged(self, name: str, dictionary: pa.Array) -> tuple[pa.Array, list[int]] | None:
        """The dictionary of all columns of that name, and the codes in it of the texts of one of them; None for one that is not
        small or has a text twice."""
        if not _is_small_dictionary(dictionary):
            return None
        texts = dictionary.to_pylist()
        if len(set(texts)) < len(texts):
            return None
        found = self._of(name, texts)
        return found.array, [found.places[text] for text in texts]

    def _piece(self, name: str, piece: pa.DictionaryArray) -> pa.Array:
        known, dictionary = self._known.get(name), piece.dictionary
        if known is not None and dictionary.offset == 0 and _place(known.array) == _place(dictionary) is not None:
            return piece  # it has been exchanged while it was decoded
        texts = dictionary.to_pylist()
        found = self._of(name, texts)
        places = [found.places[text] for text in texts]
        codes = piece.indices
        if places != list(range(len(places))):
            codes = pc.take(pa.array(places, codes.type), codes, boundscheck=False)
        return pa.DictionaryArray.from_arrays(codes, found.array, safe=False)

    def _of(self, name: str, texts: list[str]) -> _Shared:
        """The dictionary in use that has all of `texts`; else one that has them as well, if it stays small, or alone."""
        with self._lock:
            known = self._known.get(name)
            if known is None or not all(text in known.places for text in texts):
                every = [*known.places, *(text for text in texts if text not in known.places)] if known else texts
                kept = every if len(every) <= _MOST_TEXTS else texts
                known = _Shared(pa.array(kept, pa.string()), {text: place for place, text in enumerate(kept)})
                self._known[name] = known
            return known


def _place(dictionary: pa.Array) -> int | None:
    offsets = dictionary.buffers()[1]
    return None if offsets is None else offsets.address


def _is_small(piece: pa.Array) -> bool:
    if not pa.types.is_dictionary(piece.type) or piece.type.index_type != pa.int8():
        return False
    return _is_small_dictionary(piece.dictionary)


def _is_small_dictionary(dictionary: pa.Array) -> bool:
    return dictionary.type == pa.string() and len(dictionary) <= _MOST_TEXTS and dictionary.nbytes <= _MOST_BYTES
