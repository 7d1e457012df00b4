"""Java's regular expressions on the engines at hand: RE2 (in pyarrow) where it reads them alike, else Python's `re`."""

from __future__ import annotations

import re
from functools import lru_cache

from engine.errors import ExecutionError

_POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7F",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1F\x7F",
    "XDigit": "0-9a-fA-F",
    "Space": r" \t\n\x0B\f\r",
}
# what RE2 and Java read alike: no look-around, back references, possessive or atomic groups, classes within classes
_PLAIN = re.compile(
    r"(?:[\w \-.,:;@#%&=/<>!'\"~`^$|*?(){}]|\\[dDwW.\\^$*+?(){}\[\]|/\-]|\+(?!\+)|\[\^?[\w \-.,:;@#%=/<>!'\"~]+\])*"
)


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str, function: str) -> re.Pattern[str]:
    """Java's `pattern` for Python's `re`. Raises INVALID_PARAMETER_VALUE.PATTERN for a malformed one."""
    try:
        return re.compile(_to_python(pattern), re.ASCII)
    except (re.error, RecursionError, OverflowError) as error:
        parameters = {"parameter": "`regexp`", "functionName": f"`{function}`", "value": f"'{pattern}'"}
        raise ExecutionError("INVALID_PARAMETER_VALUE.PATTERN", parameters) from error


@lru_cache(maxsize=1024)
def re2_pattern(pattern: str) -> str | None:
    """`pattern` for RE2, or None where RE2 might read it otherwise."""
    if not pattern.isascii() or re.search(r"\(\?|[*?}]\+|\{,|\$.|\n", pattern):
        return None
    if not _PLAIN.fullmatch(pattern):
        return None
    # $ also matches before a line break at the very end in Java
    return pattern[:-1] + r"(?:\n?\z)" if pattern.endswith("$") and not pattern.endswith(r"\$") else pattern


def _to_python(pattern: str) -> str:
    """Translates what Java writes differently: \\p{Alpha}, \\h, \\z, \\Q..\\E, (?<name>...), [a&&[^b]] (unions only)."""
    out: list[str] = []
    index, depth = 0, 0
    while index < len(pattern):
        character = pattern[index]
        if character == "\\" and index + 1 < len(pattern):
            text, index = _escape(pattern, index, depth > 0)
            out.append(text)
            continue
        if character == "[":
            if depth:
                index += 1  # a union of classes: [a[bc]] is [abc]
                depth += 1
                continue
            depth = 1
        elif character == "]" and depth:
            depth -= 1
            if depth:
                index += 1
                continue
        if pattern.startswith("(?<", index) and not depth and pattern[index + 3 : index + 4] not in ("=", "!"):
            out.append("(?P<")
            index += 3
            continue
        out.append(character)
        index += 1
    return "".join(out)


def _escape(pattern: str, index: int, in_class: bool) -> tuple[str, int]:
    """The translation of the escape at `index`, and where it ends."""
    following = pattern[index + 1]
    if following == "Q":
        end = pattern.find("\\E", index)
        end = len(pattern) if end < 0 else end
        return re.escape(pattern[index + 2 : end]), end + 2
    if following in "pP":
        name = re.match(r"\{(?:Is|java)?(\w+)\}|(\w)", pattern[index + 2 :])
        if name is not None:
            return _property(name[1] or name[2], following == "P", in_class), index + 2 + name.end()
    simple = {"z": r"\Z", "Z": r"(?=\n?\Z)", "h": r"[ \t\xA0]", "R": r"(?:\r\n|[\n\x0B\f\r\u2028\u2029])", "e": r"\x1B"}
    if following in simple:
        text = simple[following]
        return (text[1:-1] if in_class and text.startswith("[") else text), index + 2
    if following == "x" and pattern.startswith("{", index + 2):
        end = pattern.find("}", index)
        return re.escape(chr(int(pattern[index + 3 : end], 16))), end + 1
    return pattern[index : index + 2], index + 2


def _property(name: str, negated: bool, in_class: bool) -> str:
    letters = {
        "L": "^\\W\\d_",
        "Alphabetic": "^\\W\\d_",
        "Lu": "A-ZÀ-ÖØ-Þ",
        "Ll": "a-zß-öø-ÿ",
        "N": "0-9",
        "Nd": "0-9",
        "P": _POSIX["Punct"],
        "Z": r" \xA0\u2000-\u200A\u2028\u2029\u202F\u205F\u3000",
        "S": "$+<=>^`|~",
    }
    members = _POSIX.get(name) or letters.get(name)
    if members is None:
        raise re.error(f"unknown character property {name}")
    if members.startswith("^"):
        members = "a-zA-Z\xaa\xb5\xba\xc0-\xd6\xd8-\xf6\xf8-\u02c1\u0370-\u1fff\u2c00-\ud7ff\uf900-\ufdff\U00010000-\U0003ffff"
    if in_class and not negated:
        return members
    return f"[{'^' if negated else ''}{members}]"
