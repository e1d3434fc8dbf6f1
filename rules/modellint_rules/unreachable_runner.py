"""A service with a grant has no network that reaches Docker Model Runner.

A grant injects a URL, but does not connect the service to it. With Docker Engine, Docker Model Runner answers at the
gateway of the Docker bridge, usually `172.17.0.1:12434`; with Docker Desktop, at `model-runner.docker.internal`. A
container with `network_mode: none`, or only on networks with `internal: true`, has no route to either: every call
fails.

```yaml bad
services:
  app:
    image: app
    networks: [backend]
    models: [llm]
    #        ^^^ `app` is only on internal networks, so it cannot reach Docker Model Runner
  job:
    image: job
    network_mode: none
    models: [llm]
    #        ^^^ `job` has no network, so it cannot call the model that it is granted
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

What this rule cannot see: existing networks (`external: true`), firewalls, and an instance of Docker Model Runner that
was started by hand inside the network (`MODEL_RUNNER_HOST`).
"""

from __future__ import annotations

from modellint.rule import (
    WARNING,
    Context,
    Finding,
    Findings,
    Mapping,
    Project,
    Related,
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
    """Report the first grant of a service without a route to Docker Model Runner."""
    if not service.grants:
        return
    grant = service.grants[0]
    mode = service.body.get("network_mode")
    if isinstance(mode, Scalar):
        if mode.value == _NONE:
            message = f"`{service.name.text}` has no network, so it cannot call the model that it is granted"
            hint = "remove `network_mode: none`, or remove the grant"
            yield Finding(grant.name.content, message, related=[Related(mode.content, "no network")], hint=hint)
        return
    closed = [_internal(context.project, name) for name in _networks(service)]
    places = [place for place in closed if place is not None]
    if closed and len(places) == len(closed):
        message = f"`{service.name.text}` is only on internal networks, so it cannot reach Docker Model Runner"
        related = [Related(place.content, "internal network") for place in places]
        yield Finding(grant.name.content, message, related=related, hint="add a network that is not internal")


def _networks(service: Service) -> list[str]:
    section = service.body.get("networks")
    if isinstance(section, Sequence):
        return [text_of(item) or "" for item in section]
    return list(section.entries) if isinstance(section, Mapping) and section.entries else [_DEFAULT]


def _internal(project: Project, name: str) -> Scalar | None:
    """Return the `true` that makes a network internal."""
    node = project.root.get("networks", name, "internal") if project.root else None
    return node if isinstance(node, Scalar) and node.value is True else None
