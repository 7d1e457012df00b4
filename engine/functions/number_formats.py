"""Numbers by a format of digits and signs: to_char and to_number.

0 or 9  a digit (0 shows leading zeros, 9 blanks)    . or D  the point    , or G  between groups
$  a dollar sign    S  the sign, first or last       MI  a minus or a blank    PR  <n> for a negative number
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

import pyarrow as pa

from engine.errors import AnalysisError, ExecutionError
from engine.expressions.base import Expression, Literal
from engine.expressions.calls import Call
from engine.expressions.sql import shown
from engine.functions.mismatch import not_constant
from engine.functions.registry import function
from engine.functions.resolve import resolve_call
from engine.functions.signature import Kind
from engine.kernels.context import CallContext
from engine.kernels.rowwise import map_rows
from engine.records import dataclass
from engine.types import BINARY, DOUBLE, STRING, DateType, DecimalType, NumericType, TimestampNTZType, TimestampType
from engine.types.arrow import to_arrow

_FORMAT = re.compile(r"(S|MI)?(\$)?([09,G]*)(?:([.D])([09]*))?(S|MI|PR)?")
_VALUE = Kind(
    "(NUMERIC or DATE or TIMESTAMP)", (NumericType, DateType, TimestampType, TimestampNTZType), fallback=DOUBLE
)


@dataclass(frozen=True)
class NumberFormat:
    """A format in parts: `lead` and `tail` are S, MI, PR or empty."""

    lead: str
    dollar: bool
    whole: str
    fraction: str
    tail: str

    @property
    def type(self) -> DecimalType:
        """The decimal that holds every number of the format."""
        scale = len(self.fraction)
        return DecimalType(max(1, len(re.sub("[,G]", "", self.whole)) + scale), scale)


@lru_cache(maxsize=256)
def parse_format(text: str) -> NumberFormat:
    """The parts of a format. Raises INVALID_FORMAT.MISMATCH_INPUT-like errors for what is none."""
    found = _FORMAT.fullmatch(text.upper())
    if found is None or not re.search("[09]", text) or (found[1] and found[6]):
        parameters = {"parameter": "`format`", "functionName": "`to_number`", "reason": f"'{text}' is no number format"}
        raise AnalysisError("INVALID_PARAMETER_VALUE", parameters)
    return NumberFormat(found[1] or "", bool(found[2]), found[3].replace("G", ","), found[5] or "", found[6] or "")


def _reader(form: NumberFormat) -> re.Pattern[str]:
    """What texts of a format look like: fewer digits than the format has are fine."""
    groups = form.whole.split(",")
    first, rest = len(groups[0]), groups[1:]
    whole = rf"\d{{0,{first}}}" + "".join(rf",\d{{{len(group)}}}" for group in rest)
    if rest:
        shorter = [
            rf"\d{{0,{len(rest[place])}}}" + "".join(rf",\d{{{len(g)}}}" for g in rest[place + 1 :])
            for place in range(len(rest))
        ]
        whole = "|".join([whole, *shorter])
    fraction = rf"(?:\.\d{{0,{len(form.fraction)}}})?" if form.fraction else ""
    dollar = r"\$" if form.dollar else ""
    sign = {"S": "[+-]?", "MI": "-?", "PR": "", "": ""}
    body = rf"{sign[form.lead]}{dollar}(?:{whole}){fraction}{sign[form.tail]}"
    return re.compile(rf"<{body}>|{body}" if form.tail == "PR" else body)


def _number(text: str, form: str, name: str) -> Decimal | None:
    """The number of a text. Raises INVALID_FORMAT-like errors for what does not fit; None where `name` tries."""
    found = _reader(parse_format(form)).fullmatch(text.strip())
    digits = re.sub(r"[^0-9.]", "", text)
    if found is None or not re.search(r"\d", digits):
        if name.startswith("try"):
            return None
        parameters = {"inputType": '"STRING"', "input": text, "format": form}
        raise ExecutionError("INVALID_FORMAT.MISMATCH_INPUT", parameters)
    value = Decimal(digits)
    return -value if "-" in text or "<" in text else value


def _declare_reader(name: str, doc: str) -> None:
    def rewrite(text: Expression, form: Expression) -> Expression:
        if not isinstance(form, Literal) or not isinstance(form.value, str):
            raise not_constant("format", "STRING", form)
        tries = name.startswith("try")
        return Call(f"read_{name}", (text, form), parse_format(form.value).type, tries or text.nullable, not tries)

    def kernel(text: pa.Array, form: pa.Array, *, context: CallContext) -> pa.Array:
        return map_rows(lambda value, by: _number(value, by, name), to_arrow(context.result), text, form)

    rewrite.__doc__, kernel.__doc__ = doc, f"Kernel of `{name}`."
    function(name, (STRING, STRING), kind="rewrite")(rewrite)
    function(f"read_{name}", (STRING, STRING), returns=STRING, wants_context=True, hidden=True)(kernel)


_declare_reader(
    "to_number", "Returns the number that a text is by a format.\n\n> SELECT to_number('12,454', '99,999');\n12454"
)
_declare_reader(
    "try_to_number",
    "Like `to_number`, giving null for what does not fit.\n\n> SELECT try_to_number('$78.12', '$99.99');\n78.12",
)


@function("to_char", (_VALUE, STRING), kind="rewrite", aliases=("to_varchar",))
def to_char(value: Expression, form: Expression) -> Expression:
    """Returns a number, a date or a timestamp as text by a format.

    > SELECT to_char(454.00, '000D00');
    454.00
    > SELECT to_char(date'2016-04-08', 'y');
    2016
    """
    name = "write_number" if isinstance(value.dataType, NumericType) else "date_format"
    return resolve_call(name, (value, form))


@function("to_char", (BINARY, STRING), kind="rewrite", aliases=("to_varchar",), folded=(1,))
def to_char_of_bytes(value: Expression, form: Expression) -> Expression:
    """Returns bytes as text: in "hex", "base64" or "utf-8".

    > SELECT to_char(X'537061726B', 'hex');
    537061726B
    """
    known = str(form.value).lower() if isinstance(form, Literal) else ""
    if known in ("hex", "base64"):
        return resolve_call(known, (value,))
    if known in ("utf-8", "utf8"):
        return resolve_call("decode", (value, Literal("utf-8", STRING)))
    shown_form = f"'{known}'" if known else shown(form)
    parameters = {"parameter": "`format`", "functionName": "`to_char`", "invalidFormat": shown_form}
    raise AnalysisError("INVALID_PARAMETER_VALUE.BINARY_FORMAT", parameters)


@function("write_number", (_VALUE, STRING), returns=STRING, raises=True, hidden=True)
def write_number(value: pa.Array, form: pa.Array) -> pa.Array:
    """Kernel of `to_char` for numbers."""
    return map_rows(lambda number, by: _written(Decimal(str(number)), parse_format(by)), pa.string(), value, form)


def _written(number: Decimal, form: NumberFormat) -> str:
    """A number in the places of a format; # in all of them where it has too many digits, before or after the point."""
    rounded = abs(number).quantize(Decimal(1).scaleb(-len(form.fraction)), ROUND_HALF_UP)
    whole, _, fraction = f"{rounded:f}".partition(".")
    places = len(re.sub(",", "", form.whole))
    bare = not form.fraction and "0" not in form.whole
    whole = "" if whole == "0" and (places == 0 or bare) else whole
    if len(whole) > places or rounded != abs(number):
        shown, fraction = re.sub("[09]", "#", form.whole), "#" * len(form.fraction)
    else:
        shown = _in_places(whole.rjust(places), form.whole)
    point = f".{fraction}" if form.fraction else ""
    dollar = "$" if form.dollar else ""
    blank = len(shown) - len(shown.lstrip())
    body = " " * blank + dollar + shown.lstrip() + point
    return _signed(body, number < 0, form)


def _in_places(digits: str, places: str) -> str:
    """Digits (with leading blanks) in their places; blanks become zeros from the first 0 of the format on."""
    out: list[str] = []
    given, zeros = iter(digits), False
    for place in places:
        if place == ",":
            out.append("," if out and (out[-1].isdigit()) else " ")
            continue
        zeros = zeros or place == "0"
        digit = next(given)
        zeros = zeros or digit != " "
        out.append("0" if digit == " " and zeros else digit)
    return "".join(out)


def _signed(body: str, negative: bool, form: NumberFormat) -> str:
    sign = "-" if negative else "+"
    blank = len(body) - len(body.lstrip())
    if form.lead == "S":
        return body[:blank] + sign + body[blank:]
    if form.lead == "MI":
        return body[:blank] + ("-" if negative else " ") + body[blank:]
    if form.tail == "S":
        return body + sign
    if form.tail == "MI":
        return body + ("-" if negative else " ")
    if form.tail == "PR":
        return f"{body[:blank]}<{body[blank:]}>" if negative else f"{body}  "
    return body
