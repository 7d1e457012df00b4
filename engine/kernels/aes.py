"""AES (FIPS 197) in the modes ECB, CBC and GCM (NIST SP 800-38A and D), over the blocks of a text at once.

A block is a row of 16 bytes of a numpy array, so that all blocks of a text go through a round together.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

Blocks = Any
BLOCK = 16
TAG = 16


class WrongPadding(ValueError):
    """The text was not made with this key, or was changed."""


def _times(a: int, b: int) -> int:
    """A product in the field of AES."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = (a << 1) ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


@lru_cache(maxsize=1)
def _tables() -> tuple[Any, Any, dict[int, Any]]:
    """The substitution, its inverse, and products by the factors that columns are mixed with."""
    box = np.zeros(256, dtype=np.uint8)
    inverses = {0: 0} | {a: b for a in range(1, 256) for b in range(1, 256) if _times(a, b) == 1}
    for value in range(256):
        inverse = inverses[value]
        mixed = inverse
        for shift in range(1, 5):
            mixed ^= (inverse << shift | inverse >> (8 - shift)) & 0xFF
        box[value] = mixed ^ 0x63
    back = np.zeros(256, dtype=np.uint8)
    back[box] = np.arange(256, dtype=np.uint8)
    products = {f: np.array([_times(value, f) for value in range(256)], dtype=np.uint8) for f in (2, 3, 9, 11, 13, 14)}
    return box, back, products


_SHIFT = np.array([(row + 4 * ((column + row) % 4)) for column in range(4) for row in range(4)])
_UNSHIFT = np.argsort(_SHIFT)


@lru_cache(maxsize=64)
def _round_keys(key: bytes) -> tuple[Any, ...]:
    box, _, _ = _tables()
    width = len(key) // 4
    words = [list(key[place : place + 4]) for place in range(0, len(key), 4)]
    constant = 1
    for place in range(width, 4 * (width + 7)):
        word = list(words[place - 1])
        if place % width == 0:
            word = [int(box[each]) for each in (*word[1:], word[0])]
            word[0] ^= constant
            constant = _times(constant, 2)
        elif width > 6 and place % width == 4:
            word = [int(box[each]) for each in word]
        words.append([a ^ b for a, b in zip(words[place - width], word, strict=True)])
    flat = np.array(words, dtype=np.uint8).reshape(-1, BLOCK)
    return tuple(flat)


def _mixed(state: Blocks, factors: tuple[int, int, int, int]) -> Blocks:
    _, _, products = _tables()
    columns = state.reshape(-1, 4, 4)
    out = np.zeros_like(columns)
    for row in range(4):
        for place, factor in enumerate(factors):
            part = columns[:, :, (row + place) % 4]
            out[:, :, row] ^= part if factor == 1 else products[factor][part]
    return out.reshape(-1, BLOCK)


def encrypted(blocks: Blocks, key: bytes) -> Blocks:
    """Each block, encrypted by itself."""
    box, _, _ = _tables()
    keys = _round_keys(key)
    state = blocks ^ keys[0]
    for number, each in enumerate(keys[1:], 1):
        state = box[state][:, _SHIFT]
        if number < len(keys) - 1:
            state = _mixed(state, (2, 3, 1, 1))
        state = state ^ each
    return state


def decrypted(blocks: Blocks, key: bytes) -> Blocks:
    """Each block, decrypted by itself."""
    _, back, _ = _tables()
    keys = _round_keys(key)
    state = blocks ^ keys[-1]
    for number in range(len(keys) - 2, -1, -1):
        state = back[state[:, _UNSHIFT]] ^ keys[number]
        if number:
            state = _mixed(state, (14, 11, 13, 9))
    return state


def _blocks(data: bytes) -> Blocks:
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, BLOCK)


def padded(data: bytes) -> bytes:
    """PKCS 7: whole blocks, with as many bytes at the end as each of them says."""
    missing = BLOCK - len(data) % BLOCK
    return data + bytes([missing]) * missing


def unpadded(data: bytes) -> bytes:
    """What `padded` was given. Raises WrongPadding."""
    count = data[-1] if data else 0
    if not 1 <= count <= BLOCK or data[-count:] != bytes([count]) * count:
        raise WrongPadding(
            "Given final block not properly padded. Such issues can arise if a bad key is used during decryption."
        )
    return data[:-count]


def ecb_encrypt(data: bytes, key: bytes) -> bytes:
    """All blocks by themselves, padded."""
    return bytes(encrypted(_blocks(padded(data)), key).tobytes())


def ecb_decrypt(data: bytes, key: bytes) -> bytes:
    """The text again. Raises WrongPadding."""
    return unpadded(decrypted(_whole(data), key).tobytes())


def cbc_encrypt(data: bytes, key: bytes, start: bytes) -> bytes:
    """Each block mixed with the one before, the first with `start`."""
    before, out = _blocks(start), []
    for block in _blocks(padded(data)):
        before = encrypted(before ^ block, key)
        out.append(before.tobytes())
    return b"".join(out)


def cbc_decrypt(data: bytes, key: bytes, start: bytes) -> bytes:
    """The text again. Raises WrongPadding."""
    blocks = _whole(data)
    before = np.concatenate([_blocks(start), blocks[:-1]])
    return unpadded((decrypted(blocks, key) ^ before).tobytes())


def _whole(data: bytes) -> Blocks:
    if len(data) % BLOCK or not data:
        raise WrongPadding("Input length must be multiple of 16 when decrypting with padded cipher")
    return _blocks(data)


def _counted(data: bytes, key: bytes, nonce: bytes) -> bytes:
    """The text mixed with the encrypted numbers from 2 on: done twice, it is the text again."""
    count = -(-len(data) // BLOCK)
    counters = np.frombuffer(
        b"".join(nonce + number.to_bytes(4, "big") for number in range(2, count + 2)), dtype=np.uint8
    ).reshape(-1, BLOCK)
    stream = encrypted(counters, key).tobytes()[: len(data)]
    return bytes(a ^ b for a, b in zip(data, stream, strict=True))


def _product(x: int, y: int) -> int:
    """A product in the field of GCM."""
    found = 0
    for place in range(127, -1, -1):
        if y >> place & 1:
            found ^= x
        x = x >> 1 ^ (0xE1 << 120 if x & 1 else 0)
    return found


def _tag(data: bytes, key: bytes, nonce: bytes, extra: bytes) -> bytes:
    hashed = int.from_bytes(encrypted(_blocks(bytes(BLOCK)), key).tobytes(), "big")
    lengths = (8 * len(extra)).to_bytes(8, "big") + (8 * len(data)).to_bytes(8, "big")
    text = extra + bytes(-len(extra) % BLOCK) + data + bytes(-len(data) % BLOCK) + lengths
    found = 0
    for place in range(0, len(text), BLOCK):
        found = _product(found ^ int.from_bytes(text[place : place + BLOCK], "big"), hashed)
    first = encrypted(_blocks(nonce + b"\0\0\0\1"), key).tobytes()
    return bytes(a ^ b for a, b in zip(found.to_bytes(BLOCK, "big"), first, strict=True))


def gcm_encrypt(data: bytes, key: bytes, nonce: bytes, extra: bytes) -> bytes:
    """The text encrypted, then a tag that also answers for `extra`."""
    found = _counted(data, key, nonce)
    return found + _tag(found, key, nonce, extra)


def gcm_decrypt(data: bytes, key: bytes, nonce: bytes, extra: bytes) -> bytes:
    """The text again. Raises WrongPadding where text, key or `extra` are others."""
    text, tag = data[:-TAG], data[-TAG:]
    if len(data) < TAG or _tag(text, key, nonce, extra) != tag:
        raise WrongPadding("Tag mismatch")
    return _counted(text, key, nonce)
