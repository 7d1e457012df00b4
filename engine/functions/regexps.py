"""Regular expressions: what they match, how often, and in what to replace it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Expression, Literal
from engine.expressions.calls import Call
from engine.functions.mismatch import mismatch, not_constant
from engine.functions.registry import function
from engine.kernels.regex import compile_pattern, replaced
from engine.kernels.rowwise import by_distinct, constants, map_rows, map_texts
from engine.types import INT, STRING, ArrayType

_STRINGS = pa.list_(pa.field("element", pa.string(), True))


def _group(match: re.Match[str], group: int) -> str:
    return match.group(group) or ""


def _check_group(pattern: re.Pattern[str], group: int, name: str) -> None:
    if not 0 <= group <= pattern.groups:
        parameters = {
            "parameter": "`idx`",
            "functionName": f"`{name}`",
            "groupCount": pattern.groups,
            "groupIndex": group,
        }
        raise ExecutionError("INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX", parameters)


@function("regexp_extract", (STRING, STRING, INT), returns=STRING, optional=1, raises=True)
def regexp_extract(text: pa.Array, pattern: pa.Array, group: pa.Array | None = None) -> pa.Array:
    """Returns group `group` (1 by default, 0 is the whole match) of the first match; empty where nothing matches.

    > SELECT regexp_extract('100-200', '(\\\\d+)-(\\\\d+)', 1);
    100
    """

    def extract(value: str, regex: str, number: int = 1) -> str:
        compiled = compile_pattern(regex, "regexp_extract")
        _check_group(compiled, number, "regexp_extract")
        match = compiled.search(value)
        return _group(match, number) if match is not None else ""

    arrays = (text, pattern) if group is None else (text, pattern, group)
    return map_texts(extract, pa.string(), *arrays)


@function("regexp_extract_all", (STRING, STRING, INT), returns=ArrayType(STRING, True), optional=1, raises=True)
def regexp_extract_all(text: pa.Array, pattern: pa.Array, group: pa.Array | None = None) -> pa.Array:
    """Returns group `group` (1 by default, 0 is the whole match) of every match.

    > SELECT regexp_extract_all('100-200, 300-400', '(\\\\d+)-(\\\\d+)', 1);
    ["100","300"]
    """

    def extract(value: str, regex: str, number: int = 1) -> list[str]:
        compiled = compile_pattern(regex, "regexp_extract_all")
        _check_group(compiled, number, "regexp_extract_all")
        return [_group(match, number) for match in compiled.finditer(value)]

    arrays = (text, pattern) if group is None else (text, pattern, group)
    return map_texts(extract, _STRINGS, *arrays)


@lru_cache(maxsize=256)
def _template(replacement: str) -> str:
    """Java's replacement ($1, ${name}, \\$) as Python's."""
    out, index = [], 0
    while index < len(replacement):
        character = replacement[index]
        if character == "\\" and index + 1 < len(replacement):
            out.append(replacement[index + 1].replace("\\", "\\\\"))
            index += 2
            continue
        found = re.match(r"\$(?:(\d)|\{(\w+)\})", replacement[index:])
        if found is not None:
            out.append(f"\\g<{found[1] or found[2]}>")
            index += found.end()
            continue
        out.append(character)
        index += 1
    return "".join(out)


@function("regexp_replace", (STRING, STRING, STRING, INT), kind="rewrite", optional=1, folded=(3,))
def regexp_replace(
    text: Expression, pattern: Expression, replacement: Expression, position: Expression | None = None
) -> Expression:
    """Replaces every match at or after `position` by `replacement`, in which $1 is the first group.

    > SELECT regexp_replace('100-200', '(\\\\d+)', 'num');
    num-num
    """
    begin = Literal(1, INT) if position is None else position
    if not isinstance(begin, Literal):
        raise not_constant("position", "INT", begin)
    if begin.value is not None and int(str(begin.value)) < 1:
        raise mismatch(
            "VALUE_OUT_OF_RANGE", exprName="position", valueRange="(0, 2147483647]", currentValue=begin.value
        )
    arguments = (text, pattern, replacement, begin)
    return Call("replace_matches", arguments, STRING, any(each.nullable for each in arguments), True)


@function("replace_matches", (STRING, STRING, STRING, INT), returns=STRING, raises=True, hidden=True)
def replace_matches(text: pa.Array, pattern: pa.Array, replacement: pa.Array, position: pa.Array) -> pa.Array:
    """Kernel of `regexp_replace`."""

    def once(value: str, regex: str, new: str, begin: int) -> str:
        compiled = compile_pattern(regex, "regexp_replace")
        if begin - 1 > len(value):
            return value
        return value[: begin - 1] + _substituted(compiled, new, value[begin - 1 :])

    known = constants(pattern, replacement, position)
    if known is None:
        return map_rows(once, pa.string(), text, pattern, replacement, position)
    regex, new, begin = known

    def of_each(texts: pa.Array) -> pa.Array:
        fast = replaced(texts, regex, _template(new)) if begin == 1 else None
        return map_rows(lambda value: once(value, regex, new, begin), pa.string(), texts) if fast is None else fast

    return by_distinct(of_each, text)


def _substituted(pattern: re.Pattern[str], replacement: str, value: str) -> str:
    try:
        return pattern.sub(_template(replacement), value)
    except (re.error, IndexError) as error:
        parameters = {"parameter": "`rep`", "functionName": "`regexp_replace`", "value": f"'{replacement}'"}
        raise ExecutionError("INVALID_PARAMETER_VALUE.PATTERN", parameters) from error


@function("regexp_count", (STRING, STRING), returns=INT, raises=True)
def regexp_count(text: pa.Array, pattern: pa.Array) -> pa.Array:
    """Returns how often the regular expression matches.

    > SELECT regexp_count('Steven Jones and Stephen Smith are the best players', 'Ste(v|ph)en');
    2
    """

    def count(value: str, regex: str) -> int:
        return sum(1 for _ in compile_pattern(regex, "regexp_count").finditer(value))

    return map_texts(count, pa.int32(), text, pattern)


@function("regexp_substr", (STRING, STRING), returns=STRING, nullable="always", raises=True)
def regexp_substr(text: pa.Array, pattern: pa.Array) -> pa.Array:
    """Returns the first match, or null where there is none.

    > SELECT regexp_substr('Steven Jones and Stephen Smith are the best players', 'Ste(v|ph)en');
    Steven
    """

    def found(value: str, regex: str) -> Any:
        match = compile_pattern(regex, "regexp_substr").search(value)
        return match.group() or None if match is not None else None

    return map_texts(found, pa.string(), text, pattern)


@function("regexp_instr", (STRING, STRING, INT), returns=INT, optional=1, raises=True)
def regexp_instr(text: pa.Array, pattern: pa.Array, group: pa.Array | None = None) -> pa.Array:
    """Returns the place (from 1) of the first match, 0 where there is none.

    > SELECT regexp_instr('user@spark.apache.org', '@[^.]*');
    5
    """

    def place(value: str, regex: str, *_group: int) -> int:
        match = compile_pattern(regex, "regexp_instr").search(value)
        return match.start() + 1 if match is not None else 0

    arrays = (text, pattern) if group is None else (text, pattern, group)
    return map_texts(place, pa.int32(), *arrays)
