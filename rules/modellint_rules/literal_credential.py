"""A secret is written in the file.

Anyone who can read the repository can read the secret, the history keeps it after it is removed from the file, and
everyone who copies the file uses the same one. A default such as `${TOKEN:-changeme}` is such a secret too: it protects
the service wherever nobody has set the variable.

This rule also reports `--api-key` in `runtime_flags`: Docker Model Runner accepts the flag and llama-server then
requires the key, but Compose does not inject it, so the services that are granted the model get HTTP 401
(docker/model-runner, `pkg/inference/runtime_flags_allowlist.go`).

```yaml bad
services:
  webui:
    image: ghcr.io/open-webui/open-webui:v0.6.5
    environment:
      - WEBUI_SECRET_KEY=changethissecretkey123
      # ^^^^^^^^^^^^^^^^ `WEBUI_SECRET_KEY` is a secret written in the file: every copy of this project uses the same one
  agent:
    image: agent
    environment:
      AGENT_TOKEN: ${AGENT_TOKEN:-changeme}
    # ^^^^^^^^^^^ `AGENT_TOKEN` is a secret with a default that is written in the file: every copy of this project uses the same one
      GROQ_API_KEY: gsk_4Qm1xYt7bLw0RzPa9Vc2Ju8Hd5Ke
    # ^^^^^^^^^^^^ the secret `GROQ_API_KEY` is written in the file: anyone who can read the file has it
    models: [llm]
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
    runtime_flags: ["--api-key", "4f9a1c"]
    #                             ^^^^^^ llama-server requires this key, but Compose injects none: services that are granted the model get HTTP 401
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

What this rule cannot see: whether a value is a throwaway value for a test. It checks only services that have to do with
models, and not the passwords of databases; it reports the key of a provider only if the key looks real. The line itself
is not printed, because a report may be published where the file is not.
"""

from __future__ import annotations

from modellint.compose.model.project import Setting, settings
from modellint.rule import WARNING, Context, Finding, Findings, Project, Scalar, Service, rule
from modellint.secrets import credentials

_OWN_KEYS = ("API_KEY", "API_KEYS")  # for the callers of a service; reported if the value asks to be changed
_HINT = "read it from a variable without a default (`${NAME:?}`), or mount it as a secret; then rotate the secret"


@rule(WARNING, tags=("security",))
def literal_credential(project: Project, context: Context) -> Findings:
    """Report secrets in values and in defaults, and keys in the flags of a model."""
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
            what = "with a default that is written in the file" if is_default else "written in the file"
            if credentials.is_issued(value):
                message = f"the secret `{setting.name}` is written in the file: anyone who can read the file has it"
            else:
                message = f"`{setting.name}` is a secret {what}: every copy of this project uses the same one"
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
    """Return the value as far as the files set it, and whether it is a default; empty if it comes from elsewhere."""
    node = setting.node
    if node is None or not node.has_variable:
        return setting.value or "", False
    variables = context.evidence.variables(node)
    defaults = [each.operand for each in variables if each.operator[-1:] == "-" and "$" not in each.operand]
    return (defaults[-1], True) if defaults else ("", False)


def _flag(flag: Scalar) -> Finding:
    message = (
        "llama-server requires this key, but Compose injects none: services that are granted the model get HTTP 401"
    )
    return Finding(
        flag.content, message, hint="remove `--api-key`: only Docker Model Runner reaches llama-server", secret=True
    )
