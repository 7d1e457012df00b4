"""`*` without what EXCEPT names, and among the options of IN."""

from __future__ import annotations

import pytest

from engine import Session
from engine.errors import AnalysisError

STRUCTS = "VALUES (1, named_struct('a', 1, 'b', named_struct('c', 2, 'd', 3))), (2, NULL) AS t(k, s)"
JOINED = "VALUES (1, 2) AS a(k, x) JOIN VALUES (1, 3) AS b(k, z) USING (k)"


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (f"SELECT * EXCEPT (k, s.b) FROM {STRUCTS}", [((1,),), (None,)]),
        (f"SELECT t.* EXCEPT (k, t.s.b.c, s.a) FROM {STRUCTS}", [(((3,),),), (None,)]),
        (f"SELECT s.* EXCEPT (b.d) FROM {STRUCTS}", [(1, (2,)), (None, None)]),
        (f"SELECT b.* EXCEPT (k) FROM {JOINED}", [(3,)]),
        (f"SELECT k IN (*), 9 NOT IN (b.*) FROM {JOINED}", [(True, True)]),
        ("SELECT l.* FROM VALUES (1, 2) AS t(x, y), LATERAL (SELECT t.* EXCEPT (y)) AS l", [(1,)]),
    ],
)
def test_stars(query: str, rows: list[tuple[object, ...]]) -> None:
    assert Session().sql(query).collect() == rows


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        (f"SELECT * EXCEPT (s, s.a) FROM {STRUCTS}", "EXCEPT_OVERLAPPING_COLUMNS"),
        (f"SELECT s.* EXCEPT (k) FROM {STRUCTS}", "UNRESOLVED_COLUMN.WITH_SUGGESTION"),
        (f"SELECT * EXCEPT (s.zz) FROM {STRUCTS}", "FIELD_NOT_FOUND"),
        (f"FROM {STRUCTS} |> EXTEND *", "INVALID_USAGE_OF_STAR_OR_REGEX"),
    ],
)
def test_stars_that_are_refused(query: str, condition: str) -> None:
    with pytest.raises(AnalysisError, match=condition.replace(".", r"\.")):
        Session().sql(query).collect()
