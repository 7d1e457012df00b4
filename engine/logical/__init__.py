"""Logical plans: what rows a query means, before anything is said about how to find them."""
