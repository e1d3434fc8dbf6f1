"""Docker's `.dockerignore`: the cases of moby/patternmatcher's own tests, and what a build context makes of them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from modellint.evidence.dockerignore import DockerIgnore, load
from modellint.files.reader import Reader


@pytest.mark.parametrize(
    ("pattern", "path", "ignored"),
    [
        ("**", "file", True),
        ("**/", "file", True),
        ("**", "dir/file", True),
        ("**/**", "dir/file", True),
        ("dir/**", "dir/file", True),
        ("dir/**", "dir/dir2/file", True),
        ("**/dir", "dir", True),
        ("**/dir", "dir/file", True),
        ("**/dir2/*", "dir/dir2/file", True),
        ("**/dir2/**", "dir/dir2/dir3/file", True),
        ("**file", "file", True),
        ("**file", "dir/file", True),
        ("**file", "dir/myfile", True),
        ("**/file", "dir/dir/file", True),
        ("**/file*", "dir/dir/file.txt", True),
        ("**/file*txt", "dir/dir/file.txt", True),
        ("**/file*.txt*", "dir/dir/file.txt", True),
        ("**/**/*.txt", "dir/dir/file.txt", True),
        ("**/**/*.txt2", "dir/dir/file.txt", False),
        ("**/*.txt", "file.txt", True),
        ("a**/*.txt", "a/file.txt", True),
        ("a**/*.txt", "a/dir/dir/file.txt", True),
        ("a/*.txt", "a/dir/file.txt", False),
        ("a/*.txt", "a/file.txt", True),
        ("a/*.txt**", "a/file.txt", True),
        ("a[b-d]e", "ace", True),
        ("a[b-d]e", "aae", False),
        ("a[^b-d]e", "aze", True),
        ("a[^b-d]e", "a/e", True),
        ("a?e", "a/e", False),
        (".*", ".foo", True),
        (".*", "foo", False),
        ("abc.def", "abcZdef", False),
        ("abc?def", "abcZdef", True),
        ("abc?def", "abcdef", False),
        ("**/foo/bar", "foo/bar", True),
        ("**/foo/bar", "dir/dir2/foo/bar", True),
        ("abc/**", "abc", False),
        ("abc/**", "abc/def/ghi", True),
        ("**/.foo", ".foo", True),
        ("**/.foo", "bar.foo", False),
        ("a(b)c/def", "a(b)c/def", True),
        ("a.|)$(}+{bc", "a.|)$(}+{bc", True),
        ("dist/*.whl", "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", True),
        ("a\\*b", "a*b", True),
        ("a\\*b", "axb", False),
        ("a*/b", "a/c/b", False),
        ("a*b*c*d*e*/f", "axbxcxdxexxx/f", True),
        ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", False),
        ("a*b?c*x", "abxbbxdbxebxczzx", True),
        ("a*b?c*x", "abxbbxdbxebxczzy", False),
        ("a?b", "a☺b", True),
        ("a???b", "a☺b", False),
        ("[a-ζ]*", "α", True),
        ("*[a-ζ]", "A", False),
        ("[\\]a]", "]", True),
        ("[x\\-]", "-", True),
        ("[x\\-]", "z", False),
        ("dir**", "directory/file", True),
        ("foo", "foo/bar/baz", True),
        ("foo", "bar/foo", False),
        ("/foo", "foo", True),
        ("foo/", "foo/bar", True),
        ("./foo/../bar", "bar", True),
        ("foo//bar", "foo/bar", True),
        ("../foo", "foo", False),
        ("/../foo", "foo", True),
        (".", "foo", False),
        ("/", "foo", False),
        ("  foo  ", "foo", True),
        ("foo\r", "foo", True),
        ("\ufefffoo", "foo", True),
        ("#foo", "#foo", False),
        (" #foo", "#foo", True),
        ("foo # no comment", "foo", False),
        ("Foo", "foo", False),
    ],
)
def test_pattern(pattern: str, path: str, ignored: bool) -> None:
    assert DockerIgnore(pattern).ignores(path) is ignored


@pytest.mark.parametrize(
    ("patterns", "path", "ignored"),
    [
        ("!fileutils.go\n*.go", "fileutils.go", True),
        ("*.go\n!fileutils.go", "fileutils.go", False),
        ("docs\n!docs/README.md", "docs/README.md", False),
        ("docs\n!docs/README.md", "docs/other.md", True),
        ("docs/\n!docs/README.md", "docs/README.md", False),
        ("docs/*\n! docs/README.md", "docs/README.md", False),
        ("**\n!util/docker/web", "util/docker/web/foo", False),
        ("**\n!util/docker/web\nutil/docker/web/foo", "util/docker/web/foo", True),
        ("**\n!dist/*.whl", "dist/a.whl", False),
        ("*\n!src", "src/main.py", False),
        ("*\n!src\nsrc/*.log", "src/a.log", True),
        ("*\n!/src/", "src/deep/main.py", False),
        ("!", "a", False),
        ("foo\n!", "foo", True),
        ("", "a", False),
        # BuildKit does not try a pattern that changes nothing, and forgets it below.
        ("foo\n!foo/bar\nfoo", "foo/bar", False),
    ],
)
def test_last_match_decides(patterns: str, path: str, ignored: bool) -> None:
    assert DockerIgnore(patterns).ignores(path) is ignored


@pytest.mark.parametrize(
    "pattern",
    ["[", "[]a]", "[-]", "[x-]", "[-x]", "a\\", "[a-b-c]", "[^", "[^bc", "a[", "[z-a]", "\\d", "[\\d]", "[^]", "[*]"],
)
def test_a_pattern_that_docker_refuses_ignores_nothing(pattern: str) -> None:
    ignore = DockerIgnore(f"{pattern}\nlog")
    assert not any(ignore.ignores(path) for path in ("a", "x", "-", "]", "1", "[", "z", pattern))
    assert ignore.ignores("log")


@pytest.mark.parametrize(
    ("patterns", "folder", "skipped"),
    [
        ("node_modules", "node_modules", True),
        ("node_modules", "src", False),
        ("docs\n!docs/README.md", "docs", False),
        ("docs\n!src/a", "docs", True),
        ("docs\n!*.md", "docs", True),
        ("docs\n!**/*.md", "docs", False),
        ("docs\n!*/*.md", "docs", False),
        ("docs\n!*/*.md", "docs/deep", True),
        ("docs\n!doc[a-z]/x", "docs", False),
        ("docs\n!d[^x]cs", "docs", False),
        ("*\n!src", "src", False),
        ("*\n!src/app", "src", False),
        ("*\n!src/app", "lib", True),
        ("*\n!src/app", "src/lib", True),
        ("docs\n!docs", "docs", False),
    ],
)
def test_a_folder_is_skipped_where_nothing_comes_back(patterns: str, folder: str, skipped: bool) -> None:
    assert DockerIgnore(patterns).skips(folder) is skipped


def test_order_of_questions_does_not_matter() -> None:
    deep = "a/b/c/d/e.py"
    asked = DockerIgnore("a/b\n!a/b/c")
    assert [asked.ignores(path) for path in ("a", "a/b", "a/b/c", deep)] == [False, True, False, False]
    assert not DockerIgnore("a/b\n!a/b/c").ignores(deep)


def test_file_of_the_dockerfile_wins(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("a")
    dockerfile = str(tmp_path / "Dockerfile")
    ignore, known = load(str(tmp_path), dockerfile, Reader())
    assert (ignore.ignores("a"), ignore.ignores("b"), known) == (True, False, True)
    (tmp_path / "Dockerfile.dockerignore").write_text("b")
    ignore, known = load(str(tmp_path), dockerfile, Reader())
    assert (ignore.ignores("a"), ignore.ignores("b"), known) == (False, True, True)


def test_no_file(tmp_path: Path) -> None:
    ignore, known = load(str(tmp_path), str(tmp_path / "Dockerfile"), Reader())
    assert (ignore.ignores("a"), known) == (False, True)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").mkdir()
    assert not load(str(tmp_path), str(tmp_path / "Dockerfile"), Reader())[1]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".dockerignore")
    assert not load(str(tmp_path), str(tmp_path / "Dockerfile"), Reader())[1]


def test_a_foreign_file_is_not_read(tmp_path: Path) -> None:
    project, other = tmp_path / "project", tmp_path / "other"
    project.mkdir()
    other.mkdir()
    (other / "secrets").write_text("a")
    (project / ".dockerignore").symlink_to(other / "secrets")
    ignore, known = load(str(project), str(project / "Dockerfile"), Reader())
    assert (ignore.ignores("a"), known) == (False, False)
    (project / ".dockerignore").unlink()
    (other / "Dockerfile.dockerignore").write_text("a")
    assert not load(str(project), str(other / "Dockerfile"), Reader())[1]


def test_hostile_patterns_are_survived() -> None:
    path = "/".join(["a" * 200] * 18)
    wild = ["*a" * 60 + "b", "**/*a" * 60 + "b", "**/a" * 60, "?" * 3000, "[a-z]" * 700, "[" * 3000]
    ignore = DockerIgnore("\n".join(wild))
    assert not ignore.ignores(path)
    assert not ignore.spent
    assert DockerIgnore("a**" * 300 + "a").ignores(path)
    DockerIgnore("!" * 100_000 + "\n" * 100_000 + "/" * 100_000 + "\n" + "../" * 30_000)


def test_work_is_bounded() -> None:
    ignore = DockerIgnore("\n".join(["*" + "*/*a" * 100 + "*"] * 1000))
    start = time.monotonic()
    assert not any(ignore.ignores("/".join(["a" * 90] * 40) + f"/b{number}") for number in range(100))
    assert ignore.spent
    assert time.monotonic() - start < 5  # without a bound, hours


def test_paths_are_looked_up() -> None:
    """Of 2,000 patterns, none that is a path is tried: their number does not matter for a folder."""
    ignore = DockerIgnore("d*\n" + "".join(f"!e{number}/a\n" for number in range(1_999)))
    for number in range(20_000):
        assert ignore.skips(f"d{number}")
    assert not ignore.skips("e7")
    assert not ignore.spent


def test_more_patterns_than_are_read_are_said() -> None:
    assert DockerIgnore("".join(f"a{number}\n" for number in range(2_001))).spent
