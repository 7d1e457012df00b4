"""Division of 128-bit integers as functions of the generated module: LLVM would call a library that is not linked.

Knuth's long division with 64-bit digits; the step of 128 by 64 bits is itself one with 32-bit digits (Hacker's Delight, divlu
and udivdi3), since LLVM's IR has no instruction for it.
"""

from __future__ import annotations

from functools import lru_cache

from engine.compile.ir import Function, Value

_LOW = 0xFFFFFFFF


def quotient(function: Function, dividend: Value, divisor: Value) -> Value:
    """The quotient of two i128 with signs, cut towards zero; the divisor must not be 0."""
    return function.helped(_signed(), dividend, divisor)


@lru_cache
def _signed() -> Function:
    f = Function("wide_quotient", [("dividend", "i128"), ("divisor", "i128")], "i128", internal=True)
    dividend, divisor = f.argument("dividend"), f.argument("divisor")
    small = (dividend.signed("i64").signed("i128") == dividend) & (divisor.signed("i64").signed("i128") == divisor)
    with f.when(small & (divisor != -1)):
        f.give((dividend.signed("i64") // divisor.signed("i64")).signed("i128"))
    magnitude = f.helped(_unsigned(), absolute(f, dividend), absolute(f, divisor))
    f.give(f.select((dividend ^ divisor) < 0, -magnitude, magnitude))
    return f


def exact_quotient(function: Function, dividend: Value, divisor: int) -> Value:
    """The double nearest to the quotient of an i64 that is not 0 and a positive constant of at most 63 bits."""
    return function.helped(_to_double(), dividend, function.integer("i64", divisor))


@lru_cache
def _to_double() -> Function:
    """The quotient with 62 or 63 significant bits, of which the last stands for all after it, is rounded once."""
    f = Function("wide_to_double", [("dividend", "i64"), ("divisor", "i64")], "double", internal=True)
    dividend, divisor = f.argument("dividend"), f.argument("divisor")
    magnitude = absolute(f, dividend)
    shift = 62 - _leading_zeros(f, divisor) + _leading_zeros(f, magnitude)
    shifted, wide_divisor = magnitude.unsigned("i128") << shift.unsigned("i128"), divisor.unsigned("i128")
    cut = f.helped(_unsigned(), shifted, wide_divisor)
    inexact = (cut * wide_divisor != shifted).unsigned("i64")
    scale = ((1023 - shift) << 52).bitcast("double")
    found = (cut.signed("i64") | inexact).to_float("double") * scale
    f.give(f.select(dividend < 0, -found, found))
    return f


def absolute(function: Function, value: Value) -> Value:
    """The number without its sign; of the least one the same bits, which taken without a sign are right."""
    return function.select(value < 0, -value, value)


def _halves(value: Value) -> tuple[Value, Value]:
    return (value >> 64).signed("i64"), value.signed("i64")


def _joined(high: Value, low: Value) -> Value:
    return (high.unsigned("i128") << 64) | low.unsigned("i128")


@lru_cache
def _unsigned() -> Function:
    f = Function("wide_quotient_unsigned", [("dividend", "i128"), ("divisor", "i128")], "i128", internal=True)
    dividend, divisor = f.argument("dividend"), f.argument("divisor")
    (high, low), (above, below) = _halves(dividend), _halves(divisor)
    with f.when(above == 0):
        first = high.unsigned_quotient(below)
        rest = high.unsigned_remainder(below)
        f.give(_joined(first, f.helped(_step(), rest, low, below)))
    shift = _leading_zeros(f, above)
    top = (divisor << shift.unsigned("i128")) >> 64
    half_high, half_low = _halves(dividend >> 1)
    estimate = f.helped(_step(), half_high, half_low, top.signed("i64"))
    found = (estimate.unsigned("i128") << shift.unsigned("i128")) >> 63
    found = f.select(found == 0, found, found - 1)
    rest = dividend - found * divisor
    f.give(f.select(rest.below(divisor), found, found + 1))
    return f


def _leading_zeros(f: Function, value: Value) -> Value:
    return f.intrinsic("llvm.ctlz.i64", "i64", value, f.boolean(False))


@lru_cache
def _step() -> Function:
    """i64 step(high, low, divisor): (high, low) / divisor, all without signs, where high < divisor."""
    arguments = [("high", "i64"), ("low", "i64"), ("divisor", "i64")]
    f = Function("wide_quotient_step", arguments, internal=True)
    high, low = f.argument("high"), f.argument("low")
    shift = _leading_zeros(f, f.argument("divisor"))
    divisor = f.argument("divisor") << shift
    high, low = f.intrinsic("llvm.fshl.i64", "i64", high, low, shift), low << shift
    digits = divisor >> 32, divisor & _LOW
    first = _digit(f, high, low >> 32, digits)
    rest = (high << 32) + (low >> 32) - first * divisor
    second = _digit(f, rest, low & _LOW, digits)
    f.give((first << 32) + second)
    return f


def _digit(f: Function, high: Value, next: Value, divisor: tuple[Value, Value]) -> Value:
    """One 32-bit digit of the quotient: estimated from the divisor's first digit, then made smaller at most twice."""
    digit = f.variable("i64", high.unsigned_quotient(divisor[0]))
    rest = f.variable("i64", high - digit.get() * divisor[0])
    with f.forever() as after:
        now = digit.get()
        joined = (rest.get() << 32) + next
        too_large = ~now.below(1 << 32) | joined.below(now * divisor[1])
        f.leave_if(~too_large, after)
        digit.set(now - 1)
        rest.set(rest.get() + divisor[0])
        f.leave_if(~rest.get().below(1 << 32), after)
    return digit.get()
