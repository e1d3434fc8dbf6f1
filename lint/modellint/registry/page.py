"""What is kept of a repository: which digest a tag had, and the documents themselves, as a registry sent them.

Nothing that was concluded from a document is kept: what lies under a digest is hashed again when it is read, and read
again. A page is text in lines of fields; a document is the last field of its line.
"""

from __future__ import annotations

from modellint.oci.artifact import licence_name, read_config, read_manifest
from modellint.registry.light import digest_of, parse
from modellint.registry.names import is_digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeVar

    from modellint.oci.artifact import Artifact

    _T = TypeVar("_T")

LARGEST = 1 << 22  # bytes of a page
LARGEST_LICENCE = 1 << 16  # bytes of a licence's text
_HEAD = b"modellint registry cache 2"
_MOST = 400  # tags and artifacts of a repository that are kept, the newest
# What means something in a page, in the order in which it is written as something else.
_ESCAPES = ((b"%", b"%25"), (b"\n", b"%0a"), (b"\t", b"%09"))


class CachePage:
    """Digest and time by tag; time and the digests of documents by the digest of an artifact; documents by digest.

    Times are in seconds since 1970. Documents are as the page has them: not hashed yet, and escaped.
    """

    __slots__ = ("artifacts", "documents", "tags")

    def __init__(self) -> None:
        self.tags: dict[str, tuple[str, float]] = {}
        self.artifacts: dict[str, tuple[list[str], float]] = {}
        self.documents: dict[str, bytes] = {}

    def artifact(self, digest: str, details: bool) -> Artifact | None:
        """The artifact of a digest, if all documents that describe it are here and are what their digests say."""
        try:
            artifact = read_manifest(parse(self._document(digest)), digest)
            if details and artifact.kind == "model":
                read_config(artifact, parse(self._document(artifact.config[0])))
                if licence := licence_digest(artifact):
                    add_licence(artifact, self._document(licence))
        except (KeyError, ValueError, RecursionError):  # also an `artifact.NotAManifest`
            return None
        return artifact

    def add(self, artifact: Artifact, asked: float, documents: Mapping[str, bytes]) -> None:
        """Add an artifact with those of the documents that describe it; it stays out where its manifest is missing."""
        described = (artifact.digest, artifact.config[0], artifact.license_layer[0])
        for digest in described:
            if digest in documents:
                self.documents[digest] = _escaped(documents[digest])
        if artifact.digest in self.documents:
            self.artifacts[artifact.digest] = [each for each in described if each in self.documents], asked

    def _document(self, digest: str) -> bytes:
        """The bytes of a document; raises `KeyError`, or `ValueError` where they are others than it says."""
        data = _unescaped(self.documents[digest])
        if digest_of(data) != digest:
            raise ValueError(digest)
        return data

    def to_bytes(self) -> bytes:
        """The page as it is written: what was asked last, as much as there is room for."""
        lines = [_HEAD]
        lines += [
            _line("tag", asked, _escaped(tag.encode()).decode(), digest) for tag, (digest, asked) in _newest(self.tags)
        ]
        size = sum(map(len, lines)) + len(lines)
        kept: dict[bytes, None] = {}
        for digest, (described, asked) in _newest(self.artifacts):
            new = [_line("artifact", asked, digest, *described)]
            new += [b"\t".join((b"document", each.encode(), self.documents[each])) for each in described]
            size += sum(len(line) + 1 for line in new if line not in kept)
            if size > LARGEST:
                break
            kept |= dict.fromkeys(new)
        return b"\n".join([*lines, *kept, b""])


def from_bytes(data: bytes) -> CachePage:
    """The page that was written so; raises `ValueError`."""
    head, *lines, end = data.split(b"\n")
    if head != _HEAD or end:
        raise ValueError("head")
    page = CachePage()
    for line in lines:
        what, first, second, *more = line.split(b"\t")
        if what == b"tag":
            (digest,) = more
            page.tags[_unescaped(second).decode()] = _digest(digest), float(first)
        elif what == b"artifact":
            page.artifacts[_digest(second)] = [_digest(each) for each in more], float(first)
        elif what == b"document" and not more:
            page.documents[_digest(first)] = second
        else:
            raise ValueError("line")
    if not all(each in page.documents for described, _ in page.artifacts.values() for each in described):
        raise ValueError("document")
    return page


def licence_digest(artifact: Artifact) -> str:
    """The digest of a licence's text that says what the config does not; empty where there is none to be read."""
    digest, size = artifact.license_layer
    return digest if not artifact.licenses and is_digest(digest) and 0 < size <= LARGEST_LICENCE else ""


def add_licence(artifact: Artifact, text: bytes | bytearray) -> None:
    """Add the name of the licence whose text this is, if it is known."""
    if name := licence_name(text.decode(errors="replace")):
        artifact.licenses = [name]


def _newest(table: Mapping[str, tuple[_T, float]]) -> list[tuple[str, tuple[_T, float]]]:
    return sorted(table.items(), key=lambda item: item[1][1], reverse=True)[:_MOST]


def _line(what: str, asked: float, *fields: str) -> bytes:
    return "\t".join((what, repr(asked), *fields)).encode()


def _digest(text: bytes) -> str:
    digest = text.decode()
    if not is_digest(digest):
        raise ValueError("digest")
    return digest


def _escaped(data: bytes) -> bytes:
    for plain, written in _ESCAPES:
        data = data.replace(plain, written)
    return data


def _unescaped(data: bytes) -> bytes:
    for plain, written in reversed(_ESCAPES):
        data = data.replace(written, plain)
    return data
