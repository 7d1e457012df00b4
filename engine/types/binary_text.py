"""Bytes as text, in the styles of `spark.sql.binaryOutputStyle`."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

DISCRETE = "HEX_DISCRETE"
"""The style of screens where the setting is empty: [45 61]."""

BINARY_STYLES: dict[str, Callable[[bytes], str]] = {
    "UTF-8": lambda value: value.decode("utf-8", "replace"),
    "BASIC": lambda value: str(list(value)),
    "BASE64": lambda value: b64encode(value).decode().rstrip("="),
    "HEX": lambda value: value.hex().upper(),
    DISCRETE: lambda value: f"[{value.hex(' ').upper()}]",
}


def binary_writer(style: str | None, default: str = DISCRETE) -> Callable[[bytes], str]:
    """What writes bytes in a style named by the setting; none means `default`."""
    return BINARY_STYLES[style.upper() if style else default]


def binary_style(text: str) -> str:
    """The setting's value. Raises ValueError for the name of no style."""
    if text and text.upper() not in BINARY_STYLES:
        raise ValueError(f"It should be one of {', '.join(BINARY_STYLES)}.")
    return text.upper()
