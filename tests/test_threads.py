"""Checks in several threads of one process give what they give one after another, and end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from modellint.text.source import Source
from modellint.yaml.builder import Builder, YamlFile

SECONDS = 600  # far more than the work takes; without an end it would take for ever
TIMES = 1_000 if os.environ.get("MODELLINT_SOAK") else 200  # checks of all threads together
POLICY = """\
version: 1
rules: {unpinned-model: {severity: error}}
exceptions: [{rule: mutable-tag, reason: known, where: p1}]
"""
PROGRAM = """\
import sys
from threading import Thread
from modellint.check import Settings, check
from modellint.linter.discovery import rules
from modellint.policy.discovery import Policies

sys.setswitchinterval(1e-5)  # threads take turns also within a small file
known, policies = list(rules().values()), Policies()
threads, times, *folders = sys.argv[1:]

def checked(folder):
    report = check([folder], Settings(known, {}, policies=policies))
    assert not report.unreadable, [str(each) for each in report.unreadable]
    return [(each.rule, each.severity, each.message, each.place.path, each.place.row) for each in report.results]

alone = {folder: checked(folder) for folder in folders}
assert all(alone.values())
wrong, done = [], []

def work(first):
    # All check the same projects, and at each moment mostly different ones.
    for number in range(int(times) // int(threads)):
        folder = folders[(first + number) % len(folders)]
        if checked(folder) != alone[folder]:
            wrong.append(folder)
    done.append(first)

running = [Thread(target=work, args=(number,), daemon=True) for number in range(int(threads))]
for each in running:
    each.start()
for each in running:
    each.join()
assert not wrong and len(done) == len(running), (wrong, done)
print("equal")
"""


@pytest.mark.parametrize("threads", [2, 4, 8])
def test_threads_check_as_one_does(threads: int, tmp_path: Path) -> None:
    folders: list[Path] = []
    for number in range(8):
        folder = tmp_path / f"p{number}"
        folder.mkdir()
        body = "image: 'a:{0}', models: [m{0}], command: [sh, -c, 'curl http://s{0}:{1}/v1 $LLM_URL']"
        services = "".join(f"  s{each}: {{{body.format(each, 90 + each)}}}\n" for each in range(number + 3))
        text = f"services:\n{services}models: {{m0: {{model: ai/smollm2:latest}}, m1: {{model: 'ai/x:1'}}}}\n"
        (folder / "compose.yaml").write_text(text + ("x: [\n" if number == 7 else ""))
        if number % 2:
            (folder / ".modellint.yaml").write_text(POLICY)
        folders.append(folder)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(threads), str(TIMES), *map(str, folders)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "equal\n"), done.stderr


def test_a_forked_process_parses_while_another_thread_did(tmp_path: Path) -> None:
    """The lock of the parser may be held by a thread that does not live in the new process."""
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    program = """\
import os, warnings
from modellint.yaml.parse import parse
from modellint.files import disk
from modellint.text.source import Source
from modellint.yaml.events import Parser
warnings.simplefilter("ignore")
with Parser("a: 1"):
    child = os.fork()
    if not child:
        parse(Source("x", "a: 1"))
        os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], env=environment, timeout=SECONDS, check=True)


def test_an_event_that_is_not_known_ends_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as one of ruamel.yaml's own classes, when somebody else has put them back."""

    class Strange:
        pass

    class Stream:
        def __init__(self, text: str) -> None:
            self.left = 100

        def __enter__(self) -> Stream:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def __call__(self) -> Strange:
            self.left -= 1
            assert self.left, "the events are read without an end"
            return Strange()

    monkeypatch.setattr("modellint.yaml.builder.Parser", Stream)
    with pytest.raises(TypeError, match="Strange"):
        Builder(YamlFile(Source("compose.yaml", "a: 1"))).build("a: 1")
