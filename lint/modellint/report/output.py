"""Where a report goes: to standard output, or into the files that are named."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def deliver(
    form: str,
    path: str,
    others: Iterable[tuple[str, str]],
    render: Callable[[str], str],
    show: Callable[[], object],
) -> None:
    """Write a report in the formats and into the files of `others`, and then in `form` into `path`.

    Where that is empty, print it; `show` is what prints text on a terminal.
    """
    for other, file in others:
        _write(file, render(other))
    if path:
        _write(path, render(form))
    elif form == "text" and sys.stdout.isatty():
        show()
    else:
        put(render(form))


def put(text: str) -> None:
    """Write text to standard output, in UTF-8 whatever the locale says."""
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.flush()


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.write(text)
