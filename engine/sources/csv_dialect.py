"""How a CSV file is written: as options say with Spark's defaults, or as its first lines look.

Sniffing is deterministic: the same lines always give the same answer, and the answer is shown (DESCRIBE 'file.csv',
EXPLAIN).
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow as pa

from engine.errors import AnalysisError, Unsupported
from engine.records import dataclass
from engine.sources.files import DataFile, read_error, reason_of
from engine.sources.textvalues import TextFormat

SAMPLE_BYTES = 1 << 20
"""How much of a file is looked at to find delimiter and header."""

DELIMITERS = (",", ";", "\t", "|")
OPTIONS = {
    "sep",
    "delimiter",
    "encoding",
    "charset",
    "quote",
    "escape",
    "header",
    "inferSchema",
    "ignoreLeadingWhiteSpace",
    "ignoreTrailingWhiteSpace",
    "nullValue",
    "nanValue",
    "positiveInf",
    "negativeInf",
    "dateFormat",
    "timestampFormat",
    "timestampNTZFormat",
    "mode",
    "multiLine",
    "timeZone",
    "sniff",
    "enforceSchema",
    "preferDate",
}
REFUSED = {
    "comment",
    "linesep",
    "chartoescapequoteescaping",
    "columnnameofcorruptrecord",
    "samplingratio",
    "emptyvalue",
    "maxcolumns",
    "maxcharspercolumn",
    "unescapedquotehandling",
    "locale",
}
"""Options of Spark that are not obeyed yet: refused by name."""

MODES = ("PERMISSIVE", "DROPMALFORMED", "FAILFAST")


ISO = TextFormat()
UTF8 = "utf-8"
"""As `codecs.lookup` calls it."""


@dataclass(frozen=True)
class Dialect:
    """How rows are cut into texts and texts into values. `sniffed`: a row that does not fit is an error."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = "\\"
    header: bool = False
    encoding: str = UTF8
    null: str = ""
    trim_left: bool = False
    trim_right: bool = False
    mode: str = "PERMISSIVE"
    form: TextFormat = ISO
    sniffed: bool = False

    @property
    def shown(self) -> str:
        """For EXPLAIN and DESCRIBE."""
        delimiter = {"\t": "\\t"}.get(self.delimiter, self.delimiter)
        return f"delimiter '{delimiter}', quote '{self.quote}', {'header' if self.header else 'no header'}"


def dialect_of(options: Mapping[str, str], conf: Mapping[str, str]) -> Dialect:
    """The dialect that options (lower case) say, with Spark's defaults."""
    for name in options:
        if name in REFUSED:
            raise Unsupported(f"the option {name} of csv")
    mode = options.get("mode", "PERMISSIVE").upper()
    if mode not in MODES:
        raise invalid_option("mode", mode, f"It should be one of {', '.join(MODES)}.")
    form = TextFormat(
        date=options.get("dateformat", ""),
        timestamp=options.get("timestampformat", ""),
        timestamp_ntz=options.get("timestampntzformat", ""),
        zone=options.get("timezone", conf.get("spark.sql.session.timeZone", "UTC")),
        nan=options.get("nanvalue", "NaN"),
        positive_infinity=options.get("positiveinf", "Inf"),
        negative_infinity=options.get("negativeinf", "-Inf"),
    )
    return Dialect(
        delimiter=_character(options, "sep", "delimiter", default=","),
        quote=_character(options, "quote", default='"'),
        escape=_character(options, "escape", default="\\"),
        header=flag(options, "header"),
        encoding=_encoding(options.get("encoding", options.get("charset", UTF8))),
        null=options.get("nullvalue", ""),
        trim_left=flag(options, "ignoreleadingwhitespace"),
        trim_right=flag(options, "ignoretrailingwhitespace"),
        mode=mode,
        form=form,
    )


def invalid_option(name: str, value: str, reason: str) -> AnalysisError:
    """INVALID_CONF_VALUE for an option of a file."""
    return AnalysisError("INVALID_CONF_VALUE", {"confName": name, "confValue": value, "reason": reason})


def flag(options: Mapping[str, str], name: str, default: str = "false") -> bool:
    """An option that is true or false."""
    value = options.get(name, default).lower()
    if value not in ("true", "false"):
        raise invalid_option(name, value, "It should be true or false.")
    return value == "true"


def _character(options: Mapping[str, str], *names: str, default: str) -> str:
    for name in names:
        if name in options:
            value = {"\\t": "\t", "\\0": "", "\\\\": "\\"}.get(options[name], options[name])
            if len(value) > 1 or (not value and "delimiter" in names):
                raise invalid_option(name, options[name], "It should be one character.")
            return value
    return default


def _encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise invalid_option("encoding", name, "It is not a character encoding.") from None


def head_of(file: DataFile, encoding: str = UTF8) -> tuple[str, bool]:
    """The first lines of a file as text, and whether that is all of it. Raises FAILED_READ_FILE."""
    try:
        with pa.input_stream(file.path) as stream:
            data: bytes = stream.read(SAMPLE_BYTES + 1)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise read_error(file.path, reason_of(error, "It cannot be read")) from error
    whole = len(data) <= SAMPLE_BYTES
    text = data.decode(encoding, "replace").removeprefix("\ufeff")
    if not whole:
        text = text[: text.rfind("\n") + 1] or text
    return text, whole


def sniff(text: str, form: TextFormat) -> tuple[Dialect, list[list[str]]]:
    """The dialect that some text is written in, and its rows."""
    escape = "\\" if '\\"' in text and '""' not in text else ""
    best: tuple[tuple[float, int, int], str, list[list[str]]] | None = None
    for place, delimiter in enumerate(DELIMITERS):
        rows = records(text, Dialect(delimiter, escape=escape))
        if not rows:
            continue
        width, count = Counter(len(row) for row in rows).most_common(1)[0]
        score = (count / len(rows) if width > 1 else 0.0, width, -place)
        if best is None or score > best[0]:
            best = (score, delimiter, rows)
    if best is None:
        return Dialect(form=form, escape=escape, sniffed=True, mode="FAILFAST"), []
    _, delimiter, rows = best
    dialect = Dialect(delimiter, escape=escape, header=has_header(rows), form=form, sniffed=True, mode="FAILFAST")
    return dialect, rows


def records(text: str, dialect: Dialect) -> list[list[str]]:
    """The rows of a text as lists of texts, without empty lines."""
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        escapechar=dialect.escape if dialect.escape != dialect.quote and dialect.escape else None,
        doublequote=True,
    )
    try:
        return [row for row in reader if row]
    except csv.Error:
        return []  # not text of this dialect: another candidate, or the reader itself, says what is wrong


_VALUE = re.compile(r"[+-]?[\d.]+([eE][+-]?\d+)?|(?i:true|false|nan|null)|\d{4}-\d{1,2}-\d{1,2}.*|")


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: words above values, or distinct words above other words."""
    first, rest = [cell.strip() for cell in rows[0]], rows[1:1000]
    if not any(first) or any(cell and _VALUE.fullmatch(cell) for cell in first):
        return False
    columns = list(zip(*(row for row in rest if len(row) == len(first)), strict=True))
    for name, column in zip(first, columns, strict=False):
        if name and any(column) and all(_VALUE.fullmatch(cell.strip()) for cell in column):
            return True
    distinct = len(set(first)) == len(first) and all(first)
    return distinct and not any(name in column for name, column in zip(first, columns, strict=False))


def column_names(first: Sequence[str], header: bool) -> list[str]:
    """The columns' names: the header's, made unique as in Spark (a0, a1), _c0 ... for missing ones."""
    names = [cell.strip() if header and cell.strip() else f"_c{place}" for place, cell in enumerate(first)]
    counts = Counter(name.lower() for name in names)
    return [f"{name}{place}" if counts[name.lower()] > 1 else name for place, name in enumerate(names)]
