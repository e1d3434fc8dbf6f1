"""A service that acts on what a model says can take over the host.

A model repeats what it reads: a web page, a mail or a document may carry instructions (a prompt injection), and the service
that follows them does so with all that its container may do. With the Docker socket, `privileged` and their like that is all
that root may do on the host.

Mounting the socket with `:ro` changes nothing. That protects the file, which nobody wants to replace; whoever may connect to
the socket may write to it, and so starts a container with `/` mounted.

```yaml bad
services:
  agent:
    image: example/agent:1
    privileged: true
    #           ^^^^ `agent` is granted a model, and this gives it every device and right of the host: whoever steers the model by its input owns the host
    network_mode: host
    #             ^^^^ `agent` is granted a model, and this puts it into the host's network: whoever steers the model by its input reaches what listens on the host's loopback
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock:ro
      # ^^^^^^^^^^^^^^^^^^^^ `agent` is granted a model, and this is the container engine's socket: whoever steers the model by its input owns the host
      - type: bind
        source: ~/.ssh
        #       ^^^^^^ `agent` is granted a model, and this holds keys of the host's user: whoever steers the model by its input reads them
        target: /root/.ssh
        read_only: true
    models: [llm]
  gateway:
    image: docker/mcp-gateway:v2
    use_api_socket: true
    #               ^^^^ `gateway` is granted a model, and this is the container engine's socket, with the user's registry credentials: whoever steers the model by its input owns the host
    cap_add: [NET_ADMIN, SYS_ADMIN]
    #                    ^^^^^^^^^ `gateway` is granted a model, and this lets it mount what it wants: whoever steers the model by its input owns the host
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```yaml good
services:
  agent:
    image: example/agent:1
    privileged: false
    cap_add: [NET_BIND_SERVICE]
    environment:
      DOCKER_HOST: tcp://socket-proxy:2375
    volumes:
      - /etc/localtime:/etc/localtime:ro
      - ./data:/data
    models: [llm]
  socket-proxy:
    image: tecnativa/docker-socket-proxy:v0.4.1
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock:ro
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

What this rule cannot see: what the service does with the model's answers, and what a socket proxy lets through. A service
whose answers only a person reads is safer than this rule can know.
"""

from __future__ import annotations

from modellint.compose.model.mounts import BIND
from modellint.compose.model.unset import unset
from modellint.rule import (
    WARNING,
    Context,
    Finding,
    Findings,
    Project,
    Scalar,
    Sequence,
    Service,
    Span,
    rule,
    text_of,
)
from modellint.yaml.scalars import compose_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.compose.model.mounts import Mount

_OWNS = "owns the host"
_SOCKET = "is the container engine's socket"
_SOCKET_HINT = "leave it to a service without a model, or put a proxy between that lets only harmless requests through"
# Key, value, what it is, what follows, what to do.
_SETTINGS = (
    ("privileged", "true", "gives it every device and right of the host", _OWNS, "add the one capability or device it needs"),
    (
        "network_mode", "host", "puts it into the host's network", "reaches what listens on the host's loopback",
        "use a network of the project, and `extra_hosts` for what it needs of the host",
    ),
    ("pid", "host", "shows it every process of the host", "sees and, as root, ends them", "drop `pid: host`"),
    ("use_api_socket", "true", f"{_SOCKET}, with the user's registry credentials", _OWNS, _SOCKET_HINT),
)  # fmt: skip
_CAPABILITIES = {
    "ALL": "gives it every right of the host's root",
    "SYS_ADMIN": "lets it mount what it wants",
    "SYS_MODULE": "lets it load code into the kernel",
}
_SOCKETS = ("/run/docker.sock", "/podman/podman.sock", "/run/containerd/containerd.sock", "/run/crio/crio.sock")
_SOCKET_FOLDERS = frozenset(("/run", "/var/run"))
_KEYS = frozenset((".ssh", ".aws", ".docker", ".kube", ".gnupg"))  # in the home folder of a user
_HOMES = ("~/", "/root/", "/home/", "/Users/")
_HOME_VARIABLES = ("${HOME}", "$HOME", "${HOME:-~}", "${USERPROFILE}")


@rule(WARNING, tags=("security",))
def unsafe_agent(service: Service, context: Context) -> Findings:
    """Report each way out of its container that a service with a model has."""
    if not service.grants:
        return
    for key, wanted, what, follows, hint in _SETTINGS:
        node = service.body.get(key)
        if isinstance(node, Scalar) and compose_text(node.value) == wanted:
            yield _unsafe(service, node.content, what, follows, hint)
    capabilities = service.body.get("cap_add")
    for item in capabilities if isinstance(capabilities, Sequence) else ():
        what = _CAPABILITIES.get((text_of(item) or "").upper().removeprefix("CAP_"), "")
        if isinstance(item, Scalar) and what:
            yield _unsafe(service, item.content, what, _OWNS, "drop it, or leave it to a service without a model")
    for path, span in _mounted(service, context.project):
        what, follows, hint = _danger(path)
        if what:
            yield _unsafe(service, span, what, follows, hint)


def _unsafe(service: Service, span: Span, what: str, follows: str, hint: str) -> Finding:
    grant = service.grants[0]
    message = (
        f"`{service.name.text}` is granted a model, and this {what}: whoever steers the model by its input {follows}"
    )
    return Finding(span, message, related=[(grant.name.content, "the model")], hint=hint)


def _danger(path: str) -> tuple[str, str, str]:
    """What a path of the host is, what follows, what to do; empty for a harmless one."""
    bare = path.rstrip("/") or "/"
    if bare.endswith(_SOCKETS) or bare in _SOCKET_FOLDERS or bare.endswith("\\docker_engine"):
        what = "holds the container engine's socket" if bare in _SOCKET_FOLDERS else _SOCKET
        return what, _OWNS, _SOCKET_HINT
    if bare in ("/", "/etc"):
        what = "is all of the host's files" if bare == "/" else "holds the host's users, passwords and services"
        return what, "reads them, and owns the host where it may write", "mount the one file or folder that it needs"
    home = next((home for home in _HOMES if bare.startswith(home)), "")
    depth = 1 if home in ("/home/", "/Users/") else 0  # behind the name of the user
    parts = bare.removeprefix(home).split("/") if home else []
    if len(parts) > depth and parts[depth] in _KEYS:
        return "holds keys of the host's user", "reads them", "give it a key of its own, as a secret"
    return "", "", ""


def _mounted(service: Service, project: Project) -> Iterator[tuple[str, Span]]:
    """The paths of the host that a service mounts, each where it stands."""
    for mount in service.mounts:
        if mount.kind != BIND:
            continue
        is_unset = bool(unset(mount.node, project))
        path = _with_home(mount) if is_unset else mount.source
        if path:
            yield path, mount.node.content if is_unset else mount.span


def _with_home(mount: Mount) -> str:
    """The path as it is written, the variable for the home folder replaced, which is not set where files are checked."""
    written = mount.node.text
    variable = next((each for each in _HOME_VARIABLES if written.startswith(each)), "")
    rest = written[len(variable) :]
    return f"~{rest.partition(':')[0] if mount.is_short else rest}" if variable else ""
