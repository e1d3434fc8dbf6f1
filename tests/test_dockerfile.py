"""The Dockerfile, read and not built: no engine runs here. What its build copies is enough for a wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from modellint.evidence.dockerfile import read_dockerfile
from modellint.text.source import Source

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PINNED = re.compile(r"python:3\.\d+\.\d+-slim-[a-z]+(@sha256:[0-9a-f]{64})?")


def stages(text: str) -> list[list[tuple[str, str]]]:
    """Name and arguments of the instructions of each stage, continued lines joined."""
    lines = re.sub(r"^\s*#.*\n", "", text, flags=re.M)
    found: list[list[tuple[str, str]]] = []
    for line in re.sub(r"\\\n\s*", "", lines).splitlines():
        name, _, arguments = line.strip().partition(" ")
        if name == "FROM":
            found.append([])
        if name:
            found[-1].append((name, arguments))
    return found


def test_bases_are_pinned() -> None:
    """Both stages begin from the same version of Python, which this project supports."""
    bases = [stage[0][1].split()[0] for stage in stages(TEXT)]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert PINNED.fullmatch(bases[0])
    assert read_dockerfile(Source("Dockerfile", TEXT)).base == bases[0]
    minor = ".".join(bases[0].removeprefix("python:").split(".")[:2])
    assert f"Python :: {minor}" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_what_runs() -> None:
    """modellint, as a user without rights, in the folder that is mounted."""
    last = dict(stages(TEXT)[-1])
    assert last["USER"] == "10001:10001"
    assert last["WORKDIR"] == "/src"
    assert read_dockerfile(Source("Dockerfile", TEXT)).words == {"ENTRYPOINT": ["modellint"], "CMD": ["check"]}
    order = [name for name, _ in stages(TEXT)[-1]]
    assert order.index("USER") > max(at for at, name in enumerate(order) if name == "RUN")
    assert "COPY" not in order  # nothing of the build but what pip installs
    assert "--no-index" in last["RUN"]
    assert "useradd --create-home --uid 10001 " in last["RUN"]


def test_no_secret_and_no_download() -> None:
    """Nothing is fetched but wheels, and no variable is set."""
    for stage in stages(TEXT):
        for name, arguments in stage:
            assert name in {"FROM", "WORKDIR", "COPY", "RUN", "LABEL", "USER", "ENTRYPOINT", "CMD"}
            assert not re.search(r"curl|wget|https?://|--privileged", arguments)


def copied(folder: Path) -> None:
    """Do what the first stage copies, without what the build does not get to see."""
    for name, arguments in stages(TEXT)[0]:
        if name == "COPY":
            *sources, target = arguments.split()
            for source in sources:
                if (ROOT / source).is_dir():
                    unseen = shutil.ignore_patterns("__pycache__", "_schema_table.py")
                    shutil.copytree(ROOT / source, folder / target, ignore=unseen)
                else:
                    shutil.copy(ROOT / source, folder / target / source)


def test_the_build_sees_what_it_copies() -> None:
    """And nothing else, whatever lies about here."""
    rules = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    assert rules[0] == "*"
    seen = {rule[1:] for rule in rules if rule.startswith("!")}
    sources = {source for name, words in stages(TEXT)[0] if name == "COPY" for source in words.split()[:-1]}
    assert seen == sources
    assert all((ROOT / source).exists() for source in sources)


def test_a_wheel_comes_of_what_is_copied(tmp_path: Path) -> None:
    """The first stage's own step, without the dependencies."""
    context, wheels = tmp_path / "context", tmp_path / "wheels"
    context.mkdir()
    copied(context)
    [(_, command)] = [each for each in stages(TEXT)[0] if each[0] == "RUN"]
    assert command == 'pip wheel --no-cache-dir --wheel-dir /wheels ".[cel]"'
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels)]
    pip = [sys.executable, "-m", "pip", "wheel", *options]
    done = subprocess.run([*pip, "."], cwd=context, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [wheel] = wheels.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for wanted in (
        "modellint/compose/schema/_schema_table.py",
        "modellint/report/gitlab.py",
        "modellint_rules/__init__.py",
    ):
        assert wanted in names
    assert any(name.endswith(".data/scripts/modellint") for name in names)
