"""A file is replaced as a whole or not at all, and never over what somebody else has written."""

from __future__ import annotations

import errno
import os
import random
import signal
import stat
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modellint.files import atomic_write, attributes
from modellint.files import replace as module
from modellint.files.atomic_write import Unwritable
from modellint.files.disk import MAX_BYTES
from modellint.files.replace import Original, read_original, replace

OLD = "a: 1\n"
NEW = "a: 2 # é\n"
CHANGED = "changed while it was being fixed; run the command again"
GONE = "was removed while it was being fixed"
READ_ONLY = "is read-only; make it writable and run the command again"
PAIRS = 200  # of calls that fail together
STORM = Path(__file__).parent / "support" / "kill_storm.py"
LIB = str(Path(module.__file__).parent.parent)
XATTR = ("listxattr", "getxattr", "setxattr", "removexattr")
# What Python's `os` lacks, by system; "named" is a Linux file system without files that have no name.
LACKING: dict[str, tuple[str, ...]] = {
    "linux": (),
    "named": ("O_TMPFILE",),
    "macos": ("O_TMPFILE", "O_PATH", *XATTR),
    "windows": ("O_TMPFILE", "O_PATH", "O_NOFOLLOW", "O_NONBLOCK", "O_DIRECTORY", "fchmod", "fchown", *XATTR),
}
# The calls that can fail; `replace` and `link` are the two between which a killed process leaves a file.
CALLS = {
    "open", "close", "read", "write", "stat", "lstat", "fstat", "fsync", "fchmod", "fchown", "link", "replace",
    "unlink", "scandir", *XATTR,
}  # fmt: skip


class System:
    """Python's `os` as another system has it, which tells of each call before and after it is made."""

    def __init__(self, lacking: tuple[str, ...] = ()) -> None:
        self.lacking = lacking
        self.before: Callable[[str], None] = lambda _: None
        self.after: Callable[[str], None] = lambda _: None
        self.made: dict[str, Callable[..., object]] = {name: self.call(name) for name in CALLS if hasattr(os, name)}
        self.path = os.path
        self.has_dir_fd = "O_DIRECTORY" not in lacking
        self.supports_dir_fd = {self.made["open"], os.rename} if self.has_dir_fd else set[Callable[..., object]]()

    def call(self, name: str) -> Callable[..., object]:
        """A function of `os`, watched."""

        def watched(*args: object, **options: object) -> object:
            if not self.has_dir_fd and any(value is not None for key, value in options.items() if "dir_fd" in key):
                raise NotImplementedError(name)
            if name == "close":  # a handle is gone even where closing it reports an error
                os.close(*args)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            self.before(name)
            result: object = None if name == "close" else getattr(os, name)(*args, **options)
            if name != "scandir":  # what it returns would complain that nobody closes it
                self.after(name)
            return result

        return watched

    def __getattr__(self, name: str) -> object:
        if name in self.lacking:
            raise AttributeError(name)
        return self.made.get(name) or getattr(os, name)


@pytest.fixture(params=LACKING)
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> System:
    """Each system in turn."""
    return run_on(request.param, monkeypatch)


def run_on(kind: str, monkeypatch: pytest.MonkeyPatch) -> System:
    """Have a kind of system."""
    system = System(LACKING[kind])
    for part in (module, atomic_write, attributes):
        monkeypatch.setattr(part, "os", system)
    return system


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A Compose file alone in a folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "compose.yaml").write_bytes(OLD.encode())
    return folder / "compose.yaml"


def unread(path: Path | str) -> str:
    """Why a file cannot be read."""
    with pytest.raises(Unwritable) as error:
        read_original(str(path))
    assert (str(error.value), error.value.path) == (f"{path}: {error.value.reason}", str(path))
    return error.value.reason


def unwritten(original: Original, text: str = NEW) -> str:
    """Why a file cannot be replaced."""
    with pytest.raises(Unwritable) as error:
        replace(original, text)
    assert (str(error.value), error.value.path) == (f"{original.path}: {error.value.reason}", original.path)
    return error.value.reason


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


# What is read and written


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf"])
@pytest.mark.parametrize("text", ["", "a: é\r\nb: 1\r\n", "a\nb\rc\r\nd", "a: \u2028\x85\U0001f600\x1a"])
@pytest.mark.usefixtures("system")
def test_bytes_are_kept(path: Path, bom: bytes, text: str) -> None:
    path.write_bytes(bom + text.encode())
    original = read_original(str(path))
    assert (original.data, original.path) == (bom + text.encode(), str(path))
    assert original.text == (bom[3:] + text.encode()).decode()
    replace(original, original.text + "# x\r\n\ry\n")
    assert path.read_bytes() == bom + text.encode() + b"# x\r\n\ry\n"
    assert names(path.parent) == ["compose.yaml"]


def test_what_identifies_a_file(path: Path) -> None:
    status = path.stat()
    identity = (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode)
    assert read_original(str(path)).identity == identity
    assert read_original(str(path)).target == os.path.realpath(path)


@pytest.mark.usefixtures("system")
def test_a_relative_path(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    replace(read_original("compose.yaml"), NEW)
    assert path.read_text("utf-8") == NEW


def test_the_same_text_writes_nothing(path: Path) -> None:
    original = read_original(str(path))
    before = path.stat()
    replace(original, OLD)
    assert path.stat() == before


@pytest.mark.usefixtures("system")
def test_the_longest_name(path: Path) -> None:
    long = path.with_name("x" * 255)
    path.rename(long)
    replace(read_original(str(long)), NEW)
    assert long.read_text("utf-8") == NEW


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xfea\0", "is UTF-16; save it as UTF-8"),
        (b"a\0", "is not a text file"),
        (b"a\n\xff", "is not UTF-8 text (byte 2, line 2)"),
        (b"a" * (MAX_BYTES + 1), "is too large for a Compose file (the limit is 1,048,576 bytes)"),
    ],
)
def test_no_text(path: Path, data: bytes, reason: str) -> None:
    path.write_bytes(data)
    assert unread(path) == reason


def test_the_limit_itself(path: Path) -> None:
    path.write_bytes(b"a" * MAX_BYTES)
    replace(read_original(str(path)), "b" * MAX_BYTES)
    assert path.read_bytes() == b"b" * MAX_BYTES


def test_a_text_that_no_file_can_hold(path: Path) -> None:
    original = read_original(str(path))
    assert unwritten(original, "\ud800") == "would contain half a character, which UTF-8 cannot encode"
    reason = "would become too large for a Compose file (1,048,577 bytes; the limit is 1,048,576)"
    assert unwritten(original, "a" * (MAX_BYTES + 1)) == reason
    assert path.read_text() == OLD


# What is no file of its own


def test_missing(path: Path) -> None:
    assert unread(path.with_name("x")) == "does not exist"
    assert unread("") == "does not exist"
    assert unread(f"{path}/") == "cannot be read: not a directory"
    assert unread("a\0b") == "is not a valid file name"


@pytest.mark.usefixtures("system")
def test_folders_pipes_and_devices(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    assert unread(path.parent) == "is a directory"
    signal.alarm(20)  # a pipe that blocks would do so for ever
    assert unread(path.with_name("pipe")) == "is not a regular file"
    assert unread("/dev/zero") == "is not a regular file"
    assert unread("/dev/null") == "is not a regular file"
    signal.alarm(0)


@pytest.mark.usefixtures("system")
def test_a_hard_link(path: Path) -> None:
    original = read_original(str(path))
    os.link(path, path.with_name("other.yaml"))
    assert unread(path).startswith("has another name (a hard link), which would keep the old text; ")
    assert unwritten(original).startswith("has another name (a hard link), ")
    assert path.samefile(path.with_name("other.yaml"))
    assert names(path.parent) == ["compose.yaml", "other.yaml"]


# Symbolic links


@pytest.mark.usefixtures("system")
def test_a_symbolic_link_stays_one(path: Path) -> None:
    link = path.with_name("link.yaml")
    link.symlink_to("compose.yaml")
    replace(read_original(str(link)), NEW)
    assert (link.readlink(), path.read_text("utf-8")) == (Path("compose.yaml"), NEW)
    assert names(path.parent) == ["compose.yaml", "link.yaml"]


def test_a_symbolic_link_into_the_repository(path: Path) -> None:
    (path.parent / ".git").mkdir()
    (path.parent / "sub").mkdir()
    link = path.parent / "sub" / "compose.yaml"
    link.symlink_to("../compose.yaml")
    replace(read_original(str(link)), NEW)
    assert link.is_symlink()
    assert path.read_text("utf-8") == NEW


def test_a_symbolic_link_to_somewhere_else(path: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(OLD)
    link = path.with_name("link.yaml")
    link.symlink_to("../secret")
    why = "is a symbolic link to a file outside its directory and its repository; use the file itself"
    assert unread(link) == f"{why} ({os.path.realpath(tmp_path / 'secret')})"
    link.unlink()
    link.symlink_to("/dev/zero")
    assert unread(link) == f"{why} (/dev/zero)"
    link.unlink()
    link.symlink_to("../missing")
    assert unread(link).startswith(why)


def test_symbolic_links_that_lead_nowhere(path: Path) -> None:
    link = path.with_name("link.yaml")
    link.symlink_to("missing")
    assert unread(link) == "does not exist"
    link.unlink()
    link.symlink_to("link.yaml")
    assert unread(link) == "is not a regular file"


@pytest.mark.usefixtures("system")
def test_a_symbolic_link_that_is_swapped(path: Path, tmp_path: Path) -> None:
    other = path.with_name("other.yaml")
    other.write_text(OLD)
    link = path.with_name("link.yaml")
    link.symlink_to("compose.yaml")
    original = read_original(str(link))
    link.unlink()
    link.symlink_to("other.yaml")
    assert unwritten(original) == CHANGED
    original = read_original(str(path))
    path.rename(tmp_path / "moved")
    path.symlink_to("other.yaml")  # the file itself
    assert unwritten(original) == CHANGED
    path.unlink()
    (tmp_path / "moved").rename(path)
    original = read_original(str(path))
    path.parent.rename(tmp_path / "moved")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "compose.yaml").write_text(OLD)
    path.parent.symlink_to("elsewhere")  # its folder
    assert unwritten(original) == CHANGED
    assert {file.read_text() for file in tmp_path.rglob("*.yaml")} == {OLD}
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("kind", ["linux", "macos"])
def test_a_swap_between_looking_and_opening(
    path: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = run_on(kind, monkeypatch)
    (tmp_path / "secret").write_text(OLD)

    def swap_after(call: str, times: int, become: Callable[[], object]) -> None:
        calls: list[str] = []

        def act(name: str) -> None:
            calls.append(name)
            if name == call and calls.count(call) == times:
                path.unlink()
                become()

        system.after = act

    original = read_original(str(path))
    swap_after("stat", 1, lambda: path.symlink_to(tmp_path / "secret"))
    assert unread(path) == CHANGED
    path.unlink()
    path.write_text(OLD)
    swap_after("stat", 1, lambda: os.mkfifo(path))
    signal.alarm(20)
    assert unread(path) == CHANGED
    signal.alarm(0)
    swap_after("stat", 1, lambda: path.symlink_to(tmp_path / "secret"))
    assert unwritten(original) == CHANGED
    assert (tmp_path / "secret").read_text() == OLD


# What happens between reading and replacing


def rewrite(path: Path) -> None:
    """Other bytes of the same number, at the same time, in the same file."""
    before = path.stat()
    path.write_bytes(b"b: 1\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino)


def exchange(path: Path) -> None:
    """Another file with the same bytes."""
    other = path.with_name("other")
    other.write_text(OLD)
    other.replace(path)


def swap(path: Path) -> None:
    """A symbolic link to the same file."""
    path.rename(path.with_name("other"))
    path.symlink_to("other")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


CHANGES: list[tuple[Callable[[Path], object], str]] = [
    (rewrite, CHANGED),
    (exchange, CHANGED),
    (swap, CHANGED),
    (pipe, CHANGED),
    (lambda path: path.write_text("a: 1\nb: 2\n"), CHANGED),
    (lambda path: path.write_text(""), CHANGED),
    (lambda path: path.write_bytes(b"a" * (MAX_BYTES + 1)), CHANGED),
    (lambda path: path.chmod(0o600), CHANGED),
    (lambda path: path.unlink(), GONE),
    (lambda path: path.rename(path.with_name("other")), GONE),
]


@pytest.mark.parametrize(("change", "reason"), CHANGES)
@pytest.mark.parametrize("moment", ["before", "during"])
def test_a_change_in_between(
    path: Path, system: System, change: Callable[[Path], object], reason: str, moment: str
) -> None:
    original = read_original(str(path))
    after: list[tuple[str, str | None]] = []

    def act(name: str = "fsync") -> None:
        if name == "fsync" and not after:
            change(path)
            after.extend(state(path.parent))

    if moment == "before":
        act()
    else:
        system.after = act  # the new text is written, and the file is looked at for the last time after that
    assert unwritten(original) == reason
    visible = [(name, text) for name, text in after if not name.startswith(".modellint-")]
    assert state(path.parent) == visible


def state(folder: Path) -> list[tuple[str, str | None]]:
    """The names in a folder, and what the files hold or the links lead to."""
    return [
        (entry.name, entry.read_text() if stat.S_ISREG(entry.lstat().st_mode) else str(entry.lstat().st_mode))
        for entry in sorted(folder.iterdir())
    ]


@pytest.mark.usefixtures("system")
def test_a_folder_that_vanishes(path: Path) -> None:
    original = read_original(str(path))
    path.unlink()
    path.parent.rmdir()
    folder = os.path.realpath(path.parent)
    assert unwritten(original) in (GONE, f"cannot be written: its directory no longer exists ({folder})")
    path.parent.write_text("now a file")
    assert unwritten(original) == CHANGED


def test_a_folder_that_vanishes_at_work(path: Path, system: System) -> None:
    original = read_original(str(path))
    moved = path.parent.with_name("moved")

    def move(name: str) -> None:
        if name == "fsync" and path.parent.exists():
            path.parent.rename(moved)

    system.after = move
    if system.has_dir_fd:  # the folder is held, whatever its name
        replace(original, NEW)
        assert state(moved) == [("compose.yaml", NEW)]
    else:
        assert unwritten(original) == GONE
        assert (moved / "compose.yaml").read_text() == OLD


# What the file keeps


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755, 0o666, 0o2755])
@pytest.mark.parametrize("kind", ["linux", "named", "macos"])
def test_the_permissions(path: Path, mode: int, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run_on(kind, monkeypatch)
    path.chmod(mode)
    before = os.umask(0o077)
    replace(read_original(str(path)), NEW)
    os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_text("utf-8") == NEW


@pytest.mark.parametrize("kind", ["linux", "named", "macos"])
def test_the_owner(path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run_on(kind, monkeypatch)
    if os.geteuid():
        pytest.skip("only root can give files away")
    os.chown(path, 1234, 2345)
    path.chmod(0o4750)
    replace(read_original(str(path)), NEW)
    status = path.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 2345, 0o4750)


@pytest.mark.parametrize(
    ("owner", "group", "mode"),
    [(True, True, 0o6755), (False, True, 0o755), (True, False, 0o755), (False, False, 0o755)],
)
def test_another_owner_gains_no_rights(owner: bool, group: bool, mode: int) -> None:
    narrowed = attributes._mode  # pyright: ignore[reportPrivateUsage]
    assert narrowed(0o6755, owner, group) == mode
    assert narrowed(0o640, owner, group) == (0o640 if group else 0o600)
    assert narrowed(0o664, owner, group) == (0o664 if group else 0o644)


def attributed(path: Path, name: str, value: bytes) -> None:
    """Set an extended attribute, where there are any."""
    if not hasattr(os, "setxattr"):
        pytest.skip("this system shows Python no extended attributes")
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        pytest.skip(f"this file system takes no attribute {name}: {error.strerror}")


@pytest.mark.parametrize("kind", ["linux", "named"])
def test_the_extended_attributes(path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run_on(kind, monkeypatch)
    attributed(path, "user.modellint", b"a\0b")
    attributed(path, "user.empty", b"")
    replace(read_original(str(path)), NEW)
    assert os.getxattr(path, "user.modellint") == b"a\0b"
    assert os.getxattr(path, "user.empty") == b""


def access(*entries: tuple[int, int, int]) -> bytes:
    """An access control list as Linux keeps it: tags, permissions, and whose they are."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NOBODY = 0xFFFFFFFF
LIST = access((1, 6, NOBODY), (2, 6, 4321), (4, 4, NOBODY), (16, 6, NOBODY), (32, 0, NOBODY))


@pytest.mark.parametrize("kind", ["linux", "named"])
def test_the_access_control_list(path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run_on(kind, monkeypatch)
    attributed(path, "system.posix_acl_access", LIST)
    before = path.stat().st_mode
    replace(read_original(str(path)), NEW)
    assert os.getxattr(path, "system.posix_acl_access") == LIST
    assert path.stat().st_mode == before


@pytest.mark.parametrize("kind", ["linux", "named"])
def test_no_access_control_list_comes_from_the_folder(path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run_on(kind, monkeypatch)
    path.chmod(0o664)
    attributed(path.parent, "system.posix_acl_default", LIST)
    replace(read_original(str(path)), NEW)
    assert "system.posix_acl_access" not in os.listxattr(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o664


# What may not be written


@pytest.mark.usefixtures("system")
def test_a_read_only_file(path: Path) -> None:
    path.chmod(0o444)
    assert unwritten(read_original(str(path))) == READ_ONLY  # for root too
    assert state(path.parent) == [("compose.yaml", OLD)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


AS_NOBODY = """
import os, sys
from modellint.files.atomic_write import Unwritable
from modellint.files.replace import read_original, replace
if not os.geteuid():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    replace(read_original(sys.argv[1]), "a: 2\\n")
except Unwritable as error:
    print(error.reason)
"""


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that any user can reach, with a file; both belong to an ordinary user."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "compose.yaml").write_text(OLD)
        folder.chmod(0o755)
        if not os.geteuid():
            os.chown(folder, 65534, 65534)
            os.chown(folder / "compose.yaml", 65534, 65534)
        yield folder
        folder.chmod(0o755)


def as_nobody(path: Path) -> str:
    """What the replacing says as an ordinary user."""
    run = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(path)],
        env={"PYTHONPATH": LIB},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.strip()


def test_an_ordinary_user_may(shared: Path) -> None:
    assert as_nobody(shared / "compose.yaml") == ""
    assert state(shared) == [("compose.yaml", "a: 2\n")]


def test_an_ordinary_user_and_a_read_only_file(shared: Path) -> None:
    (shared / "compose.yaml").chmod(0o444)
    assert as_nobody(shared / "compose.yaml") == READ_ONLY
    assert state(shared) == [("compose.yaml", OLD)]


def test_an_ordinary_user_and_a_read_only_folder(shared: Path) -> None:
    shared.chmod(0o555)
    why = f"cannot be written: its directory is not writable ({os.path.realpath(shared)}); make it writable"
    assert as_nobody(shared / "compose.yaml") == f"{why} and run the command again"
    assert state(shared) == [("compose.yaml", OLD)]


def test_an_ordinary_user_and_a_file_that_is_not_readable(shared: Path) -> None:
    (shared / "compose.yaml").chmod(0o200)
    assert as_nobody(shared / "compose.yaml") == "cannot be read: permission denied"


def test_an_ordinary_user_and_the_file_of_another(shared: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give files away")
    os.chown(shared / "compose.yaml", 1234, 2345)
    (shared / "compose.yaml").chmod(0o644)
    assert as_nobody(shared / "compose.yaml") == READ_ONLY
    (shared / "compose.yaml").chmod(0o6676)
    assert as_nobody(shared / "compose.yaml") == ""
    status = (shared / "compose.yaml").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (65534, 65534, 0o666)
    shared.chmod(0o1777)  # as of /tmp: only the owner of a file may replace it
    os.chown(shared, 0, 0)
    (shared / "compose.yaml").write_text(OLD)
    os.chown(shared / "compose.yaml", 1234, 2345)
    assert as_nobody(shared / "compose.yaml").startswith("cannot be written: its directory is not writable ")
    assert state(shared) == [("compose.yaml", OLD)]


def mount(*args: str) -> None:
    """Mount something, where that is allowed."""
    try:
        run = subprocess.run(["mount", *args], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no `mount`")
    if run.returncode:
        pytest.skip(f"mounting is not allowed here: {run.stderr.strip()}")


def unmount(path: Path) -> None:
    subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB with a file of 20 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=64k", "modellint", str(folder))
    (folder / "compose.yaml").write_text(OLD * 4096)
    yield folder
    unmount(folder)


@pytest.mark.usefixtures("system")
def test_a_full_disk(disk: Path) -> None:
    original = read_original(str(disk / "compose.yaml"))
    assert (
        unwritten(original, NEW * 8192)
        == "cannot be written: the disk is full; free up space and run the command again"
    )
    assert state(disk) == [("compose.yaml", OLD * 4096)]
    replace(original, NEW)  # and the room is free again
    assert state(disk) == [("compose.yaml", NEW)]


@pytest.mark.usefixtures("system")
def test_a_disk_without_a_free_block(disk: Path) -> None:
    original = read_original(str(disk / "compose.yaml"))
    with pytest.raises(OSError, match="No space"), (disk / "full").open("wb", buffering=0) as full:
        while True:
            full.write(b"x" * 4096)
    assert unwritten(original) == "cannot be written: the disk is full; free up space and run the command again"
    assert (disk / "compose.yaml").read_text() == OLD * 4096
    assert names(disk) == ["compose.yaml", "full"]


@pytest.mark.usefixtures("system")
def test_a_read_only_file_system(disk: Path) -> None:
    mount("-o", "remount,ro", str(disk))
    reason = "cannot be written: it is on a read-only file system"
    assert unwritten(read_original(str(disk / "compose.yaml"))) == reason
    assert state(disk) == [("compose.yaml", OLD * 4096)]


@pytest.mark.usefixtures("system")
def test_a_file_mounted_by_itself(path: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("b: 1\n")
    mount("--bind", str(tmp_path / "outside"), str(path))
    try:
        reason = "cannot be replaced: it is in use, or mounted as a single file (mount its directory instead)"
        assert unwritten(read_original(str(path))) == reason
        assert state(path.parent) == [("compose.yaml", "b: 1\n")]
    finally:
        unmount(path)


# Whatever fails


def counted(path: Path, system: System) -> list[str]:
    """The calls of a replacement."""
    calls: list[str] = []
    original = read_original(str(path))
    system.before = calls.append
    replace(original, NEW)
    return calls


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.ENOENT, errno.EROFS])
def test_each_call_fails(path: Path, system: System, number: int) -> None:
    attributed(path, "user.modellint", b"x")
    calls = counted(path, system)
    assert {"open", "write", "fsync", "replace"} <= set(calls)
    refused = 0
    for failing in range(len(calls)):
        system.before = lambda _: None
        path.write_text(OLD)
        original = read_original(str(path))
        made = 0

        def fail(name: str, failing: int = failing) -> None:
            nonlocal made
            made += 1
            if made == failing + 1:
                raise OSError(number, os.strerror(number), name)

        system.before = fail
        try:
            replace(original, NEW)
        except Unwritable as error:
            refused += 1
            assert path.read_text() == OLD, calls[failing]
            assert error.reason.startswith(("cannot be ", "was removed", "is read-only"))
        else:
            assert path.read_text("utf-8") == NEW, calls[failing]
        assert names(path.parent) == ["compose.yaml"], calls[failing]
    assert refused >= 10


def test_each_call_is_interrupted(path: Path, system: System) -> None:
    """Ctrl-C, after each call and before it."""
    calls = counted(path, system)
    for failing in range(2 * len(calls) - 1):
        system.before = system.after = lambda _: None
        path.write_text(OLD)
        original = read_original(str(path))
        made = 0

        def interrupt(_: str, failing: int = failing) -> None:
            nonlocal made
            made += 1
            if made == failing + 1:
                raise KeyboardInterrupt

        system.before = system.after = interrupt
        with pytest.raises(KeyboardInterrupt):
            replace(original, NEW)
        assert path.read_text("utf-8") in (OLD, NEW)
        assert names(path.parent) == ["compose.yaml"], (failing, calls)


def test_two_calls_fail(path: Path, system: System) -> None:
    """Also the removal of the temporary file: that may stay, the file is old or new all the same."""
    count = len(counted(path, system))
    pairs = [(first, second) for first in range(count) for second in range(first + 1, count + 2)]
    for pair in random.Random(1).sample(pairs, PAIRS):
        system.before = lambda _: None
        path.write_text(OLD)
        original = read_original(str(path))
        made = 0

        def fail(_: str, failing: tuple[int, int] = pair) -> None:
            nonlocal made
            made += 1
            if made - 1 in failing:
                raise OSError(errno.EIO, "Input/output error")

        system.before = fail
        try:
            replace(original, NEW)
        except Unwritable:
            assert path.read_text() == OLD
        else:
            assert path.read_text("utf-8") == NEW


def test_no_handle_stays_open(path: Path, system: System) -> None:
    handles = Path("/proc/self/fd")
    if not handles.is_dir():
        pytest.skip("no /proc")
    before = len(list(handles.iterdir()))
    counted(path, system)
    system.before = lambda _: None
    original = read_original(str(path))
    path.write_text(OLD)
    unwritten(original, OLD)
    assert len(list(handles.iterdir())) == before


def test_no_proc(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without a name cannot get one: one with a name is written."""
    system = run_on("linux", monkeypatch)
    original = read_original(str(path))
    calls: list[str] = []

    def fail(name: str) -> None:
        calls.append(name)
        if name == "link":
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    system.before = fail
    replace(original, NEW)
    assert state(path.parent) == [("compose.yaml", NEW)]
    assert calls.count("link") == 1
    assert calls.count("write") == 2


def test_a_disk_that_takes_a_little_at_a_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = read_original(str(path))
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:7]))  # type: ignore[misc]  # pyright: ignore
    replace(original, NEW * 20)
    assert path.read_text("utf-8") == NEW * 20


# What killed runs leave


@pytest.mark.usefixtures("system")
def test_only_old_files_of_our_own_are_removed(path: Path) -> None:
    name = ".modellint-0123456789abcdef.tmp"
    others = [".modellint-0123456789abcdeF.tmp", ".modellint-0123456789abcdef.tmp2", ".modellint-.tmp"]
    others += ["modellint-0123456789abcdef.tmp", ".modellint-0123456789abcdef0.tmp", ".modellint-new", "x.tmp"]
    others += [".modellint-fedcba9876543210.tmp"]  # of another run that is still at work
    for other in [name, *others]:
        path.with_name(other).write_text("x")
        os.utime(path.with_name(other), (0, 0))
    now = path.stat().st_mtime
    os.utime(path.with_name(others[-1]), (now - 3000, now - 3000))
    path.with_name(".modellint-1111111111111111.tmp").mkdir()
    os.utime(path.with_name(".modellint-1111111111111111.tmp"), (0, 0))
    path.with_name(".modellint-2222222222222222.tmp").symlink_to("x.tmp")
    os.utime(path.with_name(".modellint-2222222222222222.tmp"), (0, 0), follow_symlinks=False)
    before = names(path.parent)
    replace(read_original(str(path)), NEW)
    assert names(path.parent) == [other for other in before if other != name]


def storm(folder: Path, moments: str, kind: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, str(STORM), str(folder), moments, kind],
        env={**os.environ, "PYTHONPATH": LIB},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.split()


def unnamed_files(folder: Path) -> bool:
    """Whether a folder can hold a file without a name."""
    try:
        os.close(os.open(folder, getattr(os, "O_TMPFILE", os.O_WRONLY) | os.O_RDWR))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize("kind", ["unnamed", "named"])
def test_killed_at_each_step(tmp_path: Path, kind: str) -> None:
    if kind == "unnamed" and not unnamed_files(tmp_path):
        pytest.skip("this file system has no files without a name")
    killed, torn, later, *left = storm(tmp_path, "steps", kind)
    print(f"{kind}: {killed} steps, {torn} torn, {len(left)} left a file behind")
    assert int(killed) > 100
    assert (torn, later) == ("0", "0")
    if kind == "unnamed":
        assert left == ["after-link", "before-replace"]  # two names for one moment
    else:
        assert left[0] == "after-open"
        assert left[-1] == "before-replace"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize("kind", ["unnamed", "named"])
def test_killed_at_random(tmp_path: Path, kind: str) -> None:
    if kind == "unnamed" and not unnamed_files(tmp_path):
        pytest.skip("this file system has no files without a name")
    killed, replaced, torn, left, later = map(int, storm(tmp_path, "random", kind))
    print(f"{kind}: {killed} killed, {replaced} replaced, {torn} torn, {left} left a file behind, {later} later")
    assert (torn, later) == (0, 0)
    assert killed == (300 if "MODELLINT_SOAK" in os.environ else 60)
    assert replaced > 0  # on a busy machine few processes live long enough
    if kind == "unnamed":
        assert (
            left <= killed // 10
        )  # between two system calls; some 3 of 300 where nothing else is done, 110 with names
