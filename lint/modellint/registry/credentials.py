"""The credentials that Docker stores: its `config.json`, and the helper programs that this names.

A host gets credentials only if the configuration names it: then, and only then, is a helper asked for them, and asked
for this host alone. Nothing here ends a run: what cannot be read is no credential, and a problem in words.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import signal
import stat
import subprocess
import threading
from typing import IO, TYPE_CHECKING, Any, cast

from modellint.registry.hosts import credential_keys, host_of_key
from modellint.system.programs import find_program
from modellint.text.json_values import as_object, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_CONFIG = 1 << 20
_LONGEST_ANSWER = 1 << 16  # of a helper
_PATIENCE = 3.0  # seconds that a helper has
_HELPER = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_IDENTITY = "<token>"  # a helper's user name where its secret is an identity token


class Credentials:
    """A name and a password, or an identity token to change for an access token. Never shows them."""

    __slots__ = ("identity_token", "password", "user")

    def __init__(self, user: str = "", password: str = "", identity_token: str = "") -> None:
        self.user = user
        self.password = password
        self.identity_token = identity_token

    def __repr__(self) -> str:
        return "Credentials(…)"


class DockerConfig:
    """Docker's configuration file, as far as it is about credentials. `problem` says why it could not be read."""

    def __init__(self, document: object = None, problem: str = "") -> None:
        self.problem = problem
        config = as_object(document)
        self._auths = {key: as_object(value) for key, value in as_object(config.get("auths")).items()}
        self._helpers = {key: value for key, value in as_object(config.get("credHelpers")).items() if as_text(value)}
        self._store = as_text(config.get("credsStore"))

    def __repr__(self) -> str:
        return "DockerConfig(…)"

    def look_up(self, registry: str) -> tuple[Credentials | None, str]:
        """A registry's credentials, if there are any, and what went wrong on the way, in words for a person."""
        key, helper = self._helper(registry)
        problem = self.problem
        if helper:
            found, problem = ask_helper(helper, key)
            if found:
                return found, ""
        entry = self._auths.get(_key(self._auths, registry))
        return (_written(entry) if entry else None), problem

    def _helper(self, registry: str) -> tuple[str, str]:
        """What to ask which helper for; empty where none is set up for this registry."""
        if key := _key(self._helpers, registry):
            return key, self._helpers[key]
        if key := _key(self._auths, registry):
            return key, self._store
        return "", ""


def load(environ: Mapping[str, str]) -> DockerConfig:
    """Docker's configuration, from where Docker would read it."""
    folder = environ.get("DOCKER_CONFIG") or os.path.join(os.path.expanduser("~"), ".docker")
    path = os.path.join(folder, "config.json")
    try:
        data = _read(path)
    except FileNotFoundError:
        return DockerConfig()
    except (OSError, ValueError):
        return DockerConfig(problem="Docker's configuration file cannot be read")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return DockerConfig(problem="Docker's configuration file is not valid JSON")
    return DockerConfig(
        document, "" if isinstance(document, dict) else "Docker's configuration file is not a JSON object"
    )


def ask_helper(name: str, key: str) -> tuple[Credentials | None, str]:
    """What the helper `docker-credential-NAME` knows, and what went wrong. That it knows nothing is nothing wrong."""
    program = find_program(f"docker-credential-{name}") if name and _HELPER.issuperset(name) else None
    if program is None:
        return None, "the credential helper from Docker's configuration is not installed"
    try:
        status, output = _run(program, key)
    except OSError:
        return None, "the credential helper from Docker's configuration cannot be started"
    if status is None:
        return None, f"Docker's credential helper did not respond within {_PATIENCE:g} seconds"
    if status != 0:
        return None, ""
    try:
        answer = as_object(json.loads(output))
    except (ValueError, RecursionError):
        return None, "Docker's credential helper returned invalid JSON"
    user, secret = as_text(answer.get("Username")), as_text(answer.get("Secret"))
    if not secret:
        return None, ""
    return (Credentials(identity_token=secret) if user == _IDENTITY else Credentials(user, secret)), ""


def _run(program: str, key: str) -> tuple[int | None, bytes]:
    """Status and output of a helper; no status where it took too long or wrote too much."""
    process = subprocess.Popen(
        [program, "get"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    late = threading.Event()

    def stop() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(_PATIENCE, stop)
    timer.daemon = True
    timer.start()
    try:
        output = _talk(cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout), key)
        if len(output) > _LONGEST_ANSWER:
            _kill(process)
        status = process.wait()
    finally:
        timer.cancel()
    return (None, b"") if late.is_set() else (status, output)


def _talk(into: IO[bytes], out: IO[bytes], key: str) -> bytes:
    try:
        with into:
            into.write(key.encode())
    except OSError:  # it did not read
        pass
    with out:
        return out.read(_LONGEST_ANSWER + 1)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a helper and what it has started, which would keep the pipe open."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except OSError:
        pass  # it has ended by itself


def _written(entry: Mapping[str, Any]) -> Credentials | None:
    """The credentials that stand in the file itself."""
    if token := as_text(entry.get("identitytoken")):
        return Credentials(identity_token=token)
    user, password = as_text(entry.get("username")), as_text(entry.get("password"))
    if pair := as_text(entry.get("auth")):
        try:
            user, colon, password = base64.b64decode(pair, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        password = password.strip("\0") if colon else ""
    return Credentials(user, password) if user and password else None


def _key(table: Mapping[str, object], registry: str) -> str:
    """The key under which a table holds a registry; empty where it does not."""
    keys = credential_keys(registry)
    hosts = {host_of_key(key) for key in keys}
    written = next((key for key in keys if key in table), "")
    return written or next((key for key in table if host_of_key(key) in hosts), "")


def _read(path: str) -> bytes:
    """A regular file of a bounded size: a FIFO under this name would block for ever."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError(path)
        data = file.read(_LONGEST_CONFIG + 1)
    if len(data) > _LONGEST_CONFIG:
        raise ValueError(path)
    return data
