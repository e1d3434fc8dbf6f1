"""A model is granted to a service that has no use for it.

A grant makes Compose pull the model and wait for it whenever that service is started, and puts the runner's address into its
environment. A proxy, a database or a gateway for tools never calls a model, so the grant is left over or came along
with a copied block; and whoever takes over that container finds the address at once. (It is no access control: every
container on a machine that reaches the runner can use every model there.)

```yaml bad
services:
  agent:
    image: agent
    command: ["sh", "-c", "exec agent --url $$LLM_URL --model $$LLM_MODEL"]
    models: [llm]
  gateway:
    image: docker/mcp-gateway:v2
    models: [llm]
    #        ^^^ `gateway` runs MCP Gateway, which calls no model: the grant only exposes the runner's address
  database:
    image: postgres:17
    models: [llm]
    #        ^^^ `database` runs PostgreSQL, which calls no model: the grant only exposes the runner's address
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```yaml fixed
services:
  agent:
    image: agent
    command: ["sh", "-c", "exec agent --url $$LLM_URL --model $$LLM_MODEL"]
    models: [llm]
  gateway:
    image: docker/mcp-gateway:v2
  database:
    image: postgres:17
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

```yaml good
services:
  agent:
    image: agent
    models: [llm]
  proxy:
    image: nginx:1.29
    command: ["sh", "-c", "sed s,UPSTREAM,$$LLM_URL, /template > /etc/nginx/conf.d/default.conf && exec nginx"]
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

What this rule cannot see: what an unknown image does, and code that is not built here. Known images are those of a table; for
a service that is built in the project it reads the source code, and speaks only where that reads variables by name, all of it could
be read, and the names that the grant injects stand nowhere in the folder that the image is built from.
"""

from __future__ import annotations

from modellint.fixing.list_edits import take_out, take_out_key
from modellint.rule import WARNING, Context, Finding, Findings, Fix, Grant, Mapping, Sequence, Service, rule


@rule(WARNING, tags=("security",))
def overexposed_grant(service: Service, context: Context) -> Findings:
    """Report the grants of services that are known to use no model, or that read none of what is injected."""
    grants = [grant for grant in service.grants if not grant.legacy]
    if not grants:
        return
    evidence = context.evidence
    known = evidence.product(service)
    if known is not None and known.role == "infrastructure" and "build" not in service.body:
        for grant in grants:
            if not evidence.is_mentioned(service, [variable.name for variable in grant.variables]):
                message = f"`{service.name.text}` runs {known.name}, which calls no model: the grant only exposes the runner's address"
                fix = _drop(service, grant)
                related = [(service.image.content, known.name)] if service.image is not None else []
                yield Finding(grant.name.content, message, fix, related, hint="" if fix else "drop the grant")
        return
    if any(endpoint.server for endpoint in evidence.endpoints(service)):
        return  # it calls a model, at an address of its own: other rules speak of that
    for grant in grants:
        names = [variable.name for variable in grant.variables]
        if evidence.is_unread(service, names) and not evidence.reads_other_address(service, names):
            message = (
                f"nothing that `{service.name.text}` is built from reads {_listed([each.shown for each in grant.variables])}: the grant pulls a model that this "
                "service does not call"
            )
            yield Finding(
                grant.name.content, message, _drop(service, grant), hint="drop the grant, or read the variables"
            )


def _listed(names: list[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def _drop(service: Service, grant: Grant) -> Fix | None:
    section = service.body.get("models")
    if len(service.grants) == 1:
        edits = take_out_key(service.body, "models")
    elif isinstance(section, Mapping):
        edits = None  # the entries of a map may be maps themselves
    else:
        edits = take_out(service.body, "models", [grant.name]) if isinstance(section, Sequence) else None
    return Fix(f"drop the grant of `{grant.name.shown}`", edits) if edits else None
