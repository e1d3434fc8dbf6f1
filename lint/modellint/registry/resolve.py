"""From a request to an artifact. Every byte that counts is hashed here; no digest is taken from a header."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from modellint.oci.artifact import read_config, read_manifest
from modellint.registry import json_documents
from modellint.registry.failure import Failure, of_status
from modellint.registry.names import is_digest
from modellint.registry.page import LARGEST_LICENCE, add_licence, licence_digest

if TYPE_CHECKING:
    from modellint.oci.artifact import Artifact
    from modellint.oci.query import Query
    from modellint.registry.cache import Cache
    from modellint.registry.client import Client
    from modellint.registry.deadline import Deadline
    from modellint.registry.transport import RegistryReply

_DIGEST_HEADER = "Docker-Content-Digest"
_LARGEST_CONFIG = 1 << 23


def resolve(request: Query, client: Client, budget: Deadline, details: bool, cache: Cache) -> Artifact:
    """The artifact that a registry has; raises `Failure`.

    A tag is asked with HEAD first, which Docker Hub does not count. The digest that it names is a question, no answer:
    either the cache has the documents of it, or the manifest of this digest is fetched and hashed.
    """
    if request.digest:
        return _fetch(request, client, request.digest, request.digest, budget, details, cache)
    head = client.manifest(request.tag, budget, "HEAD")
    if head.status in (403, 404, 429):
        raise of_status(head.status, request.registry)
    named = head.headers.get(_DIGEST_HEADER) if head.status == 200 else None
    if named is None or not is_digest(named):
        return _fetch(request, client, request.tag, "", budget, details, cache)
    known = cache.artifact(request, named, details)
    return known or _fetch(request, client, named, named, budget, details, cache)


def _fetch(
    request: Query, client: Client, reference: str, digest: str, budget: Deadline, details: bool, cache: Cache
) -> Artifact:
    """Fetch a manifest, which must have the given digest if there is one, and what else is to be known."""
    reply = _successful(client.manifest(reference, budget), request)
    found = _digest(reply)
    named = reply.headers.get(_DIGEST_HEADER)
    if (digest and found != digest) or (named is not None and named != found):
        raise Failure("digest-mismatch", "the manifest from the registry does not match its digest")
    cache.keep_document(found, reply.body)
    artifact = json_documents.read(reply.body, lambda document: read_manifest(document, found), client.room, budget)
    if details and artifact.kind == "model":
        _add_config(request, client, artifact, budget, cache)
        _add_licence(client, artifact, budget, cache)
    return artifact


def _add_config(request: Query, client: Client, artifact: Artifact, budget: Deadline, cache: Cache) -> None:
    digest, size = artifact.config
    if not is_digest(digest):
        raise Failure("not-a-manifest", "the manifest has no config that can be downloaded")
    if size > _LARGEST_CONFIG:
        raise Failure("too-big", f"the config exceeds the limit of {_LARGEST_CONFIG:,} bytes")
    reply = _successful(client.blob(digest, budget, _LARGEST_CONFIG), request)
    if _digest(reply) != digest:
        raise Failure("digest-mismatch", "the config from the registry does not match the manifest")
    cache.keep_document(digest, reply.body)
    json_documents.read(reply.body, lambda document: read_config(artifact, document), client.room, budget)


def _add_licence(client: Client, artifact: Artifact, budget: Deadline, cache: Cache) -> None:
    """Add the name of the licence whose text comes with the model, if it is there and known."""
    digest = licence_digest(artifact)
    if not digest:
        return
    reply = client.blob(digest, budget, LARGEST_LICENCE)
    if reply.status != 200:
        return
    if _digest(reply) != digest:
        raise Failure("digest-mismatch", "the license from the registry does not match the manifest")
    cache.keep_document(digest, reply.body)
    add_licence(artifact, reply.body)


def _successful(reply: RegistryReply, request: Query) -> RegistryReply:
    if reply.status != 200:
        raise of_status(reply.status, request.registry)
    return reply


def _digest(reply: RegistryReply) -> str:
    return "sha256:" + hashlib.sha256(reply.body).hexdigest()
