"""Differences between versions of Docker Compose that matter for models.

Read in the source of Docker Compose and compose-go; 5.4.0 to 5.6.1 were also run.
"""

from __future__ import annotations

from modellint.compose.schema.violation import Violation
from modellint.yaml.node import Mapping, Scalar, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from modellint.yaml.node import Node

NEWEST = (5, 6, 1)  # everything else here is checked against this one
OLDEST = (2, 38, 0)  # the first that knows `models`


class Features:
    """What a version of Docker Compose does. Without a version, what the newest known does."""

    __slots__ = (
        "checks_grants", "checks_names", "imports_models", "injects_model", "model_suffix", "null_grants",
        "passes_flags", "version",
    )  # fmt: skip

    def __init__(self, version: tuple[int, int, int] = NEWEST) -> None:
        self.version = version
        self.injects_model = version >= (2, 38, 1)  # before: the endpoint only, and no `model_var`
        self.checks_grants = version >= (2, 39, 0)  # before: a grant of an undeclared model passes
        self.model_suffix = version >= (2, 39, 2)  # before: the model's default variable is `LLM`, not `LLM_MODEL`
        self.null_grants = version >= (2, 40, 3)  # before: `models: {llm: }` of a service is refused
        self.imports_models = version >= (5, 0, 0)  # before: `include` leaves the included `models` behind
        self.passes_flags = not (5, 0, 0) <= version < (5, 0, 2)  # these two ignore `runtime_flags`, with a warning
        self.checks_names = version >= (5, 6, 0)  # before: a name outside the pattern passes, its entry unchecked

    @property
    def name(self) -> str:
        """The version for a message."""
        return ".".join(str(part) for part in self.version)


def features(text: str) -> Features:
    """The features of a version written as `5.6.1` or `v5.6.1`; raises `ValueError` with words for a person."""
    parts = text.removeprefix("v").split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise ValueError("is not a Docker Compose version; write three numbers, such as 5.6.1")
    version = (int(parts[0]), int(parts[1]), int(parts[2]))
    if version < OLDEST:
        raise ValueError(f"is older than {'.'.join(str(part) for part in OLDEST)}, the first version with `models`")
    return Features(version)


def _newer_keys(root: Mapping, features: Features) -> Iterator[Violation]:
    """The keys that the Compose schema has and the newest known version does not take."""
    for section in ("services", "jobs"):
        bodies = root.get(section)
        for name, body in bodies if isinstance(bodies, Mapping) else ():
            steps = body.get("pre_start") if isinstance(body, Mapping) else None
            several = [body, *(steps.items if isinstance(steps, Sequence) else ())]
            for container in several:
                yield from _newer_keys_of(container, (section, name.text), features)


def _newer_keys_of(container: Node, path: tuple[str, str], features: Features) -> Iterator[Violation]:
    if not isinstance(container, Mapping):
        return
    networks = container.get("networks")
    settings = [value for _, value in networks] if isinstance(networks, Mapping) else []
    for place, key in [(container, "umask"), *((each, "use_service_name_alias") for each in settings)]:
        found = place.entries.get(key) if isinstance(place, Mapping) else None
        if found is not None:
            message = (
                f"Compose {features.name} does not support `{key}`, which a later version adds: it rejects the file"
            )
            yield Violation(found[0].span, found[1], "additionalProperties", (*path, key), message, "remove it")


def refused(root: Mapping, features: Features) -> Iterator[Violation]:
    """What the version refuses in a merged document, and the newest does not."""
    if features.version <= NEWEST:
        yield from _newer_keys(root, features)
    services = root.get("services") if not features.null_grants else None
    for service, body in services if isinstance(services, Mapping) else ():
        grants = body.get("models") if isinstance(body, Mapping) else None
        for name, node in grants if isinstance(grants, Mapping) else ():
            if isinstance(node, Scalar) and node.value is None:
                message = f"the grant `{name.text}` is empty: Compose {features.name} rejects the file"
                path = ("services", service.text, "models", name.text)
                yield Violation(
                    name.content, node, "type", path, message, "write `{}` after it, or use a list of grants"
                )
