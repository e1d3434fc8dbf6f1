"""A Compose project as rules see it: models, services, and the grants between them. Every value is a node."""

from __future__ import annotations

from modellint.compose.model.injection import ENDPOINT, MODEL, provider_variable_names, variable_names
from modellint.compose.model.versions import Features
from modellint.files.reader import Reader
from modellint.oci.model_reference import Reference
from modellint.text.source import Span
from modellint.yaml.node import Mapping, Scalar, Sequence, text_of
from modellint.yaml.scalars import compose_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Mapping as Dict
    from typing import Any, TypeVar

    from modellint.compose.model.commands import Commands
    from modellint.compose.model.mounts import Mount
    from modellint.compose.model.ports import Port
    from modellint.compose.schema.violation import Violation
    from modellint.compose.variables.interpolate import Variable
    from modellint.text.source import Source
    from modellint.yaml.builder import YamlFile
    from modellint.yaml.ignore_comments import Ignore
    from modellint.yaml.node import Node

    EnvFiles = Callable[[Mapping], "list[Setting]"]
    Made = TypeVar("Made")

_CHECKED_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


class Setting:
    """A variable that `environment` or an env file gives a service. `value` is None where it is passed through."""

    __slots__ = ("file", "name", "named", "node", "span", "value")

    def __init__(
        self, name: str, span: Span, value: str | None, node: Scalar | None, file: str = "", named: Scalar | None = None
    ) -> None:
        self.name = name
        self.span = span  # of the name
        self.value = value
        self.node = node  # the list item, or the value of the map entry
        self.file = file  # path of the env file it stands in; empty for `environment`
        self.named = named  # what names that env file in the Compose file

    @property
    def shown(self) -> str:
        """What is written as the value, for a message. Of an env file nothing is shown."""
        return self.node.shown[self._offset :] if self.node is not None else ""

    def locate(self, start: int, end: int) -> Span:
        """Where `value[start:end]` stands; for an env file, what names the file."""
        if self.node is not None:
            return self.node.locate(start + self._offset, end + self._offset)
        return self.named.content if self.named is not None else self.span

    @property
    def _offset(self) -> int:
        """Where the value begins in its node: behind the `=` of a list item."""
        in_list = self.node is not None and self.node.content.start == self.span.start
        return len(self.name) + 1 if in_list else 0


class Injected:
    """A variable that a grant sets in the container. `kind` is `endpoint` or `model`."""

    __slots__ = ("explicit", "grant", "kind", "name", "span")

    def __init__(self, name: str, kind: str, span: Span, explicit: bool, grant: Grant) -> None:
        self.name = name
        self.kind = kind
        self.span = span  # of `endpoint_var` or `model_var`, or of the grant's name
        self.explicit = explicit  # named by `endpoint_var` or `model_var`
        self.grant = grant

    @property
    def shown(self) -> str:
        """The name for a message: as written where it is interpolated, so that no variable's value is printed."""
        return self.span.text if self.explicit or self.grant.name.interpolated else self.name


class Model:
    """An entry of `models:`, or a service with `provider: {type: model}` (then `legacy`)."""

    __slots__ = ("body", "context_size", "flags", "grants", "legacy", "name", "ref", "reference")

    def __init__(self, name: Scalar, body: Node | None, legacy: bool = False) -> None:
        self.name = name
        self.body = body
        self.legacy = legacy
        self.reference: Scalar | None = None
        self.ref: Reference | None = None  # None where there is no text to take apart
        self.context_size: Scalar | None = None
        self.flags: list[Scalar] = []
        self.grants: list[Grant] = []

    @property
    def checked(self) -> bool:
        """Whether the name matches the pattern without which Compose validates nothing in the entry."""
        return bool(self.name.text) and _CHECKED_NAME.issuperset(self.name.text)


class Grant:
    """One model given to one service. A legacy grant is a `depends_on` of a provider service."""

    __slots__ = ("body", "legacy", "model", "name", "service", "variables")

    def __init__(
        self, service: Service, name: Scalar, body: Mapping | None, features: Features, legacy: bool = False
    ) -> None:
        self.service = service
        self.name = name
        self.body = body
        self.legacy = legacy
        self.model: Model | None = None  # None where no such model is declared
        self.variables = self._variables(features)  # the model's, if there is one, then the endpoint's

    @property
    def model_name(self) -> str:
        """The name of the model it asks for; a list item may be interpolated, a key may not."""
        return text_of(self.name) or self.name.text

    def _variables(self, features: Features) -> tuple[Injected, ...]:
        endpoint_node = self.body.get("endpoint_var") if self.body else None
        model_node = self.body.get("model_var") if self.body else None
        endpoint_var, model_var = text_of(endpoint_node), text_of(model_node)
        if self.legacy:
            endpoint, model = provider_variable_names(self.model_name)
        else:
            endpoint, model = variable_names(self.model_name, endpoint_var, model_var, features)
        model_span = _content(model_node, model_var) or self.name.content
        endpoint_span = _content(endpoint_node, endpoint_var) or self.name.content
        url = Injected(endpoint, ENDPOINT, endpoint_span, bool(endpoint_var), self)
        return (Injected(model, MODEL, model_span, bool(model_var), self), url) if model else (url,)


class Service:
    """An entry of `services:`."""

    __slots__ = (
        "_commands", "_env_files", "_environment", "_mounts", "_ports", "active", "body", "depends_on", "grants",
        "image", "name", "provider",
    )  # fmt: skip

    def __init__(self, name: Scalar, body: Mapping, active: bool, env_files: EnvFiles | None = None) -> None:
        self._env_files = env_files
        self._environment: dict[str, Setting] | None = None
        self._commands: Commands | None = None
        self._ports: list[Port] | None = None
        self._mounts: list[Mount] | None = None
        self.name = name
        self.body = body
        self.active = active  # without profiles, or with one that is enabled
        self.image = _scalar(body.get("image"))
        self.provider = _mapping(body.get("provider"))
        self.depends_on: list[Scalar] = list(names(body.get("depends_on")))
        self.grants: list[Grant] = []

    @property
    def environment(self) -> dict[str, Setting]:
        """The variables that the project gives it: those of its env files, and those of `environment` over them."""
        if self._environment is None:
            self._environment = _environment(self.body, self._env_files)
        return self._environment

    @property
    def commands(self) -> Commands:
        """What it runs: its command, its health check and its hooks."""
        if self._commands is None:
            from modellint.compose.model.commands import read_commands

            self._commands = read_commands(self.body)
        return self._commands

    @property
    def ports(self) -> list[Port]:
        """The ports that it publishes."""
        if self._ports is None:
            from modellint.compose.model.ports import read_ports

            self._ports = read_ports(self.body)
        return self._ports

    @property
    def mounts(self) -> list[Mount]:
        """What is mounted into it: volumes, paths of the host, configs and secrets."""
        if self._mounts is None:
            from modellint.compose.model.mounts import read_mounts

            self._mounts = read_mounts(self.body)
        return self._mounts

    @property
    def runs(self) -> bool:
        """Whether Compose has something to run: without it the file is an overlay of another."""
        return any(key in self.body for key in ("image", "build", "provider", "extends"))


class OversizedProject(ValueError):
    """The files are valid, and laid over one another larger than a reader should accept."""


class Dropped:
    """An item that a merge left out of a list, because the list held an equal one."""

    __slots__ = ("item", "items", "kept")

    def __init__(self, item: Scalar, items: list[Node], kept: Scalar) -> None:
        self.item = item
        self.items = items  # of the list that it was written in
        self.kept = kept


class Project:
    """What Compose would load. `whole` is False for a fragment and for a damaged file: then absence proves nothing."""

    __slots__ = (
        "_known", "dropped", "env_files", "env_sources", "environment", "features", "files", "folder", "foreign",
        "ignores", "jobs", "legacy", "models", "name", "origins", "outside", "profiles", "reader", "root", "services",
        "shell", "taken_in", "unread", "variables", "violations", "whole",
    )  # fmt: skip

    def __init__(self, root: Mapping | None, files: list[YamlFile]) -> None:
        self.root = root
        self.files = files
        self.models: dict[str, Model] = {}
        self.legacy: list[Model] = []
        self.services: dict[str, Service] = {}
        self.jobs: dict[str, Service] = {}  # they run to completion, and no grant of theirs works
        self.variables: list[Variable] = []
        self.violations: list[Violation] = []
        self.ignores: list[Ignore] = []
        self.environment: dict[str, str] = {}  # what interpolation sees: the shell's variables over those of `.env`
        self.shell: Dict[str, str] = {}  # the shell's variables alone
        self.env_files: list[str] = []  # that the other ones come from
        self.env_sources: list[Source] = []  # the texts of those, and of the env files of what is included
        self.features = Features()  # of the Docker Compose that is to load it
        self.folder = "."  # the project directory
        self.reader = Reader()  # of its files, and of those that the evidence is in
        self.name = ""
        self.profiles: frozenset[str] = frozenset()  # those that are enabled
        self.origins: dict[Span, list[Span]] = {}  # of a value that won a merge: what it replaced, earliest first
        self.dropped: list[Dropped] = []  # what merges left out of lists
        self.outside: list[Scalar] = []  # what names a file that was read, and lies outside the project directory
        self.foreign: list[tuple[Scalar, str]] = []  # what names a file outside the repository, with words
        self.unread: list[Scalar] = []  # what names an env file outside the repository, which is not read
        self.taken_in = False  # whether other projects take it in: its variables may have other values there
        self.whole = True
        self._known: dict[Callable[[Project], Any], Any] = {}

    def once(self, work_out: Callable[[Project], Made]) -> Made:
        """What a function works out of the project; it is called once, however many subjects a rule has.

        Only for what is asked once the project is complete.
        """
        if work_out not in self._known:
            self._known[work_out] = work_out(self)
        found: Made = self._known[work_out]
        return found

    def all_models(self) -> Iterator[Model]:
        """The declared models and the legacy ones."""
        yield from self.models.values()
        yield from self.legacy

    def grants(self) -> Iterator[Grant]:
        """Every grant of every service."""
        for service in self.services.values():
            yield from service.grants


def build(
    root: Mapping | None,
    files: list[YamlFile],
    profiles: frozenset[str] = frozenset(),
    env_files: EnvFiles | None = None,
    features: Features | None = None,
) -> Project:
    """Read a merged document into a project. Parts of the wrong type are left out; the schema reports them.

    `env_files` reads the env files that a service names.
    """
    project = Project(root, files)
    project.profiles = profiles
    project.features = features or project.features
    if root is None:
        project.whole = False
        return project
    for name, body in entries(root.get("models")):
        project.models[name.text] = _model(name, body, project.features)
    for name, body in entries(root.get("services")):
        if isinstance(body, Mapping):
            service = project.services[name.text] = Service(name, body, is_active(body, profiles), env_files)
            if service.provider is not None and text_of(service.provider.get("type")) == "model":
                project.legacy.extend(_legacy_models(name, service.provider))
    for name, body in entries(root.get("jobs")):
        if isinstance(body, Mapping):
            project.jobs[name.text] = Service(name, body, is_active(body, profiles))
    legacy = {model.name.text: model for model in project.legacy}
    for service in project.services.values():
        _add_grants(service, project, legacy)
    project.whole = all(file.whole for file in files) and _complete(project.services)
    return project


def _complete(services: dict[str, Service]) -> bool:
    """Whether the files say all there is: no service that another file completes."""
    return bool(services) and all(service.runs for service in services.values() if service.active)


def entries(node: Node | None) -> Iterator[tuple[Scalar, Node]]:
    """The entries of a mapping; none of anything else."""
    return iter(node) if isinstance(node, Mapping) else iter(())


def names(node: Node | None) -> Iterator[Scalar]:
    """The names of a section that is a list of names or a map by name."""
    if isinstance(node, Sequence):
        for item in node:
            if isinstance(item, Scalar):
                yield item
    elif isinstance(node, Mapping):
        for key, _ in node:
            yield key


def settings(node: Node | None) -> Iterator[Setting]:
    """The variables of `environment`, `build.args` and their like: a list of `NAME=value`, or a map."""
    if isinstance(node, Sequence):
        for item in node:
            text = text_of(item)
            if text is not None and isinstance(item, Scalar):
                name, equals, value = text.partition("=")
                if item.interpolated and "`" in name:
                    continue  # no name of a variable, and in a message it could not be told from the words around it
                span = item.part(0, len(name))
                if item.content.text.startswith(f"{name}="):  # what is interpolated stands behind the `=`
                    span = Span(item.source, item.content.start, item.content.start + len(name))
                yield Setting(name, span, value if equals else None, item)
    for key, given in entries(node):
        if isinstance(given, Scalar):
            yield Setting(key.text, key.content, _env_text(given), given)


def _env_text(given: Scalar) -> str | None:
    return None if given.value is None else compose_text(given.value)


def _model(name: Scalar, body: Node, features: Features) -> Model:
    model = Model(name, body)
    if isinstance(body, Mapping):
        _refer(model, body.get("model"))
        model.context_size = _scalar(body.get("context_size"))
        flags = body.get("runtime_flags")
        if isinstance(flags, Sequence) and features.passes_flags:
            model.flags = [flag for flag in flags if isinstance(flag, Scalar)]
    return model


def _legacy_models(name: Scalar, provider: Mapping) -> Iterator[Model]:
    options = _mapping(provider.get("options"))
    reference = options.get("model") if options else None
    for node in reference.items if isinstance(reference, Sequence) else [reference]:
        model = Model(name, options, legacy=True)
        _refer(model, node)
        model.context_size = _scalar(options.get("context-size")) if options else None
        yield model


def _refer(model: Model, node: Node | None) -> None:
    if isinstance(node, Scalar):
        model.reference = node
        if isinstance(node.value, str):
            model.ref = Reference(node.value)


def _add_grants(service: Service, project: Project, legacy: dict[str, Model]) -> None:
    section = service.body.get("models")
    for name, body in entries(section) if isinstance(section, Mapping) else ((name, None) for name in names(section)):
        grant = Grant(service, name, _mapping(body), project.features)
        grant.model = project.models.get(grant.model_name)
        _record(grant)
    for name in service.depends_on:
        if (model := legacy.get(text_of(name) or "")) is not None:
            grant = Grant(service, name, None, project.features, legacy=True)
            grant.model = model
            _record(grant)


def _record(grant: Grant) -> None:
    grant.service.grants.append(grant)
    if grant.model is not None:
        grant.model.grants.append(grant)


def _environment(body: Mapping, env_files: EnvFiles | None) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    if env_files is not None and "env_file" in body:
        found.update((setting.name, setting) for setting in env_files(body))
    found.update((setting.name, setting) for setting in settings(body.get("environment")))
    return found


def is_active(body: Mapping, profiles: frozenset[str]) -> bool:
    """Whether a service or job has no profiles, or one that is enabled."""
    wanted = [text_of(profile) or "" for profile in names(body.get("profiles"))]
    return not wanted or "*" in profiles or any(profile in profiles for profile in wanted)


def _scalar(node: Node | None) -> Scalar | None:
    return node if isinstance(node, Scalar) else None


def _mapping(node: Node | None) -> Mapping | None:
    return node if isinstance(node, Mapping) else None


def _content(node: Node | None, value: str | None) -> Span | None:
    return node.content if isinstance(node, Scalar) and value else None
