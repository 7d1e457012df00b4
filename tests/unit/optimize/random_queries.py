"""Random queries over the tables t, u and big of test_same_answers: joins of every kind and subqueries everywhere.

No ORDER BY and no LIMIT, so that an answer is a bag of rows; joins always have a condition, so that answers stay small.
"""

from __future__ import annotations

import random

TABLES = {"t": ["a", "b", "n"], "u": ["a", "c"], "big": ["k", "ta", "uc"]}
JOINS = ["join", "join", "left join", "right join", "full join"]


class RandomQueries:
    """A stream of queries, the same for the same seed. A scope is a list of (alias, columns)."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.aliases = 0

    def query(self):
        """One SELECT, perhaps with a set operation."""
        depth = self.chance.choice([0, 1, 1, 2])
        tables, scope = self.joined()
        where = f" where {self.condition(scope, [], depth)}" if self.chance.random() < 0.85 else ""
        kind = self.chance.random()
        if kind < 0.3:
            return self.grouped(tables, scope, where)
        values = ", ".join(self.value(scope, [], depth) for _ in range(self.chance.randint(1, 3)))
        if kind < 0.4:
            return f"select distinct {values} from {tables}{where}"
        if kind < 0.5:
            operation = self.chance.choice(["union", "intersect", "except", "union all"])
            return (
                f"select {self.column(scope)} from {tables}{where} {operation} select {self.chance.choice('ac')} from u"
            )
        if kind < 0.6:
            return f"select {values}, {self.condition(scope, [], depth)} from {tables}{where}"
        return f"select {values} from {tables}{where}"

    def grouped(self, tables, scope, where):
        key, other = self.column(scope), self.column(scope)
        call = self.chance.choice(["count(*)", f"sum({other})", f"count(distinct {other})", f"min({other})"])
        having = f" having count(*) > {self.chance.randint(1, 3)}" if self.chance.random() < 0.4 else ""
        return f"select {key}, {call}, count({self.column(scope)}) from {tables}{where} group by {key}{having}"

    def alias(self):
        self.aliases += 1
        return f"q{self.aliases}"

    def column(self, scope):
        alias, columns = self.chance.choice(scope)
        return f"{alias}.{self.chance.choice(columns)}"

    def table(self):
        """Something in FROM, and what it brings into scope."""
        alias, name = self.alias(), self.chance.choice(list(TABLES))
        kind, key = self.chance.random(), self.chance.choice(TABLES[name])
        if kind < 0.1:
            return f"(select {key} as x, count(*) as y from {name} group by {key}) {alias}", [(alias, ["x", "y"])]
        if kind < 0.18:
            inner = self.alias()
            where = self.condition([(inner, TABLES[name])], [], 0)
            text = f"(select distinct {inner}.{key} as x, {inner}.{TABLES[name][-1]} as y from {name} {inner} where {where})"
            return f"{text} {alias}", [(alias, ["x", "y"])]
        if kind < 0.25:
            return f"(select a as x, b as y from t union all select a, c from u) {alias}", [(alias, ["x", "y"])]
        return f"{name} {alias}", [(alias, TABLES[name])]

    def joined(self):
        tables, scope = self.table()
        for _ in range(self.chance.choice([0, 0, 1, 1, 2, 3])):
            other, more = self.table()
            kind = self.chance.choice(JOINS)
            on = f"{self.column(scope)} = {self.column(more)}"
            scope = scope + more
            if kind != "full join" and self.chance.random() < 0.4:
                on += f" and {self.condition(scope, [], 0)}"
            tables = f"{tables} {kind} {other} on {on}"
        return tables, scope

    def value(self, scope, outer, depth):
        kind = self.chance.random()
        if kind < 0.55:
            return self.column(scope)
        if kind < 0.7:
            return str(self.chance.randint(1, 9))
        if kind < 0.78:
            return f"coalesce({self.column(scope)}, {self.chance.randint(0, 5)})"
        if kind < 0.84:
            return f"({self.column(scope)} + {self.chance.randint(1, 3)})"
        if kind < 0.9 and outer:
            return self.column(outer)
        return self.scalar(scope, outer, depth - 1) if depth > 0 else self.column(scope)

    def scalar(self, scope, outer, depth):
        alias, name = self.alias(), self.chance.choice(list(TABLES))
        inner = [(alias, TABLES[name])]
        call = f"{self.chance.choice(['max', 'min', 'count', 'sum'])}({self.column(inner)})"
        where = f" where {self.correlated(inner, scope + outer, depth)}" if self.chance.random() < 0.9 else ""
        having = f" having count(*) > {self.chance.randint(0, 3)}" if self.chance.random() < 0.15 else ""
        return f"(select {call} from {name} {alias}{where}{having})"

    def rows(self, scope, outer, depth):
        """A query of one column, for IN and EXISTS."""
        alias, name = self.alias(), self.chance.choice(list(TABLES))
        inner, tables = [(alias, TABLES[name])], f"{name} {alias}"
        if self.chance.random() < 0.25:
            second, other = self.alias(), self.chance.choice(list(TABLES))
            inner.append((second, TABLES[other]))
            tables += f" {self.chance.choice(['join', 'left join'])} {other} {second} on {self.condition(inner, [], 0)}"
        where = self.correlated(inner, scope + outer, depth)
        kind = self.chance.random()
        if kind < 0.12:
            return f"select max({self.column(inner)}) from {tables} where {where} group by {self.column(inner)}"
        if kind < 0.2:
            return f"select distinct {self.column(inner)} from {tables} where {where}"
        more = " union all select c from u" if kind < 0.28 else ""
        return f"select {self.column(inner)} from {tables} where {where}{more}"

    def correlated(self, scope, outer, depth):
        if self.chance.random() >= 0.7:
            return self.condition(scope, outer, depth)
        operator = self.chance.choice(["=", "=", "=", "<", ">", "<>"])
        text = f"{self.column(scope)} {operator} {self.column(outer)}"
        if self.chance.random() < 0.4:
            text += f" {self.chance.choice(['and', 'and', 'or'])} {self.condition(scope, outer, depth)}"
        return f"({text})"

    def condition(self, scope, outer, depth):
        kind = self.chance.random()
        if kind < 0.35:
            operator = self.chance.choice(["=", "<", ">", "<=", ">=", "<>"])
            return f"{self.value(scope, outer, 0)} {operator} {self.value(scope, outer, depth)}"
        if kind < 0.42:
            return f"{self.column(scope)} is {self.chance.choice(['', 'not '])}null"
        if kind < 0.5:
            return f"{self.column(scope)} in ({self.chance.randint(1, 5)}, {self.chance.choice(['7', 'null'])})"
        if kind < 0.56:
            return f"{self.column(scope)} between {self.chance.randint(1, 4)} and {self.value(scope, outer, 0)}"
        if kind < 0.64:
            return f"not ({self.condition(scope, outer, depth)})"
        if kind < 0.8 or depth <= 0:
            word = self.chance.choice(["and", "or"])
            one, other = self.comparison(scope), self.condition(scope, outer, depth)
            return f"({one} {word} {other})"
        return self.subquery(scope, outer, depth - 1)

    def comparison(self, scope):
        return f"{self.column(scope)} {self.chance.choice(['=', '<', '>'])} {self.chance.randint(1, 9)}"

    def subquery(self, scope, outer, depth):
        kind, negated = self.chance.random(), self.chance.choice(["", "not "])
        if kind < 0.4:
            return f"{negated}exists ({self.rows(scope, outer, depth)})"
        if kind < 0.8:
            return f"{self.column(scope)} {negated}in ({self.rows(scope, outer, depth)})"
        return f"{self.column(scope)} {self.chance.choice(['=', '<', '>'])} {self.scalar(scope, outer, depth)}"
