"""Where compiled rows go: columns of batches, tables of groups, built sides of joins."""
