"""Which pipeline is the last to read what a breaker or the built side of a join holds: its memory is given back then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from engine.physical.operator import Operator, Source
from engine.physical.pipeline import Chain, Pipeline


class Lifetimes:
    """How many of `pipelines`, those of a task and its queries, have yet to read each result. What a recursion reads again at
    each level lives as long as the task."""

    def __init__(self, pipelines: Iterable[Pipeline]) -> None:
        self._readers: Counter[Hashable] = Counter()
        self._kept: set[Hashable] = set()
        for pipeline in pipelines:
            self._readers.update(_read(pipeline))
            if pipeline.repeated is not None:
                repeated = pipeline.repeated
                self._keep([*repeated.pipelines, *(each for query in repeated.queries for each in query.pipelines)])

    def ended(self, pipeline: Pipeline) -> Sequence[Hashable]:
        """What nothing reads any more, now that `pipeline` has run."""
        done = []
        for key in _read(pipeline):
            self._readers[key] -= 1
            if self._readers[key] == 0 and key not in self._kept:
                done.append(key)
        return done

    def _keep(self, pipelines: Iterable[Pipeline]) -> None:
        for pipeline in pipelines:
            self._kept.update(_read(pipeline))
            if pipeline.repeated is not None:
                self._keep(pipeline.repeated.pipelines)


def result_key(operator: Operator) -> Hashable:
    """Under what the result of a breaker is kept: its id, or what marks it as the same as others."""
    return getattr(operator, "result_key", operator.id)


def built_key(operator: Operator) -> Hashable:
    """Under what the built side of a join is kept."""
    return ("built", operator.id)


def _read(pipeline: Pipeline) -> set[Hashable]:
    return {key for chain in pipeline.chains for key in _read_by(chain)}


def _read_by(chain: Chain) -> Iterable[Hashable]:
    if chain.tail:
        yield built_key(chain.source)
    elif not isinstance(chain.source, Source):
        yield result_key(chain.source)
    for step in chain.steps:
        if step.built:
            yield built_key(step)
