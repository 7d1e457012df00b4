"""Joins on equal keys by sorting: for hints and settings that ask for them.

The built side is sorted by its keys and each batch of the other is merged into it by binary search, so that no row of the
streamed side has to wait for the others.
"""

from __future__ import annotations

from engine.kernels.joins import JoinTable
from engine.physical.batches import Columns
from engine.physical.execution import Execution
from engine.physical.hash_join import HashJoinExec
from engine.tree.node import node


@node
class MergeJoinExec(HashJoinExec):
    """As a hash join, with sorted keys in place of a table."""

    @property
    def title(self) -> str:
        return "SortMergeJoin"

    def index(self, built: Columns, run: Execution) -> JoinTable:
        return JoinTable(self.key_columns(built, run), built.rows, self.null_safe, in_order=True)
