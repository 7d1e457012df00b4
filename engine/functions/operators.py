"""Operators under their names as functions, and their forms that give null instead of raising."""

from __future__ import annotations

from collections.abc import Callable

from engine.expressions.base import Expression, Literal, Mode
from engine.expressions.cast import Cast
from engine.expressions.operators import (
    Add,
    BinaryArithmetic,
    Concat,
    Divide,
    IntegralDivide,
    Multiply,
    Remainder,
    Subtract,
    UnaryMinus,
    UnaryPlus,
)
from engine.expressions.predicates import Like, Not, RLike, conjunction, disjunction
from engine.functions.registry import Function, function, register
from engine.functions.signature import ANY, NUMERIC_OR_INTERVAL, Variadic
from engine.types import (
    BINARY,
    BOOLEAN,
    BYTE,
    DATE,
    DOUBLE,
    FLOAT,
    INT,
    LONG,
    SHORT,
    STRING,
    TIMESTAMP,
    VOID,
    DataType,
    DecimalType,
)


def _operator(name: str, node: type[BinaryArithmetic], doc: str, mode: Mode | None = None) -> None:
    """Declares the function `name` for an operator: in the session's mode, or in `mode`."""

    def build(left: Expression, right: Expression, mode: Mode) -> Expression:
        return node(left, right, fixed if fixed is not None else mode)

    fixed = mode
    register(Function(name, "rewrite", (ANY, ANY), VOID, build, doc, wants_context=True, group="operators"))


_operator(
    "try_add", Add, "Returns the sum, or null where it overflows.\n\n> SELECT try_add(2147483647, 1);\nNULL", Mode.TRY
)
_operator(
    "try_subtract",
    Subtract,
    "Returns the difference, or null where it overflows.\n\n> SELECT try_subtract(3, 1);\n2",
    Mode.TRY,
)
_operator(
    "try_multiply",
    Multiply,
    "Returns the product, or null where it overflows.\n\n> SELECT try_multiply(2, 3);\n6",
    Mode.TRY,
)
_operator(
    "try_divide",
    Divide,
    "Returns the quotient, or null where the divisor is zero.\n\n> SELECT try_divide(1, 0);\nNULL",
    Mode.TRY,
)
_operator(
    "try_mod",
    Remainder,
    "Returns the remainder, or null where the divisor is zero.\n\n> SELECT try_mod(3, 2);\n1",
    Mode.TRY,
)
_operator("mod", Remainder, "Returns the remainder with the sign of the dividend.\n\n> SELECT mod(-7, 3);\n-1")
_operator("div", IntegralDivide, "Returns the whole part of the quotient.\n\n> SELECT 7 div 2;\n3")


@function("negative", (NUMERIC_OR_INTERVAL,), kind="rewrite", wants_context=True)
def negative(value: Expression, mode: Mode) -> Expression:
    """Returns `value` with the other sign.

    > SELECT negative(1);
    -1
    """
    return UnaryMinus(value, mode)


@function("positive", (NUMERIC_OR_INTERVAL,), kind="rewrite")
def positive(value: Expression) -> Expression:
    """Returns `value`.

    > SELECT positive(1);
    1
    """
    return UnaryPlus(value)


@function("concat", (Variadic(ANY),), kind="rewrite")
def concat(*arguments: Expression) -> Expression:
    """Joins strings, binaries or arrays; null if any is null.

    > SELECT concat('Spark', 'SQL');
    SparkSQL
    """
    return Concat(arguments) if arguments else Literal("", STRING)


@function("like", (STRING, STRING), kind="rewrite")
def like(text: Expression, pattern: Expression) -> Expression:
    """Returns whether `text` matches `pattern`, in which % is any text and _ one character.

    > SELECT like('Spark', '_park');
    true
    """
    return Like(text, pattern)


@function("ilike", (STRING, STRING), kind="rewrite")
def ilike(text: Expression, pattern: Expression) -> Expression:
    """Like `like`, whatever the case.

    > SELECT ilike('Spark', '_PARK');
    true
    """
    return Like(text, pattern, ignore_case=True)


@function("rlike", (STRING, STRING), kind="rewrite", aliases=("regexp", "regexp_like"))
def rlike(text: Expression, pattern: Expression) -> Expression:
    """Returns whether the regular expression `pattern` is found in `text`.

    > SELECT rlike('Spark', 'p.r');
    true
    """
    return RLike(text, pattern)


def _likes(name: str, negated: bool, every: bool) -> None:
    def build(text: Expression, *patterns: Expression) -> Expression:
        likes = [Like(text, pattern) for pattern in patterns]
        terms = [Not(each) for each in likes] if negated else likes
        return conjunction(*terms) if every else disjunction(*terms)

    doc = "What LIKE ANY and LIKE ALL are short for."
    parameters = (STRING, Variadic(STRING, 1))
    register(Function(name, "rewrite", parameters, VOID, build, doc, group="operators", hidden=True))


_likes("like_any", False, False)
_likes("like_all", False, True)
_likes("not_like_any", True, False)
_likes("not_like_all", True, True)


def _cast_function(name: str, to: DataType) -> Callable[..., Expression]:
    def build(value: Expression, mode: Mode) -> Expression:
        return Cast(value, to, mode)

    doc = f"Casts the argument to {to.sql}.\n\n> SELECT {name}('{_SAMPLES.get(name, '10')}');\n{_SHOWN.get(name, '10')}"
    register(Function(name, "rewrite", (ANY,), VOID, build, doc, wants_context=True, group="operators"))
    return build


_SAMPLES = {"boolean": "true", "date": "2024-01-31", "timestamp": "2024-01-31 12:00:00", "binary": "a"}
_SHOWN = _SAMPLES | {"double": "10.0", "float": "10.0"}
for _name, _type in {
    "boolean": BOOLEAN,
    "tinyint": BYTE,
    "smallint": SHORT,
    "int": INT,
    "bigint": LONG,
    "float": FLOAT,
    "double": DOUBLE,
    "decimal": DecimalType(10, 0),
    "string": STRING,
    "binary": BINARY,
    "date": DATE,
    "timestamp": TIMESTAMP,
}.items():
    _cast_function(_name, _type)
