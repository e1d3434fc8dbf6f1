"""Files that are made to hurt: each is refused or read within 2 s and 200 MB, in words, and nothing else is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

SECONDS = 2.0
MEGABYTES = 200
SLOW_MACHINE = 3.0 if os.environ.get("CI") else 1.5  # the tests of other files run at the same time
HEAD = "services: {app: {image: app, models: [llm]}}\nmodels: {llm: {model: ai/smollm2}}\n"


def bomb_of_aliases(levels: int = 9) -> str:
    lines = ["x-0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def bomb_of_merges(levels: int = 40) -> str:
    lines = ["x-0: &m0 {k: v}"]
    lines += [f"x-{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}], k{n}: v}}" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def many_merges(count: int = 1500) -> str:
    big = "x-big: &big {" + ", ".join(f"k{n}: {n}" for n in range(count)) + "}\n"
    return big + "\n".join(f"x-{n}: {{<<: *big, own: {n}}}" for n in range(count)) + "\n"


def chain_of_aliases(count: int = 20_000) -> str:
    return "x-0: &c0 [x]\n" + "".join(f"x-{n}: &c{n} [*c{n - 1}]\n" for n in range(1, count))


HOSTILE = {
    "alias bomb": HEAD + bomb_of_aliases(),
    "merge bomb": HEAD + bomb_of_merges(),
    "quadratic merges": HEAD + many_merges(),
    "chain of aliases": HEAD + chain_of_aliases(),
    "alias of itself": HEAD + "x-a: &a [*a]\nx-b: &b {k: *b}\n",
    "10,000 open brackets": HEAD + "x: " + "[" * 10_000,
    "100,000 nested lists": HEAD + "x: " + "[" * 100_000 + "]" * 100_000,
    "100,000 nested maps": HEAD + "x: " + "{a: " * 100_000,
    "nested block maps": HEAD + "".join(f"{' ' * n}k:\n" for n in range(1000)),
    "- - - -": HEAD + "x:\n  " + "- " * 50_000,
    "100,000 items": HEAD + "x: {" + "a," * 100_000 + "}\n",
    "90,000 different keys": HEAD + "x: {" + ",".join(f"k{n}: 1" for n in range(90_000)) + "}\n",
    "90,000 services": "services:\n" + "".join(f" s{n}: {{image: a}}\n" for n in range(45_000)),
    "5,000 grants": HEAD.replace("[llm]", "[" + ",".join(f"m{n}" for n in range(5_000)) + "]"),
    "5,000 equal grants": HEAD.replace("[llm]", "[" + "llm," * 5_000 + "]"),
    "one long value": HEAD + "x: " + "a" * 1_000_000 + "\n",
    "one long comment": HEAD + "#" * 1_000_000 + "\n",
    "one long key": HEAD + "a" * 500_000 + ": 1\n",
    "a million blank lines": HEAD + "\n" * 1_000_000,
    "long reference": HEAD.replace("ai/smollm2", "ai/" + "a" * 900_000),
    "long flag": HEAD.replace("{model: ai/smollm2}", '{model: ai/x, runtime_flags: ["' + "-" * 900_000 + '"]}'),
    "dollars": HEAD.replace("image: app", "image: '" + "$" * 900_000 + "'"),
    "open variables": HEAD.replace("image: app", "image: '" + "${A:-" * 100_000 + "'"),
    "nested variables": HEAD.replace("image: app", "image: '" + "${A:-" * 3_000 + "}" * 3_000 + "'"),
    "many variables": HEAD.replace("image: app", "image: '" + "${A:-b}" * 100_000 + "'"),
    "colons": HEAD + "x: " + ":" * 900_000,
    "list without blanks": HEAD + "x: [" + "a:b," * 100_000 + "]\n",
    "repeated merge keys": HEAD + "x-b: &b {a: 1}\nx-a:\n" + "  <<: *b\n" * 60_000,
    "many anchors": HEAD + "".join(f"x-{n}: &a{n} 1\n" for n in range(45_000)),
    "half of a variable": HEAD.replace("image: app", "image: '" + "${A:-{" * 50_000 + "}" * 50_000 + "'"),
    "many short variables": HEAD.replace("image: app", "image: '" + "$A" * 300_000 + "'"),
    "a quote on every line": HEAD + 'x: "a\n' * 80_000,
    "long number": HEAD + "x: " + "9" * 900_000 + "\n",
    "long float": HEAD + "x: 1e" + "9" * 900_000 + "\n",
    "ignore comments": HEAD + "# modellint: ignore[a, b]\n" * 30_000,
    "an endless ignore comment": HEAD + "# modellint: ignore[" + "a," * 400_000 + "]\n",
    "many syntax errors": HEAD + "x: [\n" * 50_000,
    "open quote": HEAD + "x: '" + "a: b\n" * 100_000,
    "tabs": HEAD + "\t" * 900_000 + "x: 1\n",
    "conflict markers": HEAD + "<<<<<<< a\n=======\n>>>>>>> b\n" * 20_000,
    "duplicate keys": HEAD + "x:\n" + "  k: 1\n" * 50_000,
    "documents": HEAD + "---\n" * 100_000,
    "slow scripts": "services:\n"
    + "".join(
        f"  s{number}: {{image: x, models: [m], healthcheck: {{test: '{'$$(' * 15_000}'}}}}\n" for number in range(18)
    )
    + "models: {m: {model: x}}\n",
    "scripts that cost memory": "services:\n"
    + "".join(
        f"  s{number}: {{image: x, models: [m], healthcheck: {{test: '{';$$Af() }' * 1_800}'}}}}\n"
        for number in range(18)
    )
    + "models: {m: {model: x}}\n",
    "slow pipes": "services:\n"
    + "".join(
        f"  s{number}: {{image: x, models: [m], healthcheck: {{test: '{'`a|$$b' * 8_000}'}}}}\n" for number in range(18)
    )
    + "models: {m: {model: x}}\n",
    "tags": HEAD + "x: " + "!a " * 100_000 + "b\n",
    "control characters": HEAD + "x: \x01\x02\x1b[31m\n",
    "only a directive": "%YAML 9.9\n---\n",
    "a lone surrogate escape": HEAD + 'x: "\\ud800"\n',
}


def check(path: Path, *words: str) -> tuple[subprocess.CompletedProcess[str], float, float]:
    """Run a check of a path; the process, its seconds, and its largest memory in megabytes."""
    start = time.monotonic()
    report, write = os.pipe()
    # `ru_maxrss` would count the memory of this process too, which the child has until it executes Python.
    program = (
        "import resource, sys, os; end = os._exit\n"
        "def leave(status):\n"
        "    peak = str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
        "    if os.path.exists('/proc/self/status'):\n"
        "        peak = open('/proc/self/status').read().partition('VmHWM:')[2].split()[0]\n"
        f"    os.write({write}, peak.encode()); end(status)\n"
        "os._exit = leave\n"
        "from modellint.cli import run; run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "check", "--format", "json", *words, str(path)],
        capture_output=True, text=True, errors="replace", check=False, timeout=60, pass_fds=(write,),
    )  # fmt: skip
    seconds = time.monotonic() - start
    os.close(write)
    with os.fdopen(report) as pipe:
        peak = float(pipe.read()) / 1024
    return done, seconds, peak


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_survived(name: str, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(HOSTILE[name], encoding="utf-8")
    done, seconds, peak = check(path)
    assert done.returncode in (0, 1, 2)
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert "failed on it" not in done.stderr
    assert seconds < SECONDS * SLOW_MACHINE
    assert peak < MEGABYTES


@pytest.mark.parametrize(
    "name", ["alias bomb", "10,000 open brackets", "100,000 nested maps", "nested block maps", "90,000 different keys"]
)
def test_what_is_too_much_is_said(name: str, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(HOSTILE[name], encoding="utf-8")
    done, _, _ = check(path)
    assert done.returncode == 1
    assert '"invalid-yaml"' in done.stdout


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    with path.open("wb") as file:
        file.truncate(60 * 1024 * 1024)
    done, seconds, peak = check(path)
    assert done.returncode == 2
    assert "is too large for a Compose file" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert seconds < SECONDS * SLOW_MACHINE
    assert peak < MEGABYTES
