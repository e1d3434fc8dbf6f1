"""Repositories that are made to hurt: each is checked within 2 CPU seconds and 200 MB, or what is too much is said."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from test_hostile import HEAD, MEGABYTES, SECONDS, check


def many(count: int, line: str) -> str:
    """A line once for each number, which stands for its `@`."""
    return "".join(line.replace("@", str(number)) for number in range(count))


BUILT = "services:\n  web: {build: ctx, models: [llm]}\nmodels: {llm: {model: ai/smollm2}}\n"
PYTHON = {"ctx/Dockerfile": "FROM python:3\n", "ctx/main.py": 'import os\nos.environ["OTHER"]\n'}
TREES = {  # the files of a repository by their path; an empty folder ends with a slash
    "a pattern that backtracks": {".gitignore": "*a" * 12 + "*b\n", "a" * 200 + "/": "", "compose.yaml": HEAD},
    "a million letters of patterns": {".gitignore": many(140_000, "a@\n"), "d/": "", "compose.yaml": HEAD},
    "patterns that all match nearly": {
        ".gitignore": many(80_000, "*a@*\n"), **{f"{'a' * number}/": "" for number in range(1, 120)},
        "compose.yaml": HEAD,
    },
    "an env file of all services": {
        "big.env": many(60_000, "A@=x@\n"),
        "compose.yaml": "services:\n" + many(80, "  s@: {image: a, env_file: big.env}\n"),
    },
    "an env file with a variable": {
        "big.env": "A=$B" * 200_000, "compose.yaml": "services:\n" + many(80, "  s@: {image: a, env_file: big.env}\n"),
    },
    "one file included often": {
        "big.yaml": "x-a:\n" + " - {a: 1, b: 2}\n" * 19_000,
        "compose.yaml": "include:\n" + many(400, " - {path: big.yaml, project_directory: d@}\n"),
    },
    "one env file included often": {
        "big.env": many(60_000, "A@=x@\n"), "a.yaml": "services: {}\n",
        "compose.yaml": "include:\n" + many(400, " - {path: a.yaml, project_directory: d@, env_file: big.env}\n"),
    },
    "documents of a large project": {
        "compose.yaml": "x-e: &e {" + many(1000, "A@: 1, ") + "}\nservices:\n"
        + many(190, "  s@: {image: nginx, environment: *e}\n") + "---\nservices: {}\n" * 500,
    },
    "many documents": {"compose.yaml": "services: {}\n---\n" * 24_000},
    "exceptions for no folder": {
        **PYTHON, "ctx/.dockerignore": "d*\n" + many(1_999, "!e@/a\n"),
        **{f"ctx/d{number}/": "" for number in range(3_000)},
        "compose.yaml": BUILT,
    },
    "a long pattern": {**PYTHON, "ctx/.dockerignore": "*" + "a" * 1_000_000, "compose.yaml": BUILT},
    "addresses of a long word": {
        "compose.yaml": "services:\n" + many(8, "  s@: {image: nginx, configs: [c]}\n")
        + "configs: {c: {content: " + "http://a/" * 200 + "x" * 800_000 + "}}\n",
    },
    "one config of all services": {
        "compose.yaml": "services:\n" + many(2_000, "  s@: {image: nginx, configs: [c]}\n")
        + "configs: {c: {content: '" + many(200, "http://h@ ") + "'}}\n",
    },
    "braces": {
        **PYTHON, "ctx/a.js": ("const {" + "a," * 400 + "}" + "=process.env}" * 80 + "\n") * 275,
        "compose.yaml": BUILT,
    },
    "names of an import": {**PYTHON, "ctx/a.py": many(14_000, "from os import environ as a@\n"), "compose.yaml": BUILT},
    "parts of an import": {**PYTHON, "ctx/a.py": "import " + "a." * 250_000 + "a\n", "compose.yaml": BUILT},
    "parts of a package": {**PYTHON, "ctx/a.go": 'import "a.b' + "/a" * 250_000 + '"\n', "compose.yaml": BUILT},
    "half of a word": {**PYTHON, "ctx/a.js": "process.env\n" + ("onfig" * 900 + "\n") * 110, "compose.yaml": BUILT},
    "options of an instruction": {
        **PYTHON, "ctx/Dockerfile": "FROM a\nCMD " + "-- " * 300_000 + "$A\n",
        "compose.yaml": BUILT,
    },
    "stages of a Dockerfile": {
        **PYTHON, "ctx/Dockerfile": "FROM a AS s0\n" + many(9_990, "FROM s@ AS t@\n"), "compose.yaml": BUILT,
    },
    "continued lines": {
        **PYTHON, "ctx/Dockerfile": "FROM a\nRUN curl \\\n" + "  a \\\n" * 150_000,
        "compose.yaml": BUILT,
    },
    "defaults of defaults": {".env": "A=" + "${A:-" * 150_000 + "\n", "compose.yaml": HEAD},
}  # fmt: skip


@pytest.mark.parametrize("name", TREES)
def test_a_hostile_repository_is_survived(name: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for path, text in TREES[name].items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        if path.endswith("/"):
            (tmp_path / path).mkdir()
        else:
            (tmp_path / path).write_text(text, encoding="utf-8")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done, _, peak = check(tmp_path)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert done.returncode in (0, 1, 2)
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert seconds < SECONDS
    assert peak < MEGABYTES
