"""Groups whose texts come out as codes of a dictionary: what reads them finds what interpreted aggregates give."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine import Session
from engine.compile.tables.texts import NUMBER_BITS, Texts

ROWS = 2_000


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("groups")
    draw = random.Random(5)
    words = ["", "b", "bb", "a text of nineteen!", "ä€😀", None]
    table = pa.table(
        {
            "id": pa.array([draw.randrange(300) for _ in range(ROWS)], pa.int64()),
            "word": pa.array(draw.choices(words, k=ROWS), pa.string()),
            "other": pa.array(draw.choices(words[1:], k=ROWS), pa.string()),
        }
    )
    pq.write_table(table.slice(0, ROWS // 2), folder / "a.parquet", row_group_size=400)
    pq.write_table(table.slice(ROWS // 2), folder / "b.parquet", use_dictionary=False)
    with Session("local[2]", conf={"flint.compile.minRows": 0}) as made:
        made.sql(f"CREATE TEMP VIEW t USING parquet OPTIONS (path '{folder}')")
        yield made


GROUPS = "(SELECT id, word, other, count(*) AS n FROM t GROUP BY id, word, other) g"


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT * FROM {GROUPS} ORDER BY word DESC, other NULLS LAST, id",
        "SELECT word, other, count(DISTINCT id) AS n FROM t GROUP BY word, other ORDER BY n, word, other",
        "SELECT word, count(DISTINCT other), count(DISTINCT id) FROM t GROUP BY word ORDER BY word",
        f"SELECT upper(word), other LIKE '%b', sum(n) FROM {GROUPS} GROUP BY 1, 2 ORDER BY 1, 2",
        f"SELECT g.word, h.other, g.id FROM {GROUPS} JOIN (SELECT DISTINCT id, other FROM t) h "
        "ON g.other = h.other AND g.id = h.id WHERE g.word > 'a' ORDER BY ALL",
        f"SELECT id, word, other, rank() OVER (PARTITION BY word, other ORDER BY n, id) FROM {GROUPS} ORDER BY ALL",
        f"SELECT word, other, id FROM {GROUPS} UNION ALL SELECT other, word, id FROM {GROUPS} ORDER BY ALL",
        f"SELECT max(word), min(other), count(word) FROM {GROUPS}",
    ],
)
def test_what_reads_groups_finds_the_same(session: Session, text: str) -> None:
    compiled = session.sql(text).toArrow()
    session.conf.set("flint.compile.enabled", "false")
    try:
        assert session.sql(text).toArrow() == compiled
    finally:
        session.conf.unset("flint.compile.enabled")


class _Thread:
    """A thread's texts, the first of which stands for none."""

    def __init__(self, *texts: bytes) -> None:
        self._texts = texts

    def array(self) -> pa.Array:
        return pa.array([b"", *self._texts], pa.large_binary())


def test_a_dictionary_of_two_threads_holds_no_text_twice() -> None:
    texts = Texts([_Thread(b"", b"x", b"y"), _Thread(b"y", b"z")], coded=True)  # type: ignore[list-item]
    second = 1 << NUMBER_BITS
    hashes = 7 << 32
    words = np.array([0, hashes | 1, hashes | 2, hashes | 3, hashes | second | 1, hashes | second | 2], np.uint64)
    found = texts.take(words, pa.string())
    assert found.type == pa.dictionary(pa.int8(), pa.string())
    assert found.dictionary.to_pylist() == ["", "x", "y", "z"]
    assert found.to_pylist() == [None, "", "x", "y", "y", "z"]
    assert texts.take(words, pa.binary()).to_pylist() == [None, b"", b"x", b"y", b"y", b"z"]
