"""What a run may not leave: the strict check, and a run of the whole command under a `warden`."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WARDEN = Path(__file__).parent / "warden.py"
_HEX = r"[0-9a-f]{64}"
# All that may lie in the folder of a run. What lies elsewhere, or is called otherwise, was left.
_ALLOWED = re.compile(
    rf"compose\.yaml|report\.\w+|tmp|home|store(/(blobs(/sha256(/{_HEX})?)?|partial(/{_HEX}\.part)?"
    rf"|locks(/{_HEX}\.(use|pull))?|runs))?|cache(/modellint(/registry(/[a-z0-9.+-]+(/r\+[a-z0-9+-]+)?)?)?)?"
)


@dataclass(frozen=True)
class Ended:
    """How a run ended. `left` is empty where it left nothing."""

    status: int
    out: str
    err: str
    seconds: float
    sent: int  # signals that reached it
    left: list[str]

    def __str__(self) -> str:
        return (
            f"status {self.status} after {self.seconds:.2f} s, {self.sent} signals\n{self.left}\n{self.err}{self.out}"
        )


@contextmanager
def own_folder(text: str) -> Generator[Path]:
    """A folder for one run, with a short name, because sockets may have to lie in it; its cache lies beside it."""
    both = Path(tempfile.mkdtemp(prefix="m-", dir="/tmp"))
    folder = both / "r"
    try:
        for each in (folder, folder / "tmp", folder / "home"):
            each.mkdir()
        (folder / "compose.yaml").write_text(text)
        yield folder
    finally:
        shutil.rmtree(both, ignore_errors=True)


def cache_of(folder: Path) -> Path:
    """Where a run in a folder of `own_folder` keeps what registries answered: not in what it checks."""
    return folder.parent / "cache"


def environment(folder: Path, **more: str) -> dict[str, str]:
    """All that a run has in its environment; what it makes is to lie in its folder, or in its cache."""
    return {
        "PATH": os.environ["PATH"], "HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"),
        "XDG_CACHE_HOME": str(cache_of(folder)), **more,
    }  # fmt: skip


def smoke(
    folder: Path,
    *words: str,
    variables: Mapping[str, str] | None = None,
    at: tuple[str, float] = ("", 0.0),
    signals: Sequence[tuple[int, int, float]] = (),
    seconds: float = 120.0,
    patience: float = 0.0,
) -> Ended:
    """Run `modellint smoke` in a folder of `own_folder`. `at` is the moment for `signals`: see `warden.main`."""
    order = {
        "words": [sys.executable, "-m", "modellint", "smoke", "--store", "store", *words, "compose.yaml"],
        "folder": str(folder), "environment": environment(folder, **(variables or {})), "store": str(folder / "store"),
        "phase": at[0], "after": at[1], "signals": [list(each) for each in signals], "seconds": seconds,
        "patience": patience,
    }  # fmt: skip
    return guarded(order)


def guarded(order: Mapping[str, Any]) -> Ended:
    """Have a warden run a command, and look at what is left of it."""
    # Without an environment of its own: the folder's name would be found in it.
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(WARDEN)], input=json.dumps(order), env={}, stdout=subprocess.PIPE, text=True,
        check=True, timeout=order["seconds"] + 60,
    )  # fmt: skip
    said = json.loads(done.stdout)
    left = [f"process: {each}" for each in said["left"]] + remains(Path(order["folder"]))
    if said["hung"]:
        left.append(f"it did not end within {order['seconds']:g} s")
    return Ended(said["status"], said["out"], said["err"], said["seconds"], said["sent"], left)


def remains(folder: Path) -> list[str]:
    """What is left of a run that has ended, in its folder, its cache or among processes: nothing, if all is well."""
    found = [f"process: {each}" for each in processes(str(folder))]
    cache = cache_of(folder)
    for path in [*sorted(folder.rglob("*")), *([cache] if cache.exists() else []), *sorted(cache.rglob("*"))]:
        name = path.relative_to(folder if path.is_relative_to(folder) else folder.parent).as_posix()
        if not _ALLOWED.fullmatch(name) or path.is_symlink():
            found.append(f"file: {name}")
        elif path.parent.name == "locks" and _is_held(path):
            found.append(f"lock: {name}")
        elif path.parent.name == "sha256" and _digits(path) != path.name:
            found.append(f"wrong: {name}")
    return found


def processes(mark: str) -> list[str]:
    """The command lines of the processes that have a text in theirs, or in their environment."""
    found: list[str] = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                words = (process / "cmdline").read_bytes()
                if mark.encode() in words + b"\0" + (process / "environ").read_bytes():
                    found.append(words.decode("utf-8", "replace").replace("\0", " ").strip())
            except OSError:
                continue
    return found


def _is_held(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _digits(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
