"""What a project takes from the variables of the shell: pure.

Compose is asked twice for the project, with the variables of the shell and without them. What differs has a value of
one of them, however it came there: by `${…}`, by a name without a value, through an env file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping
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


def plain(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that hold no secret."""
    return {name: value for name, value in environ.items() if name in PLAIN}


def taken(with_shell: Mapping[str, Any], without: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """By service, the attributes that have a value of the shell, in order; those of what it uses of the project too."""
    found: dict[str, tuple[str, ...]] = {}
    others = _table(without.get("services"))
    for name, body in _table(with_shell.get("services")).items():
        mine, other = _table(body), _table(others.get(name))
        keys = {key for key in mine.keys() | other.keys() if mine.get(key) != other.get(key)}
        keys |= {kind for kind in _SHARED if kind in mine and _changed(with_shell, without, kind) & _named(mine[kind])}
        built = _table(mine.get("build"))
        if _changed(with_shell, without, "secrets") & _named(built.get("secrets")):
            keys.add("build")
        if keys:
            found[name] = tuple(sorted(keys))
    return found


def hidden(text: str, environ: Mapping[str, str]) -> str:
    """A message of another program, without the values of the shell's variables that it may quote."""
    values = {value for name, value in environ.items() if name not in PLAIN and len(value) >= _SHORTEST}
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, "…")
    return text


def _changed(with_shell: Mapping[str, Any], without: Mapping[str, Any], kind: str) -> set[str]:
    mine, other = _table(with_shell.get(kind)), _table(without.get(kind))
    return {key for key in mine.keys() | other.keys() if mine.get(key) != other.get(key)}


def _named(value: object) -> set[str]:
    """The keys that a service names in an attribute."""
    items = cast("list[object]", value) if isinstance(value, list) else list(_table(value))
    return {str(_table(each).get("source", each)) for each in items}


def _table(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
