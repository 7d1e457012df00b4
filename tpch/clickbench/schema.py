"""The columns of `hits`, in their order: types, and how the values of those that no statement looks at are drawn.

The real table is public (ClickBench); names and types are its own, with times and dates as such.
"""

from __future__ import annotations

import pyarrow as pa

SMALL, INT, BIG, TEXT = pa.int16(), pa.int32(), pa.int64(), pa.string()
TIME, DATE = pa.timestamp("us"), pa.date32()

_COLUMNS: tuple[tuple[pa.DataType, str], ...] = (
    (BIG, "WatchID"), (SMALL, "JavaEnable"), (TEXT, "Title"), (SMALL, "GoodEvent"), (TIME, "EventTime"),
    (DATE, "EventDate"), (INT, "CounterID ClientIP RegionID"), (BIG, "UserID"),
    (SMALL, "CounterClass OS UserAgent"), (TEXT, "URL Referer"), (SMALL, "IsRefresh RefererCategoryID"),
    (INT, "RefererRegionID"), (SMALL, "URLCategoryID"), (INT, "URLRegionID"),
    (SMALL, "ResolutionWidth ResolutionHeight ResolutionDepth FlashMajor FlashMinor"), (TEXT, "FlashMinor2"),
    (SMALL, "NetMajor NetMinor UserAgentMajor"), (TEXT, "UserAgentMinor"),
    (SMALL, "CookieEnable JavascriptEnable IsMobile MobilePhone"), (TEXT, "MobilePhoneModel Params"),
    (INT, "IPNetworkID"), (SMALL, "TraficSourceID SearchEngineID"), (TEXT, "SearchPhrase"),
    (SMALL, "AdvEngineID IsArtifical WindowClientWidth WindowClientHeight ClientTimeZone"), (TIME, "ClientEventTime"),
    (SMALL, "SilverlightVersion1 SilverlightVersion2"), (INT, "SilverlightVersion3"), (SMALL, "SilverlightVersion4"),
    (TEXT, "PageCharset"), (INT, "CodeVersion"), (SMALL, "IsLink IsDownload IsNotBounce"), (BIG, "FUniqID"),
    (TEXT, "OriginalURL"), (INT, "HID"), (SMALL, "IsOldCounter IsEvent IsParameter DontCountHits WithHash"),
    (TEXT, "HitColor"), (TIME, "LocalEventTime"), (SMALL, "Age Sex Income Interests Robotness"),
    (INT, "RemoteIP WindowName OpenerName"), (SMALL, "HistoryLength"),
    (TEXT, "BrowserLanguage BrowserCountry SocialNetwork SocialAction"), (SMALL, "HTTPError"),
    (INT, "SendTiming DNSTiming ConnectTiming ResponseStartTiming ResponseEndTiming FetchTiming"),
    (SMALL, "SocialSourceNetworkID"), (TEXT, "SocialSourcePage"), (BIG, "ParamPrice"),
    (TEXT, "ParamOrderID ParamCurrency"), (SMALL, "ParamCurrencyID"),
    (TEXT, "OpenstatServiceName OpenstatCampaignID OpenstatAdID OpenstatSourceID"),
    (TEXT, "UTMSource UTMMedium UTMCampaign UTMContent UTMTerm FromTag"), (SMALL, "HasGCLID"),
    (BIG, "RefererHash URLHash"), (INT, "CLID"),
)  # fmt: skip

SCHEMA = pa.schema([(name, kind) for kind, names in _COLUMNS for name in names.split()])

CHOICES: dict[str, tuple[str, ...]] = {  # texts of few values; the empty one is by far the most frequent
    "FlashMinor2": ("", "700", "202", "0", "228"),
    "UserAgentMinor": ("", "0", "D2", "4", "16"),
    "PageCharset": ("windows", "utf-8", "koi8-r", ""),
    "HitColor": ("5", "F", "T", "D", "E", "5"),
    "BrowserLanguage": ("", "ru", "en", "uk", "kk"),
    "BrowserCountry": ("", "RU", "UA", "BY", "KZ", "\u00a4"),
    "ParamCurrency": ("", "RUB", "USD"),
    "OpenstatServiceName": ("", "direct", "market"),
    "UTMSource": ("", "yandex", "google", "mail"),
    "UTMMedium": ("", "cpc", "banner"),
    "FromTag": ("", "list", "main"),
}

RANGES: dict[str, int] = {  # numbers from 0 up to these, evenly; columns that are nowhere named are 0 or empty
    "JavaEnable": 2, "GoodEvent": 2, "CounterClass": 2, "OS": 90, "UserAgent": 80, "RefererCategoryID": 20000,
    "RefererRegionID": 6000, "URLCategoryID": 15000, "URLRegionID": 6000, "ResolutionDepth": 33, "FlashMajor": 12,
    "FlashMinor": 5, "NetMajor": 4, "NetMinor": 4, "UserAgentMajor": 30, "IPNetworkID": 4_000_000,
    "ClientTimeZone": 720, "CodeVersion": 2000, "HID": 1 << 30, "Age": 60, "Sex": 3, "Income": 5, "Interests": 30000,
    "Robotness": 4, "RemoteIP": 1 << 30, "WindowName": 5000, "OpenerName": 5000, "HistoryLength": 50,
    "SendTiming": 900, "DNSTiming": 200, "ConnectTiming": 400, "ResponseStartTiming": 2000, "ResponseEndTiming": 3000,
    "FetchTiming": 4000, "SocialSourceNetworkID": 5, "ParamPrice": 10000, "CLID": 50,
}  # fmt: skip
