"""The second phase: names and types become definite."""
