"""How to do it: from an optimized logical plan to a physical one, cut into stages of pipelines."""
