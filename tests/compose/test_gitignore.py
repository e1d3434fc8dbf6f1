"""`.gitignore` files, beside the real git; and that none of them is slow."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from modellint.files import disk
from modellint.files.gitignore import Ignored
from modellint.files.gitignore_patterns import GitIgnore, Work
from modellint.files.search import project_files

PIECES = [
    *"aaabb./-*?", "/", "/", "*", "**", "**/", "/**", "/**/", "[ab]", "[!a]", "[^b]", "[a-c]", "[]-]", "[!]a]",
    "[a\\]]",
    "[[:alpha:]]", "[[:upper:][:digit:]]", "[[:nothing:]]", "[[:]", "[", "]", "\\*", "\\[", "\\a", "\\", "é", "b*a",
    " ",
]  # fmt: skip
SEED, FILES = 20, 1_000
NAMES = ["a", "b", "ab", "ba", "aab", "abba", "a.b", ".a", "A", "c-b", "é", "aé", "*", "[a]", "a b", "1"]


def some_patterns(chance: random.Random) -> str:
    lines: list[str] = []
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        text = "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 6)))
        lines.append(chance.choice(("", "", "", "/", "!")) + text + chance.choice(("", "", "/", " ", "\\ ", "\r")))
    return "\n".join(lines) + chance.choice(("", "\n"))


def some_path(chance: random.Random) -> str:
    return "/".join(chance.choice(NAMES) for _ in range(chance.randint(1, 4)))


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_patterns_match_as_in_git(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    asked: list[str] = []
    ours: set[str] = set()
    for number in range(FILES):
        folder = tmp_path / f"d{number}"
        folder.mkdir()
        (folder / ".gitignore").write_bytes(some_patterns(chance).encode())
        ignored = Ignored().below(str(folder))
        for path in {some_path(chance) for _ in range(8)}:
            asked.append(f"d{number}/{path}")
            if ignored(str(folder / path), is_folder=False):
                ours.add(asked[-1])
    done = subprocess.run(
        ["git", "check-ignore", "-z", "--stdin", "--no-index"],
        cwd=tmp_path, input="\0".join(asked).encode(), capture_output=True, check=False,
    )  # fmt: skip
    theirs = set(done.stdout.decode().split("\0")) - {""}
    matched = len(theirs)
    assert matched > FILES / 2
    different = sorted(ours ^ theirs)
    examples = [(path, (tmp_path / path.split("/")[0] / ".gitignore").read_text()) for path in different[:5]]
    assert not examples


def work_of(text: str, *paths: str) -> int:
    """How many letters and patterns are tried to match paths against a file."""
    patterns, work = GitIgnore(".gitignore", text), Work()
    before = work.left
    for path in paths:
        patterns.leaves_out(path, True, work)
    return before - work.left


@pytest.mark.parametrize(
    "text",
    [
        "*a" * 100 + "*b",
        "**/a/" * 60 + "b",
        "a*?" * 80 + "b",
        "[!b]*" * 80 + "b",
        "*[a-a]" * 60 + "b*",
        "**/*a*a*/" * 40,
    ],
)
@pytest.mark.parametrize("path", ["a" * 250, "a/" * 120 + "a", ("a" * 30 + "/") * 60 + "a"])
def test_no_pattern_is_slow(text: str, path: str) -> None:
    assert work_of(text, path) <= len(text) * (len(path) + 1)


def test_many_patterns_are_looked_up() -> None:
    lines = "".join(f"{number}\n/x/{number}/\n*.{number}\n{number}*\n!/y{number}/*\n" for number in range(10_000))
    assert work_of(lines, "a", "x/y", "x/7", "b.txt", "y8/z") < 1_000


def test_patterns_that_cannot_be_looked_up_are_given_up(tmp_path: Path) -> None:
    """As many as fit into a file, and each of them tries a second letter."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("".join(f"*a{number}*\n" for number in range(100_000)))
    for number in range(100):
        (tmp_path / ("a" * number + "b")).mkdir()
    with pytest.raises(disk.Unreadable, match="too many patterns for this many directories"):
        project_files(str(tmp_path), [], [])


def test_what_lies_below_an_ignored_folder_is_ignored(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("out/\n!kept\n")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".gitignore").write_text("!deep\n")
    ignored = Ignored().below(str(tmp_path)).below(str(tmp_path / "out"))
    assert ignored(str(tmp_path / "out/deep/kept"), is_folder=False)
    assert not ignored(str(tmp_path / "in/out"), is_folder=False)
