"""A service with a grant has no network on which it could reach the runner.

A grant injects a URL, it opens no way. With Docker Engine the runner answers at the gateway of Docker's bridge, usually
`172.17.0.1:12434`, with Docker Desktop at a name of the host. From a container with `network_mode: none`, or one that is
only in networks with `internal: true`, there is no route to either: every call fails.

```yaml bad
services:
  app:
    image: app
    networks: [backend]
    models: [llm]
    #        ^^^ `app` is only in internal networks, from which the runner cannot be reached
  job:
    image: job
    network_mode: none
    models: [llm]
    #        ^^^ `job` has no network, so it cannot call the model it is granted
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
networks:
  backend:
    internal: true
```

```yaml good
services:
  app:
    image: app
    networks: [backend, egress]
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
networks:
  backend:
    internal: true
  egress:
```

What this rule cannot see: networks that exist already (`external: true`), firewalls, and a runner that was started by
hand inside the network (`MODEL_RUNNER_HOST`).
"""

from __future__ import annotations

from modellint.rule import (
    WARNING,
    Context,
    Finding,
    Findings,
    Mapping,
    Project,
    Scalar,
    Sequence,
    Service,
    rule,
    text_of,
)

_NONE = "none"
_DEFAULT = "default"


@rule(WARNING, whole=True, tags=("network",))
def unreachable_runner(service: Service, context: Context) -> Findings:
    """Report the first grant of a service without a way out."""
    if not service.grants:
        return
    grant = service.grants[0]
    mode = service.body.get("network_mode")
    if isinstance(mode, Scalar):
        if mode.value == _NONE:
            message = f"`{service.name.text}` has no network, so it cannot call the model it is granted"
            hint = "drop `network_mode: none`, or the grant"
            yield Finding(grant.name.content, message, related=[(mode.content, "no network")], hint=hint)
        return
    closed = [_internal(context.project, name) for name in _networks(service)]
    places = [place for place in closed if place is not None]
    if closed and len(places) == len(closed):
        message = f"`{service.name.text}` is only in internal networks, from which the runner cannot be reached"
        related = [(place.content, "no way out") for place in places]
        yield Finding(grant.name.content, message, related=related, hint="add a network that is not internal")


def _networks(service: Service) -> list[str]:
    section = service.body.get("networks")
    if isinstance(section, Sequence):
        return [text_of(item) or "" for item in section]
    return list(section.entries) if isinstance(section, Mapping) and section.entries else [_DEFAULT]


def _internal(project: Project, name: str) -> Scalar | None:
    """The `true` that makes a network internal."""
    node = project.root.get("networks", name, "internal") if project.root else None
    return node if isinstance(node, Scalar) and node.value is True else None
