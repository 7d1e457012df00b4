"""ClickBench's 43 questions about page views of websites, on generated data of the same shape, beside other engines.

schema.py     the 105 columns of the table `hits`
words.py      made-up hosts, pages, titles and search phrases
data.py       rows with the skew of the real table, as Parquet: `python -m tpch.clickbench --rows 1e6`
queries.sql   the statements in Spark's dialect; statements.py reads them, and says what other dialects write instead
"""
