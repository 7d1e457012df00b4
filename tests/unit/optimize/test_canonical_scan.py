"""Canonical forms of scans."""

from __future__ import annotations

from engine.expressions.base import Attribute
from engine.logical.canonical import canonical
from engine.logical.plan import Scan
from engine.types import INT


def scan(name):
    return Scan("relation", (Attribute(name, INT),), ("t",))


def test_scans_of_different_columns_differ():
    assert canonical(scan("a")) != canonical(scan("b"))


def test_scans_of_the_same_columns_are_equal():
    assert canonical(scan("a")) == canonical(scan("a"))
