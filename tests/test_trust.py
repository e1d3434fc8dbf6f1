"""Runs that may be looking at a stranger's files: what is refused there, and what is only said."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from modellint.commands.arguments import UsageError, read
from modellint.commands.trust import OF_PULL_REQUESTS, REFUSED, refuse_untrusted, warning

SMOKES = (
    ["smoke"], ["smoke", "--offline"], ["smoke", "--engine", "docker"], ["smoke", "--engine", "docker", "--offline"],
    ["smoke", "--engine", "docker", "--offline", "--probe-only"], ["smoke", "--serve"], ["smoke", "--canary"],
)  # fmt: skip
ASKS = (["fix", "--pin"], ["check", "--online"])
EVENTS = ("pull_request_target", "workflow_run", "issue_comment")


def refused(words: list[str], event: str) -> bool:
    try:
        refuse_untrusted(read(words), words[0], {"GITHUB_EVENT_NAME": event})
    except UsageError as problem:
        assert event.strip().lower() in str(problem)
        assert "--trusted" in str(problem)
        return True
    return False


@pytest.mark.parametrize("event", [*REFUSED, "Issue_Comment", " workflow_run "])
def test_runs_with_secrets(event: str) -> None:
    """`--offline` keeps from asking registries, and not from running what a file names."""
    for words in (*SMOKES, *ASKS):
        assert refused(words, event), words
        assert not refused([*words, "--trusted"], event)
    for words in ASKS:
        assert not refused([*words, "--offline"], event)


def test_the_known_ones_are_among_them() -> None:
    assert set(EVENTS) <= set(REFUSED)
    assert not set(REFUSED) & set(OF_PULL_REQUESTS)


@pytest.mark.parametrize(
    "event", ["", "push", "pull_request", "schedule", "workflow_dispatch", "merge_group", "release"]
)
def test_other_runs(event: str) -> None:
    for words in (*SMOKES, *ASKS):
        assert not refused(words, event)


def pull(head: Any, base: Any) -> dict[str, Any]:
    return {"pull_request": {"head": {"repo": head}, "base": {"repo": base}}}


OURS = {"full_name": "acme/app", "fork": False}
FORK = {"full_name": "stranger/app", "fork": True}


def said(folder: Path, content: bytes | dict[str, Any], event: str = "pull_request") -> str:
    path = folder / "event.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return warning({"GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(path)})


@pytest.mark.parametrize("event", OF_PULL_REQUESTS)
def test_a_pull_request(tmp_path: Path, event: str) -> None:
    assert said(tmp_path, pull(OURS, OURS), event) == ""
    assert said(tmp_path, pull({**OURS, "fork": True}, {**OURS, "fork": True}), event) == ""  # within a fork
    assert "come from a fork" in said(tmp_path, pull(FORK, OURS), event)
    assert "come from a fork" in said(tmp_path, pull(None, OURS), event)  # one that has been deleted
    assert said(tmp_path, pull(FORK, OURS), "push") == ""


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{", b"\xff\xfe", b"null", b'{"pull_request": 1}', b"[" * 100_000,
        b'{"pull_request": {"head": {}}}',
    ],
)  # fmt: skip
def test_an_event_that_says_nothing(tmp_path: Path, content: bytes) -> None:
    """Then nobody knows whose files they are, and that is said."""
    assert "it is unknown" in said(tmp_path, content)


def test_an_event_that_is_no_file(tmp_path: Path) -> None:
    """Nothing is waited for, and no more is read than GitHub writes."""
    fifo = tmp_path / "fifo"
    if hasattr(os, "mkfifo"):
        os.mkfifo(fifo)
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(1 << 40)
    for path in ("", str(tmp_path), str(fifo), "/dev/zero", str(tmp_path / "missing"), "\0", str(big)):
        assert "it is unknown" in warning({"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": path})


@pytest.mark.parametrize(
    ("source", "own", "warned"),
    [("", "acme/app", False), ("acme/app", "acme/app", False), ("stranger/app", "acme/app", True), ("x/y", "", True)],
)
def test_a_merge_request(source: str, own: str, warned: bool) -> None:
    """GitLab runs the pipeline of a fork in the fork, unless a member of this project starts it here."""
    given = {"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": source, "CI_PROJECT_PATH": own, "CI_PIPELINE_SOURCE": "x"}
    assert bool(warning(given)) is warned
