"""Whether the texts that a file holds are texts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def is_text(column: pa.Array) -> bool:
    """Whether all texts of a column are valid; pyarrow's reader does not look. ASCII is told apart at memory speed."""
    if pa.types.is_string(column.type):
        if not len(column):
            return True
        _, places, data = column.buffers()
        offsets = np.frombuffer(places, np.int32)[column.offset : column.offset + len(column) + 1]
        if data is None or offsets[0] == offsets[-1]:
            return True
        if np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]].max() < 128:
            return True
    elif not pa.types.is_nested(column.type):
        return True
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
