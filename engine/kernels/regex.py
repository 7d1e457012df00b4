"""Java's regular expressions on the engines at hand: RE2 (in pyarrow) where it reads them alike, else Python's `re`."""

from __future__ import annotations

import re
from functools import lru_cache

from engine.errors import ExecutionError
from engine.kernels.java_regex import to_python

# what RE2 and Java read alike: no look-around, back references, possessive or atomic groups, classes within classes
_PLAIN = re.compile(
    r"(?:[\w \-.,:;@#%&=/<>!'\"~`^$|*?(){}]|\\[dDwW.\\^$*+?(){}\[\]|/\-]|\+(?!\+)|\[\^?[\w \-.,:;@#%=/<>!'\"~]+\])*"
)


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str, function: str) -> re.Pattern[str]:
    """Java's `pattern` for Python's `re`. Raises INVALID_PARAMETER_VALUE.PATTERN for a malformed one."""
    try:
        return re.compile(to_python(pattern), re.ASCII)
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
