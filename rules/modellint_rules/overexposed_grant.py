"""A service is granted a model that it does not use.

A grant makes Compose pull the model and wait for it whenever the service is started, and adds the address of Docker
Model Runner to its environment. A proxy, a database or a gateway for tools never calls a model, so the grant is a
leftover or was copied with a block; an attacker who takes over the container also finds the address at once. (A grant
is not access control: every container that can reach Docker Model Runner can use all of its models.)

```yaml bad
services:
  agent:
    image: agent
    command: ["sh", "-c", "exec agent --url $$LLM_URL --model $$LLM_MODEL"]
    models: [llm]
  gateway:
    image: docker/mcp-gateway:v2
    models: [llm]
    #        ^^^ `gateway` runs MCP Gateway, which does not call models: the grant only exposes the address of Docker Model Runner
  database:
    image: postgres:17
    models: [llm]
    #        ^^^ `database` runs PostgreSQL, which does not call models: the grant only exposes the address of Docker Model Runner
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

What this rule cannot see: what an unknown image does, and code that is not built here. Known images are listed in a
table. For a service that the project builds, the rule reads the source code, and reports a grant only if the code reads
variables by name, all of the code could be read, and the names that the grant injects do not occur in the build
context.
"""

from __future__ import annotations

from modellint.fixing.list_edits import take_out, take_out_key
from modellint.rule import WARNING, Context, Finding, Findings, Fix, Grant, Mapping, Related, Sequence, Service, rule


@rule(WARNING, tags=("security",))
def overexposed_grant(service: Service, context: Context) -> Findings:
    """Report grants of services that are known not to use models, or that do not read the injected variables."""
    grants = [grant for grant in service.grants if not grant.legacy]
    if not grants:
        return
    evidence = context.evidence
    known = evidence.product(service)
    if known is not None and known.role == "infrastructure" and "build" not in service.body:
        for grant in grants:
            if not evidence.is_mentioned(service, [variable.name for variable in grant.variables]):
                message = (
                    f"`{service.name.text}` runs {known.name}, which does not call models: the grant only exposes the"
                    " address of Docker Model Runner"
                )
                fix = _drop(service, grant)
                related = [Related(service.image.content, known.name)] if service.image is not None else []
                yield Finding(grant.name.content, message, fix, related, hint="" if fix else "remove the grant")
        return
    if any(endpoint.server for endpoint in evidence.endpoints(service)):
        return  # it calls a model at another address, which other rules report
    for grant in grants:
        names = [variable.name for variable in grant.variables]
        if evidence.is_unread(service, names) and not evidence.reads_other_address(service, names):
            message = (
                f"nothing that `{service.name.text}` is built from reads"
                f" {_listed([each.shown for each in grant.variables])}: the grant pulls a model that the service"
                " does not call"
            )
            yield Finding(
                grant.name.content, message, _drop(service, grant), hint="remove the grant, or read the variables"
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
    return Fix(f"remove the `{grant.name.shown}` grant", edits) if edits else None
