"""Asks real Spark what it makes of the moments around every change of the clocks in three zones, and writes that down in
zones.tsv: run by hand, never by the suite.

python tests/sql/record_zones.py     in an environment that has pyspark, with Java 17

An `i` line is an instant (seconds since 1970), one second before, at and after each transition: its local time, the hour
of it, the day of it, date_trunc to HOUR and DAY, a month later, a day later, from_utc_timestamp and to_utc_timestamp. An
`l` line is a local time around both ends of each gap or overlap, and the instant that its cast to TIMESTAMP is.
"""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parent
FILE = FOLDER / "zones.tsv"
ZONES = ("America/Los_Angeles", "Asia/Kolkata", "Australia/Lord_Howe")
OF_INSTANT = (
    "CAST(t AS STRING), hour(t), CAST(CAST(t AS DATE) AS STRING), unix_seconds(date_trunc('HOUR', t)), "
    "unix_seconds(date_trunc('DAY', t)), unix_seconds(t + INTERVAL '1' MONTH), unix_seconds(t + INTERVAL '1' DAY), "
    "unix_seconds(from_utc_timestamp(t, '{zone}')), unix_seconds(to_utc_timestamp(t, '{zone}'))"
)
"""What is asked of the instant `t`; `{zone}` is the session's zone."""


def instants_query(zone: str, instants: list[int]) -> str:
    """The query for instants, in their order."""
    rows = ", ".join(f"({each}L)" for each in instants)
    asked = OF_INSTANT.format(zone=zone)
    return f"SELECT {asked} FROM (SELECT s, timestamp_seconds(s) AS t FROM VALUES {rows} AS v(s)) ORDER BY s"


def locals_query(texts: list[str]) -> str:
    """The query for local times, in the order of their texts."""
    rows = ", ".join(f"('{each}')" for each in texts)
    return f"SELECT unix_seconds(CAST(s AS TIMESTAMP)) FROM VALUES {rows} AS v(s) ORDER BY s"


def main() -> None:
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    lines = [f"# Recorded from Spark {spark.version}; see record_zones.py."]
    for zone in ZONES:
        spark.conf.set("spark.sql.session.timeZone", zone)
        lines.append(f"zone\t{zone}")
        instants, texts = around(spark, zone)
        for instant, row in zip(instants, spark.sql(instants_query(zone, instants)).collect(), strict=True):
            lines.append("\t".join(["i", str(instant), *map(str, row)]))
        for text, row in zip(texts, spark.sql(locals_query(texts)).collect(), strict=True):
            lines.append(f"l\t{text}\t{row[0]}")
    FILE.write_text("\n".join(lines) + "\n")


def around(spark: object, zone: str) -> tuple[list[int], list[str]]:
    """The instants around every transition until 2040 that Java knows, and the local times around both its ends."""
    jvm = spark._jvm.java.time  # type: ignore[attr-defined]
    rules = jvm.ZoneId.of(zone).getRules()
    moment, instants, texts = jvm.Instant.ofEpochSecond(-4_000_000_000), set(), set()
    form = jvm.format.DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss")
    while (found := rules.nextTransition(moment)) is not None and found.getInstant().getEpochSecond() < 2_208_988_800:
        moment = found.getInstant()
        for shift in (-1, 0, 1):
            instants.add(moment.getEpochSecond() + shift)
            for local in (found.getDateTimeBefore(), found.getDateTimeAfter()):
                texts.add(local.plusSeconds(shift).format(form))
    return sorted(instants), sorted(texts)


if __name__ == "__main__":
    sys.exit(main())
