"""URLs in a text: which host and port they name."""

from __future__ import annotations

_SCHEME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-")
_HOST = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_ENDS = frozenset(" \t\r\n\"'`<>()[]{},;|\\^")
_DIGITS = frozenset("0123456789")
_MOST = 200  # URLs of one text
_LONGEST_PATH = 2_000  # characters; the rest of a longer one is left out
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class Url:
    """A URL. `start` and `end` are the offsets of its host and port; `port` is None where none is written."""

    __slots__ = ("end", "host", "path", "port", "scheme", "start")

    def __init__(self, scheme: str, host: str, port: int | None, path: str, start: int, end: int) -> None:
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        self.start = start
        self.end = end

    @property
    def reaches(self) -> int | None:
        """The port that is connected to, where it is written or the scheme implies it."""
        return self.port if self.port is not None else _PORTS.get(self.scheme)

    @property
    def authority(self) -> str:
        """Host and port, without the credentials that may stand before them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def urls(text: str) -> list[Url]:
    """The URLs of a text whose host is written out, in order. A host with a variable in it is none."""
    found: list[Url] = []
    at = text.find("://")
    while at >= 0 and len(found) < _MOST:
        begin = at
        while begin > 0 and text[begin - 1] in _SCHEME:
            begin -= 1
        if begin < at:
            url = _url(text, text[begin:at].lower(), at + 3)
            if url is not None:
                found.append(url)
        at = text.find("://", at + 3)
    return found


def host_and_port(text: str) -> Url | None:
    """A text that is nothing but `host:port`, `host:port/path` or a host with a dot in its name."""
    if not text or text[0] not in _HOST or text[0] in "._-":
        return None
    url = _url(text, "", 0)
    whole = url is not None and url.start == 0 and text[url.end : url.end + 1] in ("", "/")
    return url if url is not None and whole and (url.port is not None or "." in url.host) else None


def _url(text: str, scheme: str, start: int) -> Url | None:
    """The URL whose authority begins at an offset."""
    stop = start
    while stop < len(text) and text[stop] not in "/?#" and (text[stop] not in _ENDS or text[stop] in "[]"):
        stop += 1
    begin = max(text.rfind("@", start, stop) + 1, start)
    host, at = _host(text, begin, stop)
    if not host:
        return None
    port: int | None = None
    end = at
    if text[at : at + 1] == ":":
        digits = at + 1
        while digits < stop and text[digits] in _DIGITS:
            digits += 1
        if at + 1 < digits <= at + 6 and text[digits : digits + 1] not in ("$", "-"):
            port, end = int(text[at + 1 : digits]), digits
        elif text[at + 1 : at + 2] in ("$", "{"):
            return None  # a port that only the shell knows
    elif text[at : at + 1] in ("$", "{"):
        return None
    last = end
    while last < min(len(text), end + _LONGEST_PATH) and text[last] not in _ENDS:
        last += 1
    return Url(scheme, host.lower(), port, text[end:last], begin, end)


def _host(text: str, start: int, stop: int) -> tuple[str, int]:
    if text[start : start + 1] == "[":
        close = text.find("]", start, stop)
        return (text[start + 1 : close], close + 1) if close > 0 else ("", start)
    end = start
    while end < stop and text[end] in _HOST:
        end += 1
    return text[start:end], end
