"""Where rows come from: one file a format, each a `Relation` (engine/logical/relation.py).

`base.open_relation` is the way in; `files` lists paths, `partitions` reads key=value directories, `pruning` decides
from statistics which pieces cannot hold a row that passes.
"""
