"""The answer of a registry about a reference: a table for people, an object for programs."""

from __future__ import annotations

import json
import time

from modellint.oci.artifact import memory, to_table
from modellint.report.printable import printable
from modellint.text.sizes import binary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.oci.answers import RegistryAnswer
    from modellint.oci.artifact import Artifact
    from modellint.oci.query import Query

_DAY = 86_400  # seconds
_KINDS = {"model": "model", "image": "container image", "index": "index", "other": "something else"}


def as_text(text: str, request: Query, answer: RegistryAnswer) -> str:
    """Two columns; what is not known is left out."""
    artifact = answer.artifact
    assert artifact is not None
    rows = [("reference", text), ("request", str(request)), ("digest", artifact.digest), *_rows(artifact)]
    if answer.cached:
        rows.append(("answered", f"{_age(time.time() - answer.asked)} ago, from the cache"))
    shown = [(name, value) for name, value in rows if value]
    width = max(len(name) for name, _ in shown)
    return "".join(f"{name:{width}}  {printable(value)}\n" for name, value in shown)


def as_json(text: str, request: Query, answer: RegistryAnswer) -> str:
    """One object. Sizes are bytes, contexts tokens, times seconds since 1970; what is not known is empty or 0."""
    artifact = answer.artifact
    assert artifact is not None
    table = to_table(artifact)
    for name in ("config", "license_layer", "cache"):
        table.pop(name)
    table["cache_bytes_per_token"] = artifact.cache
    whole = {"version": 1, "reference": text, "request": str(request), **table}
    return json.dumps({**whole, "asked": int(answer.asked), "cached": answer.cached}, indent=2) + "\n"


def _rows(artifact: Artifact) -> list[tuple[str, str]]:
    context = f"{artifact.context} tokens" if artifact.context else ""
    if not context and artifact.packed_context:
        context = f"{artifact.packed_context} tokens, according to its packager"
    needs = memory(artifact, artifact.context or artifact.packed_context)
    return [
        ("kind", _KINDS[artifact.kind]),
        ("manifests", str(len(artifact.manifests)) if artifact.manifests else ""),
        ("problem", artifact.problem if artifact.kind == "model" else ""),
        ("size", binary(artifact.size) if artifact.size else ""),
        ("format", artifact.format),
        ("quantization", artifact.quantization),
        ("parameters", artifact.parameters),
        ("architecture", artifact.architecture + (", for embeddings" if artifact.embedding else "")),
        ("context", context),
        ("memory", f"at least {binary(needs)} with its full context" if needs and artifact.cache else ""),
        ("license", ", ".join(artifact.licenses)),
        ("created", _created(artifact.created)),
    ]


def _created(text: str) -> str:
    """A time as the artifact gives it, and how long ago that was."""
    try:
        then = time.mktime(time.strptime(text[:10], "%Y-%m-%d"))
    except (ValueError, OverflowError):
        return text
    return f"{text}, {_age(time.time() - then)} ago" if then < time.time() else text


def _age(seconds: float) -> str:
    for size, noun in ((365 * _DAY, "year"), (_DAY, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
    return "less than a minute"
