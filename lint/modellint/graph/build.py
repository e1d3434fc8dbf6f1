"""Make the picture of a project."""

from __future__ import annotations

from modellint.compose.model.ports import EVERYWHERE
from modellint.evidence.images import OLLAMA, RUNNER, product_of
from modellint.evidence.serving import listening, served
from modellint.graph.owners import Claims
from modellint.graph.picture import Edge, Node, Picture
from modellint.graph.text import shorten
from modellint.secrets.lines import masked_scalar, masked_text
from modellint.yaml.node import Mapping, Scalar, scalars, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from collections.abc import Sequence as List
    from typing import TypeVar

    from modellint.compose.model.ports import Port
    from modellint.compose.model.project import Grant, Model, Project, Service
    from modellint.evidence.images import Product
    from modellint.graph.picture import EdgeKind, Mark, NodeKind
    from modellint.text.finding import Finding
    from modellint.yaml.node import Node as YamlNode

    T = TypeVar("T")

MOST_SERVICES = 300
MOST_MODELS = 150
_MOST_PORTS = 6  # of one service
_MOST_GRANTS = 12  # of one service
_MOST_DEPENDENCIES = 24  # of one service
_LONGEST = 200  # characters of one text
_BY_PORT = {OLLAMA.ports[0]: OLLAMA, RUNNER.ports[0]: RUNNER}
_PINS = {  # by the kind of a reference: what is said, and the flag
    "digest": ("pinned by digest", "pinned"),
    "tag": ("not pinned", "loose"),
    "hub": ("from the Hugging Face Hub, which has no digests", "loose"),
    "local": ("an ID in one machine's local store", "loose"),
    "invalid": ("not a valid reference", "loose"),
}


def draw(
    project: Project, title: str, clean: Callable[[str], str], found: Iterable[tuple[Finding, Mark]] = ()
) -> Picture:
    """The picture, with every finding at the part that it belongs to. `clean` makes a text of a file safe to show."""
    drawing = _Drawing(project, title, clean)
    drawing.add_services()
    drawing.add_models()
    drawing.add_edges()
    drawing.claims.place(found, drawing.picture)
    return drawing.picture


class _Drawing:
    """The picture while it is made."""

    def __init__(self, project: Project, title: str, clean: Callable[[str], str]) -> None:
        self.project = project
        self.picture = Picture(_cleaned(clean, title))
        self.claims = Claims()
        self._clean = clean
        self._services: dict[str, tuple[Service, Node]] = {}
        self._models: dict[str, Node] = {}  # by name; a provider service is one of them
        self._providers = {model.name.text for model in project.legacy}

    def add_services(self) -> None:
        """The services; those with models first to be kept where there are too many."""
        services = [each for each in self.project.services.values() if each.name.text not in self._providers]
        kept = _kept(services, MOST_SERVICES, lambda service: bool(service.grants))
        for service in kept:
            flags = () if service.active else ("idle",)
            node = self._node("service", masked_scalar(service.name), [*self._about(service)], flags)
            self._services[service.name.text] = service, node
            self.claims.add(node, service.name, service.body)
        self._count("service", len(services), len(kept))

    def add_models(self) -> None:
        """The declared models, the legacy ones, and those that are granted and not declared."""
        by_name: dict[str, list[Model]] = {}
        for model in self.project.all_models():
            by_name.setdefault(model.name.text, []).append(model)
        kept = _kept(list(by_name.values()), MOST_MODELS, lambda models: any(model.grants for model in models))
        for models in kept:
            node = self._model(models)
            self.claims.add(node, *[each for model in models for each in (model.name, model.body)])
            if models[0].legacy and (service := self.project.services.get(models[0].name.text)) is not None:
                self.claims.add(node, service.name, service.body)
        self._count("model", len(by_name), len(kept))

    def add_edges(self) -> None:
        """What leads from one to another."""
        grants = 0
        for service, node in self._services.values():
            self._add_ports(service, node)
            grants += len(service.grants)
            kept = service.grants[:_MOST_GRANTS]
            self._leave_out("grant", len(service.grants) - len(kept))
            for grant in kept:
                self._add_grant(grant, node)
            self._add_dependencies(service, node)
        self.picture.totals["grant"] = grants

    def _model(self, models: List[Model]) -> Node:
        model = models[0]
        kind = model.ref.kind if model.ref is not None else "invalid"
        said, flag = _PINS[kind]
        if kind == "tag" and model.ref is not None and model.ref.digest:
            said = "not pinned: the tag wins over the digest"
        reference = self._text(model.reference) if model.reference is not None else ""
        details = [reference or "no reference", said if reference else "nothing to pull"]
        if model.context_size is not None:
            details.append(f"context of {self._text(model.context_size)}")
        if len(models) > 1:
            details.append(f"and {len(models) - 1} more")
        idle = model.legacy and not self.project.services[model.name.text].active
        flags = [flag, *(["legacy"] if model.legacy else []), *(["idle"] if idle else [])]
        if model.legacy:
            details.append("a legacy provider service")
        self._models[model.name.text] = node = self._node("model", masked_scalar(model.name), details, flags)
        return node

    def _about(self, service: Service) -> Iterator[str]:
        if service.image is not None:
            yield self._text(service.image)
        elif "build" in service.body:
            yield "built from source"
        if service.provider is not None:
            kind = service.provider.get("type")
            yield f"provider {self._text(kind)}" if isinstance(kind, Scalar) else "provider"
        profiles = [self._text(each) for each in scalars(service.body.get("profiles"))]
        if profiles:
            state = "enabled" if service.active else "not enabled"
            yield self._short(f"{', '.join(profiles)} ({'profile' if len(profiles) == 1 else 'profiles'}, {state})")

    def _add_ports(self, service: Service, node: Node) -> None:
        ports = service.ports
        self._leave_out("port", max(0, len(ports) - _MOST_PORTS))
        for port in ports[:_MOST_PORTS]:
            about, alarm = _about_port(service, port)
            self._add_port(node, self._port_text(port.item), about, alarm, port.item)
        mode = service.body.get("network_mode")
        if isinstance(mode, Scalar) and mode.value == "host":
            known = served(service)
            alarm = known is not None and listening(service).host in EVERYWHERE
            about = f"{known.name} in the host's network" if known is not None and alarm else "in the host's network"
            self._add_port(node, "host network", about, alarm, mode)

    def _add_port(self, node: Node, text: str, about: str, alarm: bool, item: YamlNode) -> None:
        flags = [*(["alarm"] if alarm else []), *node.flags]
        port = self._node("port", text, [about], flags)
        edge = self._edge("port", port, node, about, flags)
        self.claims.add(edge, item)

    def _port_text(self, item: YamlNode) -> str:
        if isinstance(item, Scalar):
            return self._text(item) or "no port"
        if not isinstance(item, Mapping):
            return "no port"
        given = [item.get(name) for name in ("host_ip", "published", "target")]
        text = ":".join([self._text(each) for each in given if isinstance(each, Scalar)])
        protocol = item.get("protocol")
        return f"{text}/{self._text(protocol)}" if isinstance(protocol, Scalar) else text or "no port"

    def _add_grant(self, grant: Grant, node: Node) -> None:
        name = grant.model_name
        target = self._models.get(name)
        if target is None and grant.model is None:
            if len(self._models) >= 2 * MOST_MODELS:
                self._leave_out("grant", 1)
                return
            target = self._models[name] = self._node(
                "model", masked_scalar(grant.name), ["not declared"], ("absent", "loose")
            )
        if target is None:
            self._leave_out("grant", 1)
            return
        label = self._short(", ".join([self._short(each.shown) for each in grant.variables]))
        edge = self._edge("legacy" if grant.legacy else "grant", node, target, label, node.flags)
        self.claims.add(edge, grant.name, grant.body)

    def _add_dependencies(self, service: Service, node: Node) -> None:
        names = [text_of(name) or name.text for name in service.depends_on]
        others = [self._services[name][1] for name in dict.fromkeys(names) if name in self._services]
        for other in others[:_MOST_DEPENDENCIES]:
            self._edge("depends", node, other, "", node.flags | other.flags)
        self._leave_out("dependency", max(0, len(others) - _MOST_DEPENDENCIES))

    def _node(self, kind: NodeKind, name: str, details: list[str], flags: Iterable[str]) -> Node:
        node = Node(f"n{len(self.picture.nodes) + 1}", kind, self._short(name) or "(no name)", details, flags)
        self.picture.nodes.append(node)
        return node

    def _edge(self, kind: EdgeKind, source: Node, target: Node, label: str, flags: Iterable[str]) -> Edge:
        edge = Edge(f"e{len(self.picture.edges) + 1}", kind, source, target, label, flags)
        self.picture.edges.append(edge)
        return edge

    def _count(self, what: str, all: int, kept: int) -> None:
        self.picture.totals[what] = all
        self._leave_out(what, all - kept)

    def _leave_out(self, what: str, count: int) -> None:
        self.picture.left_out[what] = self.picture.left_out.get(what, 0) + count

    def _text(self, node: Scalar) -> str:
        return self._short(masked_scalar(node))

    def _short(self, text: str) -> str:
        return _cleaned(self._clean, text)


def _cleaned(clean: Callable[[str], str], text: str) -> str:
    """A text made safe to show, and bounded before and after: escapes make it longer.

    What is a secret in it is masked first, since what is left of one that is cut is no longer known for one.
    """
    return shorten(clean(shorten(masked_text(text), _LONGEST)), _LONGEST)


def _kept(items: list[T], most: int, matters: Callable[[T], bool]) -> list[T]:
    """As many as there is room for, in their order; those that matter before the others."""
    if len(items) <= most:
        return items
    chosen = {id(item) for item in sorted(items, key=lambda item: not matters(item))[:most]}
    return [item for item in items if id(item) in chosen]


def _about_port(service: Service, port: Port) -> tuple[str, bool]:
    """What is said about a published port, and whether everybody reaches an inference API by it."""
    if port.container is None or not port.is_tcp:
        return "published", False
    if not port.is_open:
        return "published on one address of the host", False
    known = _behind(service, port)
    if known is None:
        return "published on every address of the host", False
    return f"the API of {known.name}, published on every address of the host", True


def _behind(service: Service, port: Port) -> Product | None:
    """The server of models that a port leads to, as far as its image, its command or the port's number tell."""
    known = served(service)
    if known is not None:
        own = listening(service)
        if own.host in ("localhost", "::1") or own.host.startswith("127."):
            return None
        numbers = [own.port] if own.port is not None else list(known.ports)
        return known if any(port.holds(number) for number in numbers) else None
    if product_of(text_of(service.image) or "") is not None:
        return None
    return next((each for number, each in _BY_PORT.items() if port.holds(number)), None)
