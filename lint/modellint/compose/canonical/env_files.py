"""Variables and labels that a service takes from files."""

from __future__ import annotations

from modellint.compose.variables.dotenv import DotenvError, read_dotenv, read_raw
from modellint.files import disk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from modellint.compose.variables.dotenv import Entry
    from modellint.files.reader import Reader


def variables_of(
    env_files: Iterable[dict[str, Any]], own: Mapping[str, str | None], environment: Mapping[str, str], reader: Reader
) -> dict[str, str]:
    """The variables of env files in the long form, later files over earlier ones.

    What stands in them may refer to the service's `own` variables and to the environment, and where these have no
    such name, to the same file's and to those of earlier files. A file that cannot be read gives none.
    """
    found: dict[str, str] = {}
    known = {**environment, **{name: value for name, value in own.items() if value is not None}}
    for file in env_files:
        found.update(_values(file.get("path", ""), known, found, reader, raw=file.get("format") == "raw"))
    return found


def labels_of(paths: Iterable[str], reader: Reader) -> dict[str, str]:
    """The labels of label files, later files over earlier ones. They refer to earlier labels and to nothing else."""
    found: dict[str, str] = {}
    for path in paths:
        found.update(_values(path, {}, found, reader, raw=False))
    return found


def _values(
    path: str, known: Mapping[str, str], earlier: Mapping[str, str], reader: Reader, raw: bool
) -> dict[str, str]:
    entries: list[Entry]
    try:
        source = reader.read_settings(path)
        entries = read_raw(source, known) if raw else read_dotenv(source, known, wins=False, earlier=earlier)
    except (disk.Unreadable, DotenvError):
        return {}
    return {entry.name: entry.value for entry in entries if entry.value is not None}
