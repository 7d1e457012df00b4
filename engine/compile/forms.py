"""What a column of a batch looks like in memory, and where: what code depends on, and what it is given for each batch.

Batches may be encoded (`engine/physical/encoding.py`): whole numbers of any width, texts as codes of a dictionary.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from engine.records import dataclass

_STORAGE = {  # by the number of the type: it is asked for each column of each batch
    pa.bool_().id: "i1",
    pa.int8().id: "i8",
    pa.int16().id: "i16",
    pa.int32().id: "i32",
    pa.int64().id: "i64",
    pa.float32().id: "float",
    pa.float64().id: "double",
    pa.date32().id: "i32",
    pa.string().id: "text",
    pa.binary().id: "text",
    pa.time64("us").id: "i64",
    pa.timestamp("us").id: "i64",
    pa.duration("us").id: "i64",
    pa.decimal128(38).id: "i128",
}
_CODES = {pa.int8().id: "i8", pa.int16().id: "i16", pa.int32().id: "i32"}
_DICTIONARY, _TEXT = pa.dictionary(pa.int8(), pa.string()).id, pa.string().id
_WIDTHS = {"i8": 1, "i16": 2, "i32": 4, "i64": 8, "i128": 16, "float": 4, "double": 8}


@dataclass(frozen=True)
class Form:
    """`storage` is an LLVM type, "text", or "" for what code cannot read; with `codes` it is that of the codes of a dictionary
    of texts. `nullable`: whether the batch at hand has nulls there."""

    storage: str
    nullable: bool = True
    codes: bool = False


def form_of(array: pa.Array) -> Form:
    """The form of a column."""
    kind = array.type
    codes, storage = kind.id == _DICTIONARY, _STORAGE.get(kind.id, "")
    if codes and kind.value_type.id == _TEXT and array.dictionary.null_count == 0:
        storage = _CODES.get(kind.index_type.id, "")
    return _form(storage, array.null_count > 0, codes)


@cache
def _form(storage: str, nullable: bool, codes: bool) -> Form:
    return Form(storage, nullable, codes)


def storage_of_arrow(kind: pa.DataType) -> str:
    """The storage of arrays of a type, "" where code cannot read them."""
    return _STORAGE.get(kind.id, "")


class Addresses(NamedTuple):
    """Where an array is: values (or offsets of texts) from its first row, validity bits with the first row's place among
    them, bytes of texts. 0: not there."""

    data: int
    validity: int
    bit: int
    bytes: int


def addresses(array: pa.Array, form: Form) -> Addresses:
    """The addresses of an array of that form; they hold as long as the array is held. Of what code cannot read, it can still
    tell the nulls."""
    if form.codes:
        array = array.indices
    buffers, offset = array.buffers(), array.offset
    values = buffers[1] if form.storage else None
    start = values.address if values is not None else 0
    if form.storage == "i1":
        start += offset >> 3
    elif form.storage == "text":
        start += 4 * offset
    elif form.storage:
        start += _WIDTHS[form.storage] * offset
    validity = _validity(array, buffers[0])
    texts = buffers[2].address if form.storage == "text" and buffers[2] is not None else 0
    return Addresses(start, validity, offset & 7, texts)


def _validity(array: pa.Array, bits: pa.Buffer | None) -> int:
    if bits is not None:
        address: int = bits.address + (array.offset >> 3)
        return address
    return _filled(0, len(array)) if pa.types.is_null(array.type) else all_valid(len(array))


@dataclass(frozen=True)
class Rooms:
    """How many bytes of an array's rows are at its `Addresses`; 0: not known."""

    data: int
    validity: int
    bytes: int


def rooms_of(array: pa.Array, form: Form) -> Rooms:
    """The rooms at the addresses of an array."""
    if form.codes:
        array = array.indices
    rows, buffers = len(array), array.buffers()
    bits = (rows + (array.offset & 7) + 7) >> 3
    if form.storage == "i1":
        data = bits
    else:
        data = 4 * (rows + 1) if form.storage == "text" else _WIDTHS.get(form.storage, 0) * rows
    texts = buffers[2].size if form.storage == "text" and buffers[2] is not None else 0
    return Rooms(data, bits, texts)


def all_valid(rows: int) -> int:
    """The address of validity bits that are all set, for at least so many rows after any first place in a byte."""
    return _filled(0xFF, rows)


def _filled(byte: int, rows: int) -> int:
    room, address = _bits.get(byte, (0, 0))
    if rows // 8 + 2 > room:
        bits = np.full(max(1 << 14, 2 * (rows // 8 + 2)), byte, np.uint8)
        _keep.append(bits)  # for good: code may still read in smaller ones
        room, address = _bits[byte] = len(bits), bits.ctypes.data
    return address


_bits: dict[int, tuple[int, int]] = {}
_keep: list[np.ndarray[tuple[int], np.dtype[np.uint8]]] = []


def array_of(
    storage: str, kind: pa.DataType, values: np.ndarray[Any, Any], valid: np.ndarray[Any, Any] | None, rows: int
) -> pa.Array:
    """The Arrow array of type `kind` over values that code has written (one byte a row where they are i1)."""
    mask = None
    nulls = 0
    if valid is not None:
        nulls = rows - int(np.count_nonzero(valid[:rows]))
        mask = pa.py_buffer(np.packbits(valid[:rows], bitorder="little")) if nulls else None
    data = np.packbits(values[:rows], bitorder="little") if storage == "i1" else values
    return pa.Array.from_buffers(kind, rows, [mask, pa.py_buffer(data)], nulls)


def dtype_of(storage: str) -> np.dtype[np.void] | type[np.generic]:
    """The numpy type that holds values of an LLVM type; two words for i128, a byte for i1."""
    return _DTYPES[storage]


_DTYPES: dict[str, np.dtype[np.void] | type[np.generic]] = {
    "i1": np.uint8,
    "i8": np.int8,
    "i16": np.int16,
    "i32": np.int32,
    "i64": np.int64,
    "i128": np.dtype([("low", np.uint64), ("high", np.int64)]),
    "float": np.float32,
    "double": np.float64,
}
