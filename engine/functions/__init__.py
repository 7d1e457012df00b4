"""The functions of SQL: importing this package fills the table in `engine.functions.registry`, one module a family."""
