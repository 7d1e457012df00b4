"""URLs: their parts, and texts as parts of them."""

from __future__ import annotations

import re
from urllib.parse import quote_plus, unquote_to_bytes, urlsplit

import pyarrow as pa

from engine.errors import ExecutionError
from engine.expressions.base import Mode
from engine.functions.registry import function
from engine.functions.signature import TEXT
from engine.kernels.rowwise import attempt, map_rows
from engine.types import STRING

_ILLEGAL = re.compile(r"[\s\"<>\\^`{|}]|%(?![0-9A-Fa-f]{2})")
"""What java.net.URI takes in no part of a URL."""


@function("url_encode", (TEXT,), returns=STRING, nullable="always")
def url_encode(text: pa.Array) -> pa.Array:
    """Returns text as a part of a URL.

    > SELECT url_encode('https://spark.apache.org');
    https%3A%2F%2Fspark.apache.org
    """
    return map_rows(lambda value: quote_plus(value, safe="*-._").replace("~", "%7E"), pa.string(), text)


def _url_decoded(value: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", value):
        raise ExecutionError("CANNOT_DECODE_URL", {"url": value})
    return unquote_to_bytes(value.replace("+", " ")).decode("utf-8", "replace")


@function("url_decode", (TEXT,), returns=STRING, nullable="always", raises=True)
def url_decode(text: pa.Array) -> pa.Array:
    """Returns the text that a part of a URL stands for. Raises CANNOT_DECODE_URL.

    > SELECT url_decode('https%3A%2F%2Fspark.apache.org');
    https://spark.apache.org
    """
    return map_rows(_url_decoded, pa.string(), text)


@function("try_url_decode", (TEXT,), returns=STRING, nullable="always")
def try_url_decode(text: pa.Array) -> pa.Array:
    """Like `url_decode`, giving null for what cannot be decoded.

    > SELECT try_url_decode('http%3A%2F%2spark.apache.org');
    NULL
    """
    return map_rows(attempt(_url_decoded, Mode.TRY), pa.string(), text)


def _declare(name: str, mode: Mode, doc: str) -> None:
    def kernel(url: pa.Array, part: pa.Array, key: pa.Array | None = None) -> pa.Array:
        arrays = (url, part) if key is None else (url, part, key)
        return map_rows(attempt(_url_part, mode), pa.string(), *arrays)

    kernel.__doc__ = doc
    raises = mode is Mode.ANSI
    function(name, (TEXT, TEXT, TEXT), returns=STRING, optional=1, nullable="always", raises=raises, ansi_only=raises)(
        kernel
    )


_declare(
    "parse_url",
    Mode.ANSI,
    """Returns a part of a URL: HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO, or one value of the query.

    > SELECT parse_url('http://spark.apache.org/path?query=1', 'HOST');
    spark.apache.org
    > SELECT parse_url('http://spark.apache.org/path?query=1', 'QUERY', 'query');
    1
    """,
)
_declare(
    "try_parse_url",
    Mode.TRY,
    """Like `parse_url`, giving null for what is no URL.

    > SELECT try_parse_url('inva lid://spark.apache.org/path?query=1', 'QUERY');
    NULL
    """,
)


def _url_part(url: str, part: str, key: str | None = None) -> str | None:
    if _ILLEGAL.search(url):
        raise ExecutionError("INVALID_URL", {"url": url})
    try:
        pieces = urlsplit(url)
    except ValueError as error:
        raise ExecutionError("INVALID_URL", {"url": url}) from error
    query = pieces.query or None
    if key is not None:
        found = re.search(f"(?:^|&){re.escape(key)}=([^&]*)", query or "") if part == "QUERY" else None
        return found[1] if found else None
    user, _, host = pieces.netloc.rpartition("@")
    parts = {
        "HOST": re.sub(r":\d*$", "", host) or None,
        "PATH": pieces.path,
        "QUERY": query,
        "REF": pieces.fragment or None,
        "PROTOCOL": url.partition(":")[0] if pieces.scheme else None,
        "FILE": pieces.path + (f"?{query}" if query else ""),
        "AUTHORITY": pieces.netloc or None,
        "USERINFO": user or None,
    }
    return parts.get(part)
