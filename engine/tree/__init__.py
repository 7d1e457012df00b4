"""Immutable trees, rules over them, and the one printer of trees."""

from __future__ import annotations

from engine.tree.node import TreeNode
from engine.tree.rules import Batch, Rule, rule, run

__all__ = ["Batch", "Rule", "TreeNode", "rule", "run"]
