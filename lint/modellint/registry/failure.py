"""Why there is no answer: a word for programs and a sentence for a person. A registry's text is in neither."""

from __future__ import annotations


class Failure(Exception):
    """What a request ends with that gets no artifact.

    `code` and `reason` are those of the `Answer`. `down` says that the host as a whole does not answer, so that it
    makes no sense to ask it for anything else.
    """

    def __init__(self, code: str, reason: str, down: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason
        self.down = down

    def copy(self) -> Failure:
        """The same to raise again: an exception that several threads raise would collect their tracebacks."""
        return Failure(self.code, self.reason, self.down)


def timed_out(seconds: float) -> Failure:
    """The time of a reference is over."""
    return Failure(
        "timeout",
        f"the registry did not respond within {seconds:g} seconds (use `--timeout` to wait longer)",
        down=True,
    )


def of_status(status: int, host: str) -> Failure:
    """What an HTTP status means that is no success, for a host that a person logs in to."""
    if status == 404:
        return Failure("not-found", "the registry has no such repository, tag or digest")
    if status == 401:
        return Failure(
            "auth", f"the registry requires authentication, or the repository does not exist; {log_in(host)}"
        )
    if status == 403:
        return Failure("forbidden", f"the registry denies access, or the repository does not exist; {log_in(host)}")
    if status == 429:
        return Failure("rate-limited", f"the registry's rate limit is reached (HTTP 429); wait, or {log_in(host)}")
    if status >= 500:
        return Failure("unavailable", f"the registry cannot respond right now (HTTP {status}); try again later")
    return Failure("http", f"unexpected response from the registry (HTTP {status})")


def log_in(host: str) -> str:
    """What helps where access is refused."""
    return (
        "run `docker login` if you have access"
        if host == "docker.io"
        else f"run `docker login {host}` if you have access"
    )
