"""The commands of a service: every form of them, the words, the scripts in them, and where all that stands."""

from __future__ import annotations

import pytest

from modellint.compose.loading.load import load
from modellint.compose.model.commands import CommandLine, Word, as_written
from modellint.compose.model.project import Service
from modellint.text.source import Source


def service(body: str, variables: dict[str, str] | None = None) -> Service:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return load(
        Source("nowhere/compose.yaml", f"services:\n  app:\n    image: app\n{lines}"), variables or {}
    ).services["app"]


def texts(words: list[Word]) -> list[str]:
    return [word.text for word in words]


def only(body: str) -> CommandLine:
    lines = [line for line in service(body).commands if line.words]
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize(
    ("body", "role", "words", "script"),
    [
        ("command: [a, b c, '1']", "command", ["a", "b c", "1"], None),
        ("command: a 'b c'  \"d\"e", "command", ["a", "b c", "de"], None),
        ("entrypoint: a b\ncommand: [c]", "command", ["a", "b", "c"], None),
        ("entrypoint: ''\ncommand: [c]", "command", ["c"], None),
        ("command: sh -c 'a && b'", "command", ["sh", "-c", "a && b"], "a && b"),
        ("entrypoint: [/bin/sh, -c]\ncommand: ['a; b']", "command", ["/bin/sh", "-c", "a; b"], "a; b"),
        ("command: [sh, start.sh]", "command", ["sh", "start.sh"], None),
        ("command: [eval, a b]", "command", ["eval", "a b"], None),
        ("healthcheck: {test: 'a || b'}", "healthcheck", ["a || b"], "a || b"),
        ("healthcheck: {test: [CMD-SHELL, a || b]}", "healthcheck", ["a || b"], "a || b"),
        ("healthcheck: {test: [CMD, a, b]}", "healthcheck", ["a", "b"], None),
        ("healthcheck: {test: [CMD, ash, -c, a b]}", "healthcheck", ["ash", "-c", "a b"], "a b"),
        ("post_start: [{command: a b}]", "post_start", ["a", "b"], None),
        ("pre_stop: [{command: [bash, -ec, a b]}]", "pre_stop", ["bash", "-ec", "a b"], "a b"),
        ("pre_start: [{entrypoint: [a], command: b}]", "pre_start", ["a", "b"], None),
    ],
)
def test_every_form(body: str, role: str, words: list[str], script: str | None) -> None:
    line = only(body)
    assert (line.role, texts(line.words), line.script and line.script.text) == (role, words, script)


@pytest.mark.parametrize(
    "body",
    [
        "command:",
        "command: {a: b}",
        "command: a 'b",
        "healthcheck: {test: [NONE]}",
        "healthcheck: {test: []}",
        "healthcheck: {test: [a, b]}",
        "healthcheck: {test: a, disable: true}",
        "healthcheck: {disable: 'true', test: [CMD, a]}",
        "post_start: {command: a}",
        "pre_start: [{}]",
    ],
)
def test_no_command(body: str) -> None:
    assert not [line for line in service(body).commands if line.words]


def test_a_step_takes_what_it_lacks_from_its_service() -> None:
    commands = service("entrypoint: [sh, -c]\ncommand: [a]\npre_start: [{command: [b]}, {entrypoint: [c]}]").commands
    assert [texts(line.words) for line in commands.hooks] == [["sh", "-c", "b"], ["c", "a"]]
    assert [[scalar.value for scalar in line.scalars] for line in commands.hooks] == [["b"], ["c"]]


@pytest.mark.parametrize("shell", ["sh", "ash", "dash", "bash", "ksh", "mksh", "zsh", "/bin/sh", "/usr/local/bin/bash"])
def test_shells(shell: str) -> None:
    assert texts(only(f"command: [{shell}, -c, a b]").simple[0]) == ["a", "b"]


@pytest.mark.parametrize(
    "before",
    [
        "timeout, '5'", "timeout, -k, '1', '5'", "nice, -n, '5'", "nice", "exec", "env, A=b, C=d", "env, -i",
        "su-exec, user", "gosu, 'user:group'", "tini, --", "/sbin/tini, -g, --", "dumb-init, --", "dumb-init",
        "nohup", "sudo, -u, me", "sudo, A=b", "time", "busybox", "busybox, timeout, '5'", "stdbuf, -oL",
        "chroot, /x", "flock, /lock", "setsid", "wait-for-it.sh, 'db:1', --", "ionice, -c, '3'", "taskset, '1'",
        "xargs, -n, '1'", "retry, '5'", "doas, -u, me", "catatonit, --", "numactl, -N, '0'",
    ],
)  # fmt: skip
def test_wrappers(before: str) -> None:
    line = only(f"command: [{before}, ollama, pull, x]")
    assert [texts(command) for command in line.simple] == [["ollama", "pull", "x"]]
    script = only(f"command: [{before}, sh, -c, 'ollama pull x']")
    assert [texts(command) for command in script.simple] == [["ollama", "pull", "x"]]


@pytest.mark.parametrize(
    "words", ["command, -v, a", "env, -S, a", "sudo, -l", "timeout", "flock, -c, a", "wait-for, a"]
)
def test_what_wraps_nothing(words: str) -> None:
    assert [texts(command) for command in only(f"command: [{words}]").simple] == [words.split(", ")]


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("a b && c || d; e | f & g", [["a", "b"], ["c"], ["d"], ["e"], ["f"], ["g"]]),
        ("if a; then b; else exec c; fi", [["a"], ["b"], ["c"], ["fi"]]),
        ("A=1 B=2 a b # c", [["a", "b"]]),
        ("a 'b; c' \"d\"", [["a", "b; c", "d"]]),
        ("a > b 2>&1", [["a", "b", "2"], ["1"]]),
        ("timeout 5 sh -c 'a; b'", [["a"], ["b"]]),
        ("su me -c 'a b'", [["a", "b"]]),
        ("eval 'a b'; trap 'c d' EXIT", [["a", "b"], ["c", "d"]]),
        ("# a", []),
        ("", []),
    ],
)
def test_commands_of_a_script(script: str, commands: list[list[str]]) -> None:
    line = only("healthcheck:\n  test:\n    - CMD-SHELL\n    - |-\n      " + (script or "''"))
    assert [texts(command) for command in line.simple] == (commands if script else [[""]])


@pytest.mark.parametrize(
    ("body", "cuts"),
    [
        ("command: a && b", ["&&"]),
        ("command: a > b 2>&1", [">"]),
        ("command: a 2>&1 | b", ["2>&1"]),
        ("command: a;b", [";"]),
        ("entrypoint: a | b\ncommand: c & d", ["|", "&"]),
        ("command: a 'b && c' \"d > e\" \\&\\&", []),
        ("command: a ;", []),
        ("command: a &", []),
        ("command: [a, '&&', b]", []),
        ("healthcheck: {test: a && b}", []),
        ("post_start: [{command: a && b}]", ["&&"]),
    ],
)
def test_where_compose_stops_reading(body: str, cuts: list[str]) -> None:
    found = [cut for line in service(body).commands for cut in line.cuts]
    assert texts(found) == cuts
    assert [cut.span.text for cut in found] == cuts


@pytest.mark.parametrize(
    ("body", "lost"),
    [
        ("command: [sh, -c, a, b, c]", ["b", "c"]),
        ("command: sh -c a b", ["b"]),
        ("command: [sh, -c, a b, c]", ["c"]),
        ("entrypoint: [sh, -c]\ncommand: a b", ["b"]),
        ("command: [sh, -c, a b]", []),
        ("command: [sh, -c, a b, sh]", []),
        ("command: [sh, -c, a b, --]", []),
        ("command: [sh, -c, a, sh]", ["sh"]),
        ("command: [sh, -c, 'exec \"$$@\"', sh, a]", []),
        ("command: [sh, -c, 'echo $$1 $${2:-x}', sh, a]", []),
        ("command: [sh, -c, 'echo $$A $${B}', a, b]", ["a", "b"]),
        ("command: [sh, -c, 'while shift; do :; done', a, b]", []),
        ("command: [sh, start.sh, a]", []),
    ],
)
def test_words_that_no_script_reads(body: str, lost: list[str]) -> None:
    assert texts(only(body).lost) == lost


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ("command: a 'b c' d", ["a", "b c", "d"]),
        ("command: 'a \"b c\" d'", ["a", "b c", "d"]),
        ('command: [a, "b"]', ["a", "b"]),
        ("command: a b\\ c", ["a", "a b\\ c"]),
        ("command: |\n  a b\n  c\n", ["a", "b", "c"]),
        ("command: >-\n  a b\n  c\n", ["a", "b", "c"]),
        ("command: sh -c 'a; b c'", ["a", "b", "c"]),
        ("command: [sh, -c, \"a; sh -c 'b; c'\"]", ["a", "b", "c"]),
    ],
)
def test_places(body: str, places: list[str]) -> None:
    assert [word.span.text for command in only(body).simple for word in command] == places


def test_commands_as_written() -> None:
    body = 'command: app --key ${KEY:-none} --other "$$X"\nhealthcheck: {test: "a ${KEY}"}'
    app = service(body, {"KEY": "secret"})
    assert "secret" in texts(app.commands.main.words)
    assert app.commands.main.words[-1].shown == ""
    written = as_written(app.body)
    assert texts(written.main.words) == ["app", "--key", "${KEY:-none}", "--other", "__X"]
    assert written.check is not None and texts(written.check.words) == ["a ${KEY}"]


def test_a_default_that_compose_cannot_split_is_written_words_all_the_same() -> None:
    app = service("command: app --key ${KEY:-(none)} b", {"KEY": "x"})
    assert texts(as_written(app.body).main.words) == ["app", "--key", "${KEY:-(none)}", "b"]


def test_what_env_sets_is_set() -> None:
    assert only("command: [env, A=1, sh, -c, echo $$A]").assigned == ["A"]


def test_commands_are_read_once() -> None:
    app = service("command: a")
    assert app.commands is app.commands
    assert app.commands.main.simple is app.commands.main.simple
