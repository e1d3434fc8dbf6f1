"""A grant injects a variable that already has a meaning for programs in the container.

The dynamic loader, shells, interpreters, git and TLS libraries read code, directories and servers from variables with
fixed names. A grant that sets one of them to a model reference or an endpoint hijacks it: with `LD_PRELOAD` every
program in the container tries to load the reference as a library, with `PATH` no program is found, and with
`HTTP_PROXY` every request goes to the model. Docker Compose injects any name, and a grant overrides `environment`.

```yaml bad
services:
  app:
    image: app
    models:
      llm:
        endpoint_var: HTTP_PROXY
        #             ^^^^^^^^^^ the grant injects `HTTP_PROXY`: HTTP clients read it as the proxy of every request
        model_var: LD_PRELOAD
        #          ^^^^^^^^^^ the grant injects `LD_PRELOAD`: the dynamic loader reads it as libraries to load into every program
  job:
    image: job
    models:
      - pip-index
      # ^^^^^^^^^ the grant injects `PIP_INDEX_URL`: the package installer reads it as where packages come from
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
  pip-index:
    model: ai/qwen3:0.6B-Q4_K_M
```

```yaml good
services:
  app:
    image: app
    environment:
      LD_PRELOAD: /usr/lib/libjemalloc.so.2
      HTTP_PROXY: http://proxy:3128
    models:
      llm:
        endpoint_var: PROXY_URL
        model_var: PYTHON_MODEL
  job:
    image: job
    models: [git, ld-preload, path]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
  git:
    model: ai/qwen3:0.6B-Q4_K_M
  ld-preload:
    model: ai/gemma3:270M-F16
  path:
    model: ai/gemma3:1B-Q4_K_M
```

The last example is fine: programs do not read `GIT_URL`, `LD_PRELOAD_MODEL` and similar names, and what a service sets
in its own `environment` is its author's choice. Before Docker Compose 2.39.2 the name of a model alone was also a
variable, so a model `ld-preload` injected `LD_PRELOAD`; with `--compose-version` this rule reports that.

What this rule cannot see: whether the image has a program that reads the variable, names that have a meaning only for
programs in the image, and Windows containers, where `path` is `PATH`.
"""

from __future__ import annotations

from modellint.compose.model.taken_names import taken_meaning
from modellint.rule import ERROR, Context, Finding, Findings, Project, rule

_HINT = "inject names that only the application uses: `endpoint_var: LLM_URL` and `model_var: LLM_MODEL`"


@rule(ERROR, tags=("environment", "security"))
def hijacked_variable(project: Project, context: Context) -> Findings:
    """Report injected variables that already have a meaning."""
    for grant in project.grants():
        for variable in grant.variables:
            if meaning := taken_meaning(variable.name):
                who, what = meaning
                yield Finding(variable.span, f"the grant injects `{variable.shown}`: {who} it {what}", hint=_HINT)
