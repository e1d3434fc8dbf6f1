"""Words for the messages about schema violations: names of types and places, and hints for common mistakes."""

from __future__ import annotations

NAME_PATTERN = "^[a-zA-Z0-9._-]+$"

TYPE_NAMES = {
    "null": ("empty",), "boolean": ("`true`", "`false`"), "integer": ("a whole number",), "number": ("a number",),
    "string": ("text",), "array": ("a list",), "object": ("a map",),
}  # fmt: skip

SECTIONS = frozenset(("models", "networks", "volumes", "secrets", "configs", "jobs"))
SECTION_ENTRIES = {
    "services": "a service", "models": "a model", "networks": "a network", "volumes": "a volume",
    "secrets": "a secret", "configs": "a config", "jobs": "a job",
}  # fmt: skip

_NO_ENVIRONMENT = "use `endpoint_var` and `model_var` to name the variables that Compose injects into the container"
_RUNNER = "remove it: Docker Model Runner runs every model"
_CONTEXT = "use `context_size`"
_FLAGS = "use `runtime_flags`, with a list"
_REFERENCE = "use `model`, with the model reference"
_ENDPOINT = "use `endpoint_var`, with the name of the variable for the URL"
_MODEL_NAME = "use `model_var`, with the name of the variable for the model name"

# What people write for a key that is called otherwise, by what it stands in.
CALLED_OTHERWISE = {
    ("a model", "args"): _FLAGS,
    ("a model", "command"): _FLAGS,
    ("a model", "context"): _CONTEXT,
    ("a model", "context_length"): _CONTEXT,
    ("a model", "ctx_size"): _CONTEXT,
    ("a model", "endpoint_var"): "move it under `models:` of the service that uses the model",
    ("a model", "flags"): _FLAGS,
    ("a model", "image"): _REFERENCE,
    ("a model", "model_var"): "move it under `models:` of the service that uses the model",
    ("a model", "options"): _FLAGS,
    ("a model", "provider"): _RUNNER,
    ("a model", "pull_policy"): "remove it, and pin the model by digest: Compose pulls models on every `up`",
    ("a model", "reference"): _REFERENCE,
    ("a model", "source"): _REFERENCE,
    ("a model grant", "endpoint"): _ENDPOINT,
    ("a model grant", "env"): _NO_ENVIRONMENT,
    ("a model grant", "environment"): _NO_ENVIRONMENT,
    ("a model grant", "model"): _MODEL_NAME,
    ("a model grant", "name"): _MODEL_NAME,
    ("a model grant", "url"): _ENDPOINT,
    ("a model grant", "url_var"): _ENDPOINT,
}

REQUIRED_HINTS = {
    ("a model", "model"): "add `model:` with a model reference, such as `ai/smollm2`",
}

# What to do about an entry that is not a map.
ENTRY_HINTS = {
    "a model": "write `model: …` under it, with the model reference",
    "a service": "write `image: …` or `build: …` under it",
    "a model grant": "leave it empty, or write `endpoint_var: …` and `model_var: …` under it",
}

_FLAG_LIST = 'write a list with one argument per item, such as `["--temp", "0.1"]`'

_WITH_UNIT = "write a duration with its unit, such as `10s`"

# By section, key, and what is there instead of the right type; these say more than a fix could do.
TYPE_HINTS = {
    ("models", "runtime_flags", "text"): _FLAG_LIST,
    ("models", "runtime_flags", "map"): _FLAG_LIST,
    ("models", "model", "list"): "an entry of `models:` is one model: write a separate entry for each",
    ("services", "models", "text"): "write a list of names, such as `[llm]`",
    ("services", "models", "map"): "write only the name, or remove the `- ` to set its variables",
    ("services", "gpus", "number"): "write `all` or a list of devices",
    **{("services", name, "number"): _WITH_UNIT for name in ("interval", "start_interval", "start_period",
                                                             "stop_grace_period", "timeout")},
}  # fmt: skip

PATTERN_HINTS = {
    "container_name": "start with a letter or digit, followed by at least one letter, digit, `_`, `.` or `-`",
    "pull_policy": "write `always`, `missing`, `never`, `build`, `daily`, `weekly` or an interval such as `every_12h`",
}
