"""A store in which somebody else has put something: a repository that ships one, another user, another program."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from modellint.files.ownership import Doubt, refuse_shared
from modellint.registry.failure import Failure
from modellint.registry.options import RegistryOptions
from modellint.smoke.store.part import PartialBlob
from modellint.smoke.store.pull import pull
from modellint.smoke.store.store import Store
from support.registry.push import sha256
from support.store.canned import GGUF, Model, Server, noise

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="models are kept on Linux and macOS only")
as_root = pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give files to another user"
)

DATA = noise(200_000)
DIGEST = sha256(DATA)
HEX = DIGEST.removeprefix("sha256:")
RUN = "0123456789abcdef"
NOBODY = 65_534
GOOD = ""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(Model([(GGUF, DATA, "model.gguf")])) as server:
        yield server


@contextmanager
def refused(why: str) -> Generator[None]:
    with pytest.raises(Failure) as failure:
        yield
    assert failure.value.code == "store"
    assert why in failure.value.reason


class Scene:
    """A store that is about to be used, and a home with what is precious."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        (self.home / ".ssh").mkdir(parents=True)
        for name in (".ssh/id", "uv.lock", f"{RUN}.lock", f"{HEX}.part", HEX, "thesis.tex"):
            (self.home / name).write_text("precious")
        (self.home / RUN).mkdir()
        (self.home / RUN / "model.gguf").write_text("precious")
        self.store = folder / "store"
        for name in ("blobs/sha256", "partial", "locks", "runs"):
            (self.store / name).mkdir(parents=True)
        self.store.chmod(0o700)
        self.before = self.look()

    def look(self) -> dict[str, str]:
        return {str(path): sha256(path.read_bytes()) if path.is_file() else "" for path in self.home.rglob("*")}

    def swap(self, name: str, target: str = "home") -> None:
        """A folder of the store is a link instead."""
        path = self.store / name
        path.rmdir()
        path.symlink_to(self.home.parent / target)

    @property
    def blob(self) -> Path:
        return self.store / "blobs/sha256" / HEX

    @property
    def part(self) -> Path:
        return self.store / "partial" / f"{HEX}.part"

    @property
    def use(self) -> Path:
        return self.store / "locks" / f"{HEX}.use"

    @property
    def pull(self) -> Path:
        return self.store / "locks" / f"{HEX}.pull"

    @property
    def run(self) -> Path:
        return self.store / "runs" / RUN

    @property
    def run_lock(self) -> Path:
        return self.store / "runs" / f"{RUN}.lock"


def open_to_all(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o666)


LINK, FIFO, OTHERS = "is a symbolic link", "is not a regular file", "can be written by other users"
# What somebody has put there, and what is said of it; nothing where the model is pulled all the same.
FOUND: dict[str, tuple[Callable[[Scene], object], str]] = {
    "runs is a link": (lambda at: at.swap("runs"), LINK),
    "runs is a link to the repository": (lambda at: at.swap("runs", "."), LINK),
    "partial is a link": (lambda at: at.swap("partial"), LINK),
    "locks is a link": (lambda at: at.swap("locks"), LINK),
    "blobs/sha256 is a link": (lambda at: at.swap("blobs/sha256"), LINK),
    "blobs is a link": (lambda at: ((at.store / "blobs/sha256").rmdir(), at.swap("blobs")), LINK),
    "runs is a file": (lambda at: ((at.store / "runs").rmdir(), (at.store / "runs").touch()), "is not a directory"),
    "a run is a link": (lambda at: at.run.symlink_to(at.home), LINK),
    "a run of another name is a link": (lambda at: (at.store / "runs/abc").symlink_to(at.home), GOOD),
    "a run is a file": (lambda at: at.run.touch(), "is not a directory"),
    "a run holds links": (
        lambda at: (at.run.mkdir(), (at.run / "a").symlink_to(at.home), (at.run / "b").symlink_to(at.home / "uv.lock")),
        GOOD,
    ),
    "a run's lock is a link": (lambda at: at.run_lock.symlink_to(at.home / "uv.lock"), LINK),
    "a run's lock is a hard link": (lambda at: at.run_lock.hardlink_to(at.home / "uv.lock"), "a hard link"),
    "a run's lock is a FIFO": (lambda at: os.mkfifo(at.run_lock), FIFO),
    "a run's lock is a directory": (lambda at: at.run_lock.mkdir(), FIFO),
    "a lock of another name": (lambda at: (at.store / "runs/Cargo.lock").symlink_to(at.home / "uv.lock"), GOOD),
    "a blob is a link": (lambda at: at.blob.symlink_to(at.home / HEX), GOOD),
    "a blob is a link to its file": (
        lambda at: ((at.home / "right").write_bytes(DATA), at.blob.symlink_to(at.home / "right")),
        GOOD,
    ),
    "a blob is a FIFO": (lambda at: os.mkfifo(at.blob), GOOD),
    "a blob is a directory": (lambda at: at.blob.mkdir(), "is a directory"),
    "a blob is wrong": (lambda at: at.blob.write_bytes(noise(len(DATA), 1)), GOOD),
    "a blob can be written by all": (lambda at: open_to_all(at.blob, DATA), GOOD),
    "a part is a link": (lambda at: at.part.symlink_to(at.home / HEX), LINK),
    "a part is a hard link": (lambda at: at.part.hardlink_to(at.home / HEX), "a hard link"),
    "a part is a FIFO": (lambda at: os.mkfifo(at.part), FIFO),
    "a part is a directory": (lambda at: at.part.mkdir(), FIFO),
    "a part is wrong": (lambda at: at.part.write_bytes(noise(100_000, 1)), GOOD),
    "a part can be written by all": (lambda at: open_to_all(at.part, DATA[:1000]), OTHERS),
    "a lock is a link": (lambda at: at.use.symlink_to(at.home / "uv.lock"), LINK),
    "a lock is a hard link": (lambda at: at.pull.hardlink_to(at.home / "uv.lock"), "a hard link"),
    "a lock is a FIFO": (lambda at: os.mkfifo(at.use), FIFO),
    "a lock is a directory": (lambda at: at.pull.mkdir(), FIFO),
    "the store can be written by all": (lambda at: at.store.chmod(0o777), OTHERS),
    "blobs can be written by all": (lambda at: (at.store / "blobs").chmod(0o777), OTHERS),
    "blobs/sha256 can be written by all": (lambda at: (at.store / "blobs/sha256").chmod(0o777), OTHERS),
    "partial can be written by all": (lambda at: (at.store / "partial").chmod(0o777), OTHERS),
    "locks can be written by all": (lambda at: (at.store / "locks").chmod(0o1777), OTHERS),
    "runs can be written by a group": (lambda at: (at.store / "runs").chmod(0o770), OTHERS),
    "nothing": (lambda at: None, GOOD),
}


@pytest.mark.parametrize("found", FOUND)
def test_what_somebody_has_put_there(tmp_path: Path, server: Server, found: str) -> None:
    """Nothing outside of the store is changed, whatever it is, and what is used is what was pulled."""
    scene = Scene(tmp_path)
    put, said = FOUND[found]
    put(scene)
    before = scene.look()
    if said:
        with refused(said), Store(str(scene.store), verify=True) as store:
            pull(server.request, RegistryOptions(), store).close()
    else:
        with Store(str(scene.store), verify=True) as store, pull(server.request, RegistryOptions(), store) as bundle:
            assert Path(bundle.gguf[0]).read_bytes() == DATA
            assert scene.blob.read_bytes() == DATA and not scene.blob.is_symlink()
            assert Path(bundle.gguf[0]).samefile(scene.blob)
    assert scene.look() == before
    assert before.items() >= scene.before.items()


def test_a_sweep_removes_what_has_its_form_and_nothing_else(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    runs, partial = scene.store / "runs", scene.store / "partial"
    for name in (RUN, "home", "0123456789ABCDEF", RUN + "0", f"{RUN}.d"):
        (runs / name).mkdir()
        (runs / name / "file").touch()
        (runs / f"{name}.lock").touch()
    for name in (f"{HEX}.part", "notes.part", f"{HEX}0.part", HEX):
        (partial / name).touch()
        os.utime(partial / name, (0, 0))
    (runs / "fedcba9876543210/inner").mkdir(parents=True)  # modellint makes no folder there
    Store(str(scene.store)).close()
    kept = [each for name in ("home", "0123456789ABCDEF", RUN + "0", f"{RUN}.d") for each in (name, f"{name}.lock")]
    assert sorted(path.name for path in runs.iterdir()) == sorted([*kept, "fedcba9876543210"])
    assert sorted(path.name for path in partial.iterdir()) == sorted(("notes.part", f"{HEX}0.part", HEX))


def test_what_has_another_form_is_not_removed_for_room(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    (scene.blob.parent / "notes").write_bytes(DATA)
    with Store(str(scene.store)) as store:
        store.keep(DIGEST, DATA)
    with Store(str(scene.store), limit=len(DATA) + 10) as store:
        store.make_room(len(DATA))
    assert [path.name for path in scene.blob.parent.iterdir()] == ["notes"]


def replaced(path: Path) -> None:
    path.unlink()
    path.write_bytes(noise(len(DATA), 9))


def linked(path: Path) -> None:
    other = path.parent.parent / "other"
    other.write_bytes(noise(len(DATA), 9))
    path.unlink()
    path.symlink_to(other)


@pytest.mark.parametrize("swap", [replaced, linked])
def test_a_part_that_is_swapped_while_it_is_written_is_not_published(
    tmp_path: Path, swap: Callable[[Path], None]
) -> None:
    """What counts is the file that was hashed, and not the one that has its name."""

    def fill(part: PartialBlob) -> None:
        part.write(DATA)
        swap(Path(store.layout.part(HEX)))

    with Store(str(tmp_path / "store")) as store:
        with refused("another process"):
            store.hold(DIGEST, len(DATA), fill)
        assert not os.path.lexists(store.layout.blob(HEX))


@pytest.mark.parametrize("swap", [replaced, linked])
def test_a_blob_that_is_swapped_after_it_was_verified_is_not_run(
    tmp_path: Path, server: Server, swap: Callable[[Path], None]
) -> None:
    """Between the hash and the name that the runner gets."""
    with Store(str(tmp_path / "store"), verify=True) as store:
        start = store.start_run

        def swapped() -> str:
            swap(Path(store.layout.blob(HEX)))
            return start()

        store.start_run = swapped  # type: ignore[method-assign]
        with refused("another process"):
            pull(server.request, RegistryOptions(), store)
        assert not list(Path(store.layout.runs).iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="runners are started on Linux only")
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o700])
def test_a_store_that_others_may_move(tmp_path: Path, server: Server, mode: int) -> None:
    """What is run is what was verified, also if somebody else puts a store of theirs in its place meanwhile."""
    outside = tmp_path / "shared"
    outside.mkdir()
    outside.chmod(mode)
    with Store(str(outside / "store")) as store, pull(server.request, RegistryOptions(cache=""), store) as bundle:
        (path,) = bundle.gguf
        assert (path == str(Path(bundle.folder) / "model.gguf")) == (mode != 0o777)
        (outside / "store").rename(outside / "theirs")
        other = Path(bundle.folder, "model.gguf")
        other.parent.mkdir(parents=True)
        other.write_text("another model")
        if mode == 0o777:
            assert Path(path).read_bytes() == DATA
            read = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"
            done = subprocess.run([sys.executable, "-c", read, path], stdout=subprocess.PIPE, check=True)
            assert done.stdout == DATA


def test_a_folder_that_is_moved_meanwhile_stays_the_same(tmp_path: Path) -> None:
    """What is done in a folder of the store is done in the one that was judged."""
    scene = Scene(tmp_path)
    with Store(str(scene.store)) as store:
        for name in ("partial", "blobs/sha256"):
            (scene.store / name).rename(tmp_path / Path(name).name)
            (scene.store / name).symlink_to(scene.home)
        store.keep(DIGEST, DATA)
    assert scene.look() == scene.before
    assert (tmp_path / "sha256" / HEX).read_bytes() == DATA


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in which somebody works."""
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    (folder / "app").mkdir()
    monkeypatch.chdir(folder / "app")
    return folder


# Where a store is to lie, seen from a folder in a checkout, and the links on the way with where they lead to.
SHIPPED = {
    "it": (".models", {"app/.models": "../../home"}),
    "it, from elsewhere": ("../.models", {".models": "../home"}),
    "a folder above it": ("cache/models", {"app/cache": "../../home"}),
    "a chain": ("a/models", {"app/a": "b", "app/b": "../../home"}),
    "a link behind a link of the user": ("../../mine/models", {"../mine": "repository/app/a", "app/a": "../../home"}),
    "nowhere": (".models", {"app/.models": "../../nothing"}),
    "another folder of the repository": (".models", {"app/.models": "../other"}),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_link_that_a_repository_ships_is_not_followed_to_a_store(repository: Path, name: str) -> None:
    home, other = repository.parent / "home", repository / "other"
    path, links = SHIPPED[name]
    for each in (home, other):
        (each / "runs" / RUN).mkdir(parents=True)
        (each / "runs" / RUN / "file").touch()
        each.chmod(0o700)
    for place, target in links.items():
        (repository / place).symlink_to(target)
    with refused("symbolic link in the checked directory"):
        Store(path)
    for each in (home, other):
        assert (each / "runs" / RUN / "file").exists() and len(list(each.iterdir())) == 1
    assert not (repository.parent / "nothing").exists()


def test_the_folder_of_a_project_ships_links_too(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the working folder is: `modellint smoke path/to/it`."""
    home = repository.parent / "home"
    home.mkdir(0o700)
    (repository / ".models").symlink_to(home)
    monkeypatch.chdir(repository.parent / "home")
    with refused("symbolic link in the checked directory"):
        Store(str(repository / ".models"), checked=[os.curdir, str(repository / "app/compose.yaml")])
    assert not list(home.iterdir())


def test_a_link_of_the_user_is_followed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~/.cache` may lie on another disk."""
    disk = repository.parent / "disk"
    disk.mkdir()
    (repository.parent / ".cache").symlink_to("disk")
    with Store("../../.cache/modellint/models") as store:
        store.keep(DIGEST, DATA)
    assert (disk / "modellint/models/blobs/sha256" / HEX).read_bytes() == DATA
    monkeypatch.chdir("/")
    Store(str(repository.parent / ".cache/modellint/models")).close()  # whoever ships `/` needs no link


@pytest.mark.parametrize("place", ["file", "/dev/null", "/proc/1/x", "file/store", "loop"])
def test_what_is_no_place_for_a_store(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with refused(""):
        Store(str(tmp_path / place))


UMASK = """
import hashlib, os, sys
from modellint.registry.failure import Failure
from modellint.smoke.store.store import Store
data = b"GGUF"
digest = "sha256:" + hashlib.sha256(data).hexdigest()
os.umask(int(sys.argv[2], 8))
if sys.argv[3] == "another":  # after the imports: that user may not come to the interpreter
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
try:
    with Store(sys.argv[1]) as store:
        store.keep(digest, data)
        print(store.read(digest, 100))
except Failure as failure:
    print(failure.reason)
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder to which every user may come."""
    with tempfile.TemporaryDirectory(prefix="modellint-test-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "of a user"


@pytest.mark.parametrize("user", ["the same", "another"])
@pytest.mark.parametrize("mask", ["000", "022", "077", "777"])
def test_a_umask(open_folder: Path, mask: str, user: str) -> None:
    """Nobody else may write into a store, and its owner may use it; or it is said why not, and nothing is left."""
    folder = open_folder
    folder.mkdir()
    if user == "another":
        if os.getuid() != 0:
            pytest.skip("only root can become another user")
        os.chown(folder, NOBODY, NOBODY)

    def use(mask: str) -> str:
        command = [sys.executable, "-c", UMASK, str(folder / "a/store"), mask, user]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    first = use(mask)
    if mask == "777":
        assert "umask" in first
        assert not list(folder.iterdir())
    else:
        assert first == "b'GGUF'"
    assert use("022") == "b'GGUF'"
    assert use(mask) == "b'GGUF'", "where all folders are there, a umask takes nothing away"
    assert use("022") == "b'GGUF'"
    assert not [path for path in folder.rglob("*") if path.stat().st_mode & 0o022]


@as_root
@pytest.mark.parametrize("name", ["", "partial", "locks", "runs", "blobs", "blobs/sha256"])
def test_a_folder_of_another_user(tmp_path: Path, name: str) -> None:
    scene = Scene(tmp_path)
    os.chown(scene.store / name, NOBODY, NOBODY)
    with refused("belongs to another user"):
        Store(str(scene.store))


@as_root
def test_files_of_another_user(tmp_path: Path, server: Server) -> None:
    scene = Scene(tmp_path)
    scene.blob.write_bytes(DATA)
    scene.part.write_bytes(DATA[:1000])
    os.chown(scene.blob, NOBODY, NOBODY)
    os.chown(scene.part, NOBODY, NOBODY)
    with Store(str(scene.store)) as store:
        with refused("belongs to another user"):
            pull(server.request, RegistryOptions(), store)
        scene.part.unlink()
        with pull(server.request, RegistryOptions(), store) as bundle:
            assert bundle.downloaded == len(DATA), "what another user may change is not taken for right by its size"
            assert scene.blob.stat().st_uid == 0


@as_root
def test_a_run_on_another_disk_is_not_emptied(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.run.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "none", scene.run], capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a file system")
    try:
        scene.run.chmod(0o700)
        (scene.run / "file").touch()
        with refused("another disk"):
            Store(str(scene.store))
        assert (scene.run / "file").exists()
    finally:
        subprocess.run(["umount", scene.run], check=True)


@as_root
def test_a_link_of_another_user_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir(0o700)
    link = tmp_path / "link"
    link.symlink_to("mine")
    os.lchown(link, NOBODY, NOBODY)
    with refused("symbolic link that belongs to another user"):
        Store(str(link))
    assert not list((tmp_path / "mine").iterdir())
    with pytest.raises(Doubt, match="another user"):
        refuse_shared(str(link), [])
