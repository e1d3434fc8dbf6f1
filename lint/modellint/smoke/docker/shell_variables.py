"""The values that a project takes from shell variables: pure.

Compose is asked twice for the project, with the variables of the shell and without them. What differs has a value of
one of them, however it came there: by `${…}`, by a name without a value, through an env file.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from modellint.compose.model.taken_names import runs_code
from modellint.text.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Final

# No secrets: what tells a program where it is, who runs it and how to speak; how to reach the engine; and what Compose
# itself reads.
PLAIN: Final = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "HOSTNAME", "UID", "GID", "TERM", "TZ", "TMPDIR", "LANG",
    "LANGUAGE", "LC_ALL", "CI", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME",
    "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "DOCKER_TLS",
    "DOCKER_API_VERSION", "DOCKER_BUILDKIT", "DOCKER_DEFAULT_PLATFORM", "BUILDX_BUILDER",
    "COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME", "COMPOSE_PATH_SEPARATOR", "COMPOSE_ENV_FILES",
    "COMPOSE_DISABLE_ENV_FILE", "COMPOSE_EXPERIMENTAL_GIT_REMOTE", "COMPOSE_EXPERIMENTAL_OCI_REMOTE",
    "COMPOSE_COMPATIBILITY", "COMPOSE_CONVERT_WINDOWS_PATHS", "COMPOSE_ANSI",
})  # fmt: skip
_SHARED = ("configs", "secrets", "networks", "volumes")
_SHORTEST = 4  # characters of a value that is taken out of messages; shorter ones are part of many words
_SHORTEST_PART = 8  # characters of a word of a value, which stands alone where a program has taken the value apart
_MASK = "0"


def plain(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that hold no secret."""
    return {name: value for name, value in environ.items() if name in PLAIN}


def masked(environ: Mapping[str, str]) -> dict[str, str]:
    """The same variables, of which those that may hold a secret have a value that means nothing.

    Not those that a loader or a shell would take for a path: it is relative, and this may run in a hostile folder.
    """
    return {
        name: value if name in PLAIN else _MASK
        for name, value in environ.items()
        if name in PLAIN or not runs_code(name)
    }


def taken(with_shell: Mapping[str, Any], without: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """By service, the attributes that have a value of the shell, in order; those of what it uses of the project too."""
    found: dict[str, tuple[str, ...]] = {}
    others = as_object(without.get("services"))
    for name, body in as_object(with_shell.get("services")).items():
        mine, other = as_object(body), as_object(others.get(name))
        keys = {key for key in mine.keys() | other.keys() if mine.get(key) != other.get(key)}
        keys |= {kind for kind in _SHARED if kind in mine and _changed(with_shell, without, kind) & _named(mine[kind])}
        built = as_object(mine.get("build"))
        if _changed(with_shell, without, "secrets") & _named(built.get("secrets")):
            keys.add("build")
        if keys:
            found[name] = tuple(sorted(keys))
    return found


def hidden(text: str, environ: Mapping[str, str]) -> str:
    """A message of another program, without the values of the shell's variables that it may quote."""
    values = {value for name, value in environ.items() if name not in PLAIN and len(value) >= _SHORTEST}
    values |= {part for value in values for part in value.split() if len(part) >= _SHORTEST_PART}
    values |= {form for value in values for form in _quoted(value)}
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, "…")
    return text


def _quoted(value: str) -> Iterator[str]:
    """A value as programs write it between quotes or in an address, without the quotes."""
    for as_ascii in (True, False):
        yield json.dumps(value, ensure_ascii=as_ascii)[1:-1]
    yield quote(value, safe="")
    yield quote(value)


def _changed(with_shell: Mapping[str, Any], without: Mapping[str, Any], kind: str) -> set[str]:
    mine, other = as_object(with_shell.get(kind)), as_object(without.get(kind))
    return {key for key in mine.keys() | other.keys() if mine.get(key) != other.get(key)}


def _named(value: object) -> set[str]:
    """The keys that a service names in an attribute."""
    items = cast("list[object]", value) if isinstance(value, list) else list(as_object(value))
    return {str(as_object(each).get("source", each)) for each in items}
