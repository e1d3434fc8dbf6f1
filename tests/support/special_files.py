"""Every place of a project whose path is read, and every kind of special file that may lie there."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Timer

SECRET = "CANARYOUTSIDE77"
SECONDS = 60  # of a run; without an end it would take for ever
COMPOSE = """\
include:
  - {path: inc/inc.yaml, env_file: inc/inc.env}
services:
  web:
    build: {context: ctx, dockerfile: Dockerfile}
    env_file: [svc.env, {path: opt.env, required: false}]
    label_file: labels.env
    models: [llm]
    configs: [c]
    secrets: [s]
    command: ["sh", "start.sh"]
  ext: {extends: {file: ext.yaml, service: b}}
configs: {c: {file: conf.txt}}
secrets: {s: {file: sec.txt}}
models:
  llm: {model: ai/smollm2}
"""
PROJECT = {
    "compose.yaml": COMPOSE,
    "compose.override.yaml": "services: {web: {image: nginx}}\n",
    "inc/inc.yaml": "services: {i: {image: nginx}}\n",
    "inc/inc.env": "A=1\n",
    "inc2/inc.yaml": "services: {j: {image: nginx}}\n",
    "inc2/.env": "B=2\n",
    "ext.yaml": "services: {b: {image: nginx}}\n",
    "svc.env": "A=1\n",
    "opt.env": "A=1\n",
    "labels.env": "a=1\n",
    "ctx/Dockerfile": 'FROM python\nCMD ["sh","start.sh"]\n',
    "ctx/.dockerignore": "*.md\n",
    "ctx/start.sh": "curl $LLM_URL\n",
    "ctx/a.py": 'import os\nos.environ["LLM_URL"]\n',
    ".env": "X=1\n",
    "conf.txt": "x",
    "sec.txt": "x",
    ".gitignore": "*.log\n",
    "sub/.gitignore": "x\n",
    "sub/compose.yaml": "include: [../inc2/inc.yaml]\nservices: {q: {image: nginx}}\n",
    ".modellint.yaml": "version: 1\nextends: [pol.yaml]\n",
    "pol.yaml": "version: 1\nextends: [recommended]\n",
    "base.json": '{"version":1,"findings":{}}',
    ".git/HEAD": "ref: refs/heads/main\n",
}
OUTSIDE = {
    "secret.yaml": f"services:\n  web: {{image: nginx, {SECRET}: x}}\n{SECRET}_TOP: [\n",
    "secret.env": f"{SECRET}=1\nA={SECRET}\nB C={SECRET}\n",
    "Dockerfile": f"FROM {SECRET}\nENV OPENAI_BASE_URL=http://{SECRET}:12434/\nCMD curl ${SECRET}_URL http://localhost/{SECRET}\n",
    "policy.yaml": f"version: 1\n{SECRET}: x\n",
    "ignored": f"{SECRET}\n",
    "dir/compose.yaml": f"services:\n  {SECRET}: {{image: nginx, models: [zz]}}\n",
    "dir/inc.yaml": f"services:\n  {SECRET}: {{image: nginx, models: [zz]}}\n",
    "dir/a.py": f'import os\nos.environ["{SECRET}"]\n',
    "dir/Dockerfile": f"FROM {SECRET}\nENV {SECRET}={SECRET}\n",
}
# Each place, and what a link there that leads out of the repository points to.
PLACES = {
    "compose.yaml": "secret.yaml", "compose.override.yaml": "secret.yaml", "inc/inc.yaml": "secret.yaml",
    "inc/inc.env": "secret.env", "inc2/.env": "secret.env", "inc": "dir", "ext.yaml": "secret.yaml",
    "svc.env": "secret.env", "opt.env": "secret.env", "labels.env": "secret.env", "ctx": "dir",
    "ctx/Dockerfile": "Dockerfile", "ctx/Dockerfile.dockerignore": "ignored", "ctx/.dockerignore": "ignored",
    "ctx/start.sh": "Dockerfile", "ctx/a.py": "dir/a.py", ".env": "secret.env", "conf.txt": "secret.env",
    "sec.txt": "secret.env", ".gitignore": "ignored", "sub/.gitignore": "ignored", "sub": "dir",
    "sub/compose.yaml": "dir/compose.yaml", ".modellint.yaml": "policy.yaml", "pol.yaml": "policy.yaml",
    "base.json": "secret.env", ".git": "dir", ".git/index": "secret.env",
}  # fmt: skip
_SIGNS = ("internal error", "failed on it", "Traceback", "opened a special file", SECRET)
COMMANDS = (
    "check --select all --format json .",
    "check compose.yaml",
    "check --format text --baseline base.json .",
    "fix --unsafe --diff compose.yaml",
    "graph --format mermaid compose.yaml",
    "config compose.yaml",
    "policy show",
    "check --policy .modellint.yaml .",
)
# Runs commands, each in a process of its own, and says what they opened that is no file, and how they ended.
PROGRAM = """\
import os, stat, sys
import modellint.commands.findings, modellint.commands.fix, modellint.commands.graph, modellint.commands.config
import modellint.policy.apply, modellint.report.text
from modellint.cli import main
from modellint.linter.discovery import rules

def look(event, words):
    if event == "open" and isinstance(words[0], (str, bytes)) and words[0] not in (os.devnull, "/dev/urandom"):
        try:
            mode = os.stat(words[0]).st_mode
        except (OSError, ValueError):
            return
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            os.write(2, b"opened a special file: " + os.fsencode(words[0]) + b"\\n")

rules()
sys.addaudithook(look)
for command in sys.argv[1:]:
    os.write(1, b"\\n== " + command.encode() + b"\\n")
    child = os.fork()
    if not child:
        status = main(command.split())
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    os.write(1, b"\\n== %d" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def _link(target: str) -> Callable[[Path, Path], None]:
    return lambda path, _: path.symlink_to(target)


def _socket(path: Path, _: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))  # a full path may be longer than one may be


def _zero(path: Path, _: Path) -> None:
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))


def _sparse(path: Path, _: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _nothing(path: Path, _: Path) -> None:
    assert not path.exists()


KINDS: dict[str, Callable[[Path, Path], None]] = {
    "fifo": lambda path, _: os.mkfifo(path),
    "socket": _socket,
    "device": _zero,
    "link to a device": _link("/dev/zero"),
    "link to standard input": _link("/dev/stdin"),
    "link to a terminal": _link("/dev/ptmx"),
    "link to itself": lambda path, _: path.symlink_to(path.name),
    "link to nothing": _link("/nonexistent/x"),
    "link out": lambda path, outside: path.symlink_to(outside),
    "folder": lambda path, _: path.mkdir(),
    "terabyte": _sparse,
    "link to memory": _link("/proc/self/mem"),
    "link to the kernel's log": _link("/proc/kmsg"),
    "link to a fifo": lambda path, outside: path.symlink_to(outside.parent / "fifo"),
    "link to the root": _link("/"),
    "link to the folder above": _link(".."),
    "nothing": _nothing,
}


def lay(folder: Path, place: str, kind: str) -> Path:
    """Write the project with a special file at a place; raises `OSError` where this system or user cannot have one."""
    project, outside = folder / "project", folder / "outside"
    for root, files in ((project, PROJECT), (outside, OUTSIDE)):
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
    os.mkfifo(outside / "fifo")
    path = project / place
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    target = outside / PLACES[place]
    KINDS[kind](path, target if target.parent == outside else outside / "dir" / target.name)
    return project


def run(commands: Sequence[str], project: Path) -> list[str]:
    """What is wrong with the runs of some commands, whose standard input stays open and empty."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *commands],
        cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    ) as running:  # fmt: skip
        end = Timer(SECONDS, lambda: os.killpg(running.pid, signal.SIGKILL))
        end.start()
        assert running.stdout is not None
        said = running.stdout.read().decode(errors="replace")
        end.cancel()
    parts = said.split("\n== ")[1:]
    runs = list(zip(parts[::2], [*parts[1::2], "does not end"], strict=False))
    assert [part.partition("\n")[0] for part, _ in runs] == list(commands)[: len(runs)], said
    wrong = [f"{part}: {status}" for part, status in runs if status not in ("0", "1", "2")]
    wrong += [part for part, _ in runs if any(sign in part for sign in _SIGNS)]
    return wrong if len(runs) == len(commands) else [*wrong, f"only {len(runs)} commands ran: {said[-300:]}"]
