"""Random queries whose answers must agree: with themselves under other plans, with identities of SQL, with other engines.

    tables.py       small tables full of what goes wrong          pieces.py    texts that can be made smaller
    expressions.py  random expressions, by templates              queries.py   random queries over them
    typed_tables.py, typed.py   every fixed-width type, and statements over them for compiled code
    join_plans.py   chains of joins of every type of join and of keys
    lab.py          sessions, settings, outcomes                  oracles.py   what must agree
    duckdb_oracle.py, against_spark.py   other engines            runner.py    runs seeds, shrinks what it finds

`python -m tests.property.fuzz --seeds 10000` runs by hand for as long as wanted; `test_fuzz.py` runs 2,000 fixed seeds. The
same oracle and seed make the same query, so a seed is all there is to remember.
"""
