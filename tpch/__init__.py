"""TPC-H for Flint: the 22 queries, data generated locally, recorded answers, and timings beside other engines.

load.py     makes the files of a scale factor (tpchgen-cli) and registers them as views
params.py   the text of a query, with validation literals or with random ones by seed
check.py    compares a result with the recorded answer (answers/, written by record.py from DuckDB)
demo.py     `flint demo`: generate, answer and check all 22
bench.py    Flint beside DuckDB, Polars, DataFusion and Spark, interleaved in one run
            (options.py, turns.py, measure.py, peers.py, timing.py, report.py)
clickbench/, h2o/   the same for other statements (statement.py), on generated tables
"""
