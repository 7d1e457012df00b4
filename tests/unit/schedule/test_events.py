"""The event bus, the log file, and what is kept out of both."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from engine.events import (
    REDACTED,
    Event,
    EventBus,
    Progress,
    QueryFinished,
    QueryStarted,
    is_secret,
    log_to_file,
    redact,
    redact_text,
)


def test_a_failing_listener_is_logged_once_and_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    bus = EventBus()
    heard: list[Event] = []

    def fail(event: Event) -> None:
        raise ValueError("no")

    bus.subscribe(fail)
    unsubscribe = bus.subscribe(heard.append)
    with caplog.at_level(logging.ERROR, "flint"):
        for _ in range(3):
            bus.publish(QueryStarted(query_id="q", text="select 1"))
    assert len(heard) == 3
    assert len(caplog.records) == 1
    unsubscribe()
    bus.publish(QueryStarted(query_id="q", text="select 1"))
    assert len(heard) == 3


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (logging.DEBUG, ["QueryStarted", "Progress", "QueryFinished"]),
        (logging.INFO, ["QueryStarted", "QueryFinished"]),
        (logging.WARNING, ["QueryFinished"]),
    ],
)
def test_the_log_has_level_and_query_and_no_secret(tmp_path: Path, level: int, words: list[str]) -> None:
    bus = EventBus()
    end = log_to_file(bus, tmp_path / "log", level)
    bus.publish(QueryStarted(query_id="q7", text="SET fs.s3a.secret.key = hunter2"))
    bus.publish(Progress(query_id="q7", job_id=1, stage_id=0, partition=0, attempt=0, rows=1, bytes=8))
    bus.publish(QueryFinished(query_id="q7", seconds=1.0, error="DIVIDE_BY_ZERO"))
    end()
    bus.publish(QueryStarted(query_id="q8", text="select 1"))
    lines = (tmp_path / "log").read_text().splitlines()
    assert [word for word, line in zip(words, lines, strict=True) if word in line and "[q7]" in line] == words
    assert "WARNING" in lines[-1]
    assert not any("hunter2" in line for line in lines)


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("spark.hadoop.fs.s3a.access.key", True),
        ("my_password", True),
        ("API-KEY", True),
        ("spark.flint.token", True),
        ("spark.sql.ansi.enabled", False),
        ("flint.keyboard", False),
    ],
)
def test_names_of_secrets(key: str, secret: bool) -> None:
    assert is_secret(key) == secret
    assert redact({key: "value"}) == {key: REDACTED if secret else "value"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("OPTIONS (password 'x', user 'me')", f"OPTIONS (password {REDACTED}, user 'me')"),
        ("{'api_key': 'x', 'n': 1}", f"{{'api_key': {REDACTED}, 'n': 1}}"),
        ("password = 'a b', user = 'me'", f"password = {REDACTED}, user = 'me'"),
        ("https://host/?token=abc&n=1", f"https://host/?token={REDACTED}&n=1"),
        ("select token from t where b = 1", "select token from t where b = 1"),
        ("select a from t where b = 1", "select a from t where b = 1"),
    ],
)
def test_assignments_of_secrets_are_hidden_in_text(text: str, shown: str) -> None:
    assert redact_text(text) == shown
