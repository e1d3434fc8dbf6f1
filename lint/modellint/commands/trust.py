"""Detect CI runs that may check files from a stranger, and refuse or warn.

GitHub starts a run with the secrets of the repository for some events that anybody can cause; a workflow that checks
out the pull request in one of them hands those secrets to whoever wrote it. For a pull request from a fork it starts
one without secrets, but on a runner that may be the repository's own.
"""

from __future__ import annotations

import os
import stat

from modellint.commands.arguments import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from modellint.commands.arguments import Arguments

# Events that run with the secrets of the base repository, and lead to what a stranger has pushed: as a pull request,
# as the run or the check of one, or as a fork.
REFUSED = ("pull_request_target", "workflow_run", "issue_comment", "check_run", "check_suite", "fork")
# Events that run with the code of a pull request, and without secrets where it comes from a fork.
OF_PULL_REQUESTS = ("pull_request", "pull_request_review", "pull_request_review_comment")
_MOST_BYTES = 32 << 20  # of the file that describes an event; GitHub sends no more than 25 MB
_ASKS = "contacts the registries named in a Compose file with this machine's credentials"
_RUNS = "pulls and runs on this machine what a Compose file specifies"


def refuse_untrusted(arguments: Arguments, what: str, environment: Mapping[str, str]) -> None:
    """Raise `UsageError` in a run that holds secrets and may look at files of a pull request from outside.

    Who is `--offline` asks nobody, and so may go on; what `smoke` runs, it runs without a network too.
    """
    smokes = arguments.command.name == "smoke"
    if "--trusted" in arguments.values or ("--offline" in arguments.values and not smokes):
        return
    event = environment.get("GITHUB_EVENT_NAME", "").strip().lower()
    if event in REFUSED:
        raise UsageError(
            f"`{what}` {_RUNS if smokes else _ASKS}, and in a `{event}` run that file may come from a "
            "stranger; use `--trusted` if it does not"
        )


def warning(environment: Mapping[str, str]) -> str:
    """What a person has to know of a run for a request from a fork; empty in every other run."""
    event = environment.get("GITHUB_EVENT_NAME", "").strip().lower()
    if event in OF_PULL_REQUESTS:
        pulled = _pull_request(environment.get("GITHUB_EVENT_PATH", ""))
        if pulled is None:
            return (
                f"it is unknown whether the files in this `{event}` run come from a fork, whose author may be "
                "a stranger"
            )
        if not pulled:
            return ""
        return f"the files in this `{event}` run come from a fork: `smoke` runs on this machine what they specify"
    source, own = environment.get("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", ""), environment.get("CI_PROJECT_PATH", "")
    if source and source != own:
        return (
            "this merge request comes from a fork, but its pipeline runs in this project: `smoke` runs "
            "here what its files specify"
        )
    return ""


def _pull_request(path: str) -> bool | None:
    """Whether the pull request of an event comes from another repository; None where that cannot be told."""
    import json

    try:
        document: object = json.loads(_read(path))
    except (OSError, ValueError, RecursionError):
        return None
    head, base = (_at(document, "pull_request", side, "repo") for side in ("head", "base"))
    mine = _at(base, "full_name")
    if not isinstance(mine, str):
        return None
    return _at(head, "full_name") != mine  # a fork that has been deleted is none any more


def _read(path: str) -> bytes:
    """A regular file of a bounded size. Raises `OSError` and `ValueError`."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("it is not a regular file")
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ValueError("it is too large")
    return data


def _at(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return value  # pyright: ignore[reportUnknownVariableType]
