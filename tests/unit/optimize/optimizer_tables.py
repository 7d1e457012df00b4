"""Relations without rows: TPC-H at scale 1 as its footers describe it, and small tables t and u."""

from __future__ import annotations

from dataclasses import dataclass

from engine.analyze.analyzer import analyze
from engine.analyze.context import AnalyzerContext
from engine.catalog.tables import ResolvedTable
from engine.logical.relation import ColumnStatistics, TableStatistics
from engine.parse import parse, parse_type
from engine.types import StructField, StructType

# rows, then for each column: name, type, different values (- unknown)
SIZES = {
    "t": (1000, "a int 1000, b int 10, s string -, d date 365, n bigint 1000"),
    "u": (100, "a int 100, c int 10, y string -"),
    "region": (5, "r_regionkey bigint 5, r_name string -, r_comment string -"),
    "nation": (25, "n_nationkey bigint 25, n_name string -, n_regionkey bigint 5, n_comment string -"),
    "supplier": (
        10000,
        "s_suppkey bigint 10000, s_name string -, s_address string -, s_nationkey bigint 25, s_phone string -,"
        " s_acctbal decimal(15;2) -, s_comment string -",
    ),
    "customer": (
        150000,
        "c_custkey bigint 150000, c_name string -, c_address string -, c_nationkey bigint 25, c_phone string -,"
        " c_acctbal decimal(15;2) -, c_mktsegment string 6, c_comment string -",
    ),
    "part": (
        200000,
        "p_partkey bigint 200000, p_name string -, p_mfgr string 6, p_brand string 25, p_type string 242, p_size int 50,"
        " p_container string 50, p_retailprice decimal(15;2) -, p_comment string -",
    ),
    "partsupp": (
        800000,
        "ps_partkey bigint 200000, ps_suppkey bigint 10000, ps_availqty int 9999, ps_supplycost decimal(15;2) -,"
        " ps_comment string -",
    ),
    "orders": (
        1500000,
        "o_orderkey bigint 1500000, o_custkey bigint 149999, o_orderstatus string 3, o_totalprice decimal(15;2) -,"
        " o_orderdate date 2406, o_orderpriority string 6, o_clerk string 2434, o_shippriority int 1, o_comment string -",
    ),
    "lineitem": (
        6001215,
        "l_orderkey bigint 6000000, l_partkey bigint 200000, l_suppkey bigint 10000, l_linenumber int 7,"
        " l_quantity decimal(15;2) -, l_extendedprice decimal(15;2) -, l_discount decimal(15;2) -, l_tax decimal(15;2) -,"
        " l_returnflag string 2, l_linestatus string 1, l_shipdate date 2526, l_commitdate date 2466,"
        " l_receiptdate date 2554, l_shipinstruct string 3, l_shipmode string 6, l_comment string -",
    ),
}
FIRST_DAY = {"d": 20089}
"""Days since 1970 at which a table's dates begin; TPC-H's begin in 1992."""


@dataclass(frozen=True)
class Sized:
    """A relation that knows its schema and statistics, and has no rows."""

    name: str

    @property
    def columns(self):
        parts = [each.split() for each in SIZES[self.name][1].split(",")]
        return [(name, parse_type(kind.replace(";", ",")), distinct) for name, kind, distinct in parts]

    @property
    def schema(self):
        return StructType(tuple(StructField(name, kind) for name, kind, _ in self.columns))

    @property
    def description(self):
        return self.name

    def identity(self):
        return "sized", self.name

    def statistics(self):
        known = {}
        for name, kind, distinct in self.columns:
            if distinct == "-":
                known[name] = ColumnStatistics(nulls=0)
            elif kind.name == "string":
                known[name] = ColumnStatistics(int(distinct), 0)
            else:
                low = FIRST_DAY.get(name, 8035) if kind.name == "date" else 1
                known[name] = ColumnStatistics(int(distinct), 0, low, low + int(distinct) - 1)
        return TableStatistics(SIZES[self.name][0], None, known)


class Tables:
    """A catalog of them."""

    def resolve(self, parts, position=None):
        return ResolvedTable(Sized(parts[-1].lower()), parts)


def analyzed(text, tables):
    """The resolved plan of a statement."""
    return analyze(parse(text), AnalyzerContext(catalog=tables, parse=parse))
