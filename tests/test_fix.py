"""Fixes are applied together where that is sound, leave out what is not, and lose nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modellint import fix as fix_module
from modellint.cli import main
from modellint.compose.loading.selection import Options, Selection
from modellint.compose.model.project import Project
from modellint.files.atomic_write import Unwritable
from modellint.files.replace import Original
from modellint.fix import FixOutcome, RewrittenFile, fix, write
from modellint.linter.discovery import rules
from modellint.linter.run_rules import run
from modellint.text.edit import SAFE, UNSAFE, Edit, Fix
from modellint.text.finding import Finding
from modellint.text.source import Source, Span
from modellint.yaml.builder import YamlFile
from support.shapes import SHAPES
from support.shapes import write as write_shape

if TYPE_CHECKING:
    from modellint.files.reader import Reader
    from modellint.text.edit import Safety

CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpus" / "dev" / "files"
RULES = [rule for rule in rules(online=False).values() if rule.on]


def reported(project: Project) -> Sequence[Finding]:
    return run(RULES, project)


def words(*replaced: tuple[str, str], safety: Safety = SAFE) -> fix_module.Find:
    """A rule that finds every one of some words in the Compose files, and would replace it."""

    def find(project: Project) -> list[Finding]:
        found: list[Finding] = []
        for file in project.files:
            for word, other in replaced:
                at = file.source.text.find(word)
                if at >= 0:
                    span = Span(file.source, at, at + len(word))
                    fix = Fix(f"write {other}", [Edit(span, other)], safety)
                    found.append(Finding(span, f"{word} is wrong", fix, rule="words"))
        return found

    return find


def fixed(folder: Path, text: str, find: fix_module.Find, *, unsafe: bool = False) -> tuple[str, FixOutcome]:
    path = folder / "compose.yaml"
    path.write_bytes(text.encode())
    outcome = fix([str(path)], find, {}, unsafe=unsafe)
    assert path.read_bytes() == text.encode()
    assert not write(outcome.changes)
    return path.read_bytes().decode(), outcome


TEXT = "services:\n  app:\n    image: one # a comment\n    command: two\nx-a: three\n"


def test_all_that_fits_is_applied(tmp_path: Path) -> None:
    after, outcome = fixed(tmp_path, TEXT, words(("one", "1st"), ("two", "2nd"), ("three", "3rd")))
    assert after == TEXT.replace("one", "1st").replace("two", "2nd").replace("three", "3rd")
    assert [each.title for each in outcome.applied] == ["write 1st", "write 2nd", "write 3rd"]
    assert [(each.row, each.column) for each in outcome.applied] == [(3, 12), (4, 14), (5, 6)]


def test_only_safe_fixes_unless_told(tmp_path: Path) -> None:
    find = words(("one", "1st"), safety=UNSAFE)
    after, outcome = fixed(tmp_path, TEXT, find)
    assert (after, outcome.unsafe, outcome.changes) == (TEXT, 1, [])
    after, outcome = fixed(tmp_path, TEXT, find, unsafe=True)
    assert (after, outcome.unsafe) == (TEXT.replace("one", "1st"), 0)


def twins(other: str) -> fix_module.Find:
    """A rule that finds two things wrong in a line, for both of which it would replace the same word."""

    def find(project: Project) -> list[Finding]:
        (first,) = words(("one", other), safety=UNSAFE)(project) or (None,)
        if first is None:
            return []
        wider = Span(first.span.source, first.span.start - 2, first.span.end)
        return [first, Finding(wider, "this is wrong too", first.fix, rule=first.rule)]

    return find


def test_a_change_that_mends_two_findings_counts_for_both(tmp_path: Path) -> None:
    """So that what is said before ("2 more with `--unsafe`") is what is then done."""
    _, outcome = fixed(tmp_path, TEXT, twins("1st"))
    assert outcome.unsafe == 2
    after, outcome = fixed(tmp_path, TEXT, twins("1st"), unsafe=True)
    assert after == TEXT.replace("one", "1st")
    assert [(each.column, each.title) for each in outcome.applied] == [(12, "write 1st"), (10, "write 1st")]


def test_a_change_that_fails_is_said_for_both(tmp_path: Path) -> None:
    after, outcome = fixed(tmp_path, TEXT, twins("{"), unsafe=True)
    assert after == TEXT
    assert [each.column for each in outcome.left] == [12, 10]


def test_what_only_unsafe_fixes_would_mend_is_counted_once_for_all_projects(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "compose.yaml").write_text("include: [../common.yaml]\nservices: {x: {image: two}}\n")
    (tmp_path / "common.yaml").write_text("services: {y: {image: one}}\n")
    (tmp_path / ".git").mkdir()
    assert fix([str(tmp_path)], words(("one", "1st"), safety=UNSAFE), {}).unsafe == 1


def test_what_a_fix_uncovers_is_fixed_in_the_next_pass(tmp_path: Path) -> None:
    after, outcome = fixed(tmp_path, TEXT, words(("one", "uno"), ("uno", "eins"), ("eins", "un")))
    assert after == TEXT.replace("one", "un")
    assert len(outcome.applied) == 3


def test_a_fix_that_never_ends_is_stopped(tmp_path: Path) -> None:
    _, outcome = fixed(tmp_path, TEXT, words(("one", "uno"), ("uno", "one")))
    assert len(outcome.applied) <= fix_module.MAX_PASSES


@pytest.mark.parametrize(("length", "most"), [(0, 150), (60_000, 8), (600_000, 6)])
def test_a_large_project_is_not_tried_as_often_as_a_small_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int, most: int
) -> None:
    """Each try reads it as a whole; what was not tried is said."""
    tried = 0

    def counted(old: YamlFile, new: YamlFile, edits: Sequence[Edit]) -> str:
        nonlocal tried
        tried += 1
        return real(old, new, edits)

    real = fix_module.damage
    monkeypatch.setattr(fix_module, "damage", counted)
    named = [f"word{n:02}" for n in range(60)]
    text = f"services:\n  app:\n    image: app\nx-a: [{', '.join(named)}]\nx-b: {'b' * length}\n"
    after, outcome = fixed(tmp_path, text, words(*((word, "]") for word in named)))
    assert after == text
    assert tried <= most
    assert outcome.left
    assert any("too many fixes for one run" in each.reason for each in outcome.left) is (length > 0)


def test_what_failed_on_a_long_line_is_known_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Although another fix has changed the line."""
    tried: list[str] = []

    def noted(old: YamlFile, new: YamlFile, edits: Sequence[Edit]) -> str:
        tried.append(" ".join(edit.text for edit in edits))
        return real(old, new, edits)

    real = fix_module.damage
    monkeypatch.setattr(fix_module, "damage", noted)
    text = f"x-a: [one, {'b' * 1_000}, two]\n"
    after, _ = fixed(tmp_path, text, words(("one", "]"), ("two", "2nd")))
    assert after == text.replace("two", "2nd")
    assert tried == ["] 2nd", "]", "2nd"]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The projects that are opened from here on, in a run in which a rule may not find much."""
    found: list[str] = []

    def counted(
        target: str, options: Options, shell: Mapping[str, str], reader: Reader
    ) -> tuple[Project, Selection, str]:
        found.append(target)
        return real(target, options, shell, reader)

    real = fix_module.open_project
    monkeypatch.setattr(fix_module, "open_project", counted)
    monkeypatch.setattr("modellint.linter.run_rules.MOST", 4)
    monkeypatch.chdir(tmp_path)
    return found


@pytest.mark.parametrize("policy", ["", "version: 1\n"])
@pytest.mark.parametrize("number", [3, 30])
def test_as_many_passes_are_made_for_many_fixes_as_for_few(
    opened: list[str], policy: str, number: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of what is found, nothing waits for another pass; and what a try has opened is not opened again."""
    write_shape(SHAPES["published_ports_of_services"](number), Path())
    if policy:
        Path(".modellint.yaml").write_text(policy)
    assert main(["fix", "--unsafe", "compose.yaml"]) == 0
    assert capfd.readouterr().err.startswith(f"{number} fixes applied")
    assert Path("compose.yaml").read_text().count("127.0.0.1") == number
    assert opened == ["compose.yaml"] * 2


def test_what_cannot_be_held_at_once_takes_further_passes(
    opened: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("modellint.linter.run_rules.MOST_HELD", 0)
    write_shape(SHAPES["published_ports_of_services"](30), Path())
    assert main(["fix", "--unsafe", "compose.yaml"]) == 0
    assert Path("compose.yaml").read_text().count("127.0.0.1") == 30
    assert len(opened) == 9  # each try of 4 fixes is the project of the next pass
    write_shape(SHAPES["published_ports_of_services"](30), Path())
    monkeypatch.setattr(fix_module, "MAX_WORK", 0)
    capfd.readouterr()
    assert main(["fix", "--unsafe", "compose.yaml"]) == 2
    assert Path("compose.yaml").read_text().count("127.0.0.1") == 24
    assert "there are too many fixes for one run; run the command again" in capfd.readouterr().err


def test_a_comment_for_what_was_not_looked_at_any_more_stays(
    opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`fix` takes out comments that ignore nothing, and does not know of this one."""
    monkeypatch.setattr("modellint.linter.run_rules.MOST_HELD", 0)
    write_shape(SHAPES["unused_models"](6), Path())
    ignored = '  last: {model: "ai/a:x"} # modellint: ignore[unused-model] for now\n'
    with Path("compose.yaml").open("a") as file:
        file.write(ignored)
    assert main(["fix", "compose.yaml"]) == 0
    assert Path("compose.yaml").read_text().endswith(ignored)
    assert opened


def test_in_a_large_file_each_fix_answers_for_its_own_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Compose would refuse is left out all at once, and the rest is fixed."""
    tried = 0

    def counted(old: YamlFile, new: YamlFile, edits: Sequence[Edit]) -> str:
        nonlocal tried
        tried += 1
        return real(old, new, edits)

    real = fix_module.damage
    monkeypatch.setattr(fix_module, "damage", counted)
    service = "  app{0}:\n    image: app\n    x-{0}: word{0:03}\n    labels: [{1}]\n"
    text = "services:\n" + "".join(service.format(number, "b" * 3_000) for number in range(100))
    bad = {number for number in range(100) if number % 10}
    pairs = [(f"x-{n}: word{n:03}", f"scale: no{n}" if n in bad else f"scale: {n}") for n in range(100)]
    after, outcome = fixed(tmp_path, text, words(*pairs))
    assert {(left.row - 4) // 4 for left in outcome.left} == bad
    assert all(
        "Docker Compose would reject the project after this fix (`scale` must" in left.reason for left in outcome.left
    )
    assert after.count("scale: ") == len(outcome.applied) == 100 - len(bad)
    assert tried == 2


# What a fix would do to TEXT, and why it may not.
UNSOUND = {
    "no YAML": ("two", '"two', "could not be read after the fix"),
    "a comment eats the rest": ("command: ", "command # ", "could not be read after the fix"),
    "another key beside it": ("two", "zwei\n    user: me", None),
    "a value elsewhere": ("    command:", "  command:", "something else in the file would have changed"),
    "the next line is swallowed": ("two\n", "two", "could not be read after the fix"),
    "a line becomes text": ("two", "|\n      zwei\n     ", None),
    "Compose refuses it": ("command: two", "scale: no number", "Docker Compose would reject"),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_a_fix_that_is_not_sound_is_left_out(tmp_path: Path, name: str) -> None:
    word, other, reason = UNSOUND[name]
    after, outcome = fixed(tmp_path, TEXT, words((word, other), ("one", "1st"), ("three", "3rd")))
    good = TEXT.replace("one", "1st").replace("three", "3rd")
    if reason is None:
        assert not outcome.left
        return
    assert [(left.rule, left.row) for left in outcome.left] == [("words", TEXT[: TEXT.index(word)].count("\n") + 1)]
    assert reason in outcome.left[0].reason
    assert after == good


def test_many_bad_fixes_keep_no_good_one_out(tmp_path: Path) -> None:
    lines = "".join(f"x-{number}: word{number:03}\n" for number in range(120))
    bad = {number for number in range(120) if number % 7 == 0}
    pairs = [(f"word{at:03}", '"' if at in bad else f"good{at:03}") for at in range(120)]
    after, outcome = fixed(tmp_path, f"{TEXT}{lines}", words(*pairs))
    assert {left.row - 6 for left in outcome.left} == bad
    assert after.count("good") == 120 - len(bad)


def test_a_damaged_file_is_left_alone(tmp_path: Path) -> None:
    text = TEXT + 'y: "\n'
    after, outcome = fixed(tmp_path, text, words(("one", "1st")))
    assert after == text
    assert "fix them first" in outcome.left[0].reason


@pytest.mark.parametrize(
    "text", [TEXT.replace("\n", "\r\n"), TEXT.rstrip("\n"), "\ufeff" + TEXT, TEXT.replace("three", "three \t ")]
)
def test_every_other_byte_stays(tmp_path: Path, text: str) -> None:
    after, _ = fixed(tmp_path, text, words(("one", "longer than that")))
    assert after == text.replace("one", "longer than that")


def test_a_file_of_several_projects_is_fixed_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "compose.yaml").write_text("include: [../common.yaml]\nservices: {x: {image: two}}\n")
    (tmp_path / "common.yaml").write_text("services: {y: {image: one}}\n")
    (tmp_path / ".git").mkdir()
    outcome = fix([str(tmp_path)], words(("one", "1st"), ("two", "2nd")), {})
    assert not write(outcome.changes)
    assert len(outcome.applied) == 3
    assert (tmp_path / "common.yaml").read_text() == "services: {y: {image: 1st}}\n"
    assert "2nd" in (tmp_path / "b" / "compose.yaml").read_text()


def test_a_file_outside_the_repository_is_left_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("services: {y: {image: one}}\n")
    inside = tmp_path / "project"
    inside.mkdir()
    (inside / "compose.yaml").write_text("include: [../outside.yaml]\nservices: {x: {image: two}}\n")
    outcome = fix([str(inside)], words(("one", "1st"), ("two", "2nd")), {})
    assert [Path(change.path).resolve() for change in outcome.changes] == [inside / "compose.yaml"]
    (unread,) = outcome.unreadable
    assert unread.reason.startswith("`../outside.yaml` is outside the repository, so modellint does not read it")
    assert outside.read_text() == "services: {y: {image: one}}\n"


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Compose file of somebody else; the working folder is a repository whose `.env` names it."""
    path = tmp_path / "other" / "compose.yaml"
    (path.parent / ".git").mkdir(parents=True)
    path.write_text("services: {y: {image: one}}\n")
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    (folder / "compose.yaml").write_text("services: {x: {image: two}}\n")
    (folder / ".env").write_text(f"COMPOSE_FILE={path}\n")
    monkeypatch.chdir(folder)
    return path


def said(outcome: FixOutcome) -> str:
    """Why something was not fixed: it was not read, or may not be written."""
    return "\n".join([*map(str, outcome.unreadable), *(left.reason for left in outcome.left)])


@pytest.mark.parametrize("paths", [["."], []])
@pytest.mark.parametrize("first", ["", "compose.yaml:"])
def test_what_an_env_file_names_is_named_by_nobody(other: Path, paths: list[str], first: str) -> None:
    Path(".env").write_text(f"COMPOSE_FILE={first}{other}\n")
    outcome = fix(paths, words(("one", "1st"), ("two", "2nd")), {})
    assert not write(outcome.changes)
    assert other.read_text() == "services: {y: {image: one}}\n"
    assert not outcome.changes
    assert "outside the repository" in said(outcome)


def test_a_folder_behind_a_link_out_of_the_repository_is_named_by_nobody(other: Path) -> None:
    Path("sub").symlink_to(other.parent)
    for path in ("sub", "sub/compose.yaml"):
        outcome = fix([path], words(("one", "1st")), {})
        assert not outcome.changes
        assert "its repository" in said(outcome)


def test_what_the_user_names_is_fixed_wherever_it_is(other: Path) -> None:
    for paths, shell, options in (
        ([str(other)], {}, Options()),
        ([str(other.parent)], {}, Options()),
        ([], {"COMPOSE_FILE": str(other)}, Options()),
        ([], {}, Options(files=[str(other)])),
    ):
        other.write_text("services: {y: {image: one}}\n")
        assert not write(fix(paths, words(("one", "1st")), shell, options).changes)
        assert "1st" in other.read_text()


def test_the_file_of_a_folder_above_is_that_of_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a repository too: as `docker compose` finds it."""
    (tmp_path / "compose.yaml").write_text("services: {y: {image: one}}\n")
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert not write(fix([], words(("one", "1st")), {}).changes)
    assert "1st" in (tmp_path / "compose.yaml").read_text()


def test_what_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(TEXT)
    outcome = fix([str(tmp_path / "none.yaml"), str(path)], words(("one", "1st")), {})
    assert [trouble.path for trouble in outcome.unreadable] == [str(tmp_path / "none.yaml")]
    assert len(outcome.changes) == 1


def test_the_files_of_a_project_are_those_that_were_named(tmp_path: Path) -> None:
    base, over = tmp_path / "a.yaml", tmp_path / "b.yaml"
    base.write_text("services: {x: {image: one}}\n")
    over.write_text("services: {x: {command: two}}\n")
    outcome = fix([], words(("one", "1st"), ("two", "2nd")), {}, Options(files=[str(base), str(over)]))
    assert {change.path for change in outcome.changes} == {str(base), str(over)}


def change(path: Path, after: str) -> RewrittenFile:
    return RewrittenFile(Source(str(path), path.read_text()), after)


def test_a_file_that_changed_meanwhile_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text("a: 1\n")
    asked = change(path, "a: 2\n")
    path.write_text("a: 3\n")
    troubles = write([asked])
    assert [str(trouble) for trouble in troubles] == [
        f"{path}: changed while it was being fixed; run the command again"
    ]
    assert path.read_text() == "a: 3\n"


def test_files_of_one_fix_are_written_together_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / name for name in ("a.yaml", "b.yaml", "c.yaml")]
    for path in paths:
        path.write_text("old\n")
    changes = [change(path, "new\n") for path in paths]
    changes[0].together = changes[1].together = "both"
    real = fix_module.replace

    def full(original: Original, text: str) -> None:
        if original.path.endswith("b.yaml"):
            raise Unwritable(original.path, "the disk is full")
        real(original, text)

    monkeypatch.setattr(fix_module, "replace", full)
    assert [str(trouble) for trouble in write(changes)] == [
        f"{paths[1]}: the disk is full",
        f"{paths[0]}: is unchanged, because {paths[1]} cannot be fixed with it",
    ]
    assert [path.read_text() for path in paths] == ["old\n", "old\n", "new\n"]


def test_what_cannot_be_put_back_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / name for name in ("a.yaml", "b.yaml")]
    for path in paths:
        path.write_text("old\n")
    changes = [change(path, "new\n") for path in paths]
    changes[0].together = changes[1].together = "both"
    real = fix_module.replace

    def full(original: Original, text: str) -> None:
        if original.path.endswith("b.yaml") or text == "old\n":
            raise Unwritable(original.path, "cannot be written: the disk is full")
        real(original, text)

    monkeypatch.setattr(fix_module, "replace", full)
    assert [str(trouble) for trouble in write(changes)] == [
        f"{paths[1]}: cannot be written: the disk is full",
        f"{paths[0]}: was fixed, but {paths[1]} was not, and they belong together; it cannot be written: the disk is"
        " full",
    ]


def corpus() -> list[Path]:
    return sorted(path for path in CORPUS.rglob("*.y*ml") if path.is_file())


def accepted(folder: Path, name: str) -> bool:
    """Whether the real Docker Compose loads a file."""
    done = subprocess.run(
        ["docker-compose", "-f", name, "config", "-q"],
        cwd=folder, env={"HOME": str(folder), "PATH": os.environ["PATH"]}, capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode == 0


def test_every_file_of_the_corpus(tmp_path: Path) -> None:
    """All fixes, unsafe ones too: a second run changes nothing, and Docker Compose accepts what it accepted before."""
    if not CORPUS.is_dir():
        pytest.skip("the corpus is not beside the project")
    assert shutil.which("docker-compose")
    changed = 0
    for number, path in enumerate(corpus()):
        folder = tmp_path / str(number)
        shutil.copytree(path.parent, folder, symlinks=True, ignore=shutil.ignore_patterns("node_modules"))
        target = folder / path.name
        subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)
        outcome = fix([str(target)], reported, {}, unsafe=True)
        assert all("fix them first" in left.reason for left in outcome.left), path
        if outcome.changes:
            changed += 1
            before = accepted(folder, path.name)
            texts = {each.path: each.after for each in outcome.changes}
            assert not write(outcome.changes)
            for name, text in texts.items():
                assert Path(name).read_bytes().decode().removeprefix("\ufeff") == text
            assert not before or accepted(folder, path.name), path
            assert not fix([str(target)], reported, {}, unsafe=True).changes, path
        shutil.rmtree(folder)
    assert changed > 100
