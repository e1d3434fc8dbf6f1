"""Queries to an OCI registry for a model or an image of a project."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.oci.image_reference import Image
    from modellint.oci.model_reference import Reference


class Query:
    """A repository, and a tag or a digest in it. Equal requests are asked once.

    `registry` is the host as a reference names it (`docker.io`, `localhost:5000`), in lower case. Exactly one of `tag`
    and `digest` is not empty; a digest is `sha256:` and 64 hexadecimal digits. `discloses` is the variable whose secret
    it would tell; such a request is made to nobody.
    """

    __slots__ = ("digest", "discloses", "registry", "repository", "tag")

    def __init__(self, registry: str, repository: str, tag: str = "", digest: str = "") -> None:
        self.registry = registry
        self.repository = repository
        self.tag = tag
        self.digest = digest
        self.discloses = ""

    def __str__(self) -> str:
        want = f":{self.tag}" if self.tag else f"@{self.digest}"
        return f"{self.registry}/{self.repository}{want}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Query) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __repr__(self) -> str:
        return f"Request({self})"


def by_tag(ref: Reference, tag: str = "") -> Query:
    """What asks for a model's tag: the given one, else the one that Docker Model Runner would ask for."""
    if not tag:
        tag = ref.tag or "latest"
        # Docker Model Runner takes the tag of `name:tag@digest` for a part of the name, which it lower-cases.
        tag = tag.lower() if ref.digest else tag
    return Query(ref.registry, ref.repository, tag)


def by_digest(ref: Reference) -> Query | None:
    """What asks for a model's digest, if it has one that can be asked for."""
    digest = _pullable(ref.digest)
    return Query(ref.registry, ref.repository, digest=digest) if digest else None


def of_model(ref: Reference) -> Query | None:
    """What Docker Model Runner asks a registry for, if it asks one."""
    if ref.kind == "tag":
        return by_tag(ref)
    return by_digest(ref) if ref.kind == "digest" else None


def of_image(image: Image, pinned: bool = True) -> Query | None:
    """What Docker asks a registry for: the digest of an image that has one, unless `pinned` is False."""
    registry, _, repository = image.name.partition("/")
    if not registry or not repository:
        return None
    if image.digest is not None and pinned:
        digest = _pullable(image.digest)
        return Query(registry, repository, digest=digest) if digest else None
    return Query(registry, repository, image.tag or "latest")


def _pullable(digest: str | None) -> str:
    """A digest that a registry may be asked for, or nothing."""
    return digest if digest and digest.startswith("sha256:") and len(digest) == 71 else ""
