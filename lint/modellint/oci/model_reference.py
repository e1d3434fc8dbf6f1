"""A model reference taken apart the way Docker Model Runner takes it apart, not the way an image reference is.

Differences that matter: a name without `/` lies in `ai/`, names are lower-cased, `hf.co/` is the Hugging Face Hub and
no OCI registry, and of `name:tag@sha256:…` the tag is used and the digest is ignored (docker/model-runner,
`pkg/distribution`, since 1.0.11). `tests/test_reference.py` runs the answers of its real code.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    Kind: TypeAlias = Literal["tag", "digest", "hub", "local", "invalid"]

_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz")
_DIGITS = frozenset("0123456789")
_NAME = _LOWER | _DIGITS
_HEX = frozenset("0123456789abcdef")
_WORD = _NAME | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_TAG = _WORD | frozenset(".-")
_HUB = "huggingface.co/"
_ALGORITHMS = {"sha256": 64, "sha384": 96, "sha512": 128}
_LONGEST_NAME = 255  # distribution/reference, NameTotalLengthMax
_LONGEST_TAG = 128


class Reference:
    """A model reference.

    `kind` says what Docker Model Runner asks for: a `tag` or a `digest` of an OCI registry, a file of the Hugging Face
    `hub`, an ID of its `local` store, or nothing, because the reference is `invalid`; `problem` then says why.
    `tag` and `digest` are as written, None where not written; `tag_at` is where the tag's text stands in `text`, and
    `problem_at` where the part stands that is wrong.
    """

    __slots__ = ("digest", "kind", "normal", "problem", "problem_at", "registry", "repository", "tag", "tag_at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.registry = self.repository = ""
        self.tag: str | None = None
        self.digest: str | None = None
        self.tag_at = (0, 0)
        self.normal = _normal(text)
        self.kind: Kind = "invalid"
        self.problem = ""
        self.problem_at = (0, len(text))
        self._take_apart()

    @property
    def name(self) -> str:
        """The reference as written, without tag and digest."""
        return self.text[: self.tag_at[0] - 1] if self.tag is not None else self.text.partition("@")[0]

    @property
    def request(self) -> str:
        """What is asked of the registry: host, repository, and the tag or the digest."""
        place = f"{self.registry}/{self.repository}"
        if self.digest and self.tag is None:
            return f"{place}@{self.digest}"
        tag = self.tag or "latest"
        # The tag of `name:tag@digest` is lower-cased, because Docker Model Runner takes it for a part of the name.
        return f"{place}:{tag.lower() if self.digest else tag}"

    def _take_apart(self) -> None:
        text = self.text.strip()
        offset = self.text.find(text)
        if not text:
            self.problem = "it is empty"
            return
        rest, at, digest = text.partition("@")
        colon = rest.rfind(":")
        if colon > rest.rfind("/"):
            if rest[colon + 1 :] or at:
                self.tag = rest[colon + 1 :]
            self.tag_at = (offset + colon + 1, offset + len(rest))
            rest = rest[:colon]
        self.digest = digest if at else None
        self.registry, self.repository = _place(rest)
        self.problem = self._problem(rest)
        if self.problem:
            return
        if self.registry == "huggingface.co" and text.startswith(("hf.co/", _HUB)):
            self.kind = "hub"
        elif _is_local(text):
            self.kind = "local"
        else:
            self.kind = "digest" if self.digest and self.tag is None else "tag"

    def _problem(self, name: str) -> str:
        if not name:
            return "it has no name"
        end = len(self.text.rstrip())
        if self.digest is not None and (problem := _digest_problem(self.digest)):
            self.problem_at = (end - len(self.digest), end)
            return problem
        if self.tag is not None and not is_tag(self.tag):
            self.problem_at = self.tag_at if self.tag else (self.tag_at[0] - 1, self.tag_at[0])
            return (
                f"the tag `{self.tag}` contains characters that tags cannot contain" if self.tag else "the tag is empty"
            )
        start = self.text.find(name)
        self.problem_at = (start, start + len(name))
        if len(name) == 64 and _HEX.issuperset(name):
            return "a bare image ID cannot be pulled"
        if len(self.registry) + len(self.repository) + 1 > _LONGEST_NAME:
            return f"the name is longer than {_LONGEST_NAME} characters"
        if not _is_host(self.registry):
            return f"`{self.registry}` is not a valid registry host name"
        for part in self.repository.split("/"):
            if not _is_component(part):
                return f"`{part}` is not a valid name component" if part else "a name component is empty"
        return ""


def _normal(text: str) -> str:
    """Docker Model Runner's normal form of a reference (`normalizeModelName`)."""
    text = text.strip()
    if not text:
        return ""
    if text.startswith("hf.co/"):
        text = _HUB + text[len("hf.co/") :]
    if _is_local(text):
        return text
    colon = text.rfind(":")
    if colon > text.rfind("/"):
        name, tag = text[:colon], text[colon + 1 :] or "latest"
    else:
        name, tag = text, "" if "@" in text else "latest"
    if "/" not in name:
        name = f"ai/{name}"
    return f"{name.lower()}:{tag}" if tag else name.lower()


def _is_local(text: str) -> bool:
    return (len(text) in (12, 64) and _HEX.issuperset(text)) or (
        text.startswith("sha256:") and len(text) == 71 and _HEX.issuperset(text[7:])
    )


def _place(name: str) -> tuple[str, str]:
    """Registry and repository of a name, with the defaults of Docker Model Runner."""
    if name.startswith("hf.co/"):
        name = _HUB + name[len("hf.co/") :]
    name = name.lower()
    first, slash, rest = name.partition("/")
    if not slash:
        return "docker.io", f"ai/{name}"
    if "." in first or ":" in first or first == "localhost":
        registry = "docker.io" if first == "index.docker.io" else first
        return registry, f"ai/{rest}" if registry == "docker.io" and "/" not in rest else rest
    return "docker.io", name


def _digest_problem(digest: str) -> str:
    algorithm, colon, value = digest.partition(":")
    length = _ALGORITHMS.get(algorithm)
    if not colon or length is None:
        return f"`{digest}` is not a valid digest; write `sha256:` and 64 hexadecimal digits"
    if len(value) != length or not _HEX.issuperset(value):
        return f"the digest has {len(value)} characters after `{algorithm}:`; it must have {length}, all 0-9 or a-f"
    if algorithm != "sha256":
        return f"a {algorithm} digest cannot be pulled; Docker Model Runner supports only sha256 digests"
    return ""


def is_tag(tag: str) -> bool:
    """Whether a text is one that a tag may have."""
    return 0 < len(tag) <= _LONGEST_TAG and tag[0] in _WORD and _TAG.issuperset(tag)


def _is_host(host: str) -> bool:
    name, colon, port = host.partition(":")
    if colon and not (port and _DIGITS.issuperset(port)):
        return False
    return all(part and _NAME.issuperset(part.replace("-", "")) and part.strip("-") == part for part in name.split("."))


def _is_component(part: str) -> bool:
    """`[a-z0-9]+` joined by `.`, `_`, `__` or any number of `-`."""
    if not part or part[0] not in _NAME or part[-1] not in _NAME:
        return False
    plain = part.replace("__", "_")
    separated = plain.replace("_", ".")
    while "--" in separated:
        separated = separated.replace("--", "-")
    words = separated.replace("-", ".").split(".")
    return all(word and _NAME.issuperset(word) for word in words)
