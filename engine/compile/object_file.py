"""What the code in an object file needs from elsewhere.

LLVM may call functions for what it has no instruction for (`__divti3`, `memcpy`), and which ones is up to its version. The
linker would find many of them in this process, by chance of what is loaded. So each module is looked at before it is linked.
"""

from __future__ import annotations

import struct

_ELF64 = b"\x7fELF\x02"
_SYMBOLS = 2
"""The type of the section that lists symbols."""
_SYMBOL_BYTES = 24


def undefined(code: bytes) -> set[str]:
    """The symbols that an object file of the kind of Linux (ELF, 64 bits) uses and does not have; none of other kinds."""
    if not code.startswith(_ELF64):
        return set()
    (first,) = struct.unpack_from("<Q", code, 40)
    size, count = struct.unpack_from("<HH", code, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", code, first + number * size) for number in range(count)]
    found: set[str] = set()
    for _, kind, _, _, offset, length, link, *_ in sections:
        if kind != _SYMBOLS:
            continue
        names = sections[link][4]
        for place in range(offset, offset + length, _SYMBOL_BYTES):
            name, _, _, section = struct.unpack_from("<IBBH", code, place)
            if name and not section:
                found.add(code[names + name : code.index(b"\0", names + name)].decode())
    return found
