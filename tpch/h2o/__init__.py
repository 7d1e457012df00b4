"""The group-by and join questions of h2o.ai's database benchmark, on generated data of its shape, beside other engines.

data.py        the tables, as Parquet: `python -m tpch.h2o groupby --rows 1e7`
groupby.sql    ten questions about one table; join.sql: five joins of a large table with a small, a medium, a large one
"""
