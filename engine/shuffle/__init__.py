"""How rows get from one stage to the next: one checksummed file per map attempt, read back through mmap on one host."""
