"""The `WWW-Authenticate` header, as registries send it and as no registry should."""

from __future__ import annotations

import time

import pytest

from modellint.registry.challenge import choose, parse

HUB = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:ai/x:pull"'


def plain(header: str) -> list[tuple[str, dict[str, str]]]:
    return [(each.scheme, each.parameters) for each in parse(header)]


CHALLENGES: list[tuple[str, list[tuple[str, dict[str, str]]]]] = [
    ("", []),
    ('Basic realm="a registry"', [("basic", {"realm": "a registry"})]),
    ("Basic", [("basic", {})]),
    ("  BASIC\tRealm = x ", [("basic", {"realm": "x"})]),
    (
        HUB,
        [
            (
                "bearer",
                {
                    "realm": "https://auth.docker.io/token",
                    "service": "registry.docker.io",
                    "scope": "repository:ai/x:pull",
                },
            )
        ],
    ),
    ("Bearer realm=https://a/t?b=c", [("bearer", {"realm": "https://a/t?b=c"})]),
    ('Bearer realm="https://a/t" , ,service=b', [("bearer", {"realm": "https://a/t", "service": "b"})]),
    # Several challenges, in one header or in several that were joined.
    (
        'Basic realm="x, Bearer realm=y", Bearer realm="https://a/t"',
        [("basic", {"realm": "x, Bearer realm=y"}), ("bearer", {"realm": "https://a/t"})],
    ),
    ('Negotiate, Bearer realm="a"', [("negotiate", {}), ("bearer", {"realm": "a"})]),
    ('Bearer realm="a\\"b\\\\c"', [("bearer", {"realm": 'a"b\\c'})]),
    # What is given twice counts once, as it is given first.
    ('Bearer realm="https://good/",realm="https://evil/"', [("bearer", {"realm": "https://good/"})]),
    # What cannot be read ends the reading.
    ('Bearer realm="https://a/t', [("bearer", {})]),
    ('Bearer realm="a\\', [("bearer", {})]),
    ('realm="https://a/t"', []),
    ('Bearer realm="a"; service="b"', [("bearer", {"realm": "a"})]),
    ("=,=,=", []),
    ("Bearer =x", []),
    ("\x00Bearer realm=x", []),
    ("Bearer realm=\x1b[31mx", [("bearer", {"realm": ""})]),
]


@pytest.mark.parametrize(("header", "challenges"), CHALLENGES)
def test_challenges(header: str, challenges: list[tuple[str, dict[str, str]]]) -> None:
    assert plain(header) == challenges


@pytest.mark.parametrize(
    ("header", "scheme"),
    [
        ("", None),
        ("Negotiate", None),
        ('Digest realm="x", Basic realm="y"', "basic"),
        ('Basic realm="y", Bearer realm="https://a/t"', "bearer"),
        (HUB, "bearer"),
    ],
)
def test_a_token_before_a_password(header: str, scheme: str | None) -> None:
    challenge = choose(header)
    assert (challenge.scheme if challenge else None) == scheme


def test_the_first_of_a_scheme_counts() -> None:
    challenge = choose('Bearer realm="https://good/", Bearer realm="https://evil/"')
    assert challenge and challenge.parameters == {"realm": "https://good/"}


@pytest.mark.parametrize("header", ["a" * 8192, "a=" * 4096, 'a="' + "\\" * 8000, "Bearer " * 1000, "," * 8192])
def test_the_longest_headers_are_read_at_once(header: str) -> None:
    start = time.perf_counter()
    parse(header)
    assert time.perf_counter() - start < 0.1


def test_a_longer_header_is_none() -> None:
    assert parse("Bearer realm=" + "a" * 9000) == []
