"""Flint: Spark SQL without the JVM."""
