"""Who runs with which rights, and what is not proven because somebody was not let run: pure, in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modellint.smoke.docker.private_project import depends_on, services_of
from modellint.smoke.docker.rights import needs
from modellint.smoke.isolation.outcome import NOT_PROVEN, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from modellint.smoke.docker.rights import OutsideResources, RequiredRight


def who_runs(
    document: Mapping[str, Any],
    names: Sequence[str],
    unmet: Mapping[str, Sequence[RequiredRight]],
    outside: OutsideResources,
    allowed: frozenset[str],
    *,
    alone: bool,
) -> str:
    """One line about the services that are started, `names`. `alone`: nothing of the project's runs."""
    if alone:
        return "no image of the project runs: modellint's own containers replace all services"
    services = services_of(document)
    by_rights: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        if name not in unmet:
            rights = dict.fromkeys(need.right for need in needs(document, name, outside) if need.right in allowed)
            by_rights.setdefault(tuple(rights), []).append(name)
    built = [name for name in names if name not in unmet and "build" in services.get(name, {})]
    said = [f"Dockerfiles build {', '.join(built)}, as root in containers"] if built else []
    said += [f"{', '.join(found)}: {_with(rights)}" for rights, found in sorted(by_rights.items())]
    by_reason: dict[str, list[str]] = {}
    for name, lacks in unmet.items():
        by_reason.setdefault(_why(lacks), []).append(name)
    said += [f"modellint's own containers replace {', '.join(found)}, {why}" for why, found in by_reason.items()]
    return f"in the Docker engine: {'; '.join(said) or 'nothing'}"


def lacking(
    document: Mapping[str, Any], names: Sequence[str], unmet: Mapping[str, Sequence[RequiredRight]], *, alone: bool
) -> Iterator[Outcome]:
    """What is not proven of services, because they or what they depend on were stood in for.

    Where all are stood in for (`alone`), that is so only of what decides about their networks.
    """
    services = services_of(document)
    for name in names:
        found = [each for each in unmet.get(name, ()) if each.network or not alone]
        if found and not alone:
            why = f"one of modellint's own containers replaced the service, {_why(found)}"
            yield Outcome(name, "image", "", NOT_PROVEN, why)
        if any(each.network for each in found):
            why = f"a stand-in in the project's own network was tested instead of the service, {_why(found)}"
            yield Outcome(name, "container", "network", NOT_PROVEN, why)
        for other in depends_on(services.get(name, {})):
            if "provider" in services.get(other, {}):
                why = (
                    f"`{other}`, which it depends on, has a provider, which is a program that Compose would start "
                    "on this machine; one of modellint's own containers replaced it, and sets no variables"
                )
                yield Outcome(name, "environment", other, NOT_PROVEN, why)


def _why(unmet: Sequence[RequiredRight]) -> str:
    """What a service lacks, and what would allow it."""
    wants = ", ".join(dict.fromkeys(each.what for each in unmet))
    rights = dict.fromkeys(each.right for each in unmet)
    if "" in rights:
        return f"which has {wants}; no option allows that"
    return f"which has {wants}; that requires {' '.join(f'`--allow {right}`' for right in rights)}"


def _with(rights: Sequence[str]) -> str:
    usual = "the project's own image with the rights of any container"
    return f"{usual}, and {', '.join(rights)}" if rights else usual
