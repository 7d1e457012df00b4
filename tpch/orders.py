"""Is the order of joins that the optimizer chooses a good one? Others are forced, run, and compared.

For each query: random orders, and ours with any two relations exchanged, through the hook of the join-order rule
(`OptimizerContext.order_joins`). Each is run once; then ours and the three that did best take turns. Reported are the rows
that go into and come out of joins, a measure without noise, and the processor time of the executors, each as ours over the
best seen. An order that takes more than three times as long as ours (and 2 s) is given up.

    python -m tpch.orders --scale 1 [--queries 5,8] [--orders 30] [--reps 3] [--data DIR]
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from engine import Session
from engine.errors import FlintError
from engine.lazy import cached_property
from engine.optimize.context import OptimizerContext
from engine.optimize.join_graph import Graph
from engine.optimize.join_order import Chooser, Tree, cheapest, tree_of
from engine.physical.join import JoinExec
from engine.query import Query
from tpch.load import load, register
from tpch.params import QUERIES, text

GOOD = 1.5
"""Ours may take so many times what the best order takes."""
PATIENCE = 3.0
LEAST_SECONDS = 2.0
FINALISTS = 3
WAKE = "SELECT count(n_name) FROM nation WHERE n_nationkey > 0"

Shape = tuple["Shape", "Shape"] | int
"""A tree of joins by the numbers of its relations."""


class Ordered(Query):
    """A query whose joins are ordered by `choose`."""

    choose: Chooser = staticmethod(cheapest)

    @cached_property
    def optimizer_context(self) -> OptimizerContext:
        return replace(OptimizerContext.of(self.session, self.started), order_joins=self.choose)


@dataclass
class Order:
    """Shapes of the regions of joins in a query, and what running it took; None: not run to the end."""

    name: str
    shapes: tuple[Shape, ...]
    rows: float | None = None
    seconds: list[float] = field(default_factory=list)

    @property
    def best(self) -> float:
        return min(self.seconds, default=float("inf"))


def shape_of(tree: Tree) -> Shape:
    """The shape of a tree; sides are not told apart, since the smaller one is built from anyway."""
    if tree.left is None or tree.right is None:
        return tree.leaf
    return shape_of(tree.left), shape_of(tree.right)


def tree_like(graph: Graph, shape: Shape) -> Tree | None:
    """The tree of a shape; None where a join may not stand there, or would be a needless cross product."""
    if isinstance(shape, int):
        return Tree(1 << shape, 0.0, graph.rows(1 << shape), shape)
    left, right = tree_like(graph, shape[0]), tree_like(graph, shape[1])
    if left is None or right is None or not graph.around(left.members) & right.members:
        return None
    return tree_of(graph, left, right)


def random_tree(graph: Graph, dice: random.Random) -> Tree:
    """Any two trees with a condition between them are joined, again and again."""
    trees = [Tree(1 << place, 0.0, graph.rows(1 << place), place) for place in range(graph.size)]
    while len(trees) > 1:
        pairs = list(itertools.combinations(trees, 2))
        dice.shuffle(pairs)
        pairs.sort(key=lambda pair: not graph.around(pair[0].members) & pair[1].members)  # cross products last
        joined = next(tree for one, other in pairs if (tree := tree_of(graph, one, other)) is not None)
        trees = [tree for tree in trees if not tree.members & joined.members] + [joined]
    return trees[0]


def swaps(shape: Shape) -> Iterator[Shape]:
    """The shape with any two of its relations exchanged."""
    for one, other in itertools.combinations(sorted(_leaves(shape)), 2):
        yield _exchanged(shape, {one: other, other: one})


def _leaves(shape: Shape) -> list[int]:
    return [shape] if isinstance(shape, int) else _leaves(shape[0]) + _leaves(shape[1])


def _exchanged(shape: Shape, places: dict[int, int]) -> Shape:
    if isinstance(shape, int):
        return places.get(shape, shape)
    return _exchanged(shape[0], places), _exchanged(shape[1], places)


def _canonical(shape: Shape) -> Shape:
    if isinstance(shape, int):
        return shape
    left, right = sorted((_canonical(shape[0]), _canonical(shape[1])), key=_leaves)
    return left, right


class Regions:
    """Notes the regions of joins of a query, in the order in which the rule meets them, and how ours orders them."""

    def __init__(self) -> None:
        self.graphs: list[Graph] = []
        self.shapes: list[Shape] = []

    def __call__(self, graph: Graph, now: Tree) -> Tree | None:
        found = cheapest(graph, now)
        self.graphs.append(graph)
        self.shapes.append(shape_of(found or now))
        return found


def candidates(regions: Regions, count: int, seed: int) -> list[Order]:
    """Ours first, then all swaps of it, then random ones; each once."""
    dice = random.Random(seed)
    ours = tuple(regions.shapes)
    found = {_key(ours): Order("ours", ours)}
    for place, shape in enumerate(ours):
        for changed in swaps(shape):
            if tree_like(regions.graphs[place], changed) is not None:
                shapes = (*ours[:place], changed, *ours[place + 1 :])
                found.setdefault(_key(shapes), Order("swap", shapes))
    for _ in range(count):
        shapes = tuple(shape_of(random_tree(graph, dice)) for graph in regions.graphs)
        found.setdefault(_key(shapes), Order("random", shapes))
    return list(found.values())


def _key(shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    return tuple(map(_canonical, shapes))


class Runner:
    """Runs statements of one session and says what they took."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def regions(self, statement: str) -> Regions:
        """The regions of joins of a statement."""
        found = Regions()
        self._query(statement, found).optimized  # noqa: B018 - asks for the orders
        return found

    def forced(self, statement: str, shapes: tuple[Shape, ...]) -> Query:
        """The statement with its regions in these orders."""
        left = iter(shapes)
        return self._query(statement, lambda graph, _now: tree_like(graph, next(left)))

    def run(self, statement: str, order: Order, limit: float) -> None:
        """Runs it in that order, for at most `limit` seconds."""
        query = self.forced(statement, order.shapes)
        query.stages  # noqa: B018 - not timed
        self._session.conf.set("spark.sql.statementTimeout", f"{int(limit * 1000)}ms")
        before = self._busy()
        try:
            for _ in query.batches():
                pass
        except FlintError as error:
            if error.condition != "QUERY_TIMEOUT":
                raise
            self._wake()
            return
        finally:
            self._session.conf.unset("spark.sql.statementTimeout")
        after = self._busy()
        order.seconds.append(sum(spent - before.get(process, 0.0) for process, spent in after.items()))
        order.rows = _rows_through_joins(query)

    def _wake(self) -> None:
        """What was stopped may have to start again, at no order's expense."""
        self._session.conf.unset("spark.sql.statementTimeout")
        self._session.sql(WAKE).collect()

    def _query(self, statement: str, choose: Chooser) -> Query:
        query = Ordered(self._session, statement)
        query.choose = choose
        return query

    def _busy(self) -> dict[int, float]:
        """Processor seconds of each executor so far."""
        found = {}
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it ended by itself
                times = child.cpu_times()
                found[child.pid] = times.user + times.system
        return found


def _rows_through_joins(query: Query) -> float:
    assert query.handle is not None, "it was run"
    rows: dict[int, float] = {}
    for stage in query.handle.metrics.values():
        for (operator, name), summary in stage.operators.items():
            if name == "rows":
                rows[operator] = rows.get(operator, 0.0) + summary.total
    joins = [node for node in query.physical.walk() if isinstance(node, JoinExec)]
    return sum(rows.get(each.id, 0.0) for join in joins for each in (join, *join.inputs))


def examine(runner: Runner, statement: str, count: int, reps: int, seed: int) -> list[Order]:
    """All orders that were tried; ours is the first."""
    orders = candidates(runner.regions(statement), count, seed)
    ours = orders[0]
    began = time.perf_counter()
    runner.run(statement, ours, 600)
    limit = max(LEAST_SECONDS, PATIENCE * (time.perf_counter() - began))
    for order in orders[1:]:
        runner.run(statement, order, limit)
    finalists = sorted(orders[1:], key=lambda order: order.best)[:FINALISTS]
    for _ in range(reps):
        for order in (ours, *finalists):
            if order.seconds:
                runner.run(statement, order, limit)
    return orders


def report(query: int, orders: list[Order]) -> bool:
    """Prints a line; whether ours is good enough."""
    ours, others = orders[0], [order for order in orders if order.seconds]
    least = min(others, key=lambda order: order.rows or 0.0)
    best = min(others, key=lambda order: order.best)
    more_rows = _ratio(ours.rows or 0.0, least.rows or 0.0)
    more_time = _ratio(ours.best, best.best)
    given_up = len(orders) - len(others)
    print(
        f"q{query:02} {len(orders):>4} orders ({given_up:>2} given up)   rows {more_rows:5.2f}   time {more_time:5.2f}"
        f"   ours {ours.best:6.2f} s {ours.rows or 0:>12,.0f} rows",
        flush=True,
    )
    for order in dict.fromkeys((id(least), id(best))):
        shown = next(each for each in others if id(each) == order)
        if shown is not ours and max(more_rows, more_time) > 1.1:
            print(f"      {shown.name}: {shown.shapes} {shown.rows:,.0f} rows {shown.best:.2f} s; ours {ours.shapes}")
    return more_time <= GOOD or more_rows <= 1.0


def _ratio(ours: float, best: float) -> float:
    return ours / best if best else 1.0


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: ours is good enough in 95 % of the queries; 1: it is not."""
    parser = argparse.ArgumentParser(
        "tpch.orders", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--queries", default="", help="numbers, comma separated (default: all)")
    parser.add_argument("--orders", type=int, default=30, help="random orders of each query")
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, help="folder of sf<scale> folders")
    options = parser.parse_args(arguments)
    chosen = [int(each) for each in options.queries.split(",") if each] or list(QUERIES)
    good, tried = 0, 0
    with Session("local[2]", {"flint.planCache.size": 0}) as session:
        register(session, load(options.scale, options.data))
        runner = Runner(session)
        for number in chosen:
            orders = examine(runner, text(number, options.scale), options.orders, options.reps, options.seed)
            if len(orders) == 1:
                print(f"q{number:02} has one order")
                continue
            tried += 1
            good += report(number, orders)
    print(f"within {GOOD:g} times the best seen: {good} of {tried} queries with several orders")
    return 0 if good >= 0.95 * tried else 1


if __name__ == "__main__":
    sys.exit(main())
