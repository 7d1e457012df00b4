"""Doubles and floats as Java prints them: the shortest digits that read back the same, 1.0E10 and not 1e10."""

from __future__ import annotations

import numpy as np


def java_double(value: float) -> str:
    """`Double.toString`."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return _java(repr(float(value)))


def java_float(value: float) -> str:
    """`Float.toString` of the float nearest to `value`."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return _java(np.format_float_scientific(np.float32(value), unique=True))


def _java(text: str) -> str:
    """From Python's shortest digits to Java's layout: plain from 0.001 to 10 million, else scientific."""
    sign = "-" if text.startswith("-") else ""
    mantissa, _, exponent = text.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return f"{sign}0.0"
    # the value is 0.digits * 10 ** point
    point = int(exponent or 0) + len(whole) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0") or "0"
    if -2 <= point <= 7:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{digits}"
        return f"{sign}{digits[:point].ljust(point, '0')}.{digits[point:] or '0'}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{point - 1}"
