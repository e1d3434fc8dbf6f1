"""What the messages about schema violations say: the words for types and places, and hints for common mistakes."""

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

_NO_ENVIRONMENT = "`endpoint_var` and `model_var` name the variables that Compose sets in the container"
_RUNNER = "Docker Model Runner runs every model: remove it"
_CONTEXT = "the key is `context_size`"
_FLAGS = "the key is `runtime_flags`, a list"
_REFERENCE = "the key is `model`: the reference of the artifact"
_ENDPOINT = "the key is `endpoint_var`: the name of the variable for the URL"
_MODEL_NAME = "the key is `model_var`: the name of the variable for the model"

# What people write for a key that is called otherwise, by what it stands in.
CALLED_OTHERWISE = {
    ("a model", "args"): _FLAGS,
    ("a model", "command"): _FLAGS,
    ("a model", "context"): _CONTEXT,
    ("a model", "context_length"): _CONTEXT,
    ("a model", "ctx_size"): _CONTEXT,
    ("a model", "endpoint_var"): "it belongs under `models:` of the service that uses the model",
    ("a model", "flags"): _FLAGS,
    ("a model", "image"): _REFERENCE,
    ("a model", "model_var"): "it belongs under `models:` of the service that uses the model",
    ("a model", "options"): _FLAGS,
    ("a model", "provider"): _RUNNER,
    ("a model", "pull_policy"): "Compose pulls a model on every `up`: remove it, and pin the model by digest instead",
    ("a model", "reference"): _REFERENCE,
    ("a model", "source"): _REFERENCE,
    ("the grant of a model", "endpoint"): _ENDPOINT,
    ("the grant of a model", "env"): _NO_ENVIRONMENT,
    ("the grant of a model", "environment"): _NO_ENVIRONMENT,
    ("the grant of a model", "model"): _MODEL_NAME,
    ("the grant of a model", "name"): _MODEL_NAME,
    ("the grant of a model", "url"): _ENDPOINT,
    ("the grant of a model", "url_var"): _ENDPOINT,
}

REQUIRED_HINTS = {
    ("a model", "model"): "add `model:` with the reference of the artifact, like `ai/smollm2`",
}

# What to do about an entry that is not a map.
ENTRY_HINTS = {
    "a model": "write `model: …` below it, with the reference of the artifact",
    "a service": "write `image: …` or `build: …` below it",
    "the grant of a model": "leave it empty, or write `endpoint_var: …` and `model_var: …` below it",
}

_FLAG_LIST = 'write a list with one word in each item, like `["--temp", "0.1"]`'

_WITH_UNIT = "write a time with its unit, like `10s`"

# By section, key, and what is there instead of the right type; these say more than a fix could do.
TYPE_HINTS = {
    ("models", "runtime_flags", "text"): _FLAG_LIST,
    ("models", "runtime_flags", "map"): _FLAG_LIST,
    ("models", "model", "list"): "an entry of `models:` is one model: write one entry for each",
    ("services", "models", "text"): "write a list of names, like `[llm]`",
    ("services", "models", "map"): "write the name alone, or take the `- ` away to give it variables of its own",
    ("services", "gpus", "number"): "write `all`, or a list of devices",
    **{("services", name, "number"): _WITH_UNIT for name in ("interval", "start_interval", "start_period",
                                                             "stop_grace_period", "timeout")},
}  # fmt: skip

PATTERN_HINTS = {
    "container_name": "begin with a letter or digit, and go on with at least one of those or `_`, `.`, `-`",
    "pull_policy": "write `always`, `missing`, `never`, `build`, `daily`, `weekly` or a time like `every_12h`",
}
