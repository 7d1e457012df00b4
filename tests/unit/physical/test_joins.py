"""Every join against all pairs of rows looked at one by one in Python."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from physical_runs import THREADS_AND_SIZES, random_table, run, scan, shown

from engine.compile.tables import join as tables
from engine.compile.tables import presence
from engine.expressions.base import Attribute
from engine.expressions.predicates import EqualNullSafe, EqualTo, LessThan, conjunction
from engine.logical.plan import Join, JoinType
from engine.plan.context import PlannerContext
from engine.types import BOOLEAN

Row = tuple[Any, ...]
LEFT = random_table(1, 90, a="i", b="i", s="s", n="n", d="d")
RIGHT = random_table(2, 60, a="i", b="i", s="s", n="n", d="d")
NAMES = LEFT.column_names

# name -> (column of the left, how to compare, column of the right)...
CONDITIONS: dict[str, list[tuple[str, str, str]]] = {
    "one integer key": [("a", "=", "a")],
    "two integer keys": [("a", "=", "a"), ("b", "=", "b")],
    "a text key": [("s", "=", "s")],
    "text and integer": [("s", "=", "s"), ("a", "=", "b")],
    "a null-safe key": [("a", "<=>", "a")],
    "null-safe text beside a key": [("s", "<=>", "s"), ("b", "=", "b")],
    "a double key": [("d", "=", "d")],
    "a decimal key": [("n", "=", "n")],
    "a key and a comparison": [("a", "=", "a"), ("d", "<", "d")],
    "text and a comparison": [("s", "=", "s"), ("b", "<", "b")],
    "no equal key": [("a", "<", "b")],
}
NODES = {"=": EqualTo, "<=>": EqualNullSafe, "<": LessThan}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a is not None and b is not None and a == b,
    "<=>": operator.eq,
    "<": lambda a, b: a is not None and b is not None and a < b,
}


def rows_of(table: pa.Table) -> list[Row]:
    return [tuple(row.values()) for row in table.to_pylist()]


def expected(kind: JoinType, tests: list[tuple[str, str, str]], left: list[Row], right: list[Row]) -> list[Row]:
    def matches(a: Row, b: Row) -> bool:
        return all(COMPARE[how](a[NAMES.index(x)], b[NAMES.index(y)]) for x, how, y in tests)

    pairs = [(i, j) for i, a in enumerate(left) for j, b in enumerate(right) if matches(a, b)]
    hit_left, hit_right = {i for i, _ in pairs}, {j for _, j in pairs}
    missing = (None,) * len(NAMES)
    if kind is JoinType.SEMI:
        return [row for i, row in enumerate(left) if i in hit_left]
    if kind is JoinType.ANTI:
        return [row for i, row in enumerate(left) if i not in hit_left]
    if kind is JoinType.EXISTENCE:
        return [(*row, i in hit_left) for i, row in enumerate(left)]
    rows = [left[i] + right[j] for i, j in pairs]
    if kind in (JoinType.LEFT, JoinType.FULL):
        rows += [row + missing for i, row in enumerate(left) if i not in hit_left]
    if kind in (JoinType.RIGHT, JoinType.FULL):
        rows += [missing + row for j, row in enumerate(right) if j not in hit_right]
    return rows


def join(kind: JoinType, tests: list[tuple[str, str, str]], left: pa.Table, right: pa.Table, size: int = 8192) -> Join:
    a, b = scan(left, size), scan(right, size)
    places = {name: place for place, name in enumerate(NAMES)}
    terms = [NODES[how](a.columns[places[x]], b.columns[places[y]]) for x, how, y in tests]
    exists = Attribute("exists", BOOLEAN, False) if kind is JoinType.EXISTENCE else None
    return Join(a, b, kind, conjunction(*terms), exists=exists)


KINDS = [kind for kind in JoinType if kind is not JoinType.CROSS]


COMPILED = {
    "flint.compile.minRows": "0",
    "flint.compile.optimize": "0",
    "flint.compile.cache.enabled": "false",
    "flint.compile.checked": "true",
}
MODES = [{"flint.compile.enabled": "false"}, COMPILED]


@pytest.mark.parametrize("mode", MODES, ids=["interpreted", "compiled"])
@pytest.mark.parametrize("smaller", ["left", "right"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("tests", CONDITIONS.values(), ids=CONDITIONS.keys())
def test_join_pairs_rows(kind: JoinType, tests: list[tuple[str, str, str]], smaller: str, mode: dict[str, str]) -> None:
    """Whichever side is built."""
    plan, context = building(smaller, kind, tests)
    found = run(plan, 2, context, mode)
    assert shown(found) == shown(expected(kind, tests, rows_of(LEFT), rows_of(RIGHT)))


def building(smaller: str, kind: JoinType, tests: list[tuple[str, str, str]]) -> tuple[Join, PlannerContext]:
    """A join, planned as if one side were smaller than the other."""
    plan = join(kind, tests, LEFT, RIGHT)
    sizes = {id(plan.left): 1.0 if smaller == "left" else 2.0, id(plan.right): 1.0 if smaller == "right" else 2.0}
    return plan, PlannerContext(bytes=lambda node: sizes.get(id(node)))


@pytest.mark.parametrize("smaller", ["left", "right"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    "tests", [CONDITIONS[name] for name in ("one integer key", "two integer keys", "a null-safe key")]
)
def test_keys_that_are_few_among_many_numbers_are_known_beforehand(
    kind: JoinType, tests: list[tuple[str, str, str]], smaller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("LEAST_BYTES", 0), ("_SAVES", 1 / 64), ("_SPARSE", 0)):
        monkeypatch.setattr(presence, name, value)
    plan, context = building(smaller, kind, tests)
    found = run(plan, 2, context, COMPILED)
    assert shown(found) == shown(expected(kind, tests, rows_of(LEFT), rows_of(RIGHT)))


@pytest.mark.parametrize("smaller", ["left", "right"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("tests", [CONDITIONS[name] for name in ("one integer key", "a key and a comparison")])
def test_keys_are_ranked(
    kind: JoinType, tests: list[tuple[str, str, str]], smaller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_SPREAD", "_SMALL"):
        monkeypatch.setattr(tables, name, 0)
    plan, context = building(smaller, kind, tests)
    found = run(plan, 2, context, COMPILED)
    assert shown(found) == shown(expected(kind, tests, rows_of(LEFT), rows_of(RIGHT)))


def test_several_threads_fill_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Directly, ranked and hashed, with keys that are repeated and that are not."""
    monkeypatch.setattr(tables, "_MORSEL", 64)
    rows = 5_000
    for factor, repeat in ((1, 1), (1, 5), (99, 1), (-99, 5), (1 << 40, 1), (1 << 40, 5)):
        keys = pa.array([(row // repeat) * factor for row in range(rows)])
        a, b = scan(pa.table({"k": keys})), scan(pa.table({"k": keys, "n": pa.array(range(rows))}))
        found = run(Join(a, b, JoinType.INNER, EqualTo(a.columns[0], b.columns[0])), 3, conf=COMPILED)
        assert sorted(found) == sorted((k, k, n) for n, k in enumerate(keys.to_pylist()) for _ in range(repeat))


@pytest.mark.parametrize(("threads", "size"), THREADS_AND_SIZES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_threads_and_batches_do_not_matter(kind: JoinType, threads: int, size: int) -> None:
    tests = CONDITIONS["text and a comparison"]
    plan = join(kind, tests, LEFT, RIGHT, size)
    assert shown(run(plan, threads)) == shown(expected(kind, tests, rows_of(LEFT), rows_of(RIGHT)))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    "tests", [CONDITIONS["a text key"], CONDITIONS["two integer keys"], CONDITIONS["no equal key"]]
)
def test_empty_sides(kind: JoinType, tests: list[tuple[str, str, str]]) -> None:
    for left, right in ((LEFT, RIGHT.slice(0, 0)), (LEFT.slice(0, 0), RIGHT), (LEFT.slice(0, 0), RIGHT.slice(0, 0))):
        found = run(join(kind, tests, left, right), 2)
        assert shown(found) == shown(expected(kind, tests, rows_of(left), rows_of(right)))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_sort_merge_gives_the_same(kind: JoinType) -> None:
    for name in ("one integer key", "text and a comparison", "a null-safe key"):
        plan = join(kind, CONDITIONS[name], LEFT, RIGHT)
        found = run(plan, 2, PlannerContext(prefer_sort_merge=True))
        assert shown(found) == shown(expected(kind, CONDITIONS[name], rows_of(LEFT), rows_of(RIGHT)))


@pytest.mark.parametrize(
    ("left", "right", "kept"),
    [
        ([1, 2, None], [1], [2]),
        ([1, 2, None], [1, None], []),
        ([1, 2, None], [], [1, 2, None]),
        ([None], [], [None]),
        ([], [None], []),
    ],
)
def test_not_in_knows_nulls(left: list[int | None], right: list[int | None], kept: list[int | None]) -> None:
    a, b = scan(pa.table({"a": pa.array(left, pa.int32())})), scan(pa.table({"a": pa.array(right, pa.int32())}))
    plan = Join(a, b, JoinType.ANTI, EqualTo(a.columns[0], b.columns[0]), null_aware=True)
    assert run(plan) == [(value,) for value in kept]


def test_wide_keys_and_many_matches() -> None:
    """Keys far apart go through the hash table; one key with many rows is emitted piece by piece."""
    wide = pa.table({"a": pa.array([0, 1 << 40, -(1 << 50), 0] * 150)})
    a, b = scan(wide), scan(wide)
    found = run(Join(a, b, JoinType.INNER, EqualTo(a.columns[0], b.columns[0])), 2)
    assert len(found) == 300 * 300 + 2 * 150 * 150
    assert all(x == y for x, y in found)


def test_nan_and_zeros_are_equal_keys() -> None:
    nan = float("nan")
    a = scan(pa.table({"d": pa.array([nan, 0.0, 1.5])}))
    b = scan(pa.table({"d": pa.array([nan, -0.0, 2.5])}))
    found = run(Join(a, b, JoinType.INNER, EqualTo(a.columns[0], b.columns[0])))
    assert sorted(str(row[0]) for row in found) == ["0.0", "nan"]
