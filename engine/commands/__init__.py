"""Statements that are not queries, carried out in the driver: `execute.execute_command` finds the function for each."""
