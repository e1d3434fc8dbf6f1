"""`modellint resolve`: look up a reference in its registry."""

from __future__ import annotations

import os

from modellint.commands.arguments import UsageError
from modellint.commands.network import access, ask_all
from modellint.commands.table import FAILED
from modellint.oci.image_reference import Image
from modellint.oci.model_reference import Reference
from modellint.oci.query import of_image, of_model
from modellint.report.artifact import as_json, as_text
from modellint.report.complaint import complain
from modellint.report.output import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.commands.arguments import Arguments
    from modellint.oci.query import Query


def run(arguments: Arguments) -> int:
    """Ask about one reference and print the answer; returns the exit code."""
    text = arguments.rest[0]
    request = _image_request(text) if "--image" in arguments.values else _model_request(text)
    answer = ask_all([request], access(arguments, os.environ), details=True)[request]
    if answer.artifact is None:
        complain(f"{request}: {answer.reason}")
        return FAILED
    render = as_json if arguments.last("--format", "text") == "json" else as_text
    put(render(text, request, answer))
    return 0


def _model_request(text: str) -> Query:
    ref = Reference(text)
    request = of_model(ref)
    if request is not None:
        return request
    if ref.kind == "hub":
        raise UsageError(
            f"`{text}` is a model from the Hugging Face Hub, which is not an OCI registry: it has no digest"
        )
    if ref.kind == "local":
        raise UsageError(f"`{text}` is an ID in one machine's local store; use the name of the model")
    raise UsageError(f"`{text}` is not a valid model reference: {ref.problem}")


def _image_request(text: str) -> Query:
    request = of_image(Image(text))
    # The characters of an image's name are those of a model's.
    if request is None or Reference(f"{request.registry}/{request.repository}").kind == "invalid":
        raise UsageError(f"`{text}` is not a valid image reference; write `name:tag` or `name:tag@sha256:…`")
    return request
