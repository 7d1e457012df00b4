"""The printer of trees."""

from __future__ import annotations

from engine.tree.show import show


def test_columns_are_numbered_by_where_they_appear(plan_of):
    first, again = (show(plan_of("select a + 1 as z from u where c > 2")) for _ in range(2))
    assert first == again
    assert first.splitlines() == [
        "Project [(a#1 + 1) AS z#4]",
        "└─ Filter (c#2 > 2)",
        "   └─ SubqueryAlias u",
        "      └─ Scan u [a#1, c#2, y#3]",
    ]


def test_branches_and_subqueries(plan_of):
    text = show(plan_of("select t.a from t join u on t.a = u.a where t.b > (select max(c) from u)"))
    assert "├─ SubqueryAlias t" in text
    assert "│  └─ Scan t" in text
    assert "└─ Subquery\n" in text


def test_notes_follow_their_node(plan_of):
    text = show(plan_of("select a from t"), lambda node: f"<{type(node).__name__}>")
    assert text.splitlines()[0] == "Project [a#1]  <Project>"
