"""Expressions: what has a value for each row, and the SQL text of one (`sql`)."""
