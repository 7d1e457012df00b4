"""The check itself: it accepts what DuckDB answers and what Spark would, and notices what is wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa
import pytest

from tpch import params, record
from tpch.answer import (
    FOLDER,
    VALIDATION,
    Answer,
    NoAnswer,
    answer,
    digest,
    recorded_answer,
    recorded_scales,
    rows_of,
    write_answers,
)
from tpch.check import Outcome, answer_queries, differences, print_outcomes

SCALE = 0.01


class Stub:
    """A session that answers with given tables, or raises what it finds in their place."""

    def __init__(self, answers: Callable[[str], pa.Table]) -> None:
        self.answers = answers

    def sql(self, text: str) -> Stub:
        self.table = self.answers(text)
        return self

    def toArrow(self) -> pa.Table:
        return self.table


@pytest.mark.parametrize("seed", [None, *record.SEEDS])
@pytest.mark.parametrize("query", params.QUERIES)
def test_duckdb_answers_as_recorded(oracle, query: int, seed: int | None) -> None:
    assert differences(query, recorded_answer(query, SCALE, seed), oracle(query, seed)) == []


@pytest.mark.parametrize("scale", record.SCALES)
def test_records_are_complete_and_of_these_texts(scale: float) -> None:
    for seed in (None, *record.SEEDS) if scale <= record.SEEDED_UP_TO else (None,):
        for query in params.QUERIES:
            text = params.text(query, scale, seed)
            recorded = recorded_answer(query, scale, seed)
            assert recorded.statement == answer(text, pa.table({})).statement
            assert len(recorded.rows) == recorded.count or recorded.digest is not None


def test_records_stay_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 1_000_000
    assert recorded_scales() == sorted(record.SCALES)


@pytest.mark.parametrize("query", [1, 3, 9, 16])
@pytest.mark.parametrize("tamper", ["drop", "double", "change", "reverse", "column"])
def test_what_is_wrong_is_noticed(oracle, query: int, tamper: str) -> None:
    table = oracle(query)
    column = {1: "sum_charge", 3: "revenue", 9: "sum_profit", 16: "supplier_cnt"}[query]
    place = table.column_names.index(column)
    changed = pa.array([value + 1 for value in table[column].to_pylist()], table[column].type)
    wrong = {
        "drop": lambda: table.slice(1),
        "double": lambda: pa.concat_tables([table, table.slice(table.num_rows - 1)]),
        "change": lambda: table.set_column(place, column, changed),
        "reverse": lambda: table.take(list(range(table.num_rows))[::-1]),
        "column": lambda: table.remove_column(place),
    }[tamper]()
    assert differences(query, recorded_answer(query, SCALE), wrong) != []


def test_a_far_row_of_a_digested_answer_is_noticed(oracle) -> None:
    table = oracle(16)
    names = table["p_type"].to_pylist()
    names[-1] = names[-1] + "?"
    wrong = table.set_column(1, "p_type", pa.array(names))
    found = differences(16, recorded_answer(16, SCALE), wrong)
    assert found == ["the first 20 recorded rows are there; others differ from the record (digest)"]


@pytest.mark.parametrize(
    ("have", "right"),
    [
        (25.522005853257337, True),
        (25.522005853257337 * (1 + 5e-10), True),
        (25.522005853257337 * (1 + 2e-9), False),
        (Decimal("25.522006"), True),  # Spark: the average of DECIMAL(15,2) is DECIMAL(19,6)
        (Decimal("25.522007"), False),
        (None, False),
    ],
)
def test_doubles_have_a_tolerance(have: object, right: bool) -> None:
    expected = Answer("", ("double",), 1, ((25.522005853257337,),), None)
    assert (differences(17, expected, pa.table({"x": [have]}, schema=_schema(have))) == []) is right


def test_decimals_that_are_cut_off_pass_only_if_allowed() -> None:
    expected = Answer("", ("double",), 1, ((25.5375879,),), None)
    cut = pa.table({"x": pa.array([Decimal("25.537587")], pa.decimal128(19, 6))})
    assert differences(17, expected, cut) != []
    assert differences(17, expected, cut, last_place=1) == []


def _schema(value: object) -> pa.Schema:
    return pa.schema([("x", pa.decimal128(19, 6) if isinstance(value, Decimal) else pa.float64())])


@pytest.mark.parametrize(("have", "right"), [(5, True), (Decimal("5.00"), True), (Decimal("5.01"), False), (6, False)])
def test_exact_numbers_are_exact_whatever_their_type(have: object, right: bool) -> None:
    expected = Answer("", ("number",), 1, ((Decimal(5),),), None)
    assert (differences(6, expected, pa.table({"x": [have]})) == []) is right


def test_ties_are_a_set_and_order_is_not() -> None:
    """Q5 is ordered by revenue, descending, alone."""
    expected = answer("", pa.table({"n": ["a", "b", "c"], "r": [2, 2, 1]}))
    assert differences(5, expected, pa.table({"n": ["b", "a", "c"], "r": [2, 2, 1]})) == []
    assert differences(5, expected, pa.table({"n": ["c", "a", "b"], "r": [1, 2, 2]})) == [
        "not in order: row 2 (a, 2) belongs before row 1"
    ]
    assert differences(5, expected, pa.table({"n": ["a", "b", "b"], "r": [2, 2, 1]})) == [
        "missing row (c, 1)",
        "unexpected row (b, 1)",
    ]


def test_columns_and_types() -> None:
    expected = answer("", pa.table({"n": ["a"], "r": [2]}))
    assert differences(5, expected, pa.table({"n": ["a"]})) == ["1 columns, expected 2"]
    assert differences(5, expected, pa.table({"n": [1], "r": [2]})) == ["column 1 (n) is int64, expected a string"]


def test_null_order_keys_are_a_difference_and_no_crash() -> None:
    expected = answer("", pa.table({"n": ["a", "b"], "r": [2, 1]}))
    assert differences(5, expected, pa.table({"n": ["a", "b"], "r": [None, 1]}, schema=pa.schema(
        [("n", pa.string()), ("r", pa.int64())]))) != []  # fmt: skip


def test_digest_ignores_order_and_scale() -> None:
    one, two = pa.table({"x": [Decimal("1.50"), Decimal("20")]}), pa.table({"x": [20.0, 1.5]}).cast(
        pa.schema([("x", pa.decimal128(9, 4))]))  # fmt: skip
    assert digest(rows_of(one)) == digest(rows_of(two))


def test_write_and_read_again(tmp_path, monkeypatch: pytest.MonkeyPatch, oracle) -> None:
    answers = {query: answer(params.text(query, 5), oracle(query, None)) for query in params.QUERIES}
    write_answers(5, {"oracle": "x"}, {VALIDATION: answers}, tmp_path)
    monkeypatch.setattr("tpch.answer.FOLDER", tmp_path)
    assert {query: recorded_answer(query, 5) for query in params.QUERIES} == answers


def test_no_record() -> None:
    with pytest.raises(NoAnswer, match=r"scale 3 \(recorded: 0.01, 0.1, 1, 10\)"):
        recorded_answer(1, 3)
    with pytest.raises(NoAnswer, match=r"for seed 99 \(recorded seeds: 1, 2, 3\)"):
        recorded_answer(1, SCALE, 99)


def test_an_error_is_wrong_and_the_next_query_runs(oracle, capsys: pytest.CaptureFixture[str]) -> None:
    def reply(text: str) -> pa.Table:
        if "TPC-H Q5" in text:
            raise ZeroDivisionError("oops")
        return oracle(6)

    outcomes = list(answer_queries(Stub(reply), [5, 6], SCALE))
    assert [outcome.right for outcome in outcomes] == [False, True]
    assert outcomes[0].differences == ("ZeroDivisionError: oops",)
    assert print_outcomes(outcomes) == 1
    assert print_outcomes(dataclasses.replace(outcome, differences=()) for outcome in outcomes) == 0
    printed = capsys.readouterr().out
    assert "1 of 2 right" in printed and "2 of 2 right" in printed and "ZeroDivisionError: oops" in printed


def test_a_text_that_changed_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tpch.params.text", lambda *_: "select 1")
    with pytest.raises(NoAnswer, match="q06 has changed"):
        list(answer_queries(Stub(lambda _: pa.table({})), [6], SCALE))


def test_line_of_the_table() -> None:
    line = Outcome(5, 12345, 1.5, ()).line()
    assert line.split() == ["q05", "local", "supplier", "volume", "12,345", "1.500", "right"]
