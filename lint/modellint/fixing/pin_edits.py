"""How a digest is written so that it pins, and how the tag is remembered.

Docker Model Runner honours `name@sha256:…` alone: of a tag and a digest it takes the tag (since 1.0.11). So the tag of
a model moves into a comment behind it, `# 360M-Q4_K_M`, in front of any comment that stands there. Docker takes the
digest of `name:tag@sha256:…`, so that an image keeps its tag.
"""

from __future__ import annotations

from modellint.compose.variables.dotenv import DotenvError, read_dotenv
from modellint.compose.variables.interpolate import InvalidTemplate, variables
from modellint.files.disk import Unreadable
from modellint.oci.image_reference import Image
from modellint.oci.model_reference import Reference, is_tag
from modellint.oci.query import Query, by_digest, by_tag, of_image
from modellint.text.edit import UNSAFE, Edit, Fix
from modellint.text.source import Span
from modellint.yaml.node import Scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.compose.model.project import Project
    from modellint.compose.variables.dotenv import Entry
    from modellint.compose.variables.interpolate import Variable
    from modellint.oci.answers import Facts
    from modellint.text.source import Source

_CLOSERS = frozenset("]}, \t")  # what may stand between a reference and a comment behind it


class Unpinnable(Exception):
    """Why a reference cannot be pinned where it stands, in words that go on after `REFERENCE is not pinned: `."""


class ReferenceSpan:
    """Where the text of a reference stands: in the value itself, in the default of a variable, or in an env file.

    `behind` is the offset from which on a comment may follow.
    """

    __slots__ = ("behind", "source", "span")

    def __init__(self, span: Span, behind: int) -> None:
        self.span = span
        self.source: Source = span.source
        self.behind = behind


def models(project: Project) -> Iterator[tuple[Scalar, Reference]]:
    """The references that a registry, or the Hugging Face Hub, is asked for, each text once."""
    seen: set[int] = set()
    for model in project.all_models():
        node, ref = model.reference, model.ref
        if node is not None and ref is not None and id(node) not in seen and ref.kind in ("tag", "digest", "hub"):
            seen.add(id(node))
            yield node, ref


def images(project: Project) -> Iterator[Scalar]:
    """The images that Docker pulls, each text once: not those that the project builds or expects to be there."""
    built = {
        str(service.image.value) for service in project.services.values() if "build" in service.body and service.image
    }
    seen: set[int] = set()
    for service in project.services.values():
        node = service.image
        if node is None or not isinstance(node.value, str) or not node.value.strip() or id(node) in seen:
            continue
        policy = service.body.get("pull_policy")
        local = isinstance(policy, Scalar) and policy.value in ("never", "build")
        if "build" not in service.body and node.value not in built and not local:
            seen.add(id(node))
            yield node


def called(node: Scalar, request: Query | None) -> str:
    """A reference for a message, with the registry that was asked: as written where a variable is filled in."""
    if request is None or request.discloses or (node.has_variable and node.shown.startswith(f"{request.registry}/")):
        return f"`{node.shown}`"
    return f"`{node.shown}` from {request.registry}" if node.has_variable else f"`{request}`"


def place(node: Scalar, project: Project) -> ReferenceSpan:
    """Where the text of a reference stands; raises `Unpinnable` where it cannot be replaced."""
    if node.content.text != node.text or "\n" in node.span.text:
        raise Unpinnable("it uses escapes or spans several lines; write it as plain text on one line")
    return _in_text(node.text, 0, node, project)


def remembered(where: ReferenceSpan) -> str:
    """The tag in the comment behind a reference; empty where there is none."""
    first = _comment(where)[1].partition(" #")[0].strip()
    return first if is_tag(first) else ""


def model_requests(node: Scalar, ref: Reference, project: Project) -> list[Query]:
    """What has to be asked to pin a model, and to say whether its pin is stale."""
    if ref.kind not in ("tag", "digest"):
        return []
    asked = [by_digest(ref) if ref.digest else by_tag(ref)]
    if ref.kind == "digest":
        asked.append(_remembered_request(node, ref, project))
    return [request for request in asked if request is not None]


def image_requests(image: Image) -> list[Query]:
    """What has to be asked to pin an image, and to say whether its pin is stale."""
    request = of_image(image, pinned=False) if image.tag or not image.digest else None
    return [request] if request is not None else []


def model_fix(node: Scalar, ref: Reference, project: Project, facts: Facts) -> Fix | None:
    """What pins a model that is not pinned; None where nothing was asked. Raises `Unpinnable`."""
    if ref.kind != "tag":
        return None
    answer = facts.answer(by_digest(ref) if ref.digest else by_tag(ref))
    if answer is None:
        return None
    if answer.artifact is None:
        raise Unpinnable(answer.reason)
    if answer.artifact.problem:
        raise Unpinnable(answer.artifact.problem)
    return pin_model(place(node, project), answer.artifact.digest)


def image_fix(node: Scalar, project: Project, facts: Facts) -> Fix | None:
    """What pins an image that is not pinned; None where nothing was asked. Raises `Unpinnable`."""
    image = Image(str(node.value))
    answer = facts.answer(of_image(image)) if image.digest is None else None
    if answer is None:
        return None
    if answer.artifact is None:
        raise Unpinnable(answer.reason)
    if answer.artifact.kind not in ("image", "index"):
        raise Unpinnable("it is not a container image")
    return _pin_image(place(node, project), answer.artifact.digest)


def moved_model(node: Scalar, ref: Reference, project: Project, facts: Facts) -> tuple[str, Fix] | None:
    """What is wrong with a pin, and what moves it, where the tag that it remembers points elsewhere now."""
    request = _remembered_request(node, ref, project) if ref.kind == "digest" else None
    artifact = facts.artifact(request)
    if request is None or artifact is None or artifact.digest == ref.digest or artifact.problem:
        return None
    return _moved(node, request), _move(place(node, project), artifact.digest)


def moved_image(node: Scalar, project: Project, facts: Facts) -> tuple[str, Fix | None] | None:
    """What is wrong with the pin of an image, and what moves it, where its tag points elsewhere now."""
    image = Image(str(node.value))
    request = of_image(image, pinned=False) if image.digest and image.tag else None
    artifact = facts.artifact(request)
    if request is None or artifact is None or artifact.kind not in ("image", "index"):
        return None
    if image.digest == artifact.digest or image.digest in artifact.manifests:
        return None
    try:
        return _moved(node, request), _move(place(node, project), artifact.digest)
    except Unpinnable:
        return _moved(node, request), None


def _moved(node: Scalar, request: Query) -> str:
    name = node.shown if node.has_variable else f"{request.registry}/{request.repository}"
    return f"the tag `{request.tag}` of `{name}` now points to a different digest"


def shown(fix: Fix | None) -> Fix | None:
    """A fix that may stand in a report: none that would show a part of what an env file says."""
    return fix if fix is not None and not any(edit.span.source.private for edit in fix.edits) else None


def _remembered_request(node: Scalar, ref: Reference, project: Project) -> Query | None:
    try:
        tag = remembered(place(node, project))
    except Unpinnable:
        return None
    return by_tag(ref, tag) if tag else None


def pin_model(where: ReferenceSpan, digest: str) -> Fix:
    """Replace the tag of a model by a digest, and remember it."""
    ref = Reference(where.span.text)
    start = len(ref.name)
    edits = [Edit(Span(where.source, where.span.start + start, where.span.end), f"@{digest}")]
    tag = ref.tag or "latest"
    if (kept := _remember(where, tag)) is not None:
        edits += kept
        return Fix("pin by digest, and keep the tag in a comment", edits, UNSAFE)
    return Fix("pin by digest", edits, UNSAFE)


def _pin_image(where: ReferenceSpan, digest: str) -> Fix:
    """Add a digest behind the tag."""
    image = Image(where.span.text)
    end = where.span.start + len(where.span.text.rstrip())
    tag = "" if image.tag else ":latest"
    return Fix("pin by digest", [Edit(Span(where.source, end, end), f"{tag}@{digest}")], UNSAFE)


def _move(where: ReferenceSpan, digest: str) -> Fix:
    """Replace the digest by another one."""
    at = where.span.text.rindex("@") + 1
    edit = Edit(Span(where.source, where.span.start + at, where.span.end), digest)
    return Fix("update the pin to the current digest of the tag", [edit], UNSAFE)


def _in_text(text: str, at: int, node: Scalar, project: Project) -> ReferenceSpan:
    """The place of a part of a node's text that begins at an offset of it."""
    try:
        found = variables(text)
    except InvalidTemplate:
        raise Unpinnable("its variables are malformed") from None
    if not found:
        if "$" in text:
            raise Unpinnable("it contains a `$`, which names cannot contain")
        start = node.content.start + at
        return ReferenceSpan(Span(node.source, start, start + len(text)), node.end)
    variable = found[0]
    if (variable.start, variable.end) != (0, len(text)):
        raise Unpinnable("only part of it comes from a variable; put the whole reference in the variable")
    value = project.environment.get(variable.name)
    if value or (value is not None and not variable.operator.startswith(":")):
        return _in_env_file(variable, node, project)
    if variable.operator not in (":-", "-"):
        raise Unpinnable(f"`{variable.name}` has no value or default here")
    return _in_text(variable.operand, at + variable.end - 1 - len(variable.operand), node, project)


def _in_env_file(variable: Variable, node: Scalar, project: Project) -> ReferenceSpan:
    name = variable.name
    if variable.operator.endswith("+"):
        raise Unpinnable(f"it is the operand of `{variable.operator}`; write the reference without a condition")
    if name in project.shell:
        raise Unpinnable(f"`{name}` comes from the shell; pin it where it is set")
    entries = [entry for path in project.env_files for entry in _entries(path, project) if entry.name == name]
    if len(entries) != 1 or entries[0].written is None or entries[0].written.text != node.value:
        raise Unpinnable(f"`{name}` is assembled in more than one place; put the whole reference in one env file")
    other = next((each for each in project.variables if each.name == name and not _is_reference(each, project)), None)
    if other is not None:
        line, column = other.span.first
        raise Unpinnable(
            f"`{name}` is also used at {other.span.source.path}:{line}:{column}, but not for a model or "
            "image; use a separate variable there"
        )
    written = entries[0].written
    quoted = written.source.text[written.end : written.end + 1] in ("'", '"')
    return ReferenceSpan(written, written.end + quoted)


def _entries(path: str, project: Project) -> list[Entry]:
    try:
        return read_dotenv(project.reader.read(path, private=True), project.shell)
    except (DotenvError, Unreadable):
        return []


def _is_reference(variable: Variable, project: Project) -> bool:
    """Whether a variable is all of a model's reference or of an image."""
    node = variable.scalar
    if node is None or (variable.start, variable.end) != (0, len(node.text)):
        return False
    named = [model.reference for model in project.all_models()]
    return any(each is node for each in (*named, *(service.image for service in project.services.values())))


def _comment(where: ReferenceSpan) -> tuple[int, str]:
    """Where the rest of the line ends in front of a comment, and the comment's text.

    The offset is -1 where something else stands between.
    """
    source = where.source
    row = source.position(where.behind)[0]
    start = where.behind
    rest = source.line(row)[start - source.line_starts()[row - 1] :]
    before, mark, comment = rest.partition("#")
    if not _CLOSERS.issuperset(before) or (mark and before and before[-1] not in " \t") or (mark and not before):
        return -1, ""
    return start + len(before.rstrip(" \t")), comment


def _remember(where: ReferenceSpan, tag: str) -> list[Edit] | None:
    """The edits that put a tag into a comment; None where none can stand there."""
    at, _ = _comment(where)
    if at < 0:
        return None
    if remembered(where) == tag:
        return []
    return [Edit(Span(where.source, at, at), f" # {tag}")]
