"""Floats and doubles as Java 17 prints them: 1.0E10 and not 1e10, and its digits, which are not always the fewest.

Java (before 19) and Python give the same digits but where the float is a power of two (Java takes the gap below it for the
gap above) and where it is a whole number beyond what its mantissa counts one by one (Java drops only digits it knows to be
insignificant). There `_digits` follows `jdk.internal.math.FloatingDecimal.BinaryToASCIIBuffer.dtoa`.
"""

from __future__ import annotations

import math
import struct

_DOUBLE, _SINGLE = 53, 24
_LARGEST_WHOLE = 2.0**63
# how many decimal digits of 2 ** n are within the gap to the next float, by n
_INSIGNIFICANT = (
    0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10,
    11, 11, 11, 12, 12, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 15, 15, 16, 16, 16, 17, 17, 17, 18, 18, 18, 19,
)  # fmt: skip


def java_double(value: float) -> str:
    """`Double.toString`."""
    if 1e-3 <= abs(value) < 1e7 and math.frexp(value)[0] not in (0.5, -0.5):
        return repr(value)
    return _text(value, _DOUBLE)


def java_float(value: float) -> str:
    """`Float.toString` of a 32-bit float, which is given widened."""
    return _text(value, _SINGLE)


def _text(value: float, bits: int) -> str:
    if value != value:
        return "NaN"
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    value = abs(value)
    if value == math.inf:
        return sign + "Infinity"
    if value == 0.0:
        return sign + "0.0"
    digits, point = _shortest(value, bits) if _usual(value, bits) else _digits(value, bits)
    if -2 <= point <= 7:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{digits}"
        return f"{sign}{digits[:point].ljust(point, '0')}.{digits[point:] or '0'}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{point - 1}"


def _usual(value: float, bits: int) -> bool:
    """Whether Java prints the shortest digits."""
    tiny = 2.0**-1021 if bits == _DOUBLE else 2.0**-125
    return math.frexp(value)[0] != 0.5 and tiny <= value < 2.0**bits


def _shortest(value: float, bits: int) -> tuple[str, int]:
    """The digits of 0.digits * 10 ** point: the fewest that read back the same."""
    text = repr(value) if bits == _DOUBLE else shortest_single(value)
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = int(exponent or 0) + len(whole) - (len(whole + fraction) - len(digits))
    return digits.rstrip("0") or "0", point


def shortest_single(value: float) -> str:
    """The fewest digits that read back as the same 32-bit float; six always survive, nine always suffice."""
    stored = struct.pack("f", value)
    for count in (6, 7, 8):
        text = f"{value:.{count}g}"
        if struct.pack("f", float(text)) == stored:
            return text
    return f"{value:.9g}"


def _digits(value: float, bits: int) -> tuple[str, int]:
    """The digits as Java develops them."""
    fraction, exponent = math.frexp(value)
    exponent -= 1  # value = 1.xxx * 2 ** exponent
    mantissa = int(fraction * 2**53)
    if bits == _DOUBLE and exponent < -1022:
        bits -= -1022 - exponent
    elif bits == _SINGLE and exponent < -126:
        bits -= -126 - exponent
    zeros = (mantissa & -mantissa).bit_length() - 1
    width = 53 - zeros
    tiny = max(0, width - exponent - 1)
    if tiny == 0 and exponent <= 62 and width < 64 and value < _LARGEST_WHOLE:
        return _whole_digits(int(value), exponent - bits - 1 if exponent > bits else 0)
    return _developed(mantissa >> zeros, width, exponent, tiny, bits, _estimated(fraction, exponent))


def _whole_digits(value: int, excess: int) -> tuple[str, int]:
    drop = _INSIGNIFICANT[excess] if 1 < excess < len(_INSIGNIFICANT) else 0
    unit = 10**drop
    kept, rest = divmod(value, unit)
    if drop and rest >= unit >> 1:
        kept += 1
    text = str(kept)
    return text.rstrip("0") or "0", len(text) + drop


def _estimated(fraction: float, exponent: int) -> int:
    return math.floor((2 * fraction - 1.5) * 0.289529654 + 0.176091259 + exponent * 0.301029995663981)


def _developed(mantissa: int, width: int, exponent: int, tiny: int, bits: int, decimal: int) -> tuple[str, int]:
    """Digit by digit, until what is left is less than half the gap to a neighbour."""
    b5, s5 = max(0, -decimal), max(0, decimal)
    b2, s2 = b5 + tiny + exponent, s5 + tiny
    m2 = b2 - bits
    b2 -= width - 1
    shared = min(b2, s2)
    b2, s2, m2 = b2 - shared, s2 - shared, m2 - shared
    if width == 1:
        m2 -= 1
    if m2 < 0:
        b2, s2, m2 = b2 - m2, s2 - m2, 0
    left, unit, gap = mantissa * 5**b5 << b2, 5**s5 << s2, 5**b5 << m2
    digits: list[int] = []
    low = high = False
    first = True
    while first or not (low or high):
        digit, left = divmod(left, unit)
        left, gap = left * 10, gap * 10
        low, high = left < gap, left + gap > unit * 10
        if first and digit == 0 and not high:
            decimal -= 1
        else:
            digits.append(digit)
        if first and not -3 <= decimal < 8:
            low = high = False  # a number with an exponent has two digits at least
        first = False
    difference = 2 * left - 10 * unit
    number = int("".join(map(str, digits)) or "0")
    if high and (not low or difference > 0 or (difference == 0 and number % 2)):
        number += 1
    text = str(number)
    return text.rstrip("0") or "0", decimal + 1 + len(text) - len(digits)
