"""Rows of `hits` as one Parquet file: the cardinalities and the skew of the real table, in its order (by site, then day).

Of n rows: 0.18 n visitors and page addresses, half as many titles, 0.06 n search phrases (13 % of the rows have one), some
6,500 sites of which a few have most rows, one month of July 2013. What the statements ask for by value is there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from tpch.clickbench import words
from tpch.clickbench.schema import CHOICES, RANGES, SCHEMA
from tpch.clickbench.words import mixed

CHUNK = 500_000  # rows made at a time
ROW_GROUP = 250_000
SITE = 62  # the one that statements ask for
SITE_SHARE = 0.0074
VISITOR = 435090932899640449
PAGE_HASH = 2868770270353813622
REFERER_HASH = 3594120000172545465
MIDNIGHT = 1372636800  # of 1 July 2013, in seconds since 1970
DAYS = 31

Array = npt.NDArray[Any]


def load(rows: int, folder: Path) -> Path:
    """The file of `rows` rows in `folder`, made if it is not there yet."""
    target = folder / f"hits_{rows}.parquet"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(f".{os.getpid()}")
        try:
            write(rows, partial)
            partial.rename(target)
        finally:
            partial.unlink(missing_ok=True)
    return target


def write(rows: int, path: Path) -> None:
    """Writes `rows` rows to `path`."""
    with pq.ParquetWriter(path, SCHEMA, compression="snappy") as writer:
        for batch in batches(rows):
            writer.write_batch(batch, row_group_size=ROW_GROUP)


def batches(rows: int) -> Iterator[pa.RecordBatch]:
    """All rows, some at a time; the same for the same number of rows."""
    random = np.random.Generator(np.random.PCG64(rows))
    sites = _sites(rows)
    starts = np.concatenate([[0], np.cumsum(np.array([count for _, count in sites]))])
    for first in range(0, rows, CHUNK):
        numbers = np.arange(first, min(rows, first + CHUNK))
        place = np.searchsorted(starts, numbers, side="right") - 1
        yield _Chunk(rows, random, place, starts, np.array([site for site, _ in sites])[place]).batch()


def _sites(rows: int) -> list[tuple[int, int]]:
    """Sites with their rows, ordered by site."""
    count = max(20, min(6500, rows // 1500))
    weights = 1.0 / np.arange(2, count + 1) ** 1.1
    shares = (weights / weights.sum() * rows * (1 - SITE_SHARE)).astype(int)
    ids = 63 + mixed(np.arange(count - 1)) % np.uint64(250_000)
    found = dict(zip(ids.tolist(), shares.tolist(), strict=True)) | {SITE: int(rows * SITE_SHARE)}
    found[max(found)] += rows - sum(found.values())
    return sorted((site, size) for site, size in found.items() if size)


class _Chunk:
    """Some rows: `place` numbers the site of each among all sites, whose first rows are `starts` and ids `site`."""

    def __init__(self, rows: int, random: np.random.Generator, place: Array, starts: Array, site: Array) -> None:
        self._rows = rows
        self._random = random
        self._size = len(place)
        self._site = site
        self._starts = starts[place]
        self._site_rows = starts[place + 1] - starts[place]

    def batch(self) -> pa.RecordBatch:
        columns = self._plain() | self._visits() | self._visitors() | self._pages() | self._searches()
        arrays = [_as(columns.get(field.name), field.type, self._size) for field in SCHEMA]
        return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)

    def _skewed(self, below: float | Array, power: float) -> Array:
        """Whole numbers from 0, the small ones more often the higher `power` is."""
        return np.asarray(np.floor(np.asarray(below) * self._random.random(self._size) ** power), dtype=np.int64)

    def _rarely(self, share: float) -> Array:
        return self._random.random(self._size) < share

    def _plain(self) -> dict[str, Any]:
        """Columns that depend on nothing."""
        columns: dict[str, Any] = {name: self._skewed(below, 1.5) for name, below in RANGES.items()}
        for name, texts in CHOICES.items():
            codes = pa.array(self._skewed(len(texts), 3).astype(np.int32))
            columns[name] = pa.DictionaryArray.from_arrays(codes, pa.array(texts))
        flags = {"IsRefresh": 0.1, "IsLink": 0.06, "IsDownload": 0.01, "IsNotBounce": 0.3, "DontCountHits": 0.05}
        columns |= {name: self._rarely(share).astype(np.int16) for name, share in flags.items()}
        columns["CookieEnable"] = columns["JavascriptEnable"] = np.ones(self._size, dtype=np.int16)
        widths = np.array([1280, 1366, 1920, 1024, 1600, 1440, 1680, 320, 768, 0])
        columns["ResolutionWidth"] = widths[self._skewed(len(widths), 2)]
        columns["ResolutionHeight"] = columns["ResolutionWidth"] * 9 // 16
        columns["WindowClientWidth"] = columns["ResolutionWidth"] - self._skewed(200, 2)
        columns["WindowClientHeight"] = columns["ResolutionHeight"] - self._skewed(150, 2)
        columns["WatchID"] = self._random.integers(1 << 62, (1 << 63) - 1, self._size)
        columns["AdvEngineID"] = np.where(self._rarely(0.0063), 2 + self._skewed(18, 2), 0)
        return columns

    def _visits(self) -> dict[str, Any]:
        """Site and time: within a site the days ascend."""
        day = self._random.integers(0, DAYS, self._size)
        day = day[np.lexsort((day, self._site))]
        seconds = MIDNIGHT + day * 86_400 + self._random.integers(0, 86_400, self._size)
        times = seconds * 1_000_000
        local = times + self._skewed(12, 1) * 3_600_000_000
        date = MIDNIGHT // 86_400 + day
        return {"CounterID": self._site, "EventTime": times, "EventDate": date, "LocalEventTime": local} | {
            "ClientEventTime": local
        }

    def _visitors(self) -> dict[str, Any]:
        """Who: a visitor has one address, one region, one device."""
        visitor = self._skewed(0.18 * self._rows + 10, 2)
        scattered = mixed(visitor)
        ids = (scattered >> np.uint64(1)).astype(np.int64)
        mobile = scattered % np.uint64(100) < 6
        models = pa.array(["", *(f"{words.word(number * 37)} {number}" for number in range(1, 167))])
        share = (scattered >> np.uint64(20)) % np.uint64(1 << 20) / float(1 << 20)
        model = np.where(mobile, 1 + np.floor(166 * share**3), 0).astype(np.int32)
        return {
            "UserID": np.where(visitor == 17, VISITOR, ids),
            "FUniqID": ids ^ 0x5DEECE66D,
            "ClientIP": (mixed(visitor // 2) >> np.uint64(32)).astype(np.uint32).view(np.int32),
            "RegionID": np.floor(9000 * share**4).astype(np.int32),
            "IsMobile": mobile.astype(np.int16),
            "MobilePhone": model % 20,
            "MobilePhoneModel": pa.DictionaryArray.from_arrays(pa.array(model), models),
        }

    def _pages(self) -> dict[str, Any]:
        """Addresses, titles and referers: a page belongs to a site, a title to two pages."""
        number = self._starts // 5 + self._skewed(0.18 * self._site_rows + 1, 3)
        origin = self._starts // 5 + self._skewed(0.3 * self._site_rows + 1, 2.5)
        scattered, origins = mixed(number), mixed(origin)
        ours = self._site == SITE
        url_hash = np.where(
            ours & (number == self._starts // 5), PAGE_HASH, (scattered >> np.uint64(1)).astype(np.int64)
        )
        came = np.where(ours & (origin == self._starts // 5), REFERER_HASH, (origins >> np.uint64(1)).astype(np.int64))
        return {
            "URL": _texts(number, scattered, self._site, words.page),
            "Title": _texts(number // 2, mixed(number // 2), self._site, lambda _, *rest: words.title(*rest)),
            "Referer": _texts(origin, origins, self._site, words.referer, self._rarely(0.19)),
            "URLHash": url_hash,
            "RefererHash": came,
            "TraficSourceID": self._skewed(12, 1.5) - 1,
        }

    def _searches(self) -> dict[str, Any]:
        number = self._skewed(0.06 * self._rows + 5, 2)
        empty = ~self._rarely(0.13)
        searched = _texts(number, mixed(number), self._site, lambda _, *rest: words.phrase(*rest), empty)
        return {"SearchPhrase": searched, "SearchEngineID": np.where(empty, 0, 1 + self._skewed(40, 3))}


def _texts(
    numbers: Array, scattered: Array, sites: Array, make: Callable[[int, int, int], str], empty: Array | None = None
) -> pa.DictionaryArray:
    """`make(site, number, scattered)` of each row, once per number; "" where `empty`."""
    _, places, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    rows = zip(sites[places].tolist(), numbers[places].tolist(), scattered[places].tolist(), strict=True)
    texts = ["", *(make(*row) for row in rows)]
    codes = (inverse + 1).astype(np.int32)
    if empty is not None:
        codes[empty] = 0
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(texts))


def _as(column: Any, type: pa.DataType, size: int) -> pa.Array:
    """A column of the schema's type; zeros or empty texts where there is none."""
    if column is None:
        return pa.array([""] * size) if type == pa.string() else _as(np.zeros(size, dtype=np.int64), type, size)
    if isinstance(column, pa.DictionaryArray):
        return column.dictionary_decode()
    if pa.types.is_date(type):
        return pa.array(column.astype(np.int32)).cast(type)
    return pa.array(column).cast(type)
