"""The action's locked dependencies are those of pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.action.place import ROOT

LOCK, SMOKE = (
    (ROOT / "lint/action" / name).read_text(encoding="utf-8") for name in ("requirements.txt", "requirements-smoke.txt")
)
ENTRY = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; ([^\\]+))? \\((?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+)$", re.M)


def locked(lock: str = LOCK) -> dict[str, str]:
    """The version of each package."""
    return {match[1]: match[2] for match in ENTRY.finditer(lock)}


@pytest.mark.parametrize(("lock", "least"), [(LOCK, 20), (SMOKE, 1)], ids=["check", "smoke"])
def test_every_line_is_a_version_with_hashes(lock: str, least: int) -> None:
    rest = ENTRY.sub("", "\n".join(line for line in lock.splitlines() if not line.startswith("#")))
    assert rest.strip() == ""
    assert len(locked(lock)) == len(ENTRY.findall(lock)) >= least


def test_it_has_what_modellint_depends_on() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = locked()
    for text in [*project["dependencies"], *project["optional-dependencies"]["cel"]]:
        wanted = Requirement(text)
        version = versions.get(canonicalize_name(wanted.name))
        assert version, f"{wanted.name} is not locked: make lint/action/requirements.txt anew, its head says how"
        assert wanted.specifier.contains(version), f"{wanted} is locked as {version}"
    assert "ruamel-yaml-clib" in versions  # the extra `oldlibyaml`


def test_what_runs_models_is_what_the_extra_names_and_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [wanted] = project["optional-dependencies"]["runner"]
    assert [f"{name}=={version}" for name, version in locked(SMOKE).items()] == [wanted]
    # Nothing that it needs is missing: it needs nothing, but for extras of its own.
    needs = [Requirement(text) for text in metadata.requires(Requirement(wanted).name) or []]
    assert not [each for each in needs if each.marker is None or each.marker.evaluate({"extra": ""})]
    assert f'echo "{wanted}"' in SMOKE
