"""Java's regular expressions on the engines at hand: RE2 (in pyarrow) where it reads them alike, else Python's `re`."""

from __future__ import annotations

import re
from functools import lru_cache

import pyarrow as pa

from engine.errors import ExecutionError
from engine.kernels.java_regex import to_python
from engine.lazy import pc

# what RE2 and Java read alike: no look-around, back references, possessive or atomic groups, classes within classes
_PLAIN = re.compile(
    r"(?:[\w \-.,:;@#%&=/<>!'\"~`^$|*?(){}]|\\[dDwW.\\^$*+?(){}\[\]|/\-]|\+(?!\+)|\[\^?[\w \-.,:;@#%=/<>!'\"~]+\])*"
)

_LINE_ENDS = r"[\n\r\x{85}\x{2028}\x{2029}]"


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
    """`pattern` for RE2, or None where RE2 might read it otherwise. Both must be asked of texts that `reads_alike` allows."""
    if not pattern.isascii() or re.search(r"\(\?(?!:)|[*?}]\+|\{,|\$.|\n", pattern):
        return None
    return pattern if _PLAIN.fullmatch(pattern) else None


def reads_alike(pattern: str, texts: pa.Array | pa.Scalar) -> bool:
    """Whether RE2 and Java agree about `texts`: they differ in what line ends are, which `.` and `$` look at."""
    if "." not in pattern and "$" not in pattern:
        return True
    found = pc.match_substring_regex(texts, _LINE_ENDS)
    return not (found.as_py() if isinstance(found, pa.Scalar) else pc.any(found).as_py())


def replaced(texts: pa.Array, pattern: str, replacement: str) -> pa.Array | None:
    """`texts` with every match of Java's `pattern` replaced, None where RE2 might do it otherwise. `replacement` is in the
    words of Python's `re`."""
    fast = re2_pattern(pattern)
    if fast is None or not reads_alike(pattern, texts):
        return None
    compiled = compile_pattern(pattern, "regexp_replace")
    groups = [int(number) for number in re.findall(r"\\g<(\d+)>", replacement)]
    template = re.sub(r"\\g<(\d)>", r"\\\1", replacement)
    # RE2 finds no empty match right after another one, Java does
    if "\\g<" in template or any(group > compiled.groups for group in groups) or compiled.search(""):
        return None
    try:
        return pc.replace_substring_regex(texts, fast, template)
    except pa.ArrowInvalid:
        return None  # RE2 has limits of its own, on counts for one
