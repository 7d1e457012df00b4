"""Functions, operators and casts against what Apache Spark 4.3 answered (answers.json, errors.json beside this file).

answers.json holds queries, the types of their columns and their rows as Spark's CAST AS STRING wrote them (binaries as hex);
errors.json holds queries and the condition that Spark raised; answers_without_ansi.json answers with
`spark.sql.ansi.enabled` off.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import FlintError
from engine.session import Session

HERE = Path(__file__).parent
ANSWERS = json.loads((HERE / "answers.json").read_text(encoding="utf-8"))
WITHOUT_ANSI = json.loads((HERE / "answers_without_ansi.json").read_text(encoding="utf-8"))
ERRORS = json.loads((HERE / "errors.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    found = Session(master="local[1]")
    found.conf.set("spark.sql.session.timeZone", "UTC")
    yield found
    found.stop()


def comparable(text: str | None, data_type: str) -> str | None:
    """Floats to the digits that mathematical libraries agree on."""
    if text is None or data_type not in ("double", "float"):
        return text
    return f"{float(text):.{14 if data_type == 'double' else 6}g}"


def as_text(place: int, data_type: str) -> str:
    return f"hex(c{place})" if data_type == "binary" else f"CAST(c{place} AS STRING)"


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer["query"][:60])
def test_answers(session: Session, answer: dict[str, Any]) -> None:
    types = [field.dataType.simpleString() for field in session.sql(answer["query"]).schema.fields]
    assert types == answer["types"]
    columns = ", ".join(as_text(place, each) for place, each in enumerate(types))
    names = ", ".join(f"c{place}" for place in range(len(types)))
    table = session.sql(f"SELECT {columns} FROM ({answer['query']}) AS t({names})").toArrow()
    found = zip(*(column.to_pylist() for column in table.columns), strict=True)
    rows = [[comparable(text, each) for text, each in zip(row, types, strict=True)] for row in found]
    assert rows == [[comparable(text, each) for text, each in zip(row, types, strict=True)] for row in answer["rows"]]


@pytest.fixture(scope="module")
def lenient() -> Iterator[Session]:
    found = Session(master="local[1]", conf={"spark.sql.ansi.enabled": "false"})
    found.conf.set("spark.sql.session.timeZone", "UTC")
    yield found
    found.stop()


@pytest.mark.parametrize("answer", WITHOUT_ANSI, ids=lambda answer: answer["query"][:60])
def test_answers_without_ansi(lenient: Session, answer: dict[str, Any]) -> None:
    test_answers(lenient, answer)


@pytest.mark.parametrize(("query", "condition"), ERRORS)
def test_errors(session: Session, query: str, condition: str) -> None:
    with pytest.raises(FlintError) as caught:
        session.sql(query).toArrow()
    assert caught.value.condition == condition
