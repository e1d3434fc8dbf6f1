"""URLs in texts: which host and port they name, and what is none."""

from __future__ import annotations

import pytest

from modellint.evidence.url import host_and_port, urls


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http://host.docker.internal:12434/v1", [("http", "host.docker.internal", 12434, "/v1")]),
        ("curl -f 'https://a.example/x?y=1' -o /dev/null", [("https", "a.example", None, "/x?y=1")]),
        ("redis://:pa$$word@cache:6379/0", [("redis", "cache", 6379, "/0")]),
        ("mongodb://admin:secret@db1:27017,db2:27018/x", [("mongodb", "db1", 27017, "")]),
        ("http://[::1]:11434/api", [("http", "::1", 11434, "/api")]),
        ("postgresql+asyncpg://u:p@db/x", [("postgresql+asyncpg", "db", None, "/x")]),
        ("HTTP://LocalHost", [("http", "localhost", None, "")]),
        ("a http://b c https://d:1", [("http", "b", None, ""), ("https", "d", 1, "")]),
        ("http://$HOST:8080/x", []),
        ("http://${HOST}/x", []),
        ("http://host$N:80", []),
        ("http://host:$PORT/x", []),
        ("http://host:${PORT:-80}/x", []),
        ("://nothing", []),
        ("file:///etc/passwd", []),
        ("http://", []),
        ("http://[::1", []),
    ],
)
def test_urls(text: str, found: list[tuple[str, str, int | None, str]]) -> None:
    assert [(url.scheme, url.host, url.port, url.path) for url in urls(text)] == found


def test_the_place_is_that_of_host_and_port() -> None:
    text = "x redis://user:secret@cache:6379/0"
    (url,) = urls(text)
    assert text[url.start : url.end] == "cache:6379" == url.authority


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("host.docker.internal:11434", ("host.docker.internal", 11434)),
        ("db:5432", ("db", 5432)),
        ("model-runner.docker.internal", ("model-runner.docker.internal", None)),
        ("llm/v1", None),
        ("ai/smollm2:latest", None),
        ("some text: 5", None),
        ("", None),
        (":8080", None),
        ("0.0.0.0:11434", ("0.0.0.0", 11434)),
    ],
)
def test_a_host_alone(text: str, found: tuple[str, int | None] | None) -> None:
    url = host_and_port(text)
    assert (None if url is None else (url.host, url.port)) == found


def test_many_urls_are_bounded() -> None:
    assert len(urls("http://a " * 100_000)) == 200


def test_the_end_of_a_long_word_is_not_looked_for_again_and_again() -> None:
    found = urls("http://a/" * 200 + "x" * 100_000)
    assert len(found) == 200
    assert max(len(url.path) for url in found) == 2_000
