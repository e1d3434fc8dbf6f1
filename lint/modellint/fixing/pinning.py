"""Which references of a project are pinned, and which are not and why: what `fix --pin` does, and `--online` asks."""

from __future__ import annotations

from modellint.fixing.pin_edits import (
    Unpinnable,
    called,
    image_fix,
    image_requests,
    images,
    model_fix,
    model_requests,
    models,
    moved_image,
    moved_model,
)
from modellint.oci.image_reference import Image
from modellint.oci.query import by_digest, by_tag, of_image
from modellint.secrets.disclosure import disclosed
from modellint.text.finding import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.compose.model.project import Project
    from modellint.oci.answers import Facts
    from modellint.oci.query import Query
    from modellint.text.edit import Fix
    from modellint.yaml.node import Scalar

PINNED_BY = ("unpinned-model", "unpinned-image", "ignored-digest")  # the rules that a pin satisfies
MOVED_BY = "stale-pin"


class Pins:
    """What there is to pin in a project: `found` with a fix, `stale` with one that moves a pin, and what `failed`."""

    __slots__ = ("failed", "found", "stale")

    def __init__(self) -> None:
        self.found: list[Finding] = []
        self.stale: list[Finding] = []
        self.failed: list[Finding] = []  # the message says why


def requests(project: Project, *, all_images: bool) -> Iterator[tuple[Scalar, Query]]:
    """What has to be asked about the models of a project, and about its images: all, or only those that have a pin."""
    for node, ref in models(project):
        for request in model_requests(node, ref, project):
            request.discloses = disclosed(str(node.value), project.environment)
            yield node, request
    for node in images(project):
        image = Image(str(node.value))
        if all_images or image.digest:
            for request in image_requests(image):
                request.discloses = disclosed(str(node.value), project.environment)
                yield node, request


def pins(project: Project, facts: Facts) -> Pins:
    """What to pin, what to move, and what cannot be pinned, each text once however many aliases use it."""
    pins = Pins()
    for node, ref in models(project):
        rule = "ignored-digest" if ref.tag is not None and ref.digest else "unpinned-model"
        if ref.kind == "hub":
            reason = "models from the Hugging Face Hub have no digest to pin; mirror the model to an OCI registry"
            _fail(pins, node, "unpinnable-model", None, reason, project)
            continue
        try:
            fix = model_fix(node, ref, project, facts)
        except Unpinnable as reason:
            _fail(pins, node, rule, by_digest(ref) if ref.digest else by_tag(ref), str(reason), project)
            continue
        if fix is not None:
            _add(pins.found, node, rule, fix.title, fix)
        elif (moved := moved_model(node, ref, project, facts)) is not None:
            _add(pins.stale, node, MOVED_BY, *moved)
    for node in images(project):
        _image(pins, node, project, facts)
    return pins


def _image(pins: Pins, node: Scalar, project: Project, facts: Facts) -> None:
    try:
        fix = image_fix(node, project, facts)
    except Unpinnable as reason:
        _fail(pins, node, "unpinned-image", of_image(Image(str(node.value))), str(reason), project)
        return
    if fix is not None:
        _add(pins.found, node, "unpinned-image", fix.title, fix)
    elif (moved := moved_image(node, project, facts)) is not None:
        _add(pins.stale, node, MOVED_BY, *moved)


def _fail(pins: Pins, node: Scalar, rule: str, request: Query | None, reason: str, project: Project) -> None:
    if request is not None:
        request.discloses = disclosed(str(node.value), project.environment)
    _add(pins.failed, node, rule, f"{called(node, request)} is not pinned: {reason}")


def _add(findings: list[Finding], node: Scalar, rule: str, message: str, fix: Fix | None = None) -> None:
    findings.append(Finding(node.content, message, fix, rule=rule))
