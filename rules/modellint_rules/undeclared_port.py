"""A service calls a host or port that the project does not declare.

Services of a project reach each other by service name, on the port that the program inside the container listens on.
`ports: ["8081:80"]` publishes container port 80 as port 8081 of the *host*: other services still reach it on 80, and
nothing listens on 8081. A name that is not a service, alias, container or `extra_hosts` entry cannot be resolved.

The name of a model is not a host name either, because models have no container. The same is true for a service with a
`provider`.

```yaml bad
services:
  app:
    image: app
    environment:
      - CATALOGUE_URL=http://catalogue:8081
      #                                ^^^^ 8081 is the published port of `catalogue` on the host: other services must use 80, and nothing listens on 8081
      - OPENAI_BASE_URL=http://llm:8000/v1
      #                        ^^^ `llm` is a model, not a service: models have no host name, so nothing listens there
      - CACHE_URL=redis://cahce:6379
      #                   ^^^^^ `cahce` is not a service, alias or host of this project: the name cannot be resolved
      - OLLAMA_HOST=http://ollama:8000
      #                           ^^^^ `ollama` runs Ollama, which listens on 11434: nothing listens on 8000
    healthcheck:
      test: curl -fsS http://ollama:11435/api/tags
      #                             ^^^^^ 11435 is the published port of `ollama` on the host: other services must use 11434, and nothing listens on 11435
  catalogue:
    image: catalogue
    ports: ["8081:80"]
  cache:
    image: redis:8
  ollama:
    image: ollama/ollama:0.9.0
    ports: ["127.0.0.1:11435:11434"]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```yaml fixed
services:
  app:
    image: app
    environment:
      - CATALOGUE_URL=http://catalogue:80
      - OPENAI_BASE_URL=http://llm:8000/v1
      - CACHE_URL=redis://cahce:6379
      - OLLAMA_HOST=http://ollama:11434
    healthcheck:
      test: curl -fsS http://ollama:11434/api/tags
  catalogue:
    image: catalogue
    ports: ["8081:80"]
  cache:
    image: redis:8
  ollama:
    image: ollama/ollama:0.9.0
    ports: ["127.0.0.1:11435:11434"]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```yaml good
services:
  app:
    image: app
    environment:
      - CATALOGUE_URL=http://catalogue:80
      - CACHE_URL=redis://redis.internal:6379
      - VLLM_URL=http://vllm:9000/v1
      - API_URL=http://api:8081
      - GATEWAY_URL=http://gateway:7000/sse
  catalogue:
    image: catalogue
    ports: ["8081:80"]
  vllm:
    image: vllm/vllm-openai:v0.9.0
    command: ["--model", "Qwen/Qwen3-0.6B", "--port", "9000"]
  api:
    image: api
    environment: {LISTEN: ":8081"}
    ports: ["8081:80"]
  web:
    image: web
    networks:
      default:
        aliases: [gateway]
  tracer:
    image: tracer
    environment:
      TRACE_URL: http://collector-of-another-project:4318
    networks: [shared]
networks:
  shared:
    name: shared-by-several-projects
```

What this rule cannot see: which port a program listens on. It reports only three things: a port that is known to be the
*host* port of that service, a port that a known image does not listen on, and a name that the project does not define.
A service on an external network, or on a network with its own `name`, may reach containers of other projects, so its
hosts are not checked; neither are those in an override file, and those that a variable contains or has as its default.
"""

from __future__ import annotations

from modellint.compose.model.project import Project, names
from modellint.evidence.container_ports import ContainerPorts
from modellint.evidence.endpoints import ITSELF, THE_HOST
from modellint.rule import (
    WARNING,
    Context,
    Edit,
    Finding,
    Findings,
    Fix,
    Mapping,
    Related,
    Scalar,
    Sequence,
    Service,
    rule,
    text_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.evidence.endpoints import ModelServerAddress
    from modellint.evidence.texts import Text

_SCHEMES = frozenset(
    (
        "http", "https", "ws", "wss", "tcp", "redis", "rediss", "postgres", "postgresql", "mysql", "mariadb", "mongodb",
        "amqp", "amqps", "nats", "grpc", "bolt", "neo4j", "postgresql+asyncpg", "postgresql+psycopg", "postgresql+psycopg2",
    )
)  # fmt: skip
_EXAMPLES = ("example", "your", "change", "hostname", "placeholder", "xxx", "foo", "user", "some")
_OTHER_HOSTS = frozenset(("host", "gateway", "kubernetes", "metadata", "host-gateway", "docker", "broker"))


@rule(WARNING, whole=True, tags=("network",))
def undeclared_port(service: Service, context: Context) -> Findings:
    """Report hosts that the project does not declare, and host ports that are used instead of container ports."""
    if text_of(service.body.get("network_mode")):
        return
    project = context.project
    for endpoint in context.evidence.endpoints(service):
        text, url = endpoint.text, endpoint.url
        if text.kind == "label" or (url.scheme and url.scheme not in _SCHEMES):
            continue
        target = project.services.get(url.host)
        if target is not None and target.provider is None:
            if target is not service:
                yield from _wrong_port(endpoint, target, context)
        elif url.scheme and not _is_default(text) and not _is_known(url.host, service, context):
            yield _unknown(endpoint, context)


def _wrong_port(endpoint: ModelServerAddress, target: Service, context: Context) -> Findings:
    url = endpoint.url
    if url.port is None:
        return
    name = target.name.text
    known = context.evidence.product(target)
    said = context.project.once(_Known).ports(target)
    found = said.behind(url.port)
    is_other = known is not None and bool(known.ports) and url.port not in known.ports and "build" not in target.body
    if (found is None and not is_other) or said.may_listen(url.port) or _exposes(target, url.port, context):
        return
    if found is not None:
        container, span = found
        message = (
            f"{url.port} is the published port of `{name}` on the host: other services must use {container}, and"
            f" nothing listens on {url.port}"
        )
        yield _at_port(endpoint, message, container, [Related(span, f"container port {container}")])
    elif known is not None:
        port = f"{url.port}" if endpoint.text.is_written else "the port in this value"
        message = f"`{name}` runs {known.name}, which listens on {known.ports[0]}: nothing listens on {port}"
        related = [Related(target.image.content, known.name)] if target.image is not None else []
        yield _at_port(endpoint, message, known.ports[0], related)


def _exposes(target: Service, port: int, context: Context) -> bool:
    """Return whether the Dockerfile of a service exposes a port, or may do so because it could not be read."""
    dockerfile = context.evidence.dockerfile(target)
    if dockerfile is None:
        return context.evidence.is_dockerfile_unread(target)
    return port in dockerfile.ports


def _at_port(endpoint: ModelServerAddress, message: str, port: int, related: list[Related]) -> Finding:
    url, text = endpoint.url, endpoint.text
    span = text.locate(url.end - len(str(url.port)), url.end)
    fix = Fix(f"use port {port}", [Edit(span, str(port))]) if span.text == str(url.port) else None
    return Finding(span, message, fix, [*text.origin, *related], hint="" if fix else f"use port {port}")


def _unknown(endpoint: ModelServerAddress, context: Context) -> Finding:
    url, text, project = endpoint.url, endpoint.text, context.project
    host = f"`{url.host}`" if text.is_written else f"the host in `{text.name}`" if text.name else "the host called here"
    span = text.locate(url.start, url.start + len(url.host))
    other = project.services.get(url.host)
    if other is not None:
        message = f"{host} is a provider service, which has no container: nothing listens at that host name"
        return Finding(
            span,
            message,
            related=[*text.origin, Related(other.name.content, "declared here")],
            hint="read the variables that it injects",
        )
    if url.host in project.models:
        message = f"{host} is a model, not a service: models have no host name, so nothing listens there"
        hint = f"grant `{url.host}` to the service, and read the injected address"
        related = [*text.origin, Related(project.models[url.host].name.content, "declared here")]
        return Finding(span, message, related=related, hint=hint)
    message = f"{host} is not a service, alias or host of this project: the name cannot be resolved"
    return Finding(span, message, related=text.origin, hint=_near(url.host, context))


def _is_default(text: Text) -> bool:
    """Return whether the address comes from a variable or its default, so that it can differ where the project runs."""
    return text.node is not None and not text.is_written


def _near(host: str, context: Context) -> str:
    near = context.guesses.nearest(host, context.project.services, 0.7)
    return (
        f"did you mean `{near}`?"
        if near
        else "use the name of a service in the project, or add the host to `extra_hosts`"
    )


def _is_known(host: str, service: Service, context: Context) -> bool:
    """Return whether a host may be resolved: by Docker's DNS server, by a hosts file, or outside the project."""
    if not host or "." in host or ":" in host or host in ITSELF or host in THE_HOST or host in _OTHER_HOSTS:
        return True
    known = context.project.once(_Known)
    if any(part in host for part in _EXAMPLES) or known.is_outside(service):
        return True
    return host in known.hosts(service) or host in known.names


class _Known:
    """The hosts and ports that are known in a project, each computed once when it is needed."""

    __slots__ = ("_hosts", "_names", "_outside", "_ports", "_project")

    def __init__(self, project: Project) -> None:
        self._project = project
        self._hosts: dict[str, set[str]] = {}
        self._names: set[str] | None = None
        self._outside: dict[str, bool] = {}
        self._ports: dict[str, ContainerPorts] = {}

    def ports(self, service: Service) -> ContainerPorts:
        """Return the ports of a service."""
        name = service.name.text
        if name not in self._ports:
            self._ports[name] = ContainerPorts(service)
        return self._ports[name]

    def hosts(self, service: Service) -> set[str]:
        """Return the hosts that a service defines in addition to the names of the project."""
        name = service.name.text
        if name not in self._hosts:
            extra, links = _texts(service.body.get("extra_hosts")), _texts(service.body.get("links"))
            self._hosts[name] = {text.partition("=" if "=" in text else ":")[0] for text in extra}
            self._hosts[name].update(text.rpartition(":")[2] for text in links)
        return self._hosts[name]

    @property
    def names(self) -> set[str]:
        """The names that services have in addition to their own."""
        if self._names is None:
            self._names = {name for each in self._project.services.values() for name in _names_of(each, self._project)}
        return self._names

    def is_outside(self, service: Service) -> bool:
        """Return whether a service is on a network that other projects may share."""
        name = service.name.text
        if name not in self._outside:
            self._outside[name] = _is_outside(service, self._project)
        return self._outside[name]


def _names_of(service: Service, project: Project) -> set[str]:
    name = service.name.text
    found = {f"{project.name}-{name}-1", f"{project.name}_{name}_1"}
    for key in ("container_name", "hostname", "domainname"):
        found.add((text_of(service.body.get(key)) or "").lower())
    networks = service.body.get("networks")
    for _, body in networks if isinstance(networks, Mapping) else ():
        aliases = body.get("aliases") if isinstance(body, Mapping) else None
        found.update((text_of(alias) or "").lower() for alias in names(aliases))
    if service.name.text.lower() != service.name.text:
        found.add(service.name.text.lower())
    return found


def _is_outside(service: Service, project: Project) -> bool:
    """Return whether a service is on a network that other projects may share: external, or with its own name."""
    section = service.body.get("networks")
    for name in [text_of(name) or name.text for name in names(section)] or ["default"]:
        network = project.root.get("networks", name) if project.root is not None else None
        external = network.get("external") if isinstance(network, Mapping) else None
        if external is not None and not (isinstance(external, Scalar) and external.value is False):
            return True
        if isinstance(network, Mapping) and text_of(network.get("name")):
            return True
    return False


def _texts(node: object) -> list[str]:
    """Return the items of a list, or the keys of a map."""
    if isinstance(node, Sequence):
        return [text_of(item) or "" for item in node.items]
    return list(node.entries) if isinstance(node, Mapping) else []
