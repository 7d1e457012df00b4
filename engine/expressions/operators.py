"""Arithmetic and bitwise operators.

Before analysis the operands may differ in type; the coercion rules give both sides the type the operation works on, and
decimals their own result type by Spark's rules (`engine.types.coercion`).
"""

from __future__ import annotations

from typing import ClassVar

from engine.expressions.base import Expression, Literal, Mode
from engine.lazy import cached_property
from engine.tree.node import node
from engine.types import LONG, DataType, DecimalType, FractionalType, IntegralType
from engine.types.decimals import decimal_result, is_exact


@node
class BinaryArithmetic(Expression):
    """`left symbol right`. Null if either is null.

    `allow_precision_loss` is the setting spark.sql.decimalOperations.allowPrecisionLoss: it decides the type of decimals."""

    left: Expression
    right: Expression
    mode: Mode = Mode.ANSI
    allow_precision_loss: bool = True

    symbol: ClassVar[str] = ""

    @cached_property
    def dataType(self) -> DataType:
        left, right = self.left.dataType, self.right.dataType
        if isinstance(left, DecimalType) and isinstance(right, DecimalType):
            return decimal_result(self.symbol, left, right, self.allow_precision_loss)
        return left

    @cached_property
    def nullable(self) -> bool:
        return self.mode is Mode.TRY or self.may_be_undefined or self.left.nullable or self.right.nullable

    @property
    def may_be_undefined(self) -> bool:
        """Whether the result may be null for non-null operands (decimal overflow without ANSI, division by zero)."""
        return self.mode is not Mode.ANSI and isinstance(self.dataType, DecimalType)

    @property
    def raises(self) -> bool:
        if self.mode is not Mode.ANSI:
            return False
        left, right = self.left.dataType, self.right.dataType
        if isinstance(left, DecimalType) and isinstance(right, DecimalType):
            return not is_exact(self.symbol, left, right)
        return not isinstance(self.dataType, FractionalType)


@node
class Add(BinaryArithmetic):
    symbol: ClassVar[str] = "+"


@node
class Subtract(BinaryArithmetic):
    symbol: ClassVar[str] = "-"


@node
class Multiply(BinaryArithmetic):
    symbol: ClassVar[str] = "*"


@node
class DivModLike(BinaryArithmetic):
    """Operators whose right operand must not be zero: raise under ANSI, null otherwise. Spark says null may come of any."""

    @cached_property
    def nullable(self) -> bool:
        return True

    @property
    def raises(self) -> bool:
        return self.mode is Mode.ANSI


@node
class Divide(DivModLike):
    """Fractional division: doubles, or decimals."""

    symbol: ClassVar[str] = "/"

    @property
    def raises(self) -> bool:
        match self.right:
            case Literal(value) if value is not None and value != 0:
                return self.mode is Mode.ANSI and not self._holds_every_quotient
        return self.mode is Mode.ANSI

    @property
    def _holds_every_quotient(self) -> bool:
        """Whether the result type has the digits of any quotient by a number that is not zero."""
        left, right, whole = self.left.dataType, self.right.dataType, self.dataType
        if not (isinstance(left, DecimalType) and isinstance(right, DecimalType) and isinstance(whole, DecimalType)):
            return isinstance(whole, FractionalType)
        digits = left.precision - left.scale + right.scale
        return whole.scale >= left.scale and whole.precision - whole.scale >= digits


@node
class IntegralDivide(DivModLike):
    """The whole part of the quotient, as BIGINT."""

    symbol: ClassVar[str] = "div"

    @cached_property
    def dataType(self) -> DataType:
        return LONG


@node
class Remainder(DivModLike):
    """The remainder, with the sign of the left operand."""

    symbol: ClassVar[str] = "%"


@node
class Pmod(DivModLike):
    """The remainder, made positive by adding the right operand: pmod(-7, 3) is 2."""

    symbol: ClassVar[str] = "pmod"


@node
class UnaryMinus(Expression):
    child: Expression
    mode: Mode = Mode.ANSI

    @cached_property
    def dataType(self) -> DataType:
        return self.child.dataType

    @property
    def raises(self) -> bool:
        return self.mode is Mode.ANSI and not isinstance(self.dataType, FractionalType)


@node
class UnaryPlus(Expression):
    child: Expression

    @cached_property
    def dataType(self) -> DataType:
        return self.child.dataType


@node
class BinaryBitwise(Expression):
    """`left symbol right` bit by bit, on integers of one type."""

    left: Expression
    right: Expression

    symbol: ClassVar[str] = ""

    @cached_property
    def dataType(self) -> DataType:
        return self.left.dataType


@node
class BitwiseAnd(BinaryBitwise):
    symbol: ClassVar[str] = "&"


@node
class BitwiseOr(BinaryBitwise):
    symbol: ClassVar[str] = "|"


@node
class BitwiseXor(BinaryBitwise):
    symbol: ClassVar[str] = "^"


@node
class BitwiseNot(Expression):
    child: Expression

    @cached_property
    def dataType(self) -> DataType:
        return self.child.dataType


@node
class Concat(Expression):
    """Strings, binaries or arrays one after the other (`a || b`, `concat(...)`); n-ary, null if any is null.

    `chained` are those of a chain of `||`: each joins the next one to all before, which names show."""

    arguments: tuple[Expression, ...]
    chained: bool = False

    @cached_property
    def dataType(self) -> DataType:
        return self.arguments[0].dataType


def is_integral(data_type: DataType) -> bool:
    """Whether values are whole numbers of a fixed width."""
    return isinstance(data_type, IntegralType)
