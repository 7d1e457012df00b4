"""Text on a terminal: how wide it is, how it is cut, what must not reach the screen raw, and colours."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_NAMES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

BOLD, DIM, RED, GREEN, CYAN = "1", "2", "31", "32", "36"


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    return _NAMES.get(character) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def one_line(text: str) -> str:
    """`text` with every control character (also those that turn the writing direction) as a visible escape."""
    return text if text.isprintable() else _CONTROL.sub(_escape, text)


def safe_lines(text: str) -> str:
    """`text` with its lines and tabs kept and every other control character as a visible escape."""
    return _CONTROL_BUT_LINES.sub(_escape, text)


def width(text: str) -> int:
    """Columns that `text` takes on the screen; no control characters are expected."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth  # here: most texts are ASCII, and its tables take 20 ms to import

    return max(0, int(wcswidth(text)))


def cut(text: str, columns: int) -> str:
    """`text`, or as much of its beginning as fits `columns` with an ellipsis."""
    if width(text) <= columns:
        return text
    kept = text[: max(0, columns - 1)]
    while width(kept) > columns - 1:
        kept = kept[:-1]
    return kept + "…"


def pad(text: str, columns: int, align: str) -> str:
    """`text` in `columns` columns; `align` is <, > or ^."""
    space = columns - width(text)
    left = 0 if align == "<" else space if align == ">" else space // 2
    return " " * left + text + " " * (space - left)


def paint(text: str, code: str, colour: bool) -> str:
    """`text` in a colour, if colours are wanted."""
    return f"\x1b[{code}m{text}\x1b[0m" if colour and text else text


def count(number: int, noun: str) -> str:
    """1 row, 2,000 rows."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """0.004 s, 1.3 s, 2 min 5 s."""
    if seconds < 0.1:
        return f"{seconds:.3f} s"
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
