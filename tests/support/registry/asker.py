"""The process that asks hostile registries: imports once, then forks for each scenario that comes in on a line.

    python tests/support/registry/asker.py MODULE

takes `ask` out of that module.

Nothing else may be imported here: what this process takes of memory is counted for `ask`.
"""

from __future__ import annotations

import gc
import importlib
import ipaddress
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from modellint.oci.answers import RegistryAnswer
from modellint.oci.artifact import to_table
from modellint.oci.query import Query
from modellint.registry.options import RegistryOptions

LONGEST = 25.0  # seconds, then a process is killed


def main() -> None:
    """Fork for each line; print a line when that process has ended: its name, status, seconds and kilobytes."""
    ask = importlib.import_module(sys.argv[1]).ask
    importlib.import_module("modellint.registry.online")  # what `ask` imports once it needs the network
    gc.freeze()  # so that no fork looks at all of it again
    running: dict[int, tuple[str, float]] = {}
    rest, open_ = b"", True
    while open_ or running:
        if select.select([0] if open_ else [], [], [], 0.01)[0]:
            data = os.read(0, 1 << 16)
            open_ = bool(data)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                job = json.loads(line)
                started = time.monotonic()
                process = os.fork()
                if not process:
                    work(job, ask)
                running[process] = (job["folder"], started)
        for process, (_, started) in list(running.items()):
            if time.monotonic() - started > LONGEST:
                os.kill(process, signal.SIGKILL)
        while running:
            process, status, usage = os.wait4(-1, os.WNOHANG)
            if not process:
                break
            folder, started = running.pop(process)
            print(json.dumps([folder, status, time.monotonic() - started, usage.ru_maxrss]), flush=True)


def work(job: dict[str, Any], ask: Callable[..., dict[Query, RegistryAnswer]]) -> NoReturn:
    """Ask what the job says, write down what came, and end as a program ends: with its threads."""
    folder = job["folder"]
    for number, name in ((0, os.devnull), (1, f"{folder}/out"), (2, f"{folder}/err")):
        file = os.open(name, os.O_RDWR | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(job["environment"])
    looked_up = watch_names(job["names"])
    connects: list[Any] = []

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(args[1], tuple):
            connects.append(args[1])

    sys.addaudithook(audit)
    requests = [Query(**each) for each in job["asks"]]
    error = ""
    answers: dict[Query, RegistryAnswer] = {}
    try:
        answers = ask(requests, RegistryOptions(**job["access"]), details=job["details"])
    except BaseException as problem:
        error = f"{type(problem).__name__}: {problem}"[:300]
    table = [
        {
            "request": str(request), "code": answer.code, "reason": answer.reason,
            "artifact": to_table(answer.artifact) if answer.artifact else None,
        }
        for request, answer in answers.items()
    ]  # fmt: skip
    result = {"answers": table, "error": error, "connects": connects, "looked_up": looked_up}
    Path(folder, "result").write_text(json.dumps(result), encoding="utf-8")
    sys.exit()


def watch_names(names: dict[str, str]) -> list[str]:
    """Let only some names resolve; returns the list of those that will have been looked up."""
    real, looked_up = socket.getaddrinfo, list[str]()

    def lookup(host: Any, *args: Any, **others: Any) -> Any:
        name = host.decode("latin-1") if isinstance(host, bytes) else str(host)
        try:
            ipaddress.ip_address(name.partition("%")[0].strip("[]"))
        except ValueError:
            looked_up.append(name)
            if name not in names and name != "localhost":
                try:
                    socket.inet_aton(name)  # `2130706433` and `0x7f.1` are addresses to the C library
                except OSError:
                    raise socket.gaierror(socket.EAI_NONAME, "no such name") from None
        return real(names.get(name, host), *args, **others)

    socket.getaddrinfo = lookup
    return looked_up


if __name__ == "__main__":
    main()
