"""Run as a file in a service's namespace: look around, and say what there is.

    python -I -S -X utf8 probe.py < PLAN > OBSERVATIONS

It judges nothing. The variables that the service would have are in the plan, and so are the tokens, of which Compose
gives a service none. Its own environment holds none of them: a name like `LD_PRELOAD` would have the loader run what a
Compose file names. It is read from `/proc/self/environ`, since the interpreter may add to its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time
from typing import Any

_MOST_BYTES = 8 << 20
_MOST_TEXT = 300
_MOST_ITEMS = 300
_LISTENING = "0A"
_QUICK = 10.0  # seconds for an answer that needs no model
_LEAST = 0.5


def main() -> None:
    """Look at everything in the plan."""
    plan = json.load(sys.stdin)
    variables = plan["variables"]
    clock = _Clock(plan["ask_seconds"], plan["asks"])
    observations = {
        "environment": sorted(_own_environment() - set(plan["own"]))[:_MOST_ITEMS],
        "variables": sorted(variables),
        "namespace": _namespace(),
        "knocks": [_knock(each["host"], each["port"], plan["knock_seconds"]) for each in plan["knocks"]],
        "asks": [_ask(each, variables, clock.share(each)) for each in plan["asks"]],
    }
    sys.stdout.write(json.dumps(observations))


class _Clock:
    """Deals out the time for all requests: one that is not answered must not take that of the others.

    What a model has to answer gets an equal part of what is left; everything else is answered at once, or never.
    """

    def __init__(self, seconds: float, asks: list[dict[str, Any]]) -> None:
        self._seconds = seconds
        self._left = sum(map(_is_slow, asks))
        self._began = 0.0

    def share(self, ask: dict[str, Any]) -> float:
        """How many seconds a request may take."""
        now = time.monotonic()
        self._began = self._began or now
        left = self._began + self._seconds - now
        if not _is_slow(ask):
            return min(_QUICK, max(left, _LEAST))
        self._left -= 1
        return max(left / (self._left + 1), _LEAST)


def _is_slow(ask: dict[str, Any]) -> bool:
    return bool(ask.get("slow", True)) and ask["body"] is not None


def _own_environment() -> set[str]:
    """The names of what the process was started with."""
    with open("/proc/self/environ", "rb") as file:
        return {os.fsdecode(entry.partition(b"=")[0]) for entry in file.read().split(b"\0") if entry}


def _namespace() -> dict[str, Any]:
    """The namespace, its interfaces, and who listens. One listener of our own shows that they can be seen at all."""
    try:
        with socket.socket() as own:
            own.bind(("127.0.0.1", 0))
            own.listen(1)
            port = own.getsockname()[1]
            listening = _listening("tcp") + _listening("tcp6")
        with open("/proc/self/net/dev", encoding="ascii") as file:
            interfaces = [line.partition(":")[0].strip() for line in file.readlines()[2:]]
        number = os.stat("/proc/self/ns/net").st_ino
    except (OSError, ValueError, IndexError) as error:
        return {"error": type(error).__name__}
    sees_own = port in listening
    others = sorted(each for each in listening if each != port)
    return {"number": number, "interfaces": interfaces, "listening": others, "sees_own": sees_own}


def _listening(kind: str) -> list[int]:
    path = f"/proc/self/net/{kind}"
    if not os.path.exists(path):  # a kernel without IPv6
        return []
    with open(path, encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return [int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == _LISTENING]


def _knock(host: str, port: int, seconds: float) -> dict[str, Any]:
    """Whether a connection comes about."""
    try:
        with socket.create_connection((host, port), timeout=seconds) as connection:
            # A connection within the range of the ports that clients get can meet itself.
            itself = connection.getsockname() == connection.getpeername()
            return {"connected": not itself, "error": "itself" if itself else ""}
    except OSError as error:
        return {"connected": False, "error": _name_of(error)}


def _name_of(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return os.strerror(error.errno) if error.errno else type(error).__name__


def _ask(ask: dict[str, Any], variables: dict[str, str], seconds: float) -> dict[str, Any]:
    """Send a request to the endpoint that a variable names, as a service would."""
    try:
        host, port, base = _take_apart(variables[ask["variable"]])
        status, body = _exchange(host, port, _request(ask, host, port, base + ask["path"]), seconds)
    except KeyError:
        return {"error": "the variable is not set"}
    except TimeoutError:
        return {"error": f"no data within {seconds:.1f} s"}
    except OSError as error:
        return {"error": _name_of(error)}
    except ValueError:
        return {"error": "the response is not HTTP"}
    return {"status": status, **_facts(body)}


def _take_apart(url: str) -> tuple[str, int, str]:
    scheme, _, rest = url.partition("://")
    place, _, path = rest.partition("/")
    host, _, port = place.partition(":")
    if scheme != "http":
        raise ValueError
    return host, int(port), f"/{path}"


def _request(ask: dict[str, Any], host: str, port: int, path: str) -> bytes:
    body = b"" if ask["body"] is None else json.dumps(ask["body"]).encode()
    lines = [f"{ask['method']} {path} HTTP/1.1", f"Host: {host}:{port}", "Connection: close"]
    if ask["token"] is not None:
        lines.append(f"Authorization: Bearer {ask['token']}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join((*lines, "", "")).encode() + body


def _exchange(host: str, port: int, request: bytes, seconds: float) -> tuple[int, bytes]:
    deadline = time.monotonic() + seconds
    data = bytearray()
    with socket.create_connection((host, port), timeout=seconds) as connection:
        connection.sendall(request)
        while len(data) <= _MOST_BYTES:
            connection.settimeout(max(0.001, deadline - time.monotonic()))
            part = connection.recv(1 << 16)
            if not part:
                break
            data += part
    head, empty, body = bytes(data).partition(b"\r\n\r\n")
    words = head.split(b"\r\n", 1)[0].split(b" ")
    if not empty or not words[0].startswith(b"HTTP/1.") or len(words) < 2:
        raise ValueError
    return int(words[1]), body


def _facts(body: bytes) -> dict[str, Any]:
    """What the judge needs to know of an answer, and not the answer: that can be long."""
    facts: dict[str, Any] = {}
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return facts
    other_shape = contextlib.suppress(KeyError, IndexError, TypeError, AttributeError)
    with other_shape:
        facts["id"] = str(document["id"])[:_MOST_TEXT]
    with other_shape:
        message = document["choices"][0]["message"]
        thought = message.get("reasoning_content")  # of a model that has not come to its answer yet
        facts["text"] = (message["content"] or thought or "")[:_MOST_TEXT]
    with other_shape:
        facts["numbers"] = sum(isinstance(each, float | int) for each in document["data"][0]["embedding"])
    with other_shape:
        facts["ids"] = [str(each["id"])[:_MOST_TEXT] for each in document["data"]][:_MOST_ITEMS]
    return facts


if __name__ == "__main__":
    main()
