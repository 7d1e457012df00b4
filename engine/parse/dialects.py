"""Other dialects in: their SQL, rewritten as Spark's by sqlglot. The only place that knows sqlglot."""

from __future__ import annotations

from engine.errors import ParseError, Position, suggestions

_SPARK = ("spark", "spark2", "databricks")


def to_spark(text: str, dialect: str) -> str:
    """`text` in `dialect` ("duckdb", "postgres", "bigquery" ...) as Spark SQL; several statements stay several.

    Spark's own text is returned as it is. Raises ParseError for text that is no SQL of that dialect, with its place in
    `text`, and for an unknown dialect with the nearest names as a hint.
    """
    if dialect.lower() in _SPARK:
        return text
    import sqlglot  # slow to import, and most sessions never need it
    from sqlglot.errors import SqlglotError

    known = sorted(str(name) for name in sqlglot.Dialects if name.value)
    names = [name.partition(".")[2].lower() or name for name in known]
    if dialect.lower() not in names:
        near = suggestions(dialect, names)
        hint = f"did you mean {' or '.join(near)}?" if near else f"the dialects are {', '.join(names)}"
        raise ParseError("UNKNOWN_DIALECT", {"dialect": dialect}, hint=hint)
    try:
        statements = sqlglot.transpile(text, read=dialect.lower(), write="spark")
    except SqlglotError as error:
        raise _syntax_error(text, error) from None
    return ";\n".join(statement for statement in statements if statement)


def _syntax_error(text: str, error: Exception) -> ParseError:
    details = getattr(error, "errors", None) or [{}]
    first = details[0]
    description = first.get("description") or str(error).splitlines()[0].partition("\x1b")[0]
    description = description.partition(" but got <Token")[0]  # the word says so better
    word = first.get("highlight") or ""
    position = _position(text, first.get("line"), first.get("col"), len(word))
    parameters = {"error": f"'{word}'" if word else "this text", "hint": f": {description.rstrip('. ')}"}
    return ParseError("PARSE_SYNTAX_ERROR", parameters, position).located(text)


def _position(text: str, line: int | None, column: int | None, length: int) -> Position | None:
    """sqlglot counts lines from 1 and gives the column of a token's last character, from 1."""
    if line is None or column is None:
        return None
    lines = text.split("\n")
    stop = sum(len(each) + 1 for each in lines[: line - 1]) + column
    return Position(max(0, stop - max(1, length)), stop)
