"""Expressions over Arrow batches, interpreted with pyarrow.compute: the behaviour that compiled code must equal."""
