"""Whose word a cache is: what somebody else can have written is not believed, and that is said."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from modellint.files.ownership import Doubt, refuse_shared
from modellint.oci.query import Query
from modellint.registry.ask import ask
from modellint.registry.light import digest_of, parse
from modellint.registry.options import RegistryOptions
from support.registry.program import run
from support.registry.push import Registry
from support.registry.raw import Host

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
as_root = pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give files to another user"
)
NOBODY = 65_534


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where a cache can lie that is the user's own."""
    (tmp_path / "home").mkdir(0o700)
    return tmp_path / "home"


def moved(path: Path) -> None:
    """A link instead of a file or a folder."""
    elsewhere = Path(tempfile.mkdtemp(dir=path.parent.parent.parent)) / path.name
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


# What somebody has done with the folders `home/cache/localhost+PORT` or the page in it, and what is said of it.
DONE: dict[str, tuple[Callable[[Path], object], str]] = {
    "the cache is open to all": (lambda cache: cache.chmod(0o777), "it can be written by other users"),
    "the cache is open to a group": (lambda cache: cache.chmod(0o770), "it can be written by other users"),
    "the cache is open to all, and sticky": (lambda cache: cache.chmod(0o1777), "it can be written by other users"),
    "the folder above is open to all": (
        lambda cache: cache.parent.chmod(0o777), "it is behind `{home}`, which can be written by other users",
    ),
    "a registry's folder is open to all": (lambda cache: registry_of(cache).chmod(0o777), "by other users; remove"),
    "a registry's folder is a link": (lambda cache: moved(registry_of(cache)), "it is a symbolic link; remove"),
    "a page is open to all": (lambda cache: page_of(cache).chmod(0o777), "it can be written by other users; remove"),
    "a page is open to a group": (lambda cache: page_of(cache).chmod(0o660), "by other users; remove"),
    "a page is a link": (lambda cache: moved(page_of(cache)), "it is a symbolic link; remove"),
    "a page is a FIFO": (lambda cache: fifo(page_of(cache)), "it is not a regular file; remove"),
    "the cache is a file": (lambda cache: (cache.rename(cache.parent / "x"), cache.touch()), "it is not a directory"),
}  # fmt: skip


def registry_of(cache: Path) -> Path:
    (folder,) = cache.iterdir()
    return folder


def page_of(cache: Path) -> Path:
    (page,) = registry_of(cache).iterdir()
    return page


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("done", DONE)
def test_what_somebody_else_can_have_written(home: Path, done: str) -> None:
    do, words = DONE[done]
    cache = home / "cache"
    said: list[str] = []
    with Host() as host:
        request = Query(host.name, "team/model", "a")

        def look(offline: bool = False) -> bool:
            access = RegistryOptions(cache=str(cache), offline=offline, warn=said.append)
            return ask([request], access)[request].cached

        assert not look() and look() and look(offline=True)
        assert said == []
        do(cache)
        assert not look(offline=True)
        assert not look()
        assert said[0] == said[1] and words.format(home=home) in said[0], said
        assert str(home) in said[0] or "XDG_CACHE_HOME" in said[0]


def test_a_cache_that_is_not_there_yet(home: Path) -> None:
    (home / "project").mkdir()
    with Host() as host:
        request = Query(host.name, "team/model", "a")
        said: list[str] = []
        access = RegistryOptions(cache=str(home / "a/b/cache"), checked=[str(home / "project")], warn=said.append)
        for cached in (False, True):
            assert ask([request], access)[request].cached is cached
        assert said == []


# Where the cache is, seen from a folder that holds `repository` with `.git` in it, and whether it counts.
PLACES = {
    "home/.cache": True,
    "repository/.cache": False,
    "repository": False,
    "repository/app/.cache/modellint": False,
    "repository-2/.cache": True,
    "link-to-disk/cache": True,
    "link-to-repository/.cache": False,
    "repository/link-to-home/.cache": False,
    "link-to-link/.cache": False,
}


@pytest.mark.parametrize("where", ["app", "app/compose.yaml", "app/new.yaml", "."])
@pytest.mark.parametrize("place", PLACES)
def test_a_cache_in_what_is_checked(tmp_path: Path, place: str, where: str) -> None:
    """The working folder, the files that are named, and the repositories that they lie in."""
    for name in ("repository/.git", "repository/app", "repository-2", "home", "disk"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "repository/app/compose.yaml").touch()
    for name, target in {
        "link-to-disk": "disk", "link-to-repository": "repository", "repository/link-to-home": "../home",
        "link-to-link": "repository/link-to-home",
    }.items():  # fmt: skip
        (tmp_path / name).symlink_to(target)
    with Host() as host:
        request = Query(host.name, "team/model", "a")
        said: list[str] = []
        access = RegistryOptions(
            cache=str(tmp_path / place), checked=[str(tmp_path / "repository" / where)], warn=said.append
        )  # fmt: skip
        for cached in (False, PLACES[place]):
            assert ask([request], access)[request].cached is cached
    assert bool(said) is not PLACES[place]
    assert all("XDG_CACHE_HOME" in each and "checked directory" in each for each in said)


def test_the_root_of_the_file_system_is_not_checked(home: Path) -> None:
    """A container may have `/` as its working folder."""
    with Host() as host:
        request = Query(host.name, "team/model", "a")
        for cached in (False, True):
            assert ask([request], RegistryOptions(cache=str(home), checked=["/"]))[request].cached is cached


def above(cache: Path) -> Path:
    return cache.parent


def itself(cache: Path) -> Path:
    return cache


@as_root
@pytest.mark.parametrize("which", [above, itself, registry_of, page_of])
def test_a_cache_of_another_user(home: Path, which: Callable[[Path], Path]) -> None:
    with Host() as host:
        request = Query(host.name, "team/model", "a")
        said: list[str] = []
        access = RegistryOptions(cache=str(home / "cache"), warn=said.append)
        assert not ask([request], access)[request].cached
        assert ask([request], access)[request].cached
        os.chown(which(home / "cache"), NOBODY, NOBODY)
        assert not ask([request], access)[request].cached
    assert "belongs to another user" in said[0]


@as_root
def test_a_sticky_folder_of_another_user(home: Path) -> None:
    """Who owns a folder can move what is in it, sticky or not."""
    home.chmod(0o1777)
    refuse_shared(str(home / "cache"), [])
    os.chown(home, NOBODY, NOBODY)
    with pytest.raises(Doubt, match="another user"):
        refuse_shared(str(home / "cache"), [])


# As a user meets it


@pytest.fixture
def project(registry: Registry, tmp_path: Path) -> Path:
    """A repository with a pinned model whose licence its policy forbids, and a cache of its own."""
    name = f"trust{abs(hash(tmp_path)) % 10_000_000}"
    digest = registry.push_model(f"{name}/llm", "v1")
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    image = f"registry.example.com/a@sha256:{'0' * 64}"
    reference = f"{registry.host}/{name}/llm@{digest}"
    (folder / "compose.yaml").write_text(
        f'services: {{a: {{image: "{image}", models: [llm]}}}}\nmodels: {{llm: {{model: "{reference}"}}}}\n'
    )
    (folder / ".modellint.yaml").write_text("version: 1\nallow: {licenses: [MIT]}\n")
    return folder


def poison(cache: Path) -> None:
    """What a pull request can do with a cache that it ships."""
    (page,) = (each for each in cache.rglob("r+*") if each.is_file())
    data = page.read_bytes()
    changed = data.replace(b"Apache-2.0", b"MIT").replace(b"Apache License", b"MIT License")
    assert changed != data
    page.write_bytes(changed)


@pytest.mark.parametrize("inside", [True, False])
def test_a_cache_does_not_override_a_policy(project: Path, inside: bool) -> None:
    """`XDG_CACHE_HOME=$PWD/.cache`; and elsewhere what lies under a digest is hashed again."""
    cache = project / ".cache" if inside else project.parent / "cache"
    outside = project.parent / "cache"
    before = run(project, "check", "--online", XDG_CACHE_HOME=str(outside))
    assert before.returncode == 1 and "forbidden-license" in before.stdout, before.stderr
    if inside:
        outside.rename(cache)
    poison(cache)
    after = run(project, "check", "--online", XDG_CACHE_HOME=str(cache))
    assert after.returncode == 1 and "forbidden-license" in after.stdout
    said = after.stderr.splitlines()
    assert len(said) == inside
    if inside:
        assert said[0] == (
            "modellint: the registry cache is not used: it is inside the checked directory, whose author "
            "could have written it; set XDG_CACHE_HOME to a directory that only you can write to, or use "
            "`--no-cache`"
        )
        assert run(project, "check", "--online", "--no-cache", XDG_CACHE_HOME=str(cache)).stderr == ""


@pytest.mark.parametrize("words", [["check", "--online"], ["fix", "--pin"], ["resolve", "{reference}"]])
def test_offline_without_a_cache_that_counts(project: Path, words: list[str]) -> None:
    text = (project / "compose.yaml").read_text()
    reference = text.partition('model: "')[2].partition('"')[0]
    (project / "compose.yaml").write_text(text.replace(reference, reference.partition("@")[0] + ":v1"))
    said = [word.format(reference=reference) for word in words]
    done = run(project, *said, "--offline", XDG_CACHE_HOME=str(project / ".cache"))
    assert done.returncode == 2, done.stdout
    assert "is not used: it is inside the checked directory" in done.stderr
    assert "`--offline` contacts no registry" in done.stderr
    assert done.stderr.count("XDG_CACHE_HOME") == 1


# Reading without the usual modules

TEXTS = (
    '{"a": [1, -2.5e3, "x\\n\\u00e9\\ud83d\\ude00", true, false, null, {}], "b": {"c": []}}', " \t\r\n[1]\n ", '"é"',
    "0", "[NaN, Infinity, -Infinity]", "9" * 4000,
)  # fmt: skip
NO_TEXTS = (
    "", " ", "{", "[1,]", '{"a"}', "[1] 2", "'a'", "{1: 2}", '"\n"', "nul", "\ufeff[]", "[" * 100_000, "9" * 5000,
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_json_is_read_as_usual(text: str) -> None:
    assert repr(parse(text.encode())) == repr(json.loads(text))


@pytest.mark.parametrize("text", NO_TEXTS, ids=range(len(NO_TEXTS)))
def test_what_is_no_json(text: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        parse(text.encode())


@pytest.mark.parametrize("missing", [(), ("_json",), ("_json", "_sha2", "_sha256")])
def test_an_interpreter_without_them(monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...]) -> None:
    monkeypatch.setattr("modellint.registry.light._found", {})
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    assert parse(b'{"a": 1} ') == {"a": 1}
    assert digest_of(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
