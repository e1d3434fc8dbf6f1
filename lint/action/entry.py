"""The steps of the GitHub Action that run Python: `entry.py install`, `entry.py check` and `entry.py smoke`.

Only the standard library, and modellint's own `printable`. Inputs come in environment variables and never meet a
shell. Whatever a file, a path or the network says reaches the log only through `printable`, because a runner takes
commands from any line of standard output and standard error.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from typing import Any, cast

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ROOTS = [os.path.join(ROOT, name) for name in ("lint", "rules", "policies")]  # the code is the commit that was chosen
REQUIREMENTS = os.path.join(HERE, "requirements.txt")
REQUIREMENTS_SMOKE = os.path.join(HERE, "requirements-smoke.txt")  # llama.cpp: 34 MB that a check has no use for
sys.path[:0] = [HERE, ROOTS[0]]

import base_commit  # noqa: E402

from modellint import __version__  # noqa: E402
from modellint.report.printable import printable  # noqa: E402

PREFIX = "MODELLINT_INPUT_"
FAIL_ON = ("error", "warning", "note", "never")
POLICY_FROM = ("base", "head")
POLICIES = ("recommended", "strict", "airgapped")  # that are names, not files
REQUIRE = ("all", "isolation", "nothing")
LONGEST = 86_400  # seconds that a smoke test may be given
MOST_SUMMARY = 1_000_000  # bytes; GitHub drops a summary of more than 1 MiB
MOST_LOG = 100_000  # characters of one smoke test's report in a summary
MOST_PICTURE = 45_000  # characters; GitHub draws no Mermaid text of more than 50,000
NO_FILES = "contains no Compose file"
FINDINGS, FAILED, BROKEN = 1, 2, 3  # exit codes: findings; could not run or read something; the action itself failed
PASS, NOT_PROVEN, FAIL = SMOKES = ("pass", "not proven", "fail")  # what came of a smoke test, the worst last
SKIPPED = "skipped"  # there was none
_ANNOTATION = re.compile(r"::(error|warning|notice) ([^:\r]*)::([^\r]*)")
# What a check has no use for: tokens, the runner's command files, and this action's own inputs.
_HIDDEN = re.compile(r"ACTIONS_|INPUT_|GITHUB_(TOKEN|OUTPUT|ENV|PATH|STATE|STEP_SUMMARY)$|GH_TOKEN$|MODELLINT_INPUT_")
# `-I` keeps the workspace, where a pull request may have put a `json.py`, out of the search for modules.
_RUN = "import sys; n = int(sys.argv[1]) + 2; sys.path[:0] = sys.argv[2:n]; del sys.argv[1:n]; "
LINT = _RUN + "from modellint.cli import run; run()"


_RULES = re.compile(r"[a-z0-9-]+( *, *[a-z0-9-]+)*")
_PROFILE = re.compile(r"\*|[A-Za-z0-9][A-Za-z0-9_.-]*")
_VERSION = re.compile(r"v?[0-9]{1,4}(\.[0-9]{1,4}){2}")
_SIZE = re.compile(r"[0-9]{1,20}(\.[0-9]{1,9})? ?[A-Za-z]{0,3}")


class Refused(Exception):
    """An input that cannot be used, and why."""


class Place:
    """The inputs of every step that looks at files, checked."""

    def __init__(self, given: dict[str, str]) -> None:
        self.workspace = os.path.realpath(given["GITHUB_WORKSPACE"])
        self.temp = os.path.realpath(given["RUNNER_TEMP"])
        self.annotations = _switch(given, "annotations")
        self.summary = _switch(given, "summary")
        self.registries = _lines(given, "allow-registries")
        self.folder = _inside("working-directory", _text(given, "working-directory") or ".", self.workspace)
        if not os.path.isdir(self.folder):
            raise Refused("`working-directory` is not a directory")
        self.paths = [self.path("paths", line) for line in _lines(given, "paths") or ["."]]
        # What tells every command which project it is; a value stands behind `=`, so that none is an option.
        self.project = [f"--profile={name}" for name in _named(given, "profile", _PROFILE, "profile")]
        self.project += [f"--env-file={self.path('env-file', line)}" for line in _lines(given, "env-file")]
        version = _shaped(given, "compose-version", _VERSION, "a version such as 5.6.1")
        self.project += [f"--compose-version={version}"] if version else []

    def path(self, name: str, path: str) -> str:
        """A path from `working-directory` as one from the workspace, which is the folder that reports are about."""
        full = os.path.normpath(os.path.join(self.folder, path))
        _inside(name, full, self.workspace, self.temp)
        inside = full == self.workspace or full.startswith(self.workspace + os.sep)
        short = os.path.relpath(full, self.workspace) if inside else full
        if short == "-":
            raise Refused(f"`{name}` cannot be `-`: an action has no standard input")
        return short


class Inputs(Place):
    """The inputs of a check."""

    def __init__(self, given: dict[str, str]) -> None:
        super().__init__(given)
        self.fail_on = _choice(given, "fail-on", FAIL_ON)
        self.select, self.ignore = (_named(given, name, _RULES, "rule") for name in ("select", "ignore"))
        self.baseline = self.path("baseline", line) if (line := _text(given, "baseline")) else ""
        self.online = _switch(given, "online")
        self.memory = _shaped(given, "memory", _SIZE, "a size such as 16GiB")
        if self.memory and not self.online:
            raise Refused("`memory` requires `online: true`")
        self.allow_no_files = _switch(given, "allow-no-files")
        _switch(given, "upload-sarif")  # read by action.yml; anything but `true` there would silently upload nothing
        self.category = _text(given, "category")
        self.policies = [line if line in POLICIES else self.path("policy", line) for line in _lines(given, "policy")]
        self.policy_from = _policy_from(given)
        self.base_is_unread = False  # known once it was tried
        self.policy_files = [policy for policy in self.policies if policy not in POLICIES]
        if self.policy_from == "base":
            for policy in self.policy_files:
                if not policy.endswith(base_commit.ENDS):  # it would not be among what is read of the base
                    raise Refused(
                        f"`policy` is `{policy}`: the name of a policy from the base of a pull request must end with "
                        ".yaml"
                    )
        self.event_path = given.get("GITHUB_EVENT_PATH", "")
        self.sarif_file = self._sarif_file(_text(given, "sarif-file"))

    def _sarif_file(self, path: str) -> str:
        if not path:
            return ""
        # The folder counts, not what a link at the place itself points at: the file replaces the link.
        full = os.path.join(self.folder, path)
        folder = _inside("sarif-file", os.path.dirname(full), self.workspace, self.temp)
        full = os.path.join(folder, os.path.basename(full))
        if os.path.isdir(full) or os.path.basename(full) in ("", ".", ".."):
            raise Refused("`sarif-file` is a directory")
        if ".git" in full.lower().split(os.sep):
            raise Refused("`sarif-file` is in `.git`")
        return full


class SmokeInputs(Place):
    """The inputs of a smoke test."""

    def __init__(self, given: dict[str, str]) -> None:
        super().__init__(given)
        self.require = _choice(given, "smoke-require", REQUIRE)
        self.seconds = _text(given, "smoke-timeout")
        if not re.fullmatch("[1-9][0-9]{0,4}", self.seconds) or int(self.seconds) > LONGEST:
            raise Refused(f"`smoke-timeout` must be a number of seconds up to {LONGEST}, not `{self.seconds}`")


def main(words: list[str]) -> int:
    """Run one step; its exit code is 0 unless nothing could be told about it."""
    unproven = {"smoke": NOT_PROVEN} if words == ["smoke"] else {}
    try:
        if sys.version_info < (3, 11):  # noqa: UP036 - the runner's Python may be any
            raise Refused(f"`python` is {platform.python_version()}; modellint requires Python 3.11 or newer")
        if words == ["install"]:
            return install()
        if words == ["check"]:
            return check()
        if words == ["smoke"]:
            return smoke()
        raise Refused(f"entry.py has no step {words}")
    except Refused as refused:
        say_error(str(refused))
        set_outputs({"exit-code": FAILED, "version": __version__, **unproven})
    except Exception as error:
        say_error(f"internal error: {type(error).__name__}: {error}")
        set_outputs({"exit-code": BROKEN, "version": __version__, **unproven})
    return 1 if words == ["install"] else 0


def install() -> int:
    """Install the dependencies, and what runs models where that is wanted."""
    wanted = _switch(dict(os.environ), "smoke")
    if wanted and sys.platform != "linux":
        raise Refused(f"`smoke` works only on Linux runners, and this is {sys.platform}: remove it here")
    outputs: dict[str, object] = {"dependencies": install_locked(REQUIREMENTS)}
    if wanted:
        outputs["runner"] = install_locked(REQUIREMENTS_SMOKE)
    set_outputs(outputs)
    return 0


def install_locked(requirements: str) -> str:
    """Put what a file locks into a folder of the runner's temporary one, once for all uses in a job."""
    with open(requirements, "rb") as file:
        key = hashlib.sha256(file.read() + sys.version.encode() + platform.platform().encode()).hexdigest()[:16]
    temp = os.path.realpath(os.environ["RUNNER_TEMP"])
    target = os.path.join(temp, f"modellint-{key}")
    # Out of the workspace: there a pull request may have put a configuration of the installer, or on Windows, which
    # looks for programs in the current folder first, an installer.
    os.chdir(temp)
    if not os.path.isdir(target):
        part = tempfile.mkdtemp(prefix="modellint-part-", dir=temp)
        done = subprocess.run(
            installer(part, requirements), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if done.returncode != 0:
            log(done.stdout)
            raise Refused("the dependencies could not be installed; see the lines above")
        try:
            os.rename(part, target)
        except OSError:
            if not os.path.isdir(target):  # else another use of the action was faster
                raise
    return target


def installer(target: str, requirements: str) -> list[str]:
    """The command that installs what a file locks: whole, by hash, and without running any build."""
    locked = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--target", target, "-r", requirements]
    uv = shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--quiet", "--no-config", "--python", sys.executable, *locked]
    return [sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *locked]


def check() -> int:
    """Run one check; write the log, the summary, SARIF and the outputs. The next steps upload and decide."""
    wanted = Inputs(dict(os.environ))
    folder = tempfile.mkdtemp(prefix="modellint-run-", dir=wanted.temp)
    reports = {form: os.path.join(folder, f"report.{form}") for form in ("json", "sarif", "markdown")}
    done = modellint(LINT, [*arguments(wanted, reports, base(wanted)), "--", *wanted.paths], wanted.workspace)
    report = read_json(reports["json"])
    log(done.stderr, sys.stderr)
    log(done.stdout, annotations=wanted.annotations, quiet=NO_FILES if wanted.allow_no_files else "")
    code = FAILED if wanted.base_is_unread else verdict(done.returncode, report, wanted)
    outputs: dict[str, object] = {"exit-code": code, "version": __version__}
    if report is None:
        say_error(f"modellint exited with status {done.returncode} and without a report")
    else:
        counts = {name: int(report["summary"][name]) for name in ("error", "warning", "note")}
        outputs |= {"findings": sum(counts.values()), "errors": counts["error"], "warnings": counts["warning"]}
        outputs["sarif-file"] = place_sarif(reports["sarif"], wanted)
        if wanted.summary:
            write_summary(read_text(reports["markdown"]), pictures(wanted, folder))
    set_outputs(outputs)
    return 0


def base(wanted: Inputs) -> str:
    """A folder with the policies and Compose files of the base, if they are what counts; empty if they are not.

    Where they cannot be read, the folder is empty or holds a part of them: what is missing suppresses nothing. It may
    also have demanded more, so the check then ends with 2, and where the workflow names a policy nothing is checked.
    """
    if wanted.policy_from != "base":
        return ""
    folder = tempfile.mkdtemp(prefix="modellint-base-", dir=wanted.temp)
    os.chdir(wanted.temp)  # Windows looks for programs in the current folder first
    try:
        baseline = [os.path.join(wanted.workspace, wanted.baseline)] if wanted.baseline else []
        base_commit.put_base(folder, wanted.folder, wanted.workspace, wanted.event_path, baseline)
    except base_commit.Unreadable as trouble:
        if wanted.policy_files:
            raise Refused(
                f"the base of the pull request cannot be read ({trouble}), and so neither can the file in "
                "`policy`; check out with `fetch-depth: 2`, or with credentials that are kept until this step"
            ) from None
        wanted.base_is_unread = True
        say_error(
            f"The base of the pull request cannot be read ({trouble}), so no policy or ignore comment of "
            "the repository counts, and the requirements of its policies are not checked. Check out with "
            "`fetch-depth: 2`, or with credentials that are kept until this step, or use `policy-from: "
            "head` to trust the pull request instead."
        )
    return folder


def arguments(wanted: Inputs, reports: dict[str, str], base: str) -> list[str]:
    """The options of the one check; a value stands behind `=`, so that none is an option."""
    words = ["check", f"--format={'github' if wanted.annotations else 'text'}", f"--fail-on={wanted.fail_on}"]
    words += [f"--report={form}={path}" for form, path in reports.items()]
    words += wanted.project
    words += [f"--select={names}" for names in wanted.select] + [f"--ignore={names}" for names in wanted.ignore]
    words += [f"--baseline={wanted.baseline}"] if wanted.baseline else []
    words += [f"--policy={policy}" for policy in wanted.policies]
    words += [f"--suppressions-from={base}"] if base else []
    if wanted.online:  # and never `--trusted`: in a run that holds secrets, the command refuses
        words += ["--online", *[f"--registry={host}" for host in wanted.registries]]
        words += [f"--memory={wanted.memory}"] if wanted.memory else []
    return words


def modellint(
    program: str, words: list[str], folder: str, more: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a program with the action's own code and the installed dependencies, and nothing else, on its path.

    `more` is added to its environment.
    """
    roots = code_roots()
    return subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "-c", program, str(len(roots)), *roots, *words],
        cwd=folder,
        env={**{name: value for name, value in os.environ.items() if not _HIDDEN.match(name)}, **(more or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )


def code_roots() -> list[str]:
    """The folders of the action's own code and of what was installed for this step."""
    installed = [os.environ["MODELLINT_DEPENDENCIES"], os.environ.get("MODELLINT_RUNNER", "")]
    return [*ROOTS, *filter(None, installed)]


def verdict(code: int, report: dict[str, Any] | None, wanted: Inputs) -> int:
    """The exit code of the action."""
    if report is None or code not in (0, FINDINGS, FAILED):
        return FAILED if code == FAILED else BROKEN
    lost = [str(each["reason"]) for each in report["unreadable"]]
    if code == FAILED and wanted.allow_no_files and lost and all(reason.startswith(NO_FILES) for reason in lost):
        counted = FAIL_ON[: FAIL_ON.index(wanted.fail_on) + 1] if wanted.fail_on != "never" else ()
        return FINDINGS if any(report["summary"][severity] for severity in counted) else 0
    return code


def smoke() -> int:
    """Smoke every project, unless the check missed something; write the log, the summary and the outputs."""
    wanted = SmokeInputs(dict(os.environ))
    before = os.environ["MODELLINT_EXIT"]
    if before not in ("0", str(FINDINGS)):
        set_outputs({"smoke": SKIPPED, "exit-code": before or BROKEN})
        return 0
    projects = find_projects(wanted)
    if not projects:
        write("smoke: no service in these projects is granted a model")
        set_outputs({"smoke": SKIPPED, "exit-code": before})
        return 0
    codes, found, failed, unproven = [int(before)], [PASS], 0, 0
    shown: list[str] = []
    for project in projects:
        code, report, lines = smoke_project(wanted, project)
        found.append(smoke_verdict(code, report))
        codes.append(max(code, FINDINGS) if found[-1] == FAIL else code)
        failed += int(report["summary"]["error"]) if report else 0
        unproven += int(report["summary"]["warning"]) if report else 0
        shown.append(f"### modellint smoke: {found[-1]}\n\n{fenced(cut(lines))}")
    if wanted.summary:
        write_summary("\n\n".join(shown), [])
    worst = max(found, key=SMOKES.index)
    set_outputs({"smoke": worst, "exit-code": max(codes), "smoke-failed": failed, "smoke-not-proven": unproven})
    return 0


def find_projects(wanted: Place) -> list[str]:
    """A path for each project among the paths that has something to smoke."""
    program = _RUN + read_text(os.path.join(HERE, "projects.py"))
    done = modellint(program, [*wanted.project, "--", *wanted.paths], wanted.workspace)
    if done.returncode != 0:
        log(done.stderr, sys.stderr)
        raise RuntimeError(f"finding the projects failed: status {done.returncode}")
    return [str(path) for path in json.loads(done.stdout)]


def smoke_project(wanted: SmokeInputs, project: str) -> tuple[int, dict[str, Any] | None, list[str]]:
    """Smoke one project, and print what came of it: its exit code, its report, and the lines for people."""
    folder = tempfile.mkdtemp(prefix="modellint-run-", dir=wanted.temp)
    reports = {form: os.path.join(folder, f"report.{form}") for form in ("json", "github")}
    # What runs a model is an interpreter of its own, which finds the code by the environment alone.
    python = {"PYTHONPATH": os.pathsep.join(code_roots()), "PYTHONNOUSERSITE": "1"}
    done = modellint(LINT, smoke_arguments(wanted, reports, project), wanted.workspace, python)
    report = read_json(reports["json"])
    lines = [printable(f"smoke of {project or '.'}"), *safe(done.stdout.decode("utf-8", "replace"))]
    log(done.stderr, sys.stderr)
    for line in lines:
        write(line)
    if wanted.annotations:
        log(read_text(reports["github"]).encode("utf-8", "backslashreplace"), annotations=True)
    if report is None:
        say_error(f"modellint smoke exited with status {done.returncode} and without a report")
        return FAILED if done.returncode == FAILED else BROKEN, None, lines
    return done.returncode if done.returncode in (0, FINDINGS, FAILED) else BROKEN, report, lines


def smoke_arguments(wanted: SmokeInputs, reports: dict[str, str], project: str) -> list[str]:
    """The arguments of one smoke test; like those of a check, and like it never with `--trusted`."""
    words = ["smoke", "--format=text", f"--timeout={wanted.seconds}", *wanted.project]
    words += [f"--report={form}={path}" for form, path in reports.items()]
    words += [f"--require={wanted.require}"] if wanted.require != "nothing" else []
    words += [f"--registry={host}" for host in wanted.registries]
    return [*words, "--", project]


def smoke_verdict(code: int, report: dict[str, Any] | None) -> str:
    """What came of a smoke test. Only what ended well, with nothing failed and nothing left open, has passed."""
    if report is None or code not in (0, FINDINGS):
        return NOT_PROVEN
    if report["summary"]["error"]:
        return FAIL
    return PASS if code == 0 and not report["summary"]["warning"] else NOT_PROVEN


def place_sarif(made: str, wanted: Inputs) -> str:
    """Put the SARIF log where it is wanted, as one rename; where it is now."""
    document = read_json(made)
    if document is None:
        return ""
    for run in document["runs"]:  # upload-sarif sets a category only where there is none
        run["automationDetails"] = {"id": f"{wanted.category}/"}
    target = wanted.sarif_file or made
    os.makedirs(os.path.dirname(target), exist_ok=True)
    number, part = tempfile.mkstemp(prefix=".modellint-", dir=os.path.dirname(target))
    with open(number, "w", encoding="utf-8", newline="\n") as file:
        json.dump(document, file)
    os.chmod(part, 0o644)
    os.replace(part, target)
    return target


def pictures(wanted: Inputs, folder: str) -> list[str]:
    """Drawings of who is granted what, in Mermaid, one for each project."""
    program = _RUN + read_text(os.path.join(HERE, "draw.py"))
    modellint(
        program, [folder, *wanted.project, "--", *wanted.paths], wanted.workspace
    )  # what it complains of, the check has said
    names = sorted(name for name in os.listdir(folder) if name.endswith(".mermaid"))
    return [read_text(os.path.join(folder, name)) for name in names]


def write_summary(report: str, drawings: list[str]) -> None:
    """Write the job summary: the report, then the drawings that fit."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        with open(path, "a", encoding="utf-8", newline="\n") as file:
            file.write(summary(report, drawings))


def summary(report: str, drawings: list[str]) -> str:
    """The report and the drawings, cut at a line before they are more than GitHub takes."""
    cut = "\n\nThe rest is omitted: GitHub accepts no more.\n"
    text = report.strip() + "\n"
    if len(text.encode()) > MOST_SUMMARY:
        kept = text.encode()[: MOST_SUMMARY - len(cut)].decode("utf-8", "ignore")
        return kept[: kept.rfind("\n")] + cut
    for drawing in drawings:
        part = f"\n{fenced(drawing.strip(), 'mermaid')}\n"
        if len(drawing) <= MOST_PICTURE and len((text + part).encode()) <= MOST_SUMMARY:
            text += part
    return text


def fenced(text: str, language: str = "") -> str:
    """The text as a block of code, between fences that no line of it can close."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def cut(lines: list[str]) -> str:
    """The first lines, as many as may stand in a summary."""
    text = "\n".join(lines)
    if len(text) <= MOST_LOG:
        return text
    return text[: text.rfind("\n", 0, MOST_LOG)] + "\nThe rest is in the log."


def log(output: bytes, stream: Any = None, *, annotations: bool = False, quiet: str = "") -> None:
    """Print what a program printed, made safe."""
    for line in safe(output.decode("utf-8", "replace"), annotations=annotations, quiet=quiet):
        write(line, stream)


def safe(output: str, *, annotations: bool = False, quiet: str = "") -> list[str]:
    """The lines of a program's output. Of commands to the runner only annotations pass, and only where asked for.

    `quiet` is the start of what unreadable paths are not annotated for.
    """
    lines: list[str] = []
    for line in output.split("\n"):
        command = _ANNOTATION.fullmatch(line) if annotations and "##[" not in line else None
        if command and quiet and command[2].endswith("title=unreadable") and command[3].startswith(quiet):
            continue
        if line:
            lines.append(line if command else printable(line))
    return lines


def say_error(text: str) -> None:
    """An annotation that belongs to no file."""
    write(f"::error title=modellint::{printable(text).replace('%', '%25')}")


def say_warning(text: str) -> None:
    """The same for what fails nothing by itself."""
    write(f"::warning title=modellint::{printable(text).replace('%', '%25')}")


def write(line: str, stream: Any = None) -> None:
    """Print a line as UTF-8, whatever the runner's locale is."""
    into = (stream or sys.stdout).buffer
    into.write(line.encode("utf-8", "backslashreplace") + b"\n")
    into.flush()


def set_outputs(values: dict[str, object]) -> None:
    """Set outputs of the step, between delimiters that no value can guess."""
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8", newline="\n") as file:
        for name, value in values.items():
            end = f"modellint_{secrets.token_hex(16)}"
            file.write(f"{name}<<{end}\n{value}\n{end}\n")


def read_json(path: str) -> dict[str, Any] | None:
    """A JSON object, or nothing where the program did not come to write one."""
    try:
        value: object = json.loads(read_text(path))
    except ValueError:
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def read_text(path: str) -> str:
    """A text file; empty where there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _text(given: dict[str, str], name: str) -> str:
    value = given.get(PREFIX + name.upper().replace("-", "_"), "").strip()
    if not value.isprintable():
        raise Refused(f"`{name}` contains a character that is not printable")
    return value


def _lines(given: dict[str, str], name: str) -> list[str]:
    value = given.get(PREFIX + name.upper().replace("-", "_"), "")
    lines = [line.strip() for line in value.split("\n") if line.strip()]
    for line in lines:
        if not line.isprintable():
            raise Refused(f"`{name}` contains a character that is not printable")
    return lines


def _choice(given: dict[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = _text(given, name)
    if value not in choices:
        raise Refused(f"`{name}` must be one of {', '.join(choices)}, not `{value}`")
    return value


def _switch(given: dict[str, str], name: str) -> bool:
    return _choice(given, name, ("true", "false")) == "true"


def _shaped(given: dict[str, str], name: str, shape: re.Pattern[str], what: str) -> str:
    """A value of a shape, or nothing."""
    value = _text(given, name)
    if value and not shape.fullmatch(value):
        raise Refused(f"`{name}` must be {what}, not `{value}`")
    return value


def _named(given: dict[str, str], name: str, shape: re.Pattern[str], what: str) -> list[str]:
    """Names of a shape, one a line; which there are, the check knows."""
    lines = _lines(given, name)
    for line in lines:
        if not shape.fullmatch(line):
            raise Refused(f"`{name}` must be one {what} name per line, and `{line}` is not a valid one")
    return lines


def _policy_from(given: dict[str, str]) -> str:
    """Whose policies and ignore comments count. In a pull request those of the base, unless it is told otherwise."""
    if _text(given, "policy-from"):
        return _choice(given, "policy-from", POLICY_FROM)
    return "base" if given.get("GITHUB_EVENT_NAME") in base_commit.EVENTS else "head"


def _inside(name: str, path: str, *folders: str) -> str:
    """The real path, if it lies in one of the folders, links followed."""
    real = os.path.realpath(os.path.join(folders[0], path))
    for folder in folders:
        if real == folder or real.startswith(folder.rstrip(os.sep) + os.sep):
            return real
    raise Refused(f"`{name}` is outside the workspace: `{path}`")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
