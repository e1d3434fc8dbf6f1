"""The complete project as `docker compose config` prints it."""

from __future__ import annotations

from modellint.compose.canonical.nodes import data_of
from modellint.compose.canonical.order import in_order
from modellint.compose.canonical.resources import model, resource
from modellint.compose.canonical.services import job, service
from modellint.compose.canonical.values import extensions, with_texts, without_extensions
from modellint.yaml.scalars import compose_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from modellint.compose.model.project import Project


def whole_project(project: Project) -> dict[str, Any]:
    """The data that `docker compose config` prints, keys in its order, every `$` doubled.

    The project must be one that Compose accepts; `ValueError` where a value cannot be read. Reads the env files and
    label files of the active services.
    """
    data = data_of(project.root) if project.root is not None else {}
    environment = project.environment
    services = {
        name: service(body, environment, project.reader)
        for name, body in _sorted(data.get("services"))
        if _is_active(body, project.profiles)
    }
    jobs = {
        name: job(name, body, environment)
        for name, body in _sorted(data.get("jobs"))
        if _is_active(body, project.profiles)
    }
    used = {section: {name for body in services.values() for name in names(body)} for section, names in _USED.items()}
    printed: dict[str, Any] = {"name": project.name, "services": services, "jobs": jobs}
    data["networks"] = {"default": None, **(data.get("networks") or {})}
    for section in ("networks", "volumes", "secrets", "configs"):
        printed[section] = {
            name: resource(section, name, body, project.name)
            for name, body in _sorted(data.get(section))
            if name in used[section]
        }
    models = without_extensions(data.get("models") or {}, lambda gathered: {})
    printed["models"] = {name: model(body) for name, body in _sorted(models) if name in used["models"]}
    kept = {name: value for name, value in printed.items() if value or name in ("name", "services")}
    doubled: dict[str, Any] = with_texts({**kept, **extensions(data)}, lambda text: text.replace("$", "$$"))
    return doubled


def _sorted(section: Any) -> Iterator[tuple[str, Any]]:
    return iter(in_order(section or {}).items())


def _is_active(body: dict[str, Any], profiles: frozenset[str]) -> bool:
    wanted = [compose_text(profile) for profile in body.get("profiles") or ()]
    return not wanted or "*" in profiles or not profiles.isdisjoint(wanted)


def _volumes(body: dict[str, Any]) -> Iterator[str]:
    return (mount["source"] for mount in body.get("volumes", ()) if mount["type"] == "volume" and "source" in mount)


def _secrets(body: dict[str, Any]) -> Iterator[str]:
    references = [*body.get("secrets", ()), *body.get("build", {}).get("secrets", ())]
    return (reference["source"] for reference in references)


def _configs(body: dict[str, Any]) -> Iterator[str]:
    return (reference.get("source", "") for reference in body.get("configs", ()))


def _networks(body: dict[str, Any]) -> Iterator[str]:
    return iter(body.get("networks", ()))


def _models(body: dict[str, Any]) -> Iterator[str]:
    return iter(body.get("models", ()))


# What jobs and the steps before a service use is not printed, unless a service uses it too.
_USED = {
    "networks": _networks, "volumes": _volumes, "secrets": _secrets, "configs": _configs, "models": _models,
}  # fmt: skip
