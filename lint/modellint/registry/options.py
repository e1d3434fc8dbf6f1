"""The network options of a run."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TIMEOUT = 5.0  # seconds for one reference, from the first connection to the last byte
MAX_AGE = 600.0  # seconds for which an answer about a tag is not asked again


class RegistryOptions:
    """Which registries may be asked, how, and what of an earlier run may be used.

    Hosts are `name` or `name:port` as references write them. `cache` is a folder, or empty for none. Without `recalls`
    nothing in it is believed, and nothing new is kept there; what turns out to be outdated is mended all the same.
    """

    __slots__ = (
        "ca_file", "cache", "checked", "credentials", "max_age", "offline", "plain_http", "recalls", "registries",
        "timeout", "token_hosts", "warn",
    )  # fmt: skip

    def __init__(
        self,
        *,
        registries: Iterable[str] = (),
        plain_http: Iterable[str] = (),
        token_hosts: Iterable[str] = (),
        ca_file: str = "",
        credentials: bool = True,
        timeout: float = TIMEOUT,
        cache: str = "",
        recalls: bool = True,
        checked: Iterable[str] = (),
        max_age: float = MAX_AGE,
        offline: bool = False,
        warn: Callable[[str], object] | None = None,
    ) -> None:
        self.registries = frozenset(registries)  # the only ones that are asked; empty: any that the project names
        self.plain_http = frozenset(plain_http)  # asked without TLS, beside those on this machine
        self.token_hosts = frozenset(token_hosts)  # that a registry may send us to for a token, beside the known ones
        self.ca_file = ca_file  # certificates to trust instead of the system's
        self.credentials = credentials  # whether those that Docker stores may be used
        self.timeout = timeout
        self.cache = cache
        self.recalls = recalls
        self.checked = tuple(
            checked
        )  # files and folders that are not the user's: no cache in their repositories counts
        self.max_age = max_age
        self.offline = offline  # nothing is asked; answers of earlier runs count whatever their age
        self.warn = warn  # is told what of the cache is not used, and why
