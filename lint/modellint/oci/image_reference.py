"""A container image's reference taken apart the way Docker takes it apart: not the way of a model reference."""

from __future__ import annotations


class Image:
    """An image reference. `name` is fully qualified: `redis` is `docker.io/library/redis`.

    `tag` and `digest` are None where not written; `tag_at` is where the tag's text stands in `text`.
    """

    __slots__ = ("digest", "name", "tag", "tag_at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        rest, at, digest = text.partition("@")
        self.digest = digest if at else None
        self.tag: str | None = None
        self.tag_at = (0, 0)
        colon = rest.rfind(":")
        if colon > rest.rfind("/"):
            self.tag = rest[colon + 1 :]
            self.tag_at = (colon + 1, len(rest))
            rest = rest[:colon]
        self.name = _qualified(rest.strip())


def _qualified(name: str) -> str:
    first, slash, rest = name.partition("/")
    if not slash:
        return f"docker.io/library/{name}"
    if "." in first or ":" in first or first == "localhost":
        if first not in ("docker.io", "index.docker.io", "registry-1.docker.io"):
            return name
        return f"docker.io/{rest}" if "/" in rest else f"docker.io/library/{rest}"
    return f"docker.io/{name}"
