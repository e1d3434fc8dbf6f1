"""Where a report goes: to standard output, or into the files that are named."""

from __future__ import annotations

import sys

from modellint.report.complaint import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from modellint.files.atomic_write import Unwritable

STDOUT = "standard output"


def deliver(
    form: str,
    path: str,
    others: Iterable[tuple[str, str]],
    render: Callable[[str], str],
    show: Callable[[], object],
) -> None:
    """Write a report in the formats and into the files of `others`, and then in `form` into `path`.

    Where that is empty, print it; `show` is what prints text on a terminal. Raises `Unwritable` once all is written
    that can be, for a run may have taken an hour.
    """
    troubles = [trouble for other, file in others for trouble in _unwritten(file, render(other))]
    try:
        if path:
            troubles += _unwritten(path, render(form))
        elif form == "text" and sys.stdout.isatty():
            show()
        else:
            put(render(form))
    finally:
        for trouble in troubles[1:]:
            complain(str(trouble))
    if troubles:
        raise troubles[0]


def put(text: str) -> None:
    """Write text to standard output, in UTF-8 whatever the locale says."""
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        sys.stdout.flush()
    except OSError as error:
        error.filename = STDOUT
        raise


def _unwritten(path: str, text: str) -> list[Unwritable]:
    """Write a file; why it could not be written, where it could not."""
    from modellint.files.atomic_write import Unwritable, write

    try:
        write(path, text)
    except Unwritable as trouble:
        return [trouble]
    return []
