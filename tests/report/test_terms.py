"""Nothing is switched off in silence: every report says on which terms the check was made."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from modellint.check import Report
from modellint.cli import main
from modellint.report import FORMATS, github, renderer
from modellint.report.terms import terms
from modellint.rule import Rule

COMPOSE = "services:\n  web: {image: 'web:1', models: [nope]}\n"
OFF = "version: 1\nrules: {undefined-model: {severity: off}}\n"


class Done(NamedTuple):
    """What came of a check."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]
Said = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run the command line in a folder."""

    def run(folder: Path, *words: str) -> Done:
        monkeypatch.chdir(folder)
        code = main([*words])
        out, error = capfdbinary.readouterr()
        return Done(code, out.decode(), error.decode())

    return run


@pytest.fixture
def said(run: Run) -> Said:
    """All that a check says in a format."""

    def said(folder: Path, form: str, *words: str) -> str:
        done = run(folder, "check", "--format", form, *words)
        return done.stdout + done.stderr

    return said


def project(folder: Path, text: str = COMPOSE) -> Path:
    (folder / "repo/.git").mkdir(parents=True)
    (folder / "repo/compose.yaml").write_text(text)
    return folder / "repo"


@pytest.mark.parametrize("place", [".", ".."])
def test_every_format_names_the_policy_and_what_it_switches_off(place: str, tmp_path: Path, said: Said) -> None:
    folder = project(tmp_path)
    (folder / place / ".modellint.yaml").write_text(OFF)
    for form in FORMATS:
        text = said(folder, form)
        assert ".modellint.yaml" in text, form
        assert "undefined-model" in text, form
        assert ("above the repository" in text or '"outside": "repository"' in text) is (place == ".."), form


def test_every_format_counts_what_is_ignored(tmp_path: Path, said: Said) -> None:
    folder = project(tmp_path, COMPOSE.replace("]}", "]} # modellint: ignore[undefined-model] not yet"))
    for form in FORMATS:
        assert "1 ignored by comments" in said(folder, form) or form == "json", form
    made = json.loads(said(folder, "json"))
    assert made["findings"] == []
    [only] = made["suppressed"]
    assert (only["rule"], only["kind"], only["reason"]) == ("undefined-model", "ignore", "not yet")
    assert (only["path"], only["start"]) == ("compose.yaml", {"line": 2, "column": 34})
    assert made["summary"]["suppressed"] == 1


def test_exceptions_lowered_severities_and_baselines_are_counted(tmp_path: Path, run: Run, said: Said) -> None:
    folder = project(tmp_path, COMPOSE + "  two: {image: 'web:1', models: [other], profiles: [later]}\n")
    (folder / ".modellint.yaml").write_text(
        "version: 1\nrules: {undefined-model: {severity: note}}\n"
        "exceptions: [{rule: undefined-model, where: '#services.two', reason: later}]\n"
    )
    made = json.loads(said(folder, "json"))
    assert [each["rule"] for each in made["findings"]] == ["undefined-model"]
    assert [(each["kind"], each["reason"], each["start"]["line"]) for each in made["suppressed"]] == [
        ("exception", "later", 3)
    ]
    assert made["policies"] == [
        {"name": ".modellint.yaml", "built_in": False, "outside": None, "off": [], "lowered": ["undefined-model"]}
    ]
    assert (made["summary"]["suppressed"], made["summary"]["lowered"]) == (1, 1)
    run(folder, "check", "--write-baseline", "base.json")
    covered = json.loads(said(folder, "json", "--baseline", "base.json"))["suppressed"]
    assert [each["kind"] for each in covered] == ["baseline", "exception"]


def test_what_one_of_several_policies_reports_is_not_suppressed(tmp_path: Path, said: Said) -> None:
    folder = project(tmp_path, COMPOSE.replace("]}", "], profiles: [later]}"))
    (folder / "lax.yaml").write_text("version: 1\nexceptions: [{rule: undefined-model, reason: later}]\n")
    made = json.loads(said(folder, "json", "--policy", "lax.yaml", "--policy", "recommended"))
    assert [each["rule"] for each in made["findings"]] == ["undefined-model"]
    assert made["suppressed"] == []


def test_a_clean_check_without_a_policy_says_what_it_said(tmp_path: Path, run: Run, said: Said) -> None:
    folder = project(tmp_path, "services:\n  web: {image: 'web:1'}\n")
    done = run(folder, "check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "no problems in 1 file\n", "")
    assert said(folder, "github") == ""


def test_quiet_says_it_on_standard_error(tmp_path: Path, run: Run) -> None:
    """One line a finding and nothing else stays true of standard output."""
    folder = project(tmp_path)
    (folder / ".modellint.yaml").write_text(OFF)
    done = run(folder, "check", "--quiet")
    assert done.stdout == ""
    assert "modellint: the policy `.modellint.yaml` is in force: it disables 1 rule (`undefined-model`)" in done.stderr
    (folder / ".modellint.yaml").write_text("version: 1\n")
    assert run(folder, "check", "--quiet").stderr == ""


def test_annotations_leave_room_for_the_terms(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    """A runner keeps ten of each kind."""
    report = samples["many"]
    report.in_force, report.unheeded = samples["on_terms"].in_force, samples["on_terms"].unheeded
    lines = github.render(report, known).splitlines()
    for command in ("::error", "::warning", "::notice"):
        assert len([line for line in lines if line.startswith(command)]) <= 10
    assert any("is in force" in line for line in lines)
    assert any("this policy was changed" in line for line in lines)


def test_every_format_tells_all_of_it(samples: dict[str, Report], known: dict[str, Rule]) -> None:
    report = samples["on_terms"]
    assert len(terms(report)) == 8
    for form in ("text", "sarif", "github", "junit", "markdown"):
        made = renderer(form)(report, known)
        for word in ("is in force", "not counted", "lowered by a policy", "not checked", "this comment is new"):
            assert word in made, (form, word)
