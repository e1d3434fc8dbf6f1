"""A stand-in for the `docker-model` plugin: it passes its arguments to modellint, and prints modellint's answer.

    python -I -S plugin.py SOCKET WORD…

Compose starts it several times in a run, so it imports little and decides nothing.
"""

from __future__ import annotations

import json
import socket
import sys

_SECONDS = 600.0  # a pull may take long; Compose itself waits for as long as it takes


def main(path: str, words: list[str]) -> int:
    """Ask, print, and return the status to end with."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(path)
            connection.sendall(json.dumps(words).encode() + b"\n")
            with connection.makefile("rb") as file:
                answer = json.loads(file.readline())
    except (OSError, ValueError):
        sys.stderr.write("modellint is no longer running: start `modellint smoke --serve` again\n")
        return 1
    sys.stdout.write(answer["out"])
    sys.stderr.write(answer["err"])
    return int(answer["status"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
