"""TPC-H for Flint: the 22 queries, data generated locally, recorded answers, and timings beside other engines.

load.py     makes the files of a scale factor (tpchgen-cli) and registers them as views
params.py   the text of a query, with validation literals or with random ones by seed
check.py    compares a result with the recorded answer (answers/, written by record.py from DuckDB)
demo.py     `flint demo`: generate, answer and check all 22
bench.py    Flint beside DuckDB, DataFusion, Polars and Spark (peers.py), interleaved in one run
"""
