"""Streams a CSV file as columns of text, with the rows that have too few or too many in their places."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from engine.errors import ExecutionError
from engine.lazy import pc
from engine.records import dataclass
from engine.sources.csv_dialect import UTF8, Dialect, records
from engine.sources.files import DataFile, check_unchanged, read_error, reason_of

BLOCK_BYTES = 8 << 20


@dataclass(frozen=True)
class Ragged:
    """A row with other than the expected number of columns: `number` counts records from 1, `text` is the row."""

    number: int
    width: int
    text: str


@dataclass(frozen=True)
class TextBatch:
    """Columns of text; `numbers` is the record number of each row (for messages)."""

    columns: list[pa.Array]
    numbers: pa.Array


class CsvStream:
    """Reads the columns `wanted` (places among `width`) of a file, in order."""

    def __init__(self, file: DataFile, dialect: Dialect, width: int, wanted: Sequence[int]) -> None:
        self.file = file
        self.dialect = dialect
        self.width = width
        # reading no column at all would lose the count of rows
        self.wanted = list(wanted) or [0]
        self._ragged: deque[Ragged] = deque()
        self._record = 0

    def batches(self) -> Iterator[TextBatch]:
        """The rows. Raises FAILED_READ_FILE, MALFORMED_RECORD_IN_PARSING under FAILFAST, and for sniffed files an error
        with the line and a fix."""
        check_unchanged(self.file)
        try:
            if self.file.size:
                with pa.input_stream(self.file.path) as stream:
                    source = _Utf8(stream) if self.dialect.encoding == UTF8 else stream
                    reader = pacsv.open_csv(source, **self._options())
                    for batch in reader:
                        yield from self._in_place(batch)
                yield from self._rest()
        except (pa.ArrowException, OSError, UnicodeError) as error:
            check_unchanged(self.file)
            raise self._failure(error) from error
        check_unchanged(self.file)

    def _options(self) -> dict[str, Any]:
        dialect = self.dialect
        names = [str(place) for place in range(self.width)]
        return {
            "read_options": pacsv.ReadOptions(
                use_threads=False,
                block_size=BLOCK_BYTES,
                column_names=names,
                encoding="utf8" if dialect.encoding == UTF8 else dialect.encoding,
            ),
            "parse_options": pacsv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote or False,
                double_quote=True,  # also without an escape character that says so: as most files are written
                escape_char=dialect.escape if dialect.escape and dialect.escape != dialect.quote else False,
                newlines_in_values=True,
                invalid_row_handler=self._keep,
            ),
            "convert_options": pacsv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                include_columns=[str(place) for place in self.wanted],
                null_values=[dialect.null],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        }

    def _keep(self, row: Any) -> str:
        self._ragged.append(Ragged(row.number or 0, row.actual_columns, row.text))
        return "skip"

    def _in_place(self, batch: pa.RecordBatch) -> Iterator[TextBatch]:
        """The rows of a batch, with the odd ones that stand between them."""
        start = 0
        while self._ragged:
            ahead = self._ragged[0].number - 1 - self._record  # rows of this batch before the next odd one
            if ahead >= batch.num_rows - start:
                break
            yield from self._plain(batch.slice(start, ahead))
            start += ahead
            yield from self._odd(self._ragged.popleft())
        yield from self._plain(batch.slice(start))

    def _rest(self) -> Iterator[TextBatch]:
        while self._ragged:
            yield from self._odd(self._ragged.popleft())

    def _plain(self, batch: pa.RecordBatch) -> Iterator[TextBatch]:
        first = self._record
        self._record += batch.num_rows
        if first == 0 and self.dialect.header and batch.num_rows:
            batch, first = batch.slice(1), 1
        if batch.num_rows:
            numbers = pa.array(range(first + 1, first + 1 + batch.num_rows), pa.int64())
            yield TextBatch([self._trimmed(column) for column in batch.columns], numbers)

    def _trimmed(self, column: pa.Array) -> pa.Array:
        if self.dialect.trim_left:
            column = pc.utf8_ltrim_whitespace(column)
        return pc.utf8_rtrim_whitespace(column) if self.dialect.trim_right else column

    def _odd(self, row: Ragged) -> Iterator[TextBatch]:
        """A row with too few or too many columns: padded with nulls or cut, dropped, or an error."""
        self._record += 1
        if self._record == 1 and self.dialect.header:
            return
        if self.dialect.mode == "DROPMALFORMED":
            return
        if self.dialect.mode == "FAILFAST":
            raise self.malformed(self._record, f"it has {row.width} columns, not {self.width}")
        cells: list[str | None] = [*(records(row.text, self.dialect) or [[]])[0]]
        cells = [None if cell == self.dialect.null else cell for cell in cells]
        cells += [None] * (self.width - len(cells))
        columns = [self._trimmed(pa.array([cells[place]], pa.string())) for place in self.wanted]
        yield TextBatch(columns, pa.array([self._record], pa.int64()))

    def malformed(self, number: int, reason: str) -> ExecutionError:
        """The error for the record `number` (from 1), naming file, line, text and a fix."""
        line, text = locate(self.file, self.dialect, number)
        shown = text if len(text) <= 200 else text[:197] + "..."
        if self.dialect.sniffed:
            return read_error(
                self.file.path,
                f"Line {line} does not fit: {reason}. The line is: {shown}",
                hint=f"The file was read with {self.dialect.shown}. To read it anyway, name the format: csv.`...` reads all "
                "columns as text and pads short rows; CREATE TEMP VIEW ... USING csv OPTIONS (...) sets sep, header, mode.",
            )
        where = f"{shown} (line {line} of {self.file.path}: {reason})"
        return ExecutionError("MALFORMED_RECORD_IN_PARSING", {"badRecord": where, "failFastMode": "FAILFAST"})

    def _failure(self, error: Exception) -> ExecutionError:
        reason, hint = reason_of(error, "It is not CSV as expected"), ""
        if isinstance(error, UnicodeError) or "utf8" in reason.lower() or "utf-8" in reason.lower():
            reason = reason_of(error, f"It is not {self.dialect.encoding} text")
            hint = "Say which encoding it is written in, as in OPTIONS (encoding 'latin1')."
        return read_error(self.file.path, reason, hint=hint)


class _Utf8(io.RawIOBase):
    """A stream that raises UnicodeDecodeError for what is not UTF-8: pyarrow looks only at the columns it converts."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def readable(self) -> bool:
        """It only reads."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data: bytes = self._stream.read(size if size >= 0 else None)
        if not data.isascii() or self._decoder.getstate()[0]:
            self._decoder.decode(data, final=not data)
        elif not data:
            self._decoder.decode(b"", final=True)
        return data


def locate(file: DataFile, dialect: Dialect, number: int) -> tuple[int, str]:
    """The line (from 1) where the record `number` begins, and its text."""
    with pa.input_stream(file.path) as stream:
        lines = io_lines(stream, dialect.encoding)
        kept: list[str] = []

        def noting() -> Iterator[str]:
            for line in lines:
                kept.append(line)
                yield line

        reader = csv.reader(
            noting(),
            delimiter=dialect.delimiter,
            quotechar=dialect.quote or None,
            quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
            escapechar=dialect.escape if dialect.escape != dialect.quote and dialect.escape else None,
            doublequote=True,
        )
        seen = line = 0
        try:
            for row in reader:
                line, text = reader.line_num - len(kept) + 1, "".join(kept)
                kept.clear()
                seen += bool(row)
                if row and seen == number:
                    return line, text.rstrip("\r\n")
        except csv.Error:
            return line, "".join(kept).rstrip("\r\n")
    return line, ""


def io_lines(stream: Any, encoding: str) -> Iterator[str]:
    """The lines of a binary stream with their ends."""
    rest = ""
    for block in iter(lambda: stream.read(1 << 20), b""):
        text = rest + block.decode(encoding, "replace")
        lines = text.splitlines(keepends=True)
        rest = lines.pop() if lines and not lines[-1].endswith("\n") else ""
        yield from lines
    yield from itertools.chain([rest] if rest else [])
