"""Window functions as code: one loop over sorted rows, partition by partition."""
