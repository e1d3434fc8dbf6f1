"""The cache on disk: what is fresh, what is damaged, and what happens when several write at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from modellint.oci.answers import RegistryAnswer
from modellint.oci.artifact import DOCKER_CONFIG, Artifact, read_config, read_manifest, to_table
from modellint.oci.query import Query
from modellint.registry.ask import ask
from modellint.registry.cache import Cache, default_folder
from modellint.registry.light import digest_of
from modellint.registry.options import RegistryOptions
from modellint.registry.page import LARGEST

NASTY = "a\tb\nc\r\x1f%25%\x00\u2028\u0085é\U0001f600\x1b[31m"
LICENCE = b"Apache License\n\tVersion 2.0, \xff\n"
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")


class Documents:
    """What a registry sends about a model: its manifest, its config, and the text of its licence."""

    def __init__(self, context: int = 8192, licenses: tuple[str, ...] = ("MIT", NASTY), **more: str) -> None:
        gguf = {"general.architecture": "llama", "llama.context_length": str(context)}
        self.config = json.dumps(
            {"config": {"format": "gguf", "quantization": NASTY, "gguf": gguf}, "descriptor": {"licenses": licenses}},
            ensure_ascii=False,
        ).encode("utf-8", "surrogatepass")
        layers = [
            {"mediaType": "application/vnd.docker.ai.gguf.v3", "digest": digest_of(b"weights"), "size": 1 << 40},
            {"mediaType": "application/vnd.docker.ai.license", "digest": digest_of(LICENCE), "size": len(LICENCE)},
        ]
        document = {
            "schemaVersion": 2, "layers": layers, **more,
            "config": {
                "mediaType": f"{DOCKER_CONFIG}v0.1+json", "digest": digest_of(self.config), "size": len(self.config)
            },
        }  # fmt: skip
        self.manifest = json.dumps(document, indent=3).encode()
        self.digest = digest_of(self.manifest)

    def artifact(self, details: bool = True) -> Artifact:
        found = read_manifest(json.loads(self.manifest), self.digest)
        if details:
            read_config(found, json.loads(self.config))
            found.licenses = found.licenses or ["Apache-2.0"]
        return found

    def all(self, details: bool = True) -> dict[str, bytes]:
        more = {digest_of(data): data for data in (self.config, LICENCE)}
        return {self.digest: self.manifest, **(more if details else {})}


FIRST, SECOND = Documents(), Documents(4096)
UNNAMED = Documents(licenses=())  # its config does not say under which licence it is
DIGEST = FIRST.digest
TAG = Query("localhost:9", "team/model", "V1.0")
PINNED = Query("localhost:9", "team/model", digest=DIGEST)


def keep(
    folder: Path, request: Query = TAG, *, age: float = 0, details: bool = True, of: Documents = FIRST
) -> Artifact:
    made = of.artifact(details)
    cache = Cache(str(folder))
    for digest, data in of.all(details).items():
        cache.keep_document(digest, bytearray(data))
    cache.keep(request, RegistryAnswer(made, time.time() - age))
    cache.write()
    return made


def look(folder: Path, request: Query = TAG, *, details: bool = True, max_age: float = 600) -> RegistryAnswer | None:
    return Cache(str(folder)).answer(request, details, max_age)


def file_of(folder: Path) -> Path:
    (path,) = (each for each in folder.rglob("*") if each.is_file())
    return path


def test_an_answer_comes_back(tmp_path: Path) -> None:
    made = keep(tmp_path, age=60)
    answer = look(tmp_path)
    assert answer and answer.artifact and answer.cached and not answer.code
    assert to_table(answer.artifact) == to_table(made)
    assert 59 < time.time() - answer.asked < 65


@pytest.mark.parametrize(
    ("age", "max_age", "fresh"),
    [(0, 600, True), (599, 600, True), (601, 600, False), (0, 0, False), (1e9, float("inf"), True), (-100, 600, False)],
)
def test_age(tmp_path: Path, age: float, max_age: float, fresh: bool) -> None:
    keep(tmp_path, age=age)
    assert bool(look(tmp_path, max_age=max_age)) == fresh


@pytest.mark.parametrize(("days", "fresh"), [(1, True), (6, True), (8, False)])
def test_a_digest_is_asked_again_after_a_week(tmp_path: Path, days: int, fresh: bool) -> None:
    keep(tmp_path, PINNED, age=days * 86400)
    assert bool(look(tmp_path, PINNED, max_age=1)) == fresh


def test_a_tag_is_as_it_is_written(tmp_path: Path) -> None:
    keep(tmp_path)
    assert look(tmp_path, Query(TAG.registry, TAG.repository, "v1.0")) is None
    assert look(tmp_path, Query(TAG.registry, TAG.repository + "s", TAG.tag)) is None
    assert look(tmp_path, Query("localhost:90", TAG.repository, TAG.tag)) is None


def test_names_that_differ_do_not_share_a_file(tmp_path: Path) -> None:
    names = [("a.b", "c/d"), ("a.b:5", "c/d"), ("a.b", "c-d"), ("a.b", "c.d"), ("a.b", "c__d"), ("a", "b/c/d")]
    for registry, repository in names:
        keep(tmp_path, Query(registry, repository, "latest"))
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == len(names)


def test_details_are_kept_and_missed(tmp_path: Path) -> None:
    keep(tmp_path, details=False)
    assert look(tmp_path, details=False)
    assert look(tmp_path, details=True) is None
    keep(tmp_path, details=True)
    keep(tmp_path, details=False)
    assert look(tmp_path, details=True)


def test_a_moved_tag_leaves_the_old_artifact(tmp_path: Path) -> None:
    keep(tmp_path)
    keep(tmp_path, of=SECOND)
    answer = look(tmp_path)
    assert answer and answer.artifact and answer.artifact.digest == SECOND.digest
    assert Cache(str(tmp_path)).artifact(TAG, DIGEST, True)
    assert Cache(str(tmp_path)).artifact(TAG, "sha256:" + "c" * 64, True) is None


def test_failures_are_not_kept(tmp_path: Path) -> None:
    cache = Cache(str(tmp_path))
    cache.keep(TAG, RegistryAnswer(None, time.time(), code="not-found", reason="no"))
    cache.write()
    assert list(tmp_path.iterdir()) == []


def corrected(folder: Path, answer: RegistryAnswer, request: Query = TAG) -> None:
    """What a run keeps that is not to use the cache."""
    warnings: list[str] = []
    cache = Cache(str(folder), warn=warnings.append, recalls=False)
    assert cache.answer(request, True, float("inf")) is None
    assert cache.artifact(request, DIGEST, True) is None
    for digest, data in SECOND.all().items():
        cache.keep_document(digest, data)
    cache.keep(request, answer)
    cache.write()
    assert not warnings


def test_a_run_without_the_cache_corrects_it(tmp_path: Path) -> None:
    keep(tmp_path, age=60)
    corrected(tmp_path, RegistryAnswer(SECOND.artifact(), time.time()))
    answer = look(tmp_path)
    assert answer and answer.artifact and answer.artifact.digest == SECOND.digest


def test_a_run_without_the_cache_adds_nothing(tmp_path: Path) -> None:
    corrected(tmp_path, RegistryAnswer(SECOND.artifact(), time.time()))
    assert list(tmp_path.iterdir()) == []
    keep(tmp_path)
    before = file_of(tmp_path).read_bytes()
    for request in (Query("localhost:9", "team/model", "other"), PINNED):
        corrected(tmp_path, RegistryAnswer(SECOND.artifact(), time.time()), request)
    assert file_of(tmp_path).read_bytes() == before


def test_a_tag_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    keep(tmp_path, age=60)
    corrected(tmp_path, RegistryAnswer(None, time.time(), code="network", reason="no"))
    assert look(tmp_path)
    corrected(tmp_path, RegistryAnswer(None, time.time(), code="not-found", reason="no"))
    assert look(tmp_path) is None
    assert look(tmp_path, PINNED)


def test_a_newer_answer_of_another_run_stays(tmp_path: Path) -> None:
    keep(tmp_path, of=SECOND)
    keep(tmp_path, age=60)
    answer = look(tmp_path)
    assert answer and answer.artifact and answer.artifact.digest == SECOND.digest


def test_an_answer_from_the_future_does_not_stay(tmp_path: Path) -> None:
    keep(tmp_path, of=SECOND, age=-10_000)
    keep(tmp_path)
    answer = look(tmp_path)
    assert answer and answer.artifact and answer.artifact.digest == DIGEST


def test_no_folder_is_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cache = Cache("")
    cache.keep_document(DIGEST, FIRST.manifest)
    cache.keep(TAG, RegistryAnswer(FIRST.artifact(), time.time()))
    cache.write()
    assert cache.answer(TAG, True, 600) is None
    assert list(tmp_path.iterdir()) == []


@posix
def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        keep(tmp_path / "a" / "b")
    finally:
        os.umask(old)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert modes == {"a": 0o700, "b": 0o700, "localhost+9": 0o700, "r+team+model": 0o600}


def replaced(old: str, new: str) -> Callable[[Path], object]:
    def damage(path: Path) -> None:
        data = path.read_bytes()
        assert old.encode() in data
        path.write_bytes(data.replace(old.encode(), new.encode()))

    return damage


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-20]),
    "zeros": lambda path: path.write_bytes(b"\0" * 4096),
    "large": lambda path: path.write_bytes(path.read_bytes() + b"\n" * LARGEST),
    "other version": replaced("cache 2\n", "cache 1\n"),
    "no digest": replaced(DIGEST, "sha256:../../x"),
    "not a time": replaced("artifact\t", "artifact\tx"),
    "no time": replaced("artifact\t", "artifact\tnan\t"),
    "a tag's digest": replaced("V1.0\tsha256:", "V1.0\tsha512:"),
    "a field more": replaced("\nartifact", "\t\nartifact"),
    "not a line": replaced("tag\t", "tags\t"),
    "no manifest": lambda path: path.write_bytes(
        b"".join(
            line for line in path.read_bytes().splitlines(True) if not line.startswith(b"document\t" + DIGEST.encode())
        )
    ),
    "another model in the manifest": replaced("1099511627776", "1099511627777"),
    "another context in the config": replaced('"8192"', '"8193"'),
    "another licence in the config": replaced('["MIT"', '["BSD"'),
    "another digest of the manifest": replaced(DIGEST, SECOND.digest),
    "folder": lambda path: (path.unlink(), path.mkdir()),
    "loop": lambda path: (path.unlink(), path.symlink_to(path)),
    "link": lambda path: (path.rename(path.with_name("x")), path.symlink_to(path.with_name("x"))),
    "fifo": lambda path: (path.unlink(), os.mkfifo(path)),
    "locked": lambda path: path.chmod(0),
    "open to all": lambda path: path.chmod(0o777),
    "open to the group": lambda path: path.chmod(0o620),
}


@posix
@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_as_if_it_were_not_there(tmp_path: Path, name: str) -> None:
    if name == "locked" and os.getuid() == 0:
        pytest.skip("root may read everything")
    keep(tmp_path)
    DAMAGE[name](file_of(tmp_path))
    assert look(tmp_path) is None
    keep(tmp_path)
    if name != "folder":
        assert look(tmp_path)


@posix
def test_a_time_that_is_none_is_not_fresh(tmp_path: Path) -> None:
    keep(tmp_path)
    path = file_of(tmp_path)
    lines = path.read_bytes().decode("latin-1").split("\n")
    lines = ["\t".join(["tag", "nan", *line.split("\t")[2:]]) if line.startswith("tag\t") else line for line in lines]
    path.write_bytes("\n".join(lines).encode("latin-1"))
    assert look(tmp_path) is None


@pytest.mark.parametrize("where", ["file", "none"])
def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("")
    keep(tmp_path / "file" if where == "file" else Path(f"{tmp_path}/\0"))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_it_does_not_grow_for_ever(tmp_path: Path) -> None:
    """The newest stay, as many as there is room for, and all that describes them."""
    for number in range(0, 1000, 250):
        cache = Cache(str(tmp_path))
        for each in range(number, number + 250):
            documents = Documents(each + 1, note="x" * 20_000)
            for digest, data in documents.all().items():
                cache.keep_document(digest, data)
            request = Query("localhost:9", "team/model", f"t{each}")
            cache.keep(request, RegistryAnswer(documents.artifact(), time.time() - 500 + each / 10))
        cache.write()
        assert file_of(tmp_path).stat().st_size <= LARGEST
    answer = look(tmp_path, Query("localhost:9", "team/model", "t999"))
    assert answer and answer.artifact and answer.artifact.context == 1000
    assert look(tmp_path, Query("localhost:9", "team/model", "t1")) is None


def test_what_a_run_keeps_is_bounded(tmp_path: Path) -> None:
    cache = Cache(str(tmp_path))
    assert not cache.keep_document(DIGEST, bytes((1 << 20) + 1))
    assert sum(cache.keep_document(f"sha256:{number:064}", bytes(1 << 20)) for number in range(100)) == 16


def write_much(folder: str, number: int) -> None:
    for turn in range(60):
        keep(Path(folder), Query("localhost:9", "team/model", f"t{number}-{turn}"))


@posix
def test_writers_at_the_same_time(tmp_path: Path) -> None:
    """Whoever reads meanwhile finds a whole file; nothing is left behind."""
    keep(tmp_path)
    writers = [
        multiprocessing.get_context("fork").Process(target=write_much, args=(str(tmp_path), number))
        for number in range(4)
    ]
    for writer in writers:
        writer.start()
    seen = 0
    while any(writer.is_alive() for writer in writers):
        assert Cache(str(tmp_path)).artifact(TAG, DIGEST, True), "a torn file"
        seen += 1
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert seen
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["r+team+model"]


def test_default_folder(tmp_path: Path) -> None:
    home, tail = str(tmp_path), Path("modellint", "registry")
    assert default_folder({"HOME": home}, "linux") == str(tmp_path / ".cache" / tail)
    assert default_folder({"HOME": home, "XDG_CACHE_HOME": str(tmp_path / "x")}, "linux") == str(tmp_path / "x" / tail)
    assert default_folder({"HOME": home, "XDG_CACHE_HOME": "relative"}, "linux") == ""
    assert default_folder({"HOME": home}, "darwin") == str(tmp_path / "Library" / "Caches" / tail)
    assert default_folder({"LOCALAPPDATA": home}, "win32") == str(tmp_path / tail)
    assert default_folder({}, "win32") == ""


def test_ask_takes_it_and_imports_nothing(tmp_path: Path) -> None:
    """The whole way of a run that finds everything: 'json', 're' and the network's libraries stay out."""
    keep(tmp_path)
    program = (
        "import os, sys, time; before = set(sys.modules)\n"
        "from modellint.registry.options import RegistryOptions\n"
        "from modellint.registry.ask import ask\n"
        "from modellint.oci.query import Query\n"
        f"request = Query({TAG.registry!r}, {TAG.repository!r}, {TAG.tag!r})\n"
        f"answer = ask([request], RegistryOptions(cache={str(tmp_path)!r}, checked=['.']))[request]\n"
        "assert answer.artifact and answer.cached, answer.reason\n"
        "assert answer.artifact.licenses, 'all of it was read'\n"
        "print(*sorted(name for name in set(sys.modules) - before if not name.startswith('modellint')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert set(done.stdout.split()) <= {"__future__", "_json", "_sha256", "_sha2"}


def test_offline(tmp_path: Path) -> None:
    keep(tmp_path, age=1e8)
    other = Query("localhost:9", "team/other", "latest")
    answers = ask([TAG, other], RegistryOptions(cache=str(tmp_path), offline=True))
    assert answers[TAG].cached and answers[TAG].artifact
    assert answers[other].code == "offline" and answers[other].artifact is None
