"""The action's locked dependencies are those of pyproject.toml."""

from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from place import ROOT

LOCK = (ROOT / "lint/action/requirements.txt").read_text(encoding="utf-8")
ENTRY = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; ([^\\]+))? \\((?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+)$", re.M)


def locked() -> dict[str, str]:
    """The version of each package."""
    return {match[1]: match[2] for match in ENTRY.finditer(LOCK)}


def test_every_line_is_a_version_with_hashes() -> None:
    rest = ENTRY.sub("", "\n".join(line for line in LOCK.splitlines() if not line.startswith("#")))
    assert rest.strip() == ""
    assert len(locked()) == len(ENTRY.findall(LOCK)) > 20


def test_it_has_what_modellint_depends_on() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = locked()
    for text in [*project["dependencies"], *project["optional-dependencies"]["cel"]]:
        wanted = Requirement(text)
        version = versions.get(canonicalize_name(wanted.name))
        assert version, f"{wanted.name} is not locked: make lint/action/requirements.txt anew, its head says how"
        assert wanted.specifier.contains(version), f"{wanted} is locked as {version}"
    assert "ruamel-yaml-clib" in versions  # the extra `oldlibyaml`
