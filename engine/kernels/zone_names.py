"""Names of time zones in English, as Java writes and reads them: PST, Pacific Standard Time.

The short ones come from the zone database. It has no long ones: those of the zones that people use are here, after CLDR.
"""

from __future__ import annotations

import datetime
import zoneinfo
from functools import lru_cache

from engine.kernels.zones import fixed_offset, region

_LONG: dict[str, tuple[str, ...]] = {
    "Pacific": ("America/Los_Angeles", "America/Vancouver", "America/Tijuana", "US/Pacific"),
    "Mountain": ("America/Denver", "America/Phoenix", "America/Boise", "America/Edmonton", "US/Mountain"),
    "Central": ("America/Chicago", "America/Winnipeg", "America/Mexico_City", "US/Central"),
    "Eastern": ("America/New_York", "America/Toronto", "America/Detroit", "America/Montreal", "US/Eastern"),
    "Atlantic": ("America/Halifax", "America/Puerto_Rico"),
    "Newfoundland": ("America/St_Johns",),
    "Alaska": ("America/Anchorage",),
    "Hawaii-Aleutian": ("Pacific/Honolulu", "US/Hawaii"),
    "Lord Howe": ("Australia/Lord_Howe",),
    "Australian Eastern": ("Australia/Sydney", "Australia/Melbourne", "Australia/Brisbane", "Australia/Hobart"),
    "Australian Central": ("Australia/Adelaide", "Australia/Darwin"),
    "Australian Western": ("Australia/Perth",),
    "New Zealand": ("Pacific/Auckland",),
}
_LONG_SUMMER: dict[str, tuple[str, ...]] = {
    "Central European": (
        "Europe/Berlin", "Europe/Paris", "Europe/Zurich", "Europe/Madrid", "Europe/Rome", "Europe/Vienna", "Europe/Brussels",
        "Europe/Amsterdam", "Europe/Prague", "Europe/Warsaw", "Europe/Budapest", "Europe/Stockholm", "Europe/Oslo",
        "Europe/Copenhagen", "Europe/Belgrade", "CET",
    ),
    "Eastern European": ("Europe/Athens", "Europe/Helsinki", "Europe/Kiev", "Europe/Kyiv", "Europe/Bucharest", "EET"),
    "Western European": ("Europe/Lisbon", "WET"),
    "Moscow": ("Europe/Moscow",),
    "India": ("Asia/Kolkata", "Asia/Calcutta"),
    "China": ("Asia/Shanghai", "PRC"),
    "Hong Kong": ("Asia/Hong_Kong",),
    "Japan": ("Asia/Tokyo", "Japan"),
    "Korean": ("Asia/Seoul",),
    "Singapore": ("Asia/Singapore",),
    "Taipei": ("Asia/Taipei",),
    "Brasilia": ("America/Sao_Paulo",),
    "Argentina": ("America/Argentina/Buenos_Aires",),
    "South Africa": ("Africa/Johannesburg",),
    "Arabian": ("Asia/Riyadh",),
    "Israel": ("Asia/Jerusalem",),
}  # fmt: skip
_METAZONE = {zone: (name, "Daylight") for name, zones in _LONG.items() for zone in zones} | {
    zone: (name, "Summer") for name, zones in _LONG_SUMMER.items() for zone in zones
}
_BRITISH = frozenset(("Europe/London", "Europe/Dublin", "GB"))
_SHORT = {
    "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "MST": "America/Denver", "MDT": "America/Denver",
    "CST": "America/Chicago", "CDT": "America/Chicago", "EST": "America/New_York", "EDT": "America/New_York",
    "CET": "Europe/Paris", "CEST": "Europe/Paris", "EET": "Europe/Bucharest", "WET": "Europe/Lisbon",
    "BST": "Europe/London", "IST": "Asia/Kolkata", "JST": "Asia/Tokyo", "GMT": "GMT", "UTC": "UTC",
}  # fmt: skip


_WINTER = 1_577_836_800_000_000
"""2020-01-01, when no clock in the north is ahead."""


def short_name(zone: str, instant: int) -> str:
    """The abbreviation of a zone at an instant (microseconds since 1970 UTC): PST or PDT."""
    name, _ = _at(zone, instant)
    return zone if name is None or name[:1] in "+-" else name


def long_name(zone: str, instant: int) -> str:
    """The full name of a zone at an instant; the zone's own id where it has none."""
    name, summer = _at(zone, instant)
    if name is None or zone in ("UTC", "Etc/UTC", "Z"):
        return "Coordinated Universal Time" if zone in ("UTC", "Etc/UTC", "Z") else zone
    if zone in _BRITISH:
        return "British Summer Time" if summer else "Greenwich Mean Time"
    found = _METAZONE.get(zone)
    return zone if found is None else f"{found[0]} {found[1] if summer else 'Standard'} Time"


def _at(zone: str, instant: int) -> tuple[str | None, bool]:
    """What the zone database calls a zone at an instant, and whether clocks are ahead then."""
    if fixed_offset(zone) is not None:
        return (zone if zone in ("UTC", "GMT") else None), False
    year = 400 * 31_556_952  # seconds of 400 years, after which zones repeat
    seconds = instant // 1_000_000
    seconds = seconds if -62_000_000_000 < seconds < 250_000_000_000 else seconds % year
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC).astimezone(_region(zone))
    name = moment.tzname()
    if name == "LMT":  # before there was a standard time Java says its name all the same
        return _at(zone, _WINTER)
    return name, bool(moment.dst())


@lru_cache(maxsize=64)
def standard_offset(zone: str) -> int:
    """How many microseconds a zone is ahead of UTC today, but for daylight saving time."""
    fixed = fixed_offset(zone)
    if fixed is not None:
        return fixed
    moment = datetime.datetime.fromtimestamp(_WINTER // 1_000_000, datetime.UTC).astimezone(_region(zone))
    ahead = (moment.utcoffset() or datetime.timedelta()) - (moment.dst() or datetime.timedelta())
    return ahead // datetime.timedelta(microseconds=1)


@lru_cache(maxsize=64)
def _region(zone: str) -> zoneinfo.ZoneInfo:
    return region(zone)


@lru_cache(maxsize=1)
def readable_names() -> dict[str, str]:
    """The zone of every name that can be read, in lower case."""
    names = {short.lower(): zone for short, zone in _SHORT.items()}
    for zone, (name, summer) in _METAZONE.items():
        for kind in ("Standard", summer):
            names.setdefault(f"{name} {kind} Time".lower(), zone)
    return names | {each.lower(): each for each in zoneinfo.available_timezones()}
