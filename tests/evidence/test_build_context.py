"""The files of a build context: the program's own, in bounds, and never anything outside."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from modellint.evidence.build_context import LIMITS, ContextLimits, Walk, code_files

NO_ROOT = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")


def lay(folder: Path, files: Mapping[str, str | bytes]) -> str:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(folder)


def paths(walk: Walk) -> list[str]:
    return [file.path for file in walk.files]


def test_files_of_languages_in_order(tmp_path: Path) -> None:
    names = ["b.py", "a.ts", "z/a.go", "m/n/o.rs", "m/a.java", "README.md", "logo.png", "Makefile", "a.sql", "A.cs"]
    walk = code_files(lay(tmp_path, dict.fromkeys(names, "x")))
    assert paths(walk) == ["A.cs", "a.ts", "b.py", "m/a.java", "m/n/o.rs", "z/a.go"]
    assert walk.complete
    assert walk.read(walk.files[0]) == b"x"


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("a.py", "python"),
        ("a.mjs", "javascript"),
        ("a.cts", "javascript"),
        ("a.tsx", "javascript"),
        ("a.vue", "markup"),
        ("a.svelte", "markup"),
        ("a.kts", "jvm"),
        ("a.rb", "ruby"),
        ("config.ru", "ruby"),
        ("a.php", "php"),
        ("a.exs", "elixir"),
        ("application.yml", "spring"),
        ("application-prod.properties", "spring"),
        ("bootstrap.yaml", "spring"),
        ("src/main/resources/other.yml", "spring"),
        ("src/main/resources/reference.conf", "hocon"),
        ("application.conf", "hocon"),
        ("config/database.yml", "config"),
        ("requirements.txt", "requirements"),
        ("requirements-prod.txt", "requirements"),
        ("pyproject.toml", "pyproject"),
        ("web/package.json", "package.json"),
        ("build.gradle.kts", "jvm manifest"),
        ("a.yml", None),
        ("package-lock.json", None),
        ("jquery.min.js", None),
        ("types.d.ts", None),
        ("a.txt", None),
        (".py", "python"),
    ],
)
def test_language(tmp_path: Path, name: str, language: str | None) -> None:
    walk = code_files(lay(tmp_path, {name: "x"}))
    assert [(file.path, file.language) for file in walk.files] == ([(name, language)] if language else [])


@pytest.mark.parametrize(
    "folder",
    [".git", ".venv", ".next", "node_modules", "vendor", "third_party", "venv", "site-packages", "dist", "build"],
)
def test_what_nobody_wrote_here_is_skipped(tmp_path: Path, folder: str) -> None:
    walk = code_files(lay(tmp_path, {f"{folder}/a.py": "", f"src/{folder}/b.py": "", "src/c.py": ""}))
    assert paths(walk) == ["src/c.py"]
    assert walk.complete


def test_a_virtual_environment_of_any_name_is_skipped(tmp_path: Path) -> None:
    assert paths(code_files(lay(tmp_path, {"env/pyvenv.cfg": "", "env/lib/a.py": "", "a.py": ""}))) == ["a.py"]


def test_output_of_dotnet_is_skipped_beside_a_project(tmp_path: Path) -> None:
    files = dict.fromkeys(["api/api.csproj", "api/obj/a.cs", "api/bin/b.cs", "web/bin/c.rb"], "")
    assert paths(code_files(lay(tmp_path, files))) == ["web/bin/c.rb"]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("src/app.py", "program"),
        ("tests/app.py", "test"),
        ("src/test/java/A.java", "test"),
        ("src/__tests__/a.ts", "test"),
        ("spec/a_spec.rb", "test"),
        ("examples/a.py", "example"),
        ("docs/conf.py", "example"),
        ("tests/examples/a.py", "test"),
        ("test_app.py", "test"),
        ("conftest.py", "test"),
        ("app_test.go", "test"),
        ("app.test.ts", "test"),
        ("app.spec.tsx", "test"),
        ("AppTest.java", "test"),
        ("latest.py", "program"),
        ("contest.py", "program"),
        ("Latest.java", "program"),
        ("protest.ts", "program"),
    ],
)
def test_place(tmp_path: Path, name: str, place: str) -> None:
    assert [file.place for file in code_files(lay(tmp_path, {name: ""})).files] == [place]


@pytest.mark.parametrize(
    ("files", "unread"),
    [
        ({"a.py": ""}, ""),
        ({"a.py": "", "main.cpp": ""}, "C++"),
        ({"b.lua": "", "c.swift": ""}, "Lua"),
        ({"app.jar": b"PK"}, "a compiled program"),
        ({"gradle/wrapper/gradle-wrapper.jar": b"PK"}, ""),
        ({"tests/native.c": ""}, ""),
        ({"node_modules/a.c": ""}, ""),
    ],
)
def test_a_language_that_is_not_read_is_said(tmp_path: Path, files: dict[str, str], unread: str) -> None:
    assert code_files(lay(tmp_path, files)).unread == unread


@pytest.mark.parametrize(
    ("content", "language", "unread"),
    [
        (b"#!/usr/bin/env python3\nimport os\n", "python", ""),
        (b"#!/usr/bin/node\n", "javascript", ""),
        (b"#!/usr/bin/env ruby\n", "ruby", ""),
        (b"#!/bin/sh\npython app.py\n", None, ""),
        (b"python\n", None, ""),
        (b"\x7fELF\0\0", None, "a compiled program"),
        (b"", None, ""),
    ],
)
def test_a_program_without_an_ending(tmp_path: Path, content: bytes, language: str | None, unread: str) -> None:
    lay(tmp_path, {"serve": content, "plain": b"#!/usr/bin/env python3\n"})
    (tmp_path / "serve").chmod(0o755)
    walk = code_files(str(tmp_path))
    assert [file.language for file in walk.files] == ([language] if language else [])
    assert walk.unread == unread


def test_settings_are_listed_on_demand(tmp_path: Path) -> None:
    files = {"a.py": "", "conf/app.yml": "", "nginx.conf": "", ".env": "", ".env.local": "", "big.json": "x" * 70_000}
    lay(tmp_path, files)
    assert paths(code_files(str(tmp_path))) == ["a.py"]
    walk = code_files(str(tmp_path), settings=True)
    assert paths(walk) == [".env", ".env.local", "a.py", "big.json", "nginx.conf", "conf/app.yml"]
    assert [walk.read(file) for file in walk.files][3] is None
    assert walk.complete  # that holds data, no settings


def test_ignored_files_are_left_out(tmp_path: Path) -> None:
    files = {".dockerignore": "old\n*.rb\n!keep.rb\n", "old/a.py": "", "a.rb": "", "keep.rb": "", "new/a.py": ""}
    assert paths(code_files(lay(tmp_path, files))) == ["keep.rb", "new/a.py"]


def test_an_exception_below_an_ignored_folder_is_read(tmp_path: Path) -> None:
    files = {".dockerignore": "*\n!src/app", "src/app/a.py": "", "src/b.py": "", "lib/c.py": ""}
    assert paths(code_files(lay(tmp_path, files))) == ["src/app/a.py"]


def test_the_ignore_file_of_the_dockerfile(tmp_path: Path) -> None:
    files = {".dockerignore": "a.py", "docker/Dockerfile.dockerignore": "b.py", "a.py": "", "b.py": ""}
    lay(tmp_path, files)
    assert paths(code_files(str(tmp_path), "docker/Dockerfile")) == ["a.py"]
    assert paths(code_files(str(tmp_path))) == ["b.py"]


@pytest.mark.parametrize(
    ("limits", "count"),
    [
        (ContextLimits(files=2), 2),
        (ContextLimits(entries=3), None),
        (ContextLimits(seconds=-1), 0),
        (ContextLimits(files=9), 9),
        (LIMITS, 9),
    ],
)
def test_limits_of_a_walk(tmp_path: Path, limits: ContextLimits, count: int | None) -> None:
    lay(tmp_path, {f"{letter}/{number}.py": "" for letter in "abc" for number in range(3)})
    walk = code_files(str(tmp_path), limits=limits)
    assert count is None or len(walk.files) == count
    assert walk.complete is (count == 9)


@pytest.mark.parametrize(
    ("limits", "read"), [(ContextLimits(file_bytes=9), 0), (ContextLimits(all_bytes=25), 2), (LIMITS, 5)]
)
def test_limits_of_reading(tmp_path: Path, limits: ContextLimits, read: int) -> None:
    walk = code_files(lay(tmp_path, {f"{number}.py": "x" * 10 for number in range(5)}), limits=limits)
    found = [walk.read(file) for file in walk.files]
    assert found.count(b"x" * 10) == read
    assert walk.complete is (read == 5)


def test_deep_folders_end(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(80):
        folder /= "d"
    folder.mkdir(parents=True)
    (folder / "a.py").touch()
    walk = code_files(str(tmp_path))
    assert (walk.files, walk.complete) == ([], False)


def test_links_are_not_followed(tmp_path: Path) -> None:
    lay(tmp_path, {"in/a.py": "", "out/secret.py": "", "out/deep/b.py": ""})
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    (tmp_path / "in/up").symlink_to("..")
    (tmp_path / "in/out").symlink_to(tmp_path / "out")
    (tmp_path / "in/link.py").symlink_to(tmp_path / "out/secret.py")
    (tmp_path / "in/broken.py").symlink_to("nothing")
    walk = code_files(str(tmp_path / "in"))
    assert (paths(walk), walk.complete) == (["a.py"], True)


def test_a_file_that_becomes_a_link_is_not_read(tmp_path: Path) -> None:
    lay(tmp_path, {"in/a.py": "x", "secret.py": "y"})
    walk = code_files(str(tmp_path / "in"))
    (tmp_path / "in/a.py").unlink()
    (tmp_path / "in/a.py").symlink_to(tmp_path / "secret.py")
    assert walk.read(walk.files[0]) is None
    assert not walk.complete


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    lay(tmp_path, {"a.py": "", "b.py": "x"})
    os.mkfifo(tmp_path / "pipe.py")
    walk = code_files(str(tmp_path))
    assert (paths(walk), walk.complete) == (["a.py", "b.py"], True)
    (tmp_path / "b.py").unlink()
    os.mkfifo(tmp_path / "b.py")
    assert walk.read(walk.files[1]) is None


@NO_ROOT
def test_a_folder_without_permission(tmp_path: Path) -> None:
    lay(tmp_path, {"a.py": "", "closed/b.py": ""})
    (tmp_path / "closed").chmod(0)
    try:
        walk = code_files(str(tmp_path))
        assert (paths(walk), walk.complete) == (["a.py"], False)
    finally:
        (tmp_path / "closed").chmod(0o755)


@NO_ROOT
def test_a_file_without_permission(tmp_path: Path) -> None:
    walk = code_files(lay(tmp_path, {"a.py": "x"}))
    (tmp_path / "a.py").chmod(0)
    assert walk.read(walk.files[0]) is None
    assert not walk.complete


@pytest.mark.parametrize("folder", ["nothing", "a.py", "a\0b"])
def test_no_folder(tmp_path: Path, folder: str) -> None:
    (tmp_path / "a.py").touch()
    walk = code_files(str(tmp_path / folder))
    assert (walk.files, walk.complete) == ([], False)


def test_names_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.py")).touch()
    (tmp_path / "new\nline.py").write_text("x")
    walk = code_files(str(tmp_path))
    assert sorted(walk.read(file) or b"" for file in walk.files) == [b"", b"x"]
    assert walk.complete
