"""Whatever a command writes is written whole or not at all, and where its user meant it to be."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modellint.cli import main
from modellint.files import atomic_write
from modellint.files.atomic_write import Unwritable, resolved, write

COMPOSE = "services:\n  web: {image: a, models: [llm]}\nmodels:\n  llm: {model: ai/x}\n"
PRECIOUS = "precious\n"
FULL = "cannot be written: the disk is full; free up space and run the command again"
OUTSIDE = "is a symbolic link to a file outside its directory and its repository; use the file itself"
# What writes a file that is named on the command line: the words, and the name of the file.
WRITERS: dict[str, list[str]] = {
    "output": ["check", "--format", "json", "--output", "{}"],
    "report": ["check", "--report", "sarif={}"],
    "baseline": ["check", "--write-baseline", "{}"],
    "graph": ["graph", "--output", "{}"],
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that is the working folder, beside which lies a file that nobody has named."""
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    (folder / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "victim").write_text(PRECIOUS)
    monkeypatch.chdir(folder)
    return folder


def run(kind: str, path: str) -> int:
    return main([word.format(path) for word in WRITERS[kind]])


def victim(repository: Path) -> Path:
    return repository.parent / "elsewhere" / "victim"


# Links


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("way", ["file", "missing file", "folder", "folder above", "relative", "to a device"])
def test_a_link_out_of_the_repository(
    repository: Path, kind: str, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = victim(repository).parent
    targets = {
        "file": ("out", outside / "victim"),
        "missing file": ("out", outside / "new"),
        "folder": ("sub", outside),
        "folder above": ("sub", repository.parent),
        "relative": ("out", Path("../elsewhere/victim")),
        "to a device": ("out", Path("/dev/null")),
    }
    name, target = targets[way]
    Path(name).symlink_to(target)
    path = {"folder": "sub/victim", "folder above": "sub/elsewhere/victim"}.get(way, "out")
    assert run(kind, path) == 2
    assert f"modellint: {path}: " in capsys.readouterr().err
    assert victim(repository).read_text() == PRECIOUS
    assert sorted(entry.name for entry in outside.iterdir()) == ["victim"]


@pytest.mark.parametrize("kind", WRITERS)
def test_a_link_inside_the_repository_is_followed(repository: Path, kind: str) -> None:
    (repository / "real").mkdir()
    Path("reports").symlink_to("real")
    Path("real/link").symlink_to("../file")
    assert run(kind, "reports/link") in (0, 1)
    assert Path("real/link").is_symlink()
    assert (repository / "file").stat().st_size > 10


def test_what_the_user_names_is_written_wherever_it_is(repository: Path, tmp_path: Path) -> None:
    """A link to a folder that lies in no repository is the user's own."""
    (tmp_path / "shortcut").symlink_to("elsewhere")
    assert run("output", str(tmp_path / "shortcut" / "new")) in (0, 1)
    assert run("output", "../elsewhere/other") in (0, 1)
    assert {entry.name for entry in victim(repository).parent.iterdir()} == {"victim", "new", "other"}
    (tmp_path / "shared").mkdir()  # but not one in the place of the file: somebody may have laid it there
    (tmp_path / "shared" / "link").symlink_to("../elsewhere/victim")
    assert run("output", str(tmp_path / "shared" / "link")) == 2
    assert victim(repository).read_text() == PRECIOUS


def test_a_working_folder_without_a_repository(repository: Path) -> None:
    (repository / ".git").rmdir()
    Path("sub").symlink_to("../elsewhere")
    assert run("output", "sub/victim") == 2
    assert victim(repository).read_text() == PRECIOUS


def test_the_message_names_the_link(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("out").symlink_to("../elsewhere/victim")
    run("output", "out")
    real = os.path.realpath(victim(repository))
    assert capsys.readouterr().err == f"modellint: out: {OUTSIDE} ({real})\n"


@pytest.mark.parametrize("moment", ["place", "temporary", "written"])
@pytest.mark.parametrize("what", ["file", "folder", "folder above"])
def test_a_link_that_is_swapped_in(repository: Path, moment: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the links were looked at, when the new file is there, and before it is renamed."""
    (repository / "a" / "b").mkdir(parents=True)
    (repository / "a" / "b" / "victim").write_text("old")
    (victim(repository).parent / "b").mkdir()
    (victim(repository).parent / "b" / "victim").write_text(PRECIOUS)

    def swap() -> None:
        path = {"file": Path("a/b/victim"), "folder": Path("a/b"), "folder above": Path("a")}[what]
        path.rename("moved")
        path.symlink_to(repository.parent / "elsewhere" / Path(*path.parts[1:]))

    name = {"place": "_open_folder", "temporary": "_mode", "written": "_fill"}[moment]
    real: Callable[..., object] = getattr(atomic_write, name)
    swapped: list[str] = []

    def first(*args: object) -> object:
        result = real(*args) if moment == "written" else None
        if not swapped:
            swapped.append(name)
            swap()
        return result if moment == "written" else real(*args)

    monkeypatch.setattr(atomic_write, name, first)
    assert run("output", "a/b/victim") in (0, 1, 2)
    assert swapped
    assert victim(repository).read_text() == PRECIOUS
    assert (victim(repository).parent / "b" / "victim").read_text() == PRECIOUS
    assert sorted(entry.name for entry in victim(repository).parent.rglob("*")) == ["b", "victim", "victim"]


def test_init_and_new_rule_write_over_nothing(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even over a link that comes while they are at work."""
    real = atomic_write._fill  # pyright: ignore[reportPrivateUsage]
    path = Path(".modellint.yaml")

    def swap(*args: object) -> None:
        real(*args)  # type: ignore[arg-type]
        path.symlink_to(victim(repository))

    monkeypatch.setattr(atomic_write, "_fill", swap)
    assert main(["init"]) == 2
    assert "already exists" in capsys.readouterr().err
    assert victim(repository).read_text() == PRECIOUS
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    path.unlink()
    assert main(["init"]) == 2
    assert victim(repository).read_text() == PRECIOUS
    assert sorted(entry.name for entry in repository.iterdir()) == [".git", ".modellint.yaml", "compose.yaml"]


# Whole or not at all


@pytest.fixture
def disk(repository: Path) -> Iterator[Path]:
    """A file system without a free block, on which lies an old report."""
    folder = repository / "disk"
    folder.mkdir()
    try:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=16k", "modellint", str(folder)], capture_output=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("no `mount`")
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.decode().strip()}")
    (folder / "out").write_text(PRECIOUS)
    with pytest.raises(OSError, match="No space"), (folder / "full").open("wb", buffering=0) as full:
        while True:
            full.write(b"x" * 4096)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_full_disk(disk: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(kind, "disk/out") == 2
    assert f"modellint: disk/out: {FULL}\n" in capsys.readouterr().err
    assert run(kind, "disk/new") == 2
    assert (disk / "out").read_text() == PRECIOUS
    assert sorted(entry.name for entry in disk.iterdir()) == ["full", "out"]


def test_a_full_disk_loses_no_other_report(disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["check", "--report", f"json={disk}/a", "--report", f"sarif={disk}/b", "--report", "junit=c.xml"]
    assert main([*words, "--policy", "none.yaml", "compose.yaml"]) == 2
    said = capsys.readouterr()
    assert "none.yaml: does not exist" in said.err  # and what could not be read is said as well
    assert f"{disk}/a: {FULL}" in said.err
    assert f"{disk}/b: {FULL}" in said.err
    assert Path("c.xml").read_text().startswith("<?xml")


def test_a_fix_that_failed_found_something_to_fix(disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (disk / "full").unlink()
    flags = 'runtime_flags: ["--temp=0.1", "--top-k=3"]'
    text = COMPOSE.replace("{model: ai/x}", f"{{model: ai/x, {flags}}}")
    (disk / "compose.yaml").write_text(text)
    with pytest.raises(OSError, match="No space"), (disk / "full").open("wb", buffering=0) as full:
        while True:
            full.write(b"x" * 4096)
    assert main(["fix", "disk/compose.yaml"]) == 2
    said = capsys.readouterr().err
    assert f"disk/compose.yaml: {FULL}" in said
    assert "nothing was fixed" in said
    assert "nothing to fix" not in said
    assert (disk / "compose.yaml").read_text() == text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no Docker engine")
def test_a_full_folder_for_temporary_files(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said is said of that folder."""
    from modellint.smoke.docker import docker_config, subprocesses

    (disk / "config").mkdir()
    with pytest.raises(OSError, match="No space") as error:
        docker_config.make_config(str(disk / "config"), {"DOCKER_CONFIG": str(disk / "none")})
    assert error.value.filename == str(disk / "config" / "cli-plugins" / "docker-model")
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    with pytest.raises(OSError, match="No space") as error:
        subprocesses.run(["true"], {}, 5.0, b"x" * 5000)
    assert error.value.filename == str(disk)


def test_what_fails_unexpectedly_is_blamed_on_no_file(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("modellint.commands.graph.draw", fail)
    assert main(["graph"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("modellint: unexpected, at test_written_files.py:")
    assert said.endswith(": the disk is full; free up space and run the command again\n")


def test_half_a_report_is_none(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a disk fills up while a report is written: the old one stays."""
    write_now, sync_now = os.write, os.fsync
    Path("out").write_text(PRECIOUS)

    def half(handle: int, data: bytes) -> int:
        if handle > 2 and stat.S_ISREG(os.fstat(handle).st_mode):
            write_now(handle, bytes(data)[:5])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_now(handle, data)

    monkeypatch.setattr(atomic_write.os, "write", half)
    assert run("output", "out") == 2
    monkeypatch.setattr(atomic_write.os, "write", write_now)

    def lost(handle: int) -> None:
        sync_now(handle)
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(atomic_write.os, "fsync", lost)
    with pytest.raises(Unwritable, match="the disk quota is exceeded"):
        write("out", "new")
    assert Path("out").read_text() == PRECIOUS
    assert sorted(entry.name for entry in repository.iterdir()) == [".git", "compose.yaml", "out"]


def test_the_rights_of_a_report(repository: Path) -> None:
    before = os.umask(0o022)
    try:
        write("new", "x")
        Path("old").write_text("x")
        Path("old").chmod(0o640)
        write("old", "y")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(Path(name).stat().st_mode) for name in ("new", "old")]
    assert modes == [0o644, 0o640]
    assert Path("old").read_text() == "y"
    assert {entry.name for entry in repository.iterdir()} == {".git", "compose.yaml", "new", "old"}


def test_a_system_without_folder_descriptors(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows goes by paths."""
    monkeypatch.setattr(os, "supports_dir_fd", set[object]())
    for name in ("O_TMPFILE", "O_PATH", "O_NOFOLLOW", "O_NONBLOCK", "O_DIRECTORY"):
        monkeypatch.delattr(os, name, raising=False)
    Path("old").write_text("x")
    for name in ("old", "new", "a/../a/b"):
        Path("a").mkdir(exist_ok=True)
        write(name, "y")
        assert Path(name).read_text() == "y"
    Path("link").symlink_to(victim(repository))
    with pytest.raises(Unwritable, match="is a symbolic link to a file outside"):
        write("link", "y")
    with pytest.raises(FileExistsError):
        write("old", "z", new=True)
    assert {path.name for path in repository.rglob("*")} == {".git", "compose.yaml", "old", "new", "a", "b", "link"}
    assert victim(repository).read_text() == PRECIOUS


def test_what_cannot_be_written(repository: Path) -> None:
    (repository / "sub").mkdir()
    for path, why in {
        "sub": "is a directory",
        "sub/": "is a directory",
        "new/": "is a directory",
        ".": "is a directory",
        "/": "is a directory",
        "missing/out": "cannot be written: there is no directory missing",
        "compose.yaml/out": "cannot be written: not a directory",
        "a\0b": "is not a valid file name",
        "a" * 300: "cannot be written: file name too long",
    }.items():
        with pytest.raises(Unwritable) as error:
            write(path, "x")
        assert (error.value.reason, error.value.path) == (why, path)
    assert {entry.name for entry in repository.iterdir()} == {".git", "compose.yaml", "sub"}


def test_a_path_is_resolved_as_the_system_does(repository: Path) -> None:
    (repository / "a" / "b").mkdir(parents=True)
    Path("c").symlink_to("a/b")
    for path in ("c/../x", "./a//b/./x", "c/x", "../repository/x", str(repository / "x"), "c/.././../x"):
        assert resolved(path) == os.path.realpath(path)


# Devices, pipes and streams, which the user names


def cli(*words: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    program = [sys.executable, "-m", "modellint", *words]
    return subprocess.run(program, capture_output=True, check=False, timeout=60, **options)  # type: ignore[call-overload, no-any-return]  # pyright: ignore


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no /dev/stdout")
@pytest.mark.usefixtures("repository")
def test_streams() -> None:
    done = cli("check", "--format", "json", "--report", "github=/dev/stdout", "--report", "junit=/dev/stderr")
    assert done.stdout.startswith(b"::warning file=compose.yaml,")
    assert done.stdout.endswith(b"}\n")
    assert done.stderr.startswith(b"<?xml ")
    with open("log", "wb") as log:  # noqa: PTH123
        program = [sys.executable, "-m", "modellint", "check", "--format", "json", "--report", "github=/dev/stdout"]
        subprocess.run(program, stdout=log, check=False, timeout=60)
    assert Path("log").read_bytes() == done.stdout  # which the text would write over, were the file opened anew


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no /dev/fd")
@pytest.mark.usefixtures("repository")
def test_a_descriptor() -> None:
    reader, writer = os.pipe()
    cli("check", "--output", f"/dev/fd/{writer}", pass_fds=[writer])
    os.close(writer)
    assert b"compose.yaml:4:16" in os.read(reader, 1 << 16)
    os.close(reader)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.usefixtures("repository")
def test_devices(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(kind, "/dev/full") == 2
    assert f"modellint: /dev/full: {FULL}\n" in capsys.readouterr().err
    assert run(kind, "/dev/null") in (0, 1)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)  # noqa: PTH116


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize(
    "words", [("check",), ("check", "--format", "json"), ("fix", "--diff", "--unsafe"), ("rules",)]
)
@pytest.mark.usefixtures("repository")
def test_a_full_disk_behind_standard_output(words: tuple[str, ...]) -> None:
    Path("compose.yaml").write_text(COMPOSE.replace("[llm]", "[lmm]"))
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        program = [sys.executable, "-m", "modellint", *words]
        done = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert done.returncode == 2
    assert b"modellint: standard output: the disk is full; free up space and run the command again\n" in done.stderr


def test_a_pipe(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo("pipe")
    read: list[str] = []

    def late() -> None:
        time.sleep(0.2)
        read.append((repository / "pipe").read_text("utf-8"))

    reader = threading.Thread(target=late)
    reader.start()
    assert run("graph", "pipe") == 0
    reader.join(20)
    assert read[0].startswith("%%") or "flowchart" in read[0]
    monkeypatch.setattr(atomic_write, "_PATIENCE", 0.1)  # nobody reads: it does not wait for ever
    with pytest.raises(Unwritable, match="no process reads from it"):
        write("pipe", "x")
