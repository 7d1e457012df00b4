"""Physical operators: parameters and generators over batches; pipelines of them, run by the threads of a task."""
