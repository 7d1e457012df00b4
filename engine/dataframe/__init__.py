"""DataFrames: a query as an object, and how its rows are shown."""
