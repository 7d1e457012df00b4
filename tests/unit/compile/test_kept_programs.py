"""Programs that were written before are used again for chains that differ in nothing code depends on, and for no others.

With `flint.compile.checked` a kept program is compared with what is written for the chain at hand, so a query that runs here
proves that its shape says all there is to say.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session
from engine.cluster.inline import InlineCluster
from engine.compile.kept_programs import KeptPrograms, programs
from engine.compile.numbering import NotKept, Numbering
from engine.expressions.base import Attribute, Literal
from engine.expressions.operators import Add
from engine.expressions.predicates import EqualTo
from engine.types import INT, LONG, STRING


class InProcess(Session):
    """A session whose tasks run in this process, so that what they keep can be looked at."""

    @property
    def cluster(self) -> InlineCluster:  # type: ignore[override]
        return self._once("cluster", lambda: InlineCluster(self.conf.mapping(), executors=1, cores=1))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("kept")
    count = 500
    table = {
        "id": pa.array(range(count)),
        "small": pa.array([None if row % 11 == 0 else row % 7 for row in range(count)], pa.int32()),
        "amount": pa.array([row * 3 % 101 - 50 for row in range(count)], pa.int64()),
        "word": pa.array([["apple", "banana", None, "cherry"][row % 4] for row in range(count)]),
        "ratio": pa.array([row / 7 for row in range(count)]),
    }
    pq.write_table(pa.table(table), folder / "t.parquet")
    conf = {"flint.compile.minRows": 0, "flint.compile.checked": True, "flint.compile.optimize": "0"}
    with InProcess(conf=conf | {"flint.compile.cache.enabled": False}) as made:
        made.sql(f"CREATE TEMP VIEW t USING parquet OPTIONS (path '{folder}/t.parquet')")
        yield made


def answers(session: Session, text: str) -> tuple[list[str], list[str], int]:
    """The rows by code and without it, and how many kept programs were used."""
    before = programs.found
    compiled = session.sql(text).toArrow().to_pylist()
    found = programs.found - before
    session.conf.set("flint.compile.enabled", False)
    try:
        plain = session.sql(text).toArrow().to_pylist()
    finally:
        session.conf.unset("flint.compile.enabled")
    return sorted(map(str, compiled)), sorted(map(str, plain)), found


SHARED = [
    ("SELECT id, amount FROM t WHERE amount > {} AND small = {}", (3, 5), (-7, 2)),
    ("SELECT small, sum(amount + {}) AS s FROM t WHERE id BETWEEN {} AND 400 GROUP BY small", (1, 20), (2, 90)),
    ("SELECT word, count(*) AS n FROM t WHERE word <> '{}' AND amount < {} GROUP BY word", ("apple", 9), ("kiwi", -9)),
    ("SELECT max(ratio * {}), min(id) FROM t WHERE ratio IN ({}, 8, 9)", ("2.5D", 1), ("-0.0D", 7)),
    ("SELECT a.id, b.word FROM t a JOIN t b ON a.id = b.amount + {} WHERE a.amount < {}", (50, 3), (60, 4)),
    ("SELECT id, amount FROM t WHERE small > {} ORDER BY amount, id LIMIT {}", (2, 5), (3, 5)),
    ("SELECT id FROM t WHERE trim(upper(word)) <> '{}' AND id > {}", (" ", 90), ("APPLE", 70)),
    ("SELECT id FROM t WHERE word || 'x' LIKE '%an%' AND word || 'y' <> '{}' AND id > {}", ("an", 9), ("bananay", 8)),
    ("SELECT id FROM t WHERE upper(word) = '{}' AND amount + id > {}", ("APPLE", 90), ("CHERRY", 70)),
]

APART = [
    ("SELECT id FROM t WHERE amount > {}", (3,), (300,)),
    ("SELECT id FROM t WHERE word LIKE '{}' AND id > 9", ("a%",), ("%a",)),
    ("SELECT id + 0 AS i, substring(word, {}, 2) AS s FROM t WHERE id > 9", (1,), (2,)),
    ("SELECT id FROM t WHERE round(ratio, {}) > 3 AND id > 1", (0,), (1,)),
    ("SELECT id FROM t WHERE amount > {} AND id > {}", (3, 4), (3, 3)),
    ("SELECT id FROM t WHERE small IN ({}) AND id > 3", ("1, 2",), ("1, NULL",)),
    ("SELECT CASE WHEN id > 5 THEN {} ELSE amount END AS c FROM t WHERE id > 3", (7,), (8,)),
]


@pytest.mark.parametrize(("text", "one", "other"), SHARED)
def test_other_constants_need_no_other_code(
    session: Session, text: str, one: tuple[object, ...], other: tuple[object, ...]
) -> None:
    for values in (one, other):
        compiled, plain, found = answers(session, text.format(*values))
        assert compiled == plain
    assert found


@pytest.mark.parametrize(("text", "one", "other"), APART)
def test_code_that_a_constant_has_gone_into_is_for_that_alone(
    session: Session, text: str, one: tuple[object, ...], other: tuple[object, ...]
) -> None:
    for values in (one, other):
        compiled, plain, found = answers(session, text.format(*values))
        assert compiled == plain
        assert not found


def test_equal_constants_and_columns_are_told_from_others() -> None:
    a, b, a_long = Attribute("a", INT), Attribute("b", INT), Attribute("a", LONG)

    def shape(*parts: object) -> object:
        return Numbering().of(parts)

    assert shape(EqualTo(a, Literal(1, INT))) == shape(EqualTo(b, Literal(99, INT)))
    assert shape(EqualTo(a, Literal(1, INT))) != shape(EqualTo(a, Literal(999, INT)))
    assert shape(EqualTo(a, Literal(1, INT))) != shape(EqualTo(a, Literal(None, INT)))
    assert shape(EqualTo(a, Literal(1, INT))) != shape(EqualTo(a_long, Literal(1, LONG)))
    assert shape(EqualTo(a, a)) != shape(EqualTo(a, b))
    assert shape(Add(a, Literal(1, INT)), Add(a, Literal(1, INT))) != shape(
        Add(a, Literal(1, INT)), Add(a, Literal(2, INT))
    )
    assert shape(Literal(0.0, INT)) != shape(Literal(-0.0, INT))
    assert shape(Attribute("a", STRING, False)) != shape(Attribute("a", STRING, True))


def test_what_has_no_shape_is_not_kept() -> None:
    with pytest.raises(NotKept):
        Numbering().of({"a": 1})


def test_only_the_programs_used_last_are_kept(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    few = KeptPrograms(2)
    monkeypatch.setattr("engine.compile.kept_programs.programs", few)
    for text in ("SELECT id FROM t WHERE id > 3", "SELECT id FROM t WHERE id < 3", "SELECT id FROM t WHERE id = 3") * 2:
        session.sql(text).toArrow()
    assert not few.found
