"""The one memory budget of an executor: who holds how much of it, and what the machine allows."""
