"""Whether to go on with what costs time and pays only for some data: as long as it does for enough of the pieces."""

from __future__ import annotations

import threading

_TRIALS = 2


class Trial:
    """Goes on as long as it lets at least one piece in _TRIALS be left out. Thread-safe."""

    def __init__(self) -> None:
        self._looked = self._left_out = 0
        self._lock = threading.Lock()

    @property
    def goes_on(self) -> bool:
        """Whether to look at the next piece."""
        return self._looked < _TRIALS * (self._left_out + 1)

    def ended(self, passes: bool) -> bool:
        """Notes how it went, and gives `passes` back."""
        with self._lock:
            self._looked += 1
            self._left_out += not passes
        return passes
