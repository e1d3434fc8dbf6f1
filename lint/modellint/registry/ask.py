"""Ask registries: the front door. What an earlier run has kept costs a file and imports nothing of the network."""

from __future__ import annotations

import time

from modellint.oci.answers import RegistryAnswer
from modellint.registry import names
from modellint.registry.cache import Cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from modellint.oci.query import Query
    from modellint.registry.options import RegistryOptions


def ask(
    requests: Iterable[Query],
    access: RegistryOptions,
    *,
    details: bool = True,
    answered: Callable[[Query, RegistryAnswer], None] | None = None,
) -> dict[Query, RegistryAnswer]:
    """One answer for each request, in their order.

    With `details` a model's config is fetched too, and the text of its licence where the config names none. `answered`
    is called for each answer as it comes, in the caller's thread. Nothing that a registry, the network or a
    configuration file does raises an exception.
    """
    wanted = list(dict.fromkeys(requests))
    answers: dict[Query, RegistryAnswer] = {}
    coming = _answers(wanted, access, details)
    try:
        for request, answer in coming:
            answers[request] = answer
            if answered:
                answered(request, answer)
    finally:
        coming.close()  # also where `answered` raises: no thread goes on
    return {request: answers[request] for request in wanted}


def _answers(requests: list[Query], access: RegistryOptions, details: bool) -> Generator[tuple[Query, RegistryAnswer]]:
    cache = Cache(access.cache, access.checked, access.warn, recalls=access.recalls)
    left: list[Query] = []
    for request in requests:
        if answer := _without_network(request, access, cache, details):
            yield request, answer
        else:
            left.append(request)
    if left:
        from modellint.registry.online import answers

        try:
            for request, answer in answers(left, access, cache, details):
                cache.keep(request, answer)
                yield request, answer
        finally:
            cache.write()


def _without_network(request: Query, access: RegistryOptions, cache: Cache, details: bool) -> RegistryAnswer | None:
    """The answer to a request that needs no network."""
    if problem := names.problem(request):
        return _no("invalid", problem)
    if access.registries and request.registry not in access.registries:
        return _no("not-allowed", "this registry is not allowed by `--registry`")
    answer = cache.answer(request, details, float("inf") if access.offline else access.max_age)
    if answer is None and access.offline:
        why = f"the cache {cache.doubt}" if cache.doubt else "there is no cached answer"
        return _no("offline", f"{why}, and `--offline` contacts no registry")
    return answer


def _no(code: str, reason: str) -> RegistryAnswer:
    return RegistryAnswer(None, time.time(), code=code, reason=reason)
