"""No rule, reader, fix or picture takes more than n log n steps, whatever there is many of."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from modellint.cli import main
from modellint.compose.schema import messages
from modellint.linter.discovery import online_names, rules
from support.counting import Steps, growing, steps
from support.shapes import SHAPES, write

SIZES = (8, 16, 32)
LEAST = 150  # steps more: of fewer nobody notices anything

# Work that is bounded by a constant, so that at these sizes it would look as if it grew on. With a constant this small
# it stops growing here as it does in earnest; what such a bound is for stands beside it.
LIMITS = {
    "modellint.text.suggest._MOST": 300,
    "modellint.fixing.list_edits._MOST": 4,
    "modellint.fixing.grant_edits._MOST": 4,
    "modellint.yaml.ignore_comments.MAX_NAMES": 4,
    "modellint.graph.build.MOST_MODELS": 4,
    "modellint.graph.build.MOST_SERVICES": 4,
    "modellint.evidence.container_ports._MOST_RANGES": 4,
    "modellint.compose.variables.dotenv.MAX_SETTINGS": 12,
    "modellint.evidence.gather._MOST_ADDRESSES": 40,
    "modellint.evidence.languages._MOST_FOUND": 40,
    "modellint.evidence.url._MOST": 40,
    "modellint.evidence.url._LONGEST_PATH": 8,
    "modellint.report.unified._PLAIN": 4,
    "modellint.report.unified._SMALL": 4,
    "modellint_rules.interpolated_variable._MOST_FIXED": 4,
    "modellint_rules.leaked_variable._MOST_FIXED": 4,
    "modellint.compose.validation.references._MANY": 4,
    "modellint.evidence.gather.MOST_GRANTS": 4,
    "modellint.report.snippet._WIDEST": 8,
    "modellint.linter.record._LONGEST_LINE": 8,
    "modellint_rules.legacy_provider._MOST": 4,
    "modellint_rules.undefined_model._MANY": 4,
    "modellint_rules.uninjected_variable._MOST_UNSET": 4,
}
# Searches by halves, of which the two branches are taken as it happens.
BY_HALVES = ("text/source.py:Source.position:", "canonical/order.py:")
COMMANDS = {
    "check": ["check", "--select", "all", "--fail-on", "never"],
    "fix": ["fix", "--unsafe", "--diff"],
    "graph": ["graph", "--format", "html"],
    "config": ["config"],
}
# The commands beside `check` each have a few shapes here, and all of them in `tests/soak`.
OTHERS = [
    ("fix", "repeated_flags"), ("fix", "one_provider_service_of_many"), ("fix", "services_of_a_file_that_extends"),
    ("fix", "overwritten_variables_of_many_grants"), ("graph", "models_of_one_provider_service"),
    ("graph", "services_on_one_line"), ("config", "exposed_ports"), ("config", "included_files"),
]  # fmt: skip


def pairs(n: int) -> list[tuple[int, int]]:
    return [(one, other) for one in range(n) for other in range(n)]


def in_order(n: int) -> list[int]:
    found: list[int] = []
    for number in range(n):
        found.append(number)  # noqa: PERF402
    return found


def called(n: int) -> None:
    for number in range(n):
        in_order(number)


def grows(work: Callable[[int], object]) -> set[str]:
    """The names of the functions that grow too fast while some work is done at three sizes."""
    few, more, most = (steps(partial(work, size)) for size in SIZES)
    return {line.split(":")[1] for line in growing(few, more, most, least=100)}


def test_what_grows_faster_is_named() -> None:
    assert not grows(in_order)
    assert {name.partition(".")[0] for name in grows(pairs)} == {"pairs"}
    assert grows(called) == {"in_order"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the project, below one that files may lie in outside of it."""
    for name, small in LIMITS.items():
        module, _, constant = name.rpartition(".")
        assert hasattr(importlib.import_module(module), constant)
        monkeypatch.setattr(name, small)
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    return project


def counted(command: str, name: str, size: int, folder: Path) -> Steps:
    write(SHAPES[name](size), folder)
    messages.closest.cache_clear()  # what the smaller ones put there would be missing from the count
    return steps(lambda: main([*COMMANDS[command], "compose.yaml"]))


@pytest.mark.parametrize(("command", "name"), [*(("check", name) for name in SHAPES), *OTHERS])
def test_nothing_grows_faster_than_its_input(
    command: str, name: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(SHAPES[name](2), folder)
    main([*COMMANDS[command], "compose.yaml"])  # what is imported at the first run counts for none
    few, more, most = (counted(command, name, size, folder) for size in SIZES)
    found = [line for line in growing(few, more, most, LEAST) if not line.startswith(BY_HALVES)]
    assert "internal error" not in capfd.readouterr().err
    assert not found


def test_every_rule_finds_much_in_some_shape(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    missing = set(rules(online=False)).difference(online_names())
    for shape in SHAPES.values():
        write(shape(6), folder)
        capfd.readouterr()
        main(["check", "--select", "all", "--format", "json", "compose.yaml"])
        found = [finding["rule"] for finding in json.loads(capfd.readouterr().out)["findings"]]
        missing -= {rule for rule in found if found.count(rule) >= 3}
        for path in [folder / ".modellint.yaml", folder / "compose.override.yaml"]:
            path.unlink(missing_ok=True)
    # Of which one asks a registry, and one says once for a project what all of it lacks.
    assert missing == {"forbidden-license", "missing-value"}
