"""Files are found as Compose finds them, and whatever lies under a name is refused in words or read in bounds."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from modellint.check import Settings, check
from modellint.cli import main
from modellint.files import disk
from modellint.files.disk import MAX_BYTES, Unreadable, decode, default_file, inside, read
from modellint.files.search import project_files
from modellint.linter.discovery import rules

COMPOSE_FILE = "services: {}\n"


def reason(path: Path | str) -> str:
    """Why a path cannot be read."""
    with pytest.raises(Unreadable) as error:
        read(str(path))
    assert str(error.value) == f"{path}: {error.value.reason}"
    return error.value.reason


def test_text_is_kept_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_bytes("\ufeffa: é\r\nb: \U0001f600\r".encode())
    source = read(str(path))
    assert (source.text, source.path, source.private) == ("a: é\r\nb: \U0001f600\r", str(path), False)
    assert read(str(path), private=True).private


def test_missing(tmp_path: Path) -> None:
    assert reason(tmp_path / "compose.yaml") == "does not exist"
    assert reason(tmp_path / "compose.yaml" / "x") == "does not exist"


def test_names_that_no_file_can_have() -> None:
    assert reason("a\0b") == "is not a valid file name"
    assert reason("x" * 5000) == "cannot be read: file name too long"
    assert reason("") == "does not exist"


def test_folder(tmp_path: Path) -> None:
    assert reason(tmp_path) == "is a directory"


def test_named_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert reason(tmp_path / "pipe") == "is not a regular file"


def test_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        assert reason(tmp_path / "s") == "is not a regular file"


def test_device_without_end() -> None:
    assert reason("/dev/zero") == "is not a regular file"


def test_too_large(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_bytes(b"a" * MAX_BYTES)
    assert len(read(str(path)).text) == MAX_BYTES
    with path.open("ab") as file:
        file.truncate(60 << 20)
    assert reason(path) == "is too large for a Compose file (62,914,560 bytes; the limit is 1,048,576)"


@pytest.mark.skipif(not Path("/proc/kallsyms").exists(), reason="this system has no file that grows while it is read")
def test_file_whose_size_the_system_does_not_know() -> None:
    assert Path("/proc/kallsyms").stat().st_size == 0
    assert reason("/proc/kallsyms").startswith("is too large for a Compose file")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("a: b\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        ("a: b\n".encode("utf-16-le"), "is not a text file"),
        (b"\x7fELF\0\0", "is not a text file"),
        (b"a: b\nc: \xff\n", "is not UTF-8 text (byte 8, line 2)"),
        (b"a: \xed\xa0\x80\n", "is not UTF-8 text (byte 3, line 1)"),
    ],
)
def test_not_utf8(data: bytes, why: str) -> None:
    with pytest.raises(Unreadable) as error:
        decode("compose.yaml", data)
    assert error.value.reason == why


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_permission_denied(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(COMPOSE_FILE)
    path.chmod(0)
    assert reason(path) == "cannot be read: permission denied"


def test_symbolic_links(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text(COMPOSE_FILE)
    (tmp_path / "link.yaml").symlink_to("real.yaml")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    (tmp_path / "nowhere").symlink_to("nothing")
    assert read(str(tmp_path / "link.yaml")).text == COMPOSE_FILE
    assert reason(tmp_path / "one") == "cannot be read: too many levels of symbolic links"
    assert reason(tmp_path / "nowhere") == "does not exist"


def test_inside(tmp_path: Path) -> None:
    project, other = tmp_path / "project", tmp_path / "project-two"
    (project / "sub").mkdir(parents=True)
    other.mkdir()
    for path in (project / "a.env", project / "sub/b.env", other / "c.env"):
        path.write_text("A=1\n")
    (project / "out.env").symlink_to(other / "c.env")
    (project / "out").symlink_to(other)
    (project / "in.env").symlink_to("sub/b.env")
    (tmp_path / "same").symlink_to(project)
    folder = str(project)
    assert all(inside(str(project / name), folder) for name in ("a.env", "sub/b.env", "in.env", "sub/../a.env", "new"))
    assert not any(
        inside(str(project / name), folder)
        for name in ("../project-two/c.env", "out.env", "out/c.env", "..", "/etc/passwd", "../project/../x")
    )
    assert inside(str(tmp_path / "same/a.env"), folder)
    assert inside("/etc/passwd", "/")


def test_standard_input(tmp_path: Path) -> None:
    code = "from modellint.files import disk; s = disk.read_stdin(); print(s.path, repr(s.text))"
    run = subprocess.run([sys.executable, "-c", code], input=b"\xef\xbb\xbfa: 1\r\n", capture_output=True, check=True)
    assert run.stdout == b"<stdin> 'a: 1\\r\\n'\n"
    too_much = subprocess.run(
        [sys.executable, "-c", code], input=b"a" * (MAX_BYTES + 1), capture_output=True, check=False
    )
    assert too_much.stderr.splitlines()[-1].startswith(b"modellint.files.disk.Unreadable: standard input: is too large")


def test_folder_search(tmp_path: Path) -> None:
    """One file of each folder, in Compose's order of names; folders of dependencies and links are left out."""
    tree = {
        "compose.yml": True,
        "compose.yaml": True,
        "docker-compose.yml": False,
        "a/docker-compose.yaml": False,
        "a/docker-compose.yml": True,
        "b/deep/er/docker-compose.yaml": True,
        "b/compose.prod.yaml": False,
        "c/compose.yml": True,
        "c/docker-compose.yml": False,
        "node_modules/x/compose.yaml": False,
        ".git/compose.yaml": False,
        ".venv/lib/compose.yaml": False,
    }
    for name in tree:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(COMPOSE_FILE)
    (tmp_path / "compose.yml").unlink()
    tree["compose.yml"] = False
    (tmp_path / "d").symlink_to("a")
    (tmp_path / "a/loop").symlink_to("..")
    (tmp_path / "e/compose.yaml").mkdir(parents=True)
    assert project_files(str(tmp_path), [], []) == sorted(str(tmp_path / name) for name, found in tree.items() if found)


def test_a_file_that_is_named_is_taken_whatever_its_name(tmp_path: Path) -> None:
    assert project_files(str(tmp_path / "stack.yml"), [], []) == [str(tmp_path / "stack.yml")]
    assert project_files("-", [], []) == ["-"]


def test_a_folder_that_cannot_be_read_loses_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as the data of a database, which belongs to another user. The superuser reads it, so `scandir` stands in."""
    for name in ("app", "data"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "compose.yaml").write_text("services: {app: {image: app}}\n")
    scandir = os.scandir

    def guarded(path: str) -> object:
        if path.endswith("data"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    report = check([str(tmp_path)], Settings(list(rules().values()), {}))
    assert report.files == 1
    assert [str(lost) for lost in report.unreadable] == [f"{tmp_path / 'data'}: cannot be read: permission denied"]


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as error:
        project_files(str(tmp_path), [], [])
    assert error.value.reason == (
        "contains no Compose file (compose.yaml, compose.yml, docker-compose.yml, docker-compose.yaml)"
    )


def test_default_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `docker compose` without `-f`: of this folder, else of the nearest above."""
    (tmp_path / "a/b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a/b")
    (tmp_path / "docker-compose.yaml").write_text(COMPOSE_FILE)
    assert default_file(".") == "../../docker-compose.yaml"
    (tmp_path / "a/docker-compose.yml").write_text(COMPOSE_FILE)
    (tmp_path / "a/compose.yml").write_text(COMPOSE_FILE)
    assert default_file(".") == "../compose.yml"
    (tmp_path / "a/b/compose.yaml").mkdir()
    assert default_file(".") == "compose.yaml"  # Compose takes the folder too, and then refuses it


def test_no_default_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "DEFAULT_NAMES", ("no such name",))
    with pytest.raises(Unreadable) as error:
        default_file(".")
    assert error.value.reason == "neither this directory nor any parent directory contains no such name"


def test_a_compose_file_in_utf16(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Compose reads it, so it is checked; `fix` writes UTF-8 only, and leaves it as it is."""
    text = "services:\n  a: {image: é, models: [llm]}\nmodels:\n  llm: {model: ai/x}\n  other: {model: ai/y}\n"
    monkeypatch.chdir(tmp_path)
    for encoding in ("utf-16-le", "utf-16-be"):
        data = ("\ufeff" + text).encode(encoding)
        Path("compose.yaml").write_bytes(data)
        assert main(["check", "compose.yaml"]) == 0
        assert "compose.yaml:5:3 warning[unused-model]" in capsys.readouterr().out
        assert main(["fix", "--unsafe", "--select", "unused-model", "compose.yaml"]) == 2
        assert "is UTF-16; save it as UTF-8" in capsys.readouterr().err
        assert Path("compose.yaml").read_bytes() == data
    Path("compose.yaml").write_bytes("\ufeff".encode("utf-16-le") + b"\x00\xd8a\n")
    assert main(["check", "compose.yaml"]) == 2
    assert "is not UTF-16 text (byte 2)" in capsys.readouterr().err


def test_what_compose_takes_for_an_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("compose.yaml").write_text("services: {a: {image: 'i:${A:-none}'}}\n", "utf-8")
    Path(".env").write_bytes(b"B=\0\nA=1\n")
    assert main(["config"]) == 0
    assert "image: i:1\n" in capsys.readouterr().out
    assert main(["config", "--env-file", "/dev/null"]) == 0
    assert "image: i:none\n" in capsys.readouterr().out
