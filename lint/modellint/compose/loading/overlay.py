"""An overlay, merged over the file that it belongs to. Imported only if there is one."""

from __future__ import annotations

import os

from modellint.compose.loading.load import load_project
from modellint.compose.loading.selection import Selection, with_override
from modellint.compose.loading.session import distinct
from modellint.compose.schema.validate import violations
from modellint.compose.schema.violation import Violation
from modellint.files import disk
from modellint.yaml.node import Mapping
from modellint.yaml.parse import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.compose.model.project import Project
    from modellint.files.reader import Reader

_ELSEWHERE = frozenset(("include", "extends"))  # kinds of violations: a part of the project could not be read


def over_base(project: Project, selection: Selection) -> Project | None:
    """The project of an overlay and its evident base, the default file beside it; None where there is none.

    The base is a guess unless Compose itself lays the overlay over it: other overlays in the folder may belong to the
    same project, and then what is absent proves nothing.
    """
    path = selection.files[0]
    base = base_of(path, selection.reader)
    if not base or project.root is None or not lacks_base(project):
        return None
    try:
        merged = load_project(_laid_over(selection, base))
    except disk.Unreadable:
        return None
    beside = [] if path in with_override(base, selection.reader.exists) else siblings(path)
    if beside:
        merged.whole = False
    # What base and overlay both get wrong is reported in the base.
    own = (violation for violation in violations(project.root) if violation.kind != "required")
    unknown = _unknown_services(merged, path, base, beside, selection.reader)
    merged.violations = distinct([*merged.violations, *own, *unknown])
    return merged


def lacks_base(project: Project) -> bool:
    """Whether a file is in order as far as it goes, and says of no service, or not of every one, what runs."""
    runs = [service.runs for service in project.services.values()]
    return all(file.whole for file in project.files) and not all(runs or [False])


def base_of(path: str, reader: Reader) -> str:
    """The default file that an overlay (`compose.gpu.yaml`, `x.override.yml`) lies beside; empty without one."""
    if not is_overlay_name(os.path.basename(path)):
        return ""
    return disk.first_of(disk.DEFAULT_NAMES, os.path.dirname(path), reader.exists)


def siblings(path: str) -> list[str]:
    """The other overlays in the folder of a file; none for standard input."""
    if not os.path.isfile(path):
        return []
    folder, own = os.path.split(path)
    names = (name for name in os.listdir(folder or ".") if name != own and is_overlay_name(name))
    return sorted(os.path.join(folder, name) for name in names)


def is_overlay_name(name: str) -> bool:
    """Whether a file's name says that it is laid over another."""
    stem, dot, ending = name.rpartition(".")
    head, _, what = stem.partition(".")
    named = head in ("compose", "docker-compose") or stem.endswith(".override")
    return bool(dot and what) and ending in ("yaml", "yml") and named


def _laid_over(selection: Selection, base: str) -> Selection:
    merged = Selection(
        [base, *selection.files], selection.folder, selection.environment, selection.profiles, selection.features
    )
    merged.name, merged.named, merged.refused = selection.name, selection.named, selection.refused
    merged.reader, merged.shell, merged.env_sources = selection.reader, selection.shell, selection.env_sources
    return merged


def _unknown_services(merged: Project, path: str, base: str, beside: list[str], reader: Reader) -> Iterator[Violation]:
    """The services that an overlay changes and nobody declares."""
    if any(violation.kind in _ELSEWHERE for violation in merged.violations):
        return
    for service in merged.services.values():
        name = service.name
        if service.runs or name.source.path != path or any(_declares(other, name.text, reader) for other in beside):
            continue
        message = (
            f"`{name.text}` is not a service of `{os.path.basename(base)}`, and has no `image` or `build` "
            "here: Compose rejects the project when it merges the two files"
        )
        hint = "rename or remove it, or add `image` or `build`"
        yield Violation(name.content, service.body, "required", ("services", name.text), message, hint)


def _declares(path: str, name: str, reader: Reader) -> bool:
    """Whether a file says what a service runs."""
    return any("image" in body or "build" in body for each, body in service_texts(path, reader) if each == name)


def service_texts(path: str, reader: Reader) -> list[tuple[str, Mapping]]:
    """The services of a file as it is written, with nothing laid over it; none where it cannot be read."""
    if disk.strays(path):
        return []
    try:
        documents = parse(reader.read_compose(path)).documents
    except disk.Unreadable:
        return []
    sections = [document.get("services") for document in documents if isinstance(document, Mapping)]
    return [
        (name.text, body)
        for section in sections
        if isinstance(section, Mapping)
        for name, body in section
        if isinstance(body, Mapping)
    ]
