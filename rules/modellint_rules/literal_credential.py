"""A secret is written into the file.

Whoever can read the repository has it, its history keeps it after it is gone from the file, and everyone who copies the file runs
with the same one. A default like `${TOKEN:-changeme}` is such a secret too: it is what guards the service wherever nobody
has set the variable.

The same is said of `--api-key` in `runtime_flags`: Docker Model Runner takes the flag, the server then asks for the key, and
Compose injects none, so the services that are granted the model get 401 (docker/model-runner,
`pkg/inference/runtime_flags_allowlist.go`).

```yaml bad
services:
  webui:
    image: ghcr.io/open-webui/open-webui:v0.6.5
    environment:
      - WEBUI_SECRET_KEY=changethissecretkey123
      # ^^^^^^^^^^^^^^^^ `WEBUI_SECRET_KEY` is a secret, and it stands in the file and guards every copy of this project alike
  agent:
    image: agent
    environment:
      AGENT_TOKEN: ${AGENT_TOKEN:-changeme}
    # ^^^^^^^^^^^ `AGENT_TOKEN` is a secret, and its default stands in the file and guards every copy of this project alike
      GROQ_API_KEY: gsk_4Qm1xYt7bLw0RzPa9Vc2Ju8Hd5Ke
    # ^^^^^^^^^^^^ the secret `GROQ_API_KEY` is written into the file: everyone who can read the file has it
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
    runtime_flags: ["--api-key", "4f9a1c"]
    #                             ^^^^^^ the runner asks for this key and Compose injects none: services that are granted the model get 401
```

```yaml good
services:
  webui:
    image: ghcr.io/open-webui/open-webui:v0.6.5
    environment:
      - WEBUI_SECRET_KEY=${WEBUI_SECRET_KEY:?}
      - OPENAI_API_KEY=not-needed
  database:
    image: postgres:17
    environment:
      POSTGRES_PASSWORD: postgres
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

What this rule cannot see: whether a value is a throwaway one for a test. It looks at services that have to do with models, and
not at the passwords of databases; of a key for a provider it wants the shape of a real one. The line itself is not printed: a
report goes where the file may not.
"""

from __future__ import annotations

from modellint.compose.model.project import Setting, settings
from modellint.rule import WARNING, Context, Finding, Findings, Project, Scalar, Service, rule
from modellint.secrets import credentials

_OWN_KEYS = ("API_KEY", "API_KEYS")  # of a service's own callers, where they ask to be changed
_HINT = "take it from a variable without a default (`${NAME:?}`), or mount it as a secret; then replace the secret"


@rule(WARNING, tags=("security",))
def literal_credential(project: Project, context: Context) -> Findings:
    """Report secrets as values and as defaults, and keys among the flags of a model."""
    for service in project.services.values():
        yield from _of_service(service, context)
    for model in project.all_models():
        flags = model.flags
        for at, flag in enumerate(flags):
            text = str(flag.value)
            if text.partition("=")[0] == "--api-key":
                yield _flag(flags[at + 1] if text == "--api-key" and at + 1 < len(flags) else flag)


def _of_service(service: Service, context: Context) -> Findings:
    given = [*service.environment.values(), *settings(service.body.get("build", "args"))]
    suspects = [setting for setting in given if _is_credential(setting)]
    if not suspects:
        return
    about_models = context.evidence.is_about_models(service)
    for setting in suspects:
        value, is_default = _known_value(setting, context)
        if credentials.is_issued(value) or (about_models and _is_guessable(setting.name, value)):
            what = "its default stands in the file and guards" if is_default else "it stands in the file and guards"
            if credentials.is_issued(value):
                message = f"the secret `{setting.name}` is written into the file: everyone who can read the file has it"
            else:
                message = f"`{setting.name}` is a secret, and {what} every copy of this project alike"
            place = setting.span if setting.node is not None or setting.named is None else setting.named.content
            yield Finding(place, message, hint=_HINT, secret=True)


def _is_credential(setting: Setting) -> bool:
    name = credentials.in_capitals(setting.name)
    is_own = credentials.is_secret(name) or name.endswith(_OWN_KEYS)
    return bool(setting.value) and (is_own or credentials.is_model_credential(name))


def _is_guessable(name: str, value: str) -> bool:
    name = credentials.in_capitals(name)
    if credentials.is_none(value):
        return False
    is_own_key = name.endswith(_OWN_KEYS) and not credentials.is_model_credential(name)
    return credentials.is_secret(name) or (is_own_key and "change" in value.lower())


def _known_value(setting: Setting, context: Context) -> tuple[str, bool]:
    """What the files say that the value is, and whether it is a default; empty where it comes from elsewhere."""
    node = setting.node
    if node is None or not node.has_variable:
        return setting.value or "", False
    variables = context.evidence.variables(node)
    defaults = [each.operand for each in variables if each.operator[-1:] == "-" and "$" not in each.operand]
    return (defaults[-1], True) if defaults else ("", False)


def _flag(flag: Scalar) -> Finding:
    message = "the runner asks for this key and Compose injects none: services that are granted the model get 401"
    return Finding(
        flag.content, message, hint="drop `--api-key`: only the runner itself reaches the server", secret=True
    )
