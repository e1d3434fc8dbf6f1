"""What a path of this machine is, and what a project takes from the shell."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modellint.smoke.docker.host_paths import looking, most_memory
from modellint.smoke.docker.rights import DEVICES, DOCKER_SOCKET, HOST_FILES, HostPath
from modellint.smoke.docker.shell_variables import hidden, masked, plain, taken


@pytest.fixture
def folder() -> Iterator[Path]:
    """A repository with a project in a folder of it; short, because sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="m-", dir="/tmp") as name:
        root = Path(name).resolve() / "repository"
        (root / ".git").mkdir(parents=True)
        (root / "app").mkdir()
        (root / "data").mkdir()
        yield root / "app"


@pytest.mark.parametrize(
    ("path", "rights"),
    [
        (".", ()), ("../data", ()), ("../..", (HOST_FILES,)), ("/etc/passwd", (HOST_FILES,)), ("/dev/null", (DEVICES,)),
        ("/etc/localtime", ()), ("/proc", (HOST_FILES,)),
    ],
)  # fmt: skip
def test_a_path(folder: Path, path: str, rights: tuple[str, ...]) -> None:
    found = looking(str(folder), {})(os.path.normpath(folder / path))
    assert found is not None or path == "/etc/localtime"  # which not every machine has
    assert found is None or found.rights == rights


def test_links(folder: Path) -> None:
    """What counts is what is there, and the copy mounts that: a link may be changed meanwhile."""
    (folder / "out").symlink_to("/etc")
    (folder / "in").symlink_to("../data")
    (folder / "nowhere").symlink_to("missing")
    look = looking(str(folder), {})
    assert look(str(folder / "out")) == HostPath("/etc", (HOST_FILES,), True)
    assert look(str(folder / "in")) == HostPath(str(folder.parent / "data"), (), True)
    assert look(str(folder / "nowhere")) is None
    assert look("\0") is None


def test_sockets(folder: Path) -> None:
    """A socket is a door wherever it lies, and so is a folder with that of the engine in it."""
    path = folder / "run" / "d.sock"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        look = looking(str(folder), {"DOCKER_HOST": f"unix://{path}"})
        (folder / "link").symlink_to(path)
        assert look(str(folder / "link")) == HostPath(str(path), (DOCKER_SOCKET,))
        assert look(str(path.parent)) == HostPath(str(path.parent), (DOCKER_SOCKET,), True)
        assert look(str(folder)) == HostPath(str(folder), (DOCKER_SOCKET,), True)
        assert looking(str(folder), {})(str(folder)) == HostPath(str(folder), (), True)
        assert look("/") == HostPath("/", (HOST_FILES, DOCKER_SOCKET), True)


def test_other_sockets(folder: Path) -> None:
    """Outside the repository any socket is a door, in whatever folder: read-only keeps nobody from connecting."""
    path = folder.parent.parent / "run" / "below" / "some.sock"
    path.parent.mkdir(parents=True)
    outside = path.parent.parent
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert looking(str(folder), {})(str(outside)) == HostPath(str(outside), (HOST_FILES, DOCKER_SOCKET), True)
        assert looking(str(outside), {})(str(outside)) == HostPath(str(outside), (), True)  # it is the project's own


def test_what_cannot_be_seen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine, which is root or sees another file system, may find there what this process does not."""
    outside = folder.parent.parent / "missing"
    assert looking(str(folder), {})(str(outside)) == HostPath(str(outside), (HOST_FILES,), there=False)
    (folder / "link").symlink_to(outside)
    assert looking(str(folder), {})(str(folder / "link")) == HostPath(str(outside), (HOST_FILES,), there=False)

    def refuse(path: str) -> os.stat_result:
        raise PermissionError(path)

    look = looking(str(folder), {})
    monkeypatch.setattr(os, "stat", refuse)
    assert look("/root/.ssh/id_ed25519") == HostPath("/root/.ssh/id_ed25519", (HOST_FILES,))


def test_the_memory_of_a_container() -> None:
    assert 0 < most_memory() < os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_variables_that_are_no_secrets() -> None:
    given = {
        "PATH": "/bin",
        "HOME": "/root",
        "DOCKER_AUTH_CONFIG": "s3cr3t",
        "COMPOSE_X": "s3cr3t",
        "HTTP_PROXY": "u:p@x",
    }
    assert plain(given) == {"PATH": "/bin", "HOME": "/root"}


@pytest.mark.parametrize(
    ("with_shell", "without", "expected"),
    [
        ({"image": "a"}, {"image": "a"}, ()),
        ({"environment": {"K": "v"}}, {"environment": {"K": None}}, ("environment",)),
        ({"command": ["s"], "image": "x"}, {"command": [""], "image": "x"}, ("command",)),
        ({"build": {"args": {"K": "v"}}}, {"build": {}}, ("build",)),
        ({"configs": [{"source": "c"}]}, {"configs": [{"source": "c"}]}, ("configs",)),
        ({"configs": [{"source": "other"}]}, {"configs": [{"source": "other"}]}, ()),
        ({"networks": {"n": None}}, {"networks": {"n": None}}, ("networks",)),
        ({"image": "x"}, {}, ("image",)),
    ],
)
def test_what_is_taken(with_shell: dict[str, Any], without: dict[str, Any], expected: tuple[str, ...]) -> None:
    mine = {"services": {"a": with_shell, "b": {}}, "configs": {"c": {"content": "v"}}, "networks": {"n": {"x": "v"}}}
    other = {"services": {"a": without, "b": {}}, "configs": {"c": {"content": ""}}, "networks": {"n": {"x": ""}}}
    assert taken(mine, other) == ({"a": expected} if expected else {})


def test_a_service_that_is_there_for_a_variable() -> None:
    assert taken({"services": {"a": {"image": "x"}}}, {"services": {}}) == {"a": ("image",)}


def test_messages_do_not_quote_the_shell() -> None:
    given = {"TOKEN": "s3cr3t", "LONGER": "s3cr3t-and-more", "SHORT": "x", "HOME": "/root"}
    assert hidden("bad s3cr3t-and-more, s3cr3t, x in /root", given) == "bad …, …, x in /root"


def test_messages_do_not_quote_parts_of_the_shell() -> None:
    """A value that a program has written between quotes, in an address, or taken apart at its spaces."""
    given = {"A": 'a"b\\c', "B": "of two\nlines-of-text", "C": "p@ss/w"}
    said = r'x "a\"b\\c" y, "of two\nlines-of-text", "lines-of-text, p%40ss%2Fw, p%40ss/w'
    assert hidden(said, given) == 'x "…" y, "…", "…, …, …'


def test_what_a_program_may_have_in_place_of_the_shell() -> None:
    """No value; and nothing that a loader would take for a folder, which would lie in the one that is checked."""
    given = {"TOKEN": "s3cr3t", "HOME": "/root", "PATH": "/bin", "LD_LIBRARY_PATH": "/x", "BASH_ENV": "/y"}
    assert masked(given) == {"TOKEN": "0", "HOME": "/root", "PATH": "/bin"}
