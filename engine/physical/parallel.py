"""Work on parts that are there, in threads of their own: what pipelines do not do because no batches flow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from engine.deep import begin

Item = TypeVar("Item")


def in_parallel(work: Callable[[Item], None], items: Sequence[Item]) -> None:
    """Does `work` with each item at the same time, the first in the caller's thread. Raises the first error when all are
    done."""
    errors: list[BaseException] = []

    def attempt(item: Item) -> None:
        try:
            work(item)
        except BaseException as error:  # whatever it is, the caller raises it
            errors.append(error)

    ends = [begin(partial(attempt, item)) for item in items[1:]]
    for item in items[:1]:
        attempt(item)
    for end in ends:
        end()
    if errors:
        raise errors[0]
