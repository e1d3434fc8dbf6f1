"""The base of a pull request: its policies and Compose files, written to a directory with Git's plumbing commands.

No code of the repository runs and nothing is checked out: objects are read as they are stored, without hooks, filters,
submodules and the conversions of `.gitattributes`. What is asked is the checkout itself, whose configuration
actions/checkout wrote: a repository that lies inside of it may be configured to run anything. Only the standard
library.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

EVENTS = ("pull_request", "pull_request_target")  # in which the base counts unless it is told otherwise
LARGEST = 1 << 20  # bytes of a file; a Compose file or a policy can be no larger
LARGEST_OTHER = 1 << 25  # bytes of a baseline
MOST_FILES = 20_000
MOST_BYTES = 256 << 20
ENDS = (".yaml", ".yml")
SECONDS = 120  # for git, each time
_UPLOAD = "--upload-pack=git-upload-pack"  # whatever `remote.origin.uploadpack` says
_PROTOCOLS = "file:http:https:ssh"  # whatever `protocol.*` says: `ext` would run a command
_LINK = "120000"
_MOST_LINKS = 5  # that lead to one another
_COMMIT = re.compile("[0-9a-f]{40}([0-9a-f]{24})?")
_SAFE = (
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.pager=cat", "submodule.recurse=false",
    "fetch.recurseSubmodules=false", "gc.auto=0", "maintenance.auto=false",
    "safe.bareRepository=explicit",
)  # fmt: skip


class Unreadable(Exception):
    """The base cannot be read, and why."""


class Entry(NamedTuple):
    """A file of a commit: its mode, its object, and its size in bytes."""

    mode: str
    name: str
    size: int


def put_base(into: str, folder: str, workspace: str, event_path: str, also: Sequence[str] = ()) -> None:
    """Put what may suppress findings, as it is in the base of the event, below a folder that mirrors the workspace.

    `folder` is any folder of the repository; `also` are files to put besides its YAML, such as a baseline. Raises
    `Unreadable`; what was put until then counts.
    """
    commit = base_commit(event_path)
    repository = _repository(folder, workspace)
    git = _Git(repository)
    if git.code("cat-file", "-e", f"{commit}^{{commit}}") != 0:
        shallow = git.text("rev-parse", "--is-shallow-repository").strip() == b"true"
        depth = ["--depth=1"] if shallow else []  # a history that is whole stays so
        options = ["--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", _UPLOAD, *depth]
        git.text("fetch", *options, "origin", commit)
    files = dict(_listed(git.text("ls-tree", "-r", "-z", "-l", "--full-tree", commit)))
    mirror = os.path.normpath(os.path.join(into, os.path.relpath(repository, workspace)))
    _write(git, files, mirror, [_path_in(repository, path) for path in also])


def base_commit(event_path: str) -> str:
    """The commit that a pull request, or a group of them, is to be merged into; raises `Unreadable`."""
    try:
        with open(event_path, encoding="utf-8") as file:
            event: object = json.load(file)
    except (OSError, ValueError):
        raise Unreadable("there is no pull request event") from None
    for path in (("pull_request", "base", "sha"), ("merge_group", "base_sha")):
        value = event
        for step in path:
            value = cast("dict[str, object]", value).get(step) if isinstance(value, dict) else None
        if isinstance(value, str) and _COMMIT.fullmatch(value):
            return value
    raise Unreadable("the event has no base commit")


class _Git:
    """git in a repository, with nothing that a repository or a system may configure to run."""

    def __init__(self, repository: str) -> None:
        program = shutil.which("git")
        if program is None:
            raise Unreadable("`git` is not on PATH")
        options = [word for each in (*_SAFE, f"safe.directory={repository}") for word in ("-c", each)]
        self._words = [program, "--no-pager", "--no-replace-objects", "-C", repository, *options]
        self._environ = {
            **{name: value for name, value in os.environ.items() if name not in ("GIT_DIR", "GIT_WORK_TREE")},
            "GIT_ALLOW_PROTOCOL": _PROTOCOLS, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "", "LC_ALL": "C",
        }  # fmt: skip

    def code(self, *words: str) -> int:
        """The status with which it ends."""
        return self._run(words, b"").returncode

    def text(self, *words: str, given: bytes = b"") -> bytes:
        """What it prints; raises `Unreadable` where it fails. What it complains of may hold an address with a token."""
        done = self._run(words, given)
        if done.returncode != 0:
            raise Unreadable(f"`git {words[0]}` exited with status {done.returncode}")
        return done.stdout

    def _run(self, words: tuple[str, ...], given: bytes) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                [*self._words, *words],
                input=given,
                capture_output=True,
                env=self._environ,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unreadable(f"`git {words[0]}` took more than {SECONDS} seconds") from None
        except OSError as error:
            raise Unreadable(f"cannot run git: {error.strerror}") from None


def _repository(folder: str, workspace: str) -> str:
    """The checkout that a folder lies in: the outermost repository of the workspace on the way to it."""
    here = os.path.realpath(folder)
    root = os.path.realpath(workspace)
    found = ""
    while here == root or here.startswith(root.rstrip(os.sep) + os.sep):
        if os.path.exists(os.path.join(here, ".git")):
            found = here
        if here == root:
            break
        here = os.path.dirname(here)
    if not found:
        raise Unreadable("the workspace contains no repository: use actions/checkout first")
    return found


def _listed(output: bytes) -> Iterator[tuple[str, Entry]]:
    """The files of a commit by path, as far as a file of that name can be written anywhere."""
    for line in output.split(b"\0"):
        head, _, path = line.partition(b"\t")
        parts = head.decode("ascii", "replace").split()
        if len(parts) == 4 and parts[1] == "blob" and parts[3].isdigit():
            name = os.fsdecode(path)
            steps = name.split("/")
            if not any(step in ("", ".", "..") or step.lower() == ".git" for step in steps) and "\\" not in name:
                yield name, Entry(parts[0], parts[2], int(parts[3]))


def _path_in(repository: str, path: str) -> str:
    """A file as a commit of the repository names it, links of folders followed as the check follows them."""
    real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    return os.path.relpath(real, repository).replace(os.sep, "/")


def _write(git: _Git, files: dict[str, Entry], mirror: str, also: Sequence[str]) -> None:
    """Write the YAML files of a commit, and the others that are asked for."""
    links = [path for path, entry in files.items() if entry.mode == _LINK and entry.size <= LARGEST]
    aims = dict(zip(links, _contents(git, [files[path].name for path in links]), strict=True))
    limits = {path: LARGEST for path in files if path.endswith(ENDS)} | dict.fromkeys(also, LARGEST_OTHER)
    chosen = {path: end for path, most in limits.items() if (end := _end(path, files, aims, most))}
    if len(chosen) > MOST_FILES or sum(files[end].size for end in chosen.values()) > MOST_BYTES:
        raise Unreadable(f"it has more than {MOST_FILES:,} YAML files, or more than {MOST_BYTES >> 20} MiB of them")
    contents = _contents(git, [files[end].name for end in chosen.values()])
    for path, content in zip(chosen, contents, strict=True):
        target = os.path.join(mirror, *path.split("/"))
        try:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "xb") as file:
                file.write(content)
        except OSError:  # a name that this system cannot have, or two that it takes for one
            continue


def _end(path: str, files: dict[str, Entry], aims: dict[str, bytes], most: int) -> str:
    """The regular file that a path stands for, links in the commit followed; empty where there is none."""
    for _ in range(_MOST_LINKS):
        entry = files.get(path)
        if entry is None or entry.size > most or (path not in aims and entry.mode == _LINK):
            return ""
        if entry.mode != _LINK:
            return path
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), os.fsdecode(aims[path])))
    return ""


def _contents(git: _Git, names: list[str]) -> list[bytes]:
    """The contents of objects, in their order."""
    if not names:
        return []
    output = git.text("cat-file", "--batch", given="".join([f"{name}\n" for name in names]).encode())
    found: list[bytes] = []
    at = 0
    for name in names:
        end = output.index(b"\n", at)
        head = output[at:end].split()
        if len(head) != 3 or head[0].decode() != name or head[1] != b"blob":
            raise Unreadable("one of its objects is missing")
        at = end + 1 + int(head[2])
        found.append(output[end + 1 : at])
        at += 1
    return found
