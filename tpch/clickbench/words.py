"""Made-up texts by number: the same number gives the same text. Most words are Cyrillic, as in the real table."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Numbers: TypeAlias = npt.NDArray[np.uint64]

_SYLLABLES = (
    "ка", "ро", "ти", "сне", "по", "ла", "ве", "мо", "зи", "ну", "да", "го", "ре", "вы", "стра", "чи", "не", "бо",
    "ме", "са", "ле", "при", "во", "шу", "де", "жа", "фи", "цо", "ющ", "ный", "ego", "ta", "lin", "re",
)  # fmt: skip
_FOLDERS = ("catalog", "news", "forum", "photo", "search", "auto", "video", "shop", "user", "index", "story", "map")
_ZONES = ("ru", "com", "ua", "net", "org")
ONE_IN_GOOGLE_TITLES = 1000
ONE_IN_GOOGLE_PAGES = 6000


def mixed(numbers: npt.NDArray[np.integer]) -> Numbers:
    """Numbers scattered over 64 bits (splitmix64): different ones for different numbers."""
    x = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)), dtype=np.uint64)


def word(number: int) -> str:
    """One to four syllables."""
    count = len(_SYLLABLES)
    parts = []
    for _ in range(1 + number % 4):
        number //= 7
        parts.append(_SYLLABLES[number % count])
    return "".join(parts)


def phrase(number: int, scattered: int) -> str:
    """A search phrase: a few words, and a number in some."""
    words = [word(scattered >> shift & 0xFFFF) for shift in range(0, 16 * (1 + scattered % 3), 12)]
    return " ".join([*words, str(number)] if number % 3 else words)


def title(number: int, scattered: int) -> str:
    """The title of a page: six words, Google's name in one of a thousand."""
    text = " ".join(word(scattered >> shift & 0xFFFFF) for shift in range(0, 42, 7))
    brand = "Google" if number % ONE_IN_GOOGLE_TITLES == 7 else word(number % 977)
    return f"{text} | {brand} {number}"


def host(site: int) -> str:
    """The host of a website."""
    name = "".join(word(site * 31 + place).encode("ascii", "ignore").decode() or "s" for place in range(2))
    return f"{name}{site}.{_ZONES[site % len(_ZONES)]}"


def page(site: int, number: int, scattered: int) -> str:
    """The address of a page of a site."""
    folder = _FOLDERS[scattered % len(_FOLDERS)]
    if number % ONE_IN_GOOGLE_PAGES == 11:
        folder = "google" if number % 2 else "www.google.com/" + folder
    www = "www." if site % 3 == 0 else ""
    return f"http://{www}{host(site)}/{folder}/{scattered >> 32:x}/item{number}.html?page={scattered % 97}"


def referer(site: int, number: int, scattered: int) -> str:
    """Where a visitor came from: a search, a page of another site, or one of the same."""
    match number % 4:
        case 0:
            return f"http://yandex.ru/yandsearch?text={scattered:x}&lr={scattered % 1000}"
        case 1:
            return f"https://www.google.ru/search?q={number}&hl=ru&source={scattered & 0xFFFF:x}"
        case 2:
            return page(scattered % 5000, number, scattered)
        case _:
            return page(site, number, scattered)
