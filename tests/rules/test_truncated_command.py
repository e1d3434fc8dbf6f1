"""truncated-command: layouts of commands, what is left alone, and fixes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modellint.text.finding import Finding

RULE = "truncated-command"
Find = Callable[..., list[Finding]]
Repair = Callable[[str, str], str]
SHELL = "entrypoint: [sh, -c]\n    "


def app(rest: str) -> str:
    return f"services:\n  app:\n    image: app\n    {rest}\n"


@pytest.mark.parametrize(
    ("rest", "place"),
    [
        ("command: a && b", "&& b"),
        ("command: a 2>&1 | tee b", "2>&1 | tee b"),
        ("command: 'a; b '", "; b"),
        ("command: >\n      a\n      > b\n", "> b"),
        ("entrypoint: a | b", "| b"),
        ("post_start: [{command: a && b}]", "&& b"),
        ("pre_start: [{image: x, command: a && b}]", "&& b"),
        ("command: sh -c 'a' && b", "&& b"),
        ("command: sh -c a b && c", "a"),
        ("command: [timeout, '5', ksh, -c, a, b]", "a"),
        (SHELL + "command: a b", "a"),
        (SHELL + "command: [a, b]", "a"),
        ("entrypoint: [sh, -c, a]\n    command: [b, c]", "b"),
        ("entrypoint: [sh, -c, a b]\n    command: [--port, '1']", "--port"),
    ],
)
def test_truncated(rest: str, place: str, find: Find) -> None:
    (found,) = find(RULE, app(rest))
    assert found.span.text == place
    assert bool(found.fix) != bool(found.hint)


@pytest.mark.parametrize(
    "rest",
    [
        "command: a 'b && c' \"d | e\"",
        "command: [a, '&&', b]",
        "command: [sh, -c, a && b]",
        "command: sh -c 'a && b'",
        "command: a &",
        "command: [sh, start.sh, a]",
        "command: [sh, -c, 'exec a \"$$@\"', sh, b]",
        "command: [sh, -c, exec a, sh]",
        "entrypoint: [sh, -c, a && b]\n    command: [c]",
        "command: a 'b && c",
        "healthcheck: {test: a && b}",
        "healthcheck: {test: [CMD-SHELL, a, b]}",
        "command: {a: b}",
    ],
)
def test_whole(rest: str, find: Find) -> None:
    assert not find(RULE, app(rest))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("entrypoint: a && \\b", 'entrypoint: ["sh", "-c", "a && \\\\b"]'),
        ("entrypoint: 'a && \"b\"' # c", 'entrypoint: ["sh", "-c", \'a && "b"\'] # c'),
        ("entrypoint: a $$B && b", 'entrypoint: ["sh", "-c", "a $$B && b"]'),
        ("post_start: [{command: a && b}]", 'post_start: [{command: ["sh", "-c", "a && b"]}]'),
        (SHELL + "command: a b", SHELL + 'command: ["a b"]'),
        (SHELL + "command: a && b", SHELL + 'command: ["a && b"]'),
        (SHELL + "command: |\n      a b\n      c", SHELL + "command:\n    - |\n      a b\n      c"),
        (SHELL + "command: >-\n        a b\n        && c", SHELL + "command:\n    - >-\n        a b\n        && c"),
        ("command: sh -c a b && c", "command: sh -c 'a b && c'"),
        ("command: sh -c a && b", "command: sh -c 'a && b'"),
        ('command: "sh -c a b"', "command: \"sh -c 'a b'\""),
        ("command: [sh, -c, a, 'b']", 'command: [sh, -c, "a b"]'),
        ("command:\n      - sh\n      - -c\n      - a\n      - b", 'command:\n      - sh\n      - -c\n      - "a b"'),
    ],
)
def test_fix(before: str, after: str, repair: Repair, find: Find) -> None:
    assert repair(RULE, app(before)) == app(after)
    assert not find(RULE, app(after))


@pytest.mark.parametrize(
    "rest",
    [
        "command: a && b",
        "entrypoint: a && b\n    command: [c]",
        "entrypoint: >\n      a\n      && b",
        "entrypoint: &e a && b",
        "command: sh -c 'a b' c",
        "command: sh -c 'a' && b",
        "command: 'sh -c a b'",
        "command: sh -c a ${B:-b}",
        "command: [sh, -c, a, 'b c']",
        "command: [sh, -c, a, $$B]",
        "command:\n      - sh\n      - -c\n      - a # first\n      - b",
        "entrypoint: [sh, -c, a]\n    command: [b, c]",
        SHELL + "command: &c |\n      a b",
    ],
)
def test_no_fix(rest: str, find: Find) -> None:
    (found,) = find(RULE, app(rest))
    assert found.fix is None


def test_what_services_share_is_said_once(find: Find) -> None:
    shared = "x-app: &app\n  image: app\n  command: a && b\nservices:\n  one: *app\n  two:\n    <<: *app\n"
    assert len(find(RULE, shared)) == 1


def test_jobs(find: Find) -> None:
    text = "services: {app: {image: app}}\njobs:\n  j: {image: app, triggers: {}, command: a && b}\n"
    assert [found.span.text for found in find(RULE, text)] == ["&& b"]


def test_a_variable_is_not_printed(find: Find) -> None:
    (cut,) = find(RULE, app("command: a ${X}"), {"X": "secret && secret"})
    (lost,) = find(RULE, app("command: sh -c ${X}"), {"X": "secret secret"})
    assert "secret" not in cut.message + lost.message
