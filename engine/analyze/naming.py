"""The name of a select-list column without AS: the text of its expression, as Spark writes it.

The text is that of what was written, since much of it has been rewritten by the time its types are known; where Spark's own
names follow types or names (`d + 1` of a date is date_add(d, 1), a subquery shows the outer columns it reads) the resolved
expression is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.analyze.lambdas import HIDDEN, as_lambdas
from engine.analyze.routines import written_arguments
from engine.analyze.typed_names import by_type
from engine.expressions.aggregate import GroupingId
from engine.expressions.base import Attribute, Expression, Literal
from engine.expressions.calls import Call, Field
from engine.expressions.cast import Cast
from engine.expressions.constants_sql import constant_sql
from engine.expressions.operators import Add, BinaryArithmetic, Concat, Divide, Multiply, Subtract
from engine.expressions.predicates import In
from engine.expressions.sql import sql
from engine.expressions.subquery import OuterReference, SubqueryExpression, own_subqueries
from engine.expressions.window import CurrentRow, Frame, Offset, Unbounded, WindowSpec
from engine.functions.named_arguments import in_order
from engine.functions.registry import lookup
from engine.logical import unresolved as un
from engine.types import (
    STRING,
    VOID,
    CalendarIntervalType,
    DataType,
    DateType,
    MapType,
    NumericType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
    TimeType,
)

if TYPE_CHECKING:
    from engine.analyze.expressions import Resolver


def display_name(written: Expression, resolved: Expression, resolver: Resolver) -> str:
    """The name of the column made by `written`, which was resolved to `resolved`."""
    if isinstance(written, un.UnresolvedAttribute):
        if isinstance(resolved, Field) and resolver.scope.find(written.parts) is not None:
            return resolved.name
        if isinstance(resolved, Attribute | Field):
            return written.parts[-1]
        if (
            not resolved.children
            and not isinstance(resolved, Literal | GroupingId)
            and not resolver.scope.find(written.parts)
        ):
            return sql(un.UnresolvedFunction((written.parts[-1],), ()))  # current_date without parentheses
        return written.parts[-1]
    match written:
        case un.UnresolvedExtract(un.UnresolvedAttribute(), str() as key):
            return key
    if (
        isinstance(written, Cast)
        and isinstance(written.child, un.UnresolvedAttribute)
        and _is_named(written.child, resolver)
    ):
        return display_name(written.child, _uncast(resolved), resolver)
    return sql(_Names(resolver, resolved).text(written))


def _is_named(name: un.UnresolvedAttribute, resolver: Resolver) -> bool:
    """Whether a name is that of a column and not of a variable."""
    variables = resolver.context.variables
    return variables is None or variables.value(name.parts) is None or resolver.scope.find(name.parts) is not None


def written_name(written: Expression, resolver: Resolver) -> str:
    """The text of an expression that could not be resolved, as errors show it."""
    return sql(_Names(resolver, None).text(written))


def _uncast(resolved: Expression) -> Expression:
    return resolved.child if isinstance(resolved, Cast) else resolved


def _outer(column: OuterReference) -> Expression:
    """A column of the enclosing query inside an expression."""
    return _raw(f"outer({'.'.join((*column.attribute.qualifier, column.attribute.name))})")


class _Names:
    """Rewrites what was written into what Spark shows; texts that no node stands for are names of one part."""

    def __init__(self, resolver: Resolver, resolved: Expression | None) -> None:
        self.resolver = resolver
        self.subqueries: Iterator[SubqueryExpression] = iter(() if resolved is None else own_subqueries(resolved))
        self.dates = resolved is not None and resolved.has(Call)

    def text(self, written: Expression) -> Expression:
        """`written` with names and forms as shown."""
        shown: Expression = written.transform_down(self._shown)
        return shown

    def _shown(self, node: Any) -> Any:
        handler = _HANDLERS.get(type(node))
        if handler is not None:
            return handler(self, node)
        return self._arithmetic(node) if self.dates and isinstance(node, BinaryArithmetic) else node

    def _column(self, node: un.UnresolvedAttribute) -> Expression:
        if len(node.parts) == 1:
            return self._plain(node)
        found = self.resolver.scope.find(node.parts)
        if found is None:
            outside = self.resolver.scope.find_outside(node.parts, None)
            return _outer(outside) if isinstance(outside, OuterReference) else self._variable(node)
        path: list[str] = []
        while isinstance(found, Field | Call):
            is_map = isinstance(found, Call) and found.function == "map_subscript"
            part = node.parts[len(node.parts) - len(path) - 1]
            path.insert(0, f"[{part}]" if is_map else f".{part}")
            found = found.child if isinstance(found, Field) else found.arguments[0]
        return _raw(node.parts[len(node.parts) - len(path) - 1] + "".join(path))

    def _plain(self, node: un.UnresolvedAttribute) -> Expression:
        """A column, a function without parentheses, or an alias of the select list before it."""
        name = node.parts[0]
        if self.resolver.scope.fold(name) in self.resolver.parameters:
            return _raw(HIDDEN)
        if self.resolver.scope.find(node.parts) is not None:
            return node
        if name.lower() in _BARE:
            return _raw("current_time(6)" if name.lower() == "current_time" else f"{name.lower()}()")
        outside = self.resolver.scope.find_outside(node.parts, None)
        if isinstance(outside, OuterReference):
            return _outer(outside)
        is_lateral = self.resolver.aliases.is_lateral(self.resolver.scope.fold(name))
        return _raw(f"lateralAliasReference({name})") if is_lateral else self._variable(node)

    def _variable(self, node: un.UnresolvedAttribute) -> Expression:
        """A session variable is shown with its value; any other name as it is."""
        variables = self.resolver.context.variables
        found = variables.value(node.parts) if variables is not None else None
        if found is None or self.resolver.scope.find_outside(node.parts) is not None:
            return node
        value, fields = found
        name = node.parts[len(node.parts) - len(fields) - 1].lower()
        shown = f"variablereference(system.session.{name}={constant_sql(value.value, value.type)})"
        return _raw(".".join((shown, *fields)))

    def _extract(self, node: un.UnresolvedExtract) -> Expression:
        """struct['field'] is struct.field."""
        match node.key:
            case str() if not _has_shown(node) and isinstance(self.resolver.resolve(node.child).dataType, MapType):
                return un.UnresolvedExtract(node.child, Literal(node.key, STRING))
            case Literal(str() as key, _) if not _has_shown(node):
                of_struct = isinstance(self.resolver.resolve(node.child).dataType, StructType)
                return un.UnresolvedExtract(node.child, key) if of_struct else node
        return node

    def _lambda(self, node: un.UnresolvedLambda) -> Expression:
        body = node.body.transform_down(_named_row).transform_down(lambda each: _variable(each, node.parameters))
        return un.UnresolvedLambda((HIDDEN,) * len(node.parameters), body)

    def _window(self, node: un.UnresolvedWindow) -> Expression:
        spec = node.spec
        if isinstance(spec, str):
            spec = (self.resolver.windows or {}).get(self.resolver.scope.fold(spec), spec)
        if isinstance(spec, str):
            return un.UnresolvedWindow(node.function, spec)
        return un.UnresolvedWindow(node.function, replace(spec, frame=self._frame(node.function, spec)))

    def _frame(self, function: Expression, spec: WindowSpec) -> Frame | None:
        name = function.name[-1].lower() if isinstance(function, un.UnresolvedFunction) else ""
        if name in _BY_ROWS:
            return Frame("rows", Unbounded(), CurrentRow())
        if name in ("lag", "lead") and isinstance(function, un.UnresolvedFunction):
            return _shifted(name, function.arguments)
        frame = spec.frame
        if frame is None or frame.unit != "range" or len(spec.order) != 1:
            return frame
        return Frame(frame.unit, self._bound(frame.lower, spec), self._bound(frame.upper, spec))

    def _bound(self, bound: Expression, spec: WindowSpec) -> Expression:
        """A distance backwards that is cast to the type of the order is shown as one forwards: (- 2) FOLLOWING."""
        match bound:
            case Offset(Literal(int() | float() | Decimal() as value, NumericType() as kind)) if value < 0:
                order = self.resolver.resolve(spec.order[0].child).dataType
                if kind != order and not isinstance(order, DateType | TimestampType | TimestampNTZType):
                    return Offset(_raw(f"(- {-value})"))
        return bound

    def _function(self, node: un.UnresolvedFunction) -> Expression:
        routine = None
        if len(node.name) > 1 or not lookup(node.name[-1]):
            routine = self.resolver.context.catalog.routine(node.name)
        if routine is not None:
            node = un.UnresolvedFunction((".".join(routine.parts),), written_arguments(routine, node))
        if any(node.named) and lookup(node.name[-1]):
            node = replace(node, arguments=in_order(lookup(node.name[-1]), node.arguments, node.named), named=())
        if not any(isinstance(each, un.UnresolvedStar) for each in node.arguments):
            given = as_lambdas(node.name[-1], node.arguments)
            if any(a is not b for a, b in zip(given, node.arguments, strict=True)):
                return replace(node, arguments=tuple(given))
            return by_type(node, self._type)
        if node.name[-1].lower() == "count" and not node.distinct:
            return node
        return replace(node, arguments=self._expanded(node.arguments))

    def _options(self, node: In) -> Expression:
        return replace(node, options=self._expanded(node.options))

    def _expanded(self, written: tuple[Expression, ...]) -> tuple[Expression, ...]:
        """Arguments with the names of the columns that a star among them stands for."""
        arguments: list[Expression] = []
        for each in written:
            stars = self.resolver.star(each) if isinstance(each, un.UnresolvedStar) else ()
            arguments += [_raw(_starred(column)) for column in stars] if stars else [each]
        return tuple(arguments)

    def _datetime(self, node: un.UnresolvedDatetime) -> Expression:
        return self.resolver.resolve(node)

    def _joined(self, node: Concat) -> Expression:
        """a || b || c is shown as two calls."""
        text = sql(self.text(node.arguments[0]))
        for each in node.arguments[1:]:
            text = f"concat({text}, {sql(self.text(each))})"
        return _raw(text)

    def _type(self, argument: Expression) -> DataType:
        return VOID if _has_shown(argument) else self.resolver.resolve(argument).dataType

    def _cast(self, node: Cast) -> Expression:
        if node.to.children:  # Spark forgets that these were asked for
            return self.text(node.child)
        return node

    def _subquery(self, node: Any) -> Expression:
        found = next(self.subqueries, None)
        outer = ", ".join(column.name for column in found.outer_reads) if found is not None else ""
        if isinstance(node, un.UnresolvedInSubquery):
            values = [sql(self.text(value)) for value in node.values]
            if len(values) > 1:
                values = [f"'{value}', {value}" for value in values]
            value = values[0] if len(values) == 1 else f"named_struct({', '.join(values)})"
            return _raw(f"({value} IN (listquery({outer})))")
        return _raw(f"{'exists' if isinstance(node, un.UnresolvedExists) else 'scalarsubquery'}({outer})")

    def _arithmetic(self, node: BinaryArithmetic) -> Expression:
        """Arithmetic on dates is shown by the functions that do it."""
        if not isinstance(node, Add | Subtract | Multiply | Divide) or _has_shown(node):
            return node
        one = self.resolver.resolve(node.left).dataType
        other = self.resolver.resolve(node.right).dataType
        left, right = node.left, node.right
        if isinstance(node, Multiply | Divide):
            return _scaled(node, one, other)
        sign = "+" if isinstance(node, Add) else "-"
        if isinstance(node, Add) and isinstance(other, _MOMENTS) and not isinstance(one, _MOMENTS):
            left, right, one, other = right, left, other, one
        kind = other.simpleString()
        if isinstance(one, TimeType) or (sign == "-" and isinstance(other, TimeType)):
            return _raw(f"{sql(self.text(left))} {sign} {sql(self.text(right))}")
        if not isinstance(one, _MOMENTS):
            return node
        if isinstance(one, DateType) and kind == "interval day":
            days = f"extractansiintervaldays({sql(self.text(right))})"
            return _raw(f"date_add({sql(self.text(left))}, {days if sign == '+' else f'(- {days})'})")
        if kind.startswith("interval") or (isinstance(node, Add) and kind == "void"):
            return _raw(f"{sql(self.text(left))} {sign} {sql(self.text(right))}")
        if isinstance(one, DateType) and kind in ("int", "smallint", "tinyint"):
            return _raw(f"date_{'add' if sign == '+' else 'sub'}({sql(self.text(left))}, {sql(self.text(right))})")
        return node


_MOMENTS = (DateType, TimeType, TimestampType, TimestampNTZType, StringType)
_BARE = frozenset(
    ("current_date", "current_time", "current_timestamp", "localtimestamp", "current_user", "session_user", "user")
)
_BY_ROWS = frozenset(("row_number", "rank", "dense_rank", "percent_rank", "ntile"))


def _scaled(node: BinaryArithmetic, one: DataType, other: DataType) -> Expression:
    """An interval stands before the number it is multiplied by; the old INTERVAL is shown by the function that does it."""
    left, right = node.left, node.right
    if isinstance(node, Multiply) and other.simpleString().startswith("interval"):
        left, right, one = right, left, other
    if isinstance(one, CalendarIntervalType):
        name = "multiply_interval" if isinstance(node, Multiply) else "divide_interval"
        return un.UnresolvedFunction((name,), (left, right))
    return node if left is node.left else replace(node, left=left, right=right)


def _shifted(name: str, arguments: tuple[Expression, ...]) -> Frame | None:
    """The one row that lag and lead look at, as a frame."""
    offset = arguments[1] if len(arguments) > 1 else Literal(1)
    match offset:
        case Literal(int(value), _):
            bound = Offset(_raw(str(-value if name == "lag" else value)))
            return Frame("rows", bound, bound)
    return None


def _raw(text: str) -> Expression:
    return un.UnresolvedAttribute((text,))


def _has_shown(node: Expression) -> bool:
    """Whether it reads the parameters of a lambda around it, so that it cannot be resolved by itself."""
    return any(each.parts[0].startswith(HIDDEN) for each in node.collect(un.UnresolvedAttribute))


def _starred(column: Expression) -> str:
    return f"{sql(column)} AS {column.name}" if isinstance(column, Field) else sql(column)


def _named_row(node: Any) -> Any:
    """(x, y) with the names of its columns, which are lost when variables are shown as such."""
    if not isinstance(node, un.UnresolvedFunction) or node.name != ("row",):
        return node
    arguments: list[Expression] = []
    for place, each in enumerate(node.arguments, 1):
        name = each.parts[-1] if isinstance(each, un.UnresolvedAttribute) else f"col{place}"
        arguments += [Literal(name, STRING), each]
    return un.UnresolvedFunction(("named_struct",), tuple(arguments))


def _variable(node: Any, parameters: tuple[str, ...]) -> Any:
    if isinstance(node, un.UnresolvedAttribute) and node.parts[0] in parameters:
        return _raw(".".join((HIDDEN, *node.parts[1:])))
    return node


_HANDLERS: dict[type, Any] = {
    un.UnresolvedAttribute: _Names._column,
    un.UnresolvedDatetime: _Names._datetime,
    un.UnresolvedExtract: _Names._extract,
    un.UnresolvedFunction: _Names._function,
    un.UnresolvedLambda: _Names._lambda,
    un.UnresolvedWindow: _Names._window,
    un.UnresolvedScalarSubquery: _Names._subquery,
    un.UnresolvedExists: _Names._subquery,
    un.UnresolvedInSubquery: _Names._subquery,
    Cast: _Names._cast,
    Concat: _Names._joined,
    In: _Names._options,
}
