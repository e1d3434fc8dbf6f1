"""The texts of a service in which an endpoint may stand: variables, arguments, labels, configs; and its commands."""

from __future__ import annotations

from modellint.compose.model.mounts import CONFIG
from modellint.compose.model.project import settings
from modellint.text.finding import Related
from modellint.yaml.node import Scalar, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Literal, TypeAlias

    from modellint.compose.model.project import Project, Service, Setting
    from modellint.text.source import Span

    Kind: TypeAlias = Literal["variable", "env file", "build argument", "label", "command", "config", "dockerfile"]


class Text:
    """A text, and where it stands. `name` is the variable, argument or label that it is the value of, or empty.

    `node` is the value in the Compose file that holds it, None where another file does; that place is the `origin`.
    """

    __slots__ = ("kind", "locate", "name", "node", "origin", "value")

    def __init__(
        self,
        kind: Kind,
        name: str,
        value: str,
        locate: Callable[[int, int], Span],
        node: Scalar | None,
        origin: tuple[Related, ...] = (),
    ) -> None:
        self.kind: Kind = kind
        self.name = name
        self.value = value
        self.locate = locate  # where `value[start:end]` stands in the Compose file
        self.node = node
        self.origin = origin

    @property
    def is_written(self) -> bool:
        """Whether the value stands in the Compose file as it is, so that a message may show it."""
        return self.node is not None and not self.node.has_variable


def texts(service: Service, project: Project) -> list[Text]:
    """Every text of a service that is not empty, in the order of the sections here."""
    return [text for text in _texts(service, project) if text.value]


def of_setting(kind: Kind, setting: Setting) -> Text:
    """The value of a variable, an argument or a label."""
    origin = (Related(setting.span, f"`{setting.name}` is set here"),) if setting.node is None else ()
    return Text(kind, setting.name, setting.value or "", setting.locate, setting.node, origin)


def of_scalar(kind: Kind, scalar: Scalar, name: str = "") -> Text:
    """A value of the Compose file."""
    return Text(kind, name, text_of(scalar) or "", scalar.locate, scalar)


def _texts(service: Service, project: Project) -> Iterator[Text]:
    for setting in service.environment.values():
        yield of_setting("variable" if setting.node is not None else "env file", setting)
    body = service.body
    for setting in settings(body.get("build", "args")):
        yield of_setting("build argument", setting)
    for setting in settings(body.get("labels")):
        yield of_setting("label", setting)
    for name in [mount.source for mount in service.mounts if mount.kind == CONFIG]:
        content = project.root.get("configs", name, "content") if project.root is not None else None
        if isinstance(content, Scalar):
            text = _without_comments(text_of(content) or "")
            yield Text("config", name, text, content.locate, content)


def _without_comments(text: str) -> str:
    """The content of a file with blanks in place of its comments, of whatever kind: each letter stays where it is."""
    if "#" not in text and ";" not in text and "//" not in text:
        return text
    return "".join([_without_comment(line) for line in text.splitlines(keepends=True)])


def _without_comment(line: str) -> str:
    begin = len(line) - len(line.lstrip())
    if not line.startswith(("#", ";", "//"), begin):
        begin = min([at for sign in (" #", "\t#") if (at := line.find(sign)) >= 0], default=len(line))
    end = len(line.rstrip("\r\n"))
    return line[:begin] + " " * (end - begin) + line[end:] if begin < end else line
