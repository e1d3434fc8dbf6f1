"""A service that is granted a model has dangerous access to the host.

The output of a model depends on what it reads: a web page, an email or a document can contain instructions (prompt
injection), and a service that acts on the output carries them out with all the privileges of its container. With the
Docker socket, `privileged` and similar settings, those are the privileges of root on the host.

Mounting the socket with `:ro` makes no difference. It protects only the file itself; anyone who can connect to the
socket can send requests to it, and start a container with `/` mounted.

```yaml bad
services:
  agent:
    image: example/agent:1
    privileged: true
    #           ^^^^ `agent` is granted a model, and this gives it every device and privilege of the host: anyone who controls the model's input can take over the host
    network_mode: host
    #             ^^^^ `agent` is granted a model, and this puts it on the host network: anyone who controls the model's input can reach services on the host's loopback interface
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock:ro
      # ^^^^^^^^^^^^^^^^^^^^ `agent` is granted a model, and this is the socket of the container engine: anyone who controls the model's input can take over the host
      - type: bind
        source: ~/.ssh
        #       ^^^^^^ `agent` is granted a model, and this contains keys of the host's user: anyone who controls the model's input can read them
        target: /root/.ssh
        read_only: true
    models: [llm]
  gateway:
    image: docker/mcp-gateway:v2
    use_api_socket: true
    #               ^^^^ `gateway` is granted a model, and this is the socket of the container engine, with the user's registry credentials: anyone who controls the model's input can take over the host
    cap_add: [NET_ADMIN, SYS_ADMIN]
    #                    ^^^^^^^^^ `gateway` is granted a model, and this lets it mount any file system: anyone who controls the model's input can take over the host
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

What this rule cannot see: what the service does with the model's answers, and what a socket proxy allows. A service
whose answers are only read by a person is safer than this rule can know.
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
    Related,
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

_OWNS = "can take over the host"
_SOCKET = "is the socket of the container engine"
_SOCKET_HINT = "give it to a service without a model, or add a proxy that allows only harmless requests"
# Key, value, what it does, the consequence, the hint.
_SETTINGS = (
    (
        "privileged", "true", "gives it every device and privilege of the host", _OWNS,
        "add only the capability or device that it needs",
    ),
    (
        "network_mode", "host", "puts it on the host network", "can reach services on the host's loopback interface",
        "use a project network, and `extra_hosts` for services on the host",
    ),
    ("pid", "host", "shows it every process of the host", "can see them and, as root, kill them", "remove `pid: host`"),
    ("use_api_socket", "true", f"{_SOCKET}, with the user's registry credentials", _OWNS, _SOCKET_HINT),
)  # fmt: skip
_CAPABILITIES = {
    "ALL": "gives it every root privilege of the host",
    "SYS_ADMIN": "lets it mount any file system",
    "SYS_MODULE": "lets it load kernel modules",
}
_SOCKETS = ("/run/docker.sock", "/podman/podman.sock", "/run/containerd/containerd.sock", "/run/crio/crio.sock")
_SOCKET_FOLDERS = frozenset(("/run", "/var/run"))
_KEYS = frozenset((".ssh", ".aws", ".docker", ".kube", ".gnupg"))  # in the home directory of a user
_HOMES = ("~/", "/root/", "/home/", "/Users/")
_HOME_VARIABLES = ("${HOME}", "$HOME", "${HOME:-~}", "${USERPROFILE}")


@rule(WARNING, tags=("security",))
def unsafe_agent(service: Service, context: Context) -> Findings:
    """Report each access to the host of a service with a grant."""
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
            yield _unsafe(service, item.content, what, _OWNS, "remove it, or move it to a service without a model")
    for path, span in _mounted(service, context.project):
        what, follows, hint = _danger(path)
        if what:
            yield _unsafe(service, span, what, follows, hint)


def _unsafe(service: Service, span: Span, what: str, follows: str, hint: str) -> Finding:
    grant = service.grants[0]
    message = (
        f"`{service.name.text}` is granted a model, and this {what}: anyone who controls the model's input {follows}"
    )
    return Finding(span, message, related=[Related(grant.name.content, "granted here")], hint=hint)


def _danger(path: str) -> tuple[str, str, str]:
    """Return what a path of the host is, the consequence and the hint; empty strings for a harmless path."""
    bare = path.rstrip("/") or "/"
    if bare.endswith(_SOCKETS) or bare in _SOCKET_FOLDERS or bare.endswith("\\docker_engine"):
        what = "contains the socket of the container engine" if bare in _SOCKET_FOLDERS else _SOCKET
        return what, _OWNS, _SOCKET_HINT
    if bare in ("/", "/etc"):
        what = (
            "is the whole file system of the host"
            if bare == "/"
            else "contains the host's users, passwords and services"
        )
        return (
            what,
            "can read it, and can take over the host if it is writable",
            "mount only the file or directory that it needs",
        )
    home = next((home for home in _HOMES if bare.startswith(home)), "")
    depth = 1 if home in ("/home/", "/Users/") else 0  # after the name of the user
    parts = bare.removeprefix(home).split("/") if home else []
    if len(parts) > depth and parts[depth] in _KEYS:
        return "contains keys of the host's user", "can read them", "give it its own key, as a secret"
    return "", "", ""


def _mounted(service: Service, project: Project) -> Iterator[tuple[str, Span]]:
    """Yield the paths of the host that a service mounts, with their place."""
    for mount in service.mounts:
        if mount.kind != BIND:
            continue
        is_unset = bool(unset(mount.node, project))
        path = _with_home(mount) if is_unset else mount.source
        if path:
            yield path, mount.node.content if is_unset else mount.span


def _with_home(mount: Mount) -> str:
    """Return the path as written, with a variable for the home directory, which is not set here, replaced by `~`."""
    written = mount.node.text
    variable = next((each for each in _HOME_VARIABLES if written.startswith(each)), "")
    rest = written[len(variable) :]
    return f"~{rest.partition(':')[0] if mount.is_short else rest}" if variable else ""
