"""Well-known registries: the host of their API, their token service, and Docker's name for them."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from modellint.registry.names import is_host, split_port

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.registry.options import RegistryOptions

HUB = "docker.io"
_HUB_API = "registry-1.docker.io"
_HUB_KEY = "https://index.docker.io/v1/"  # under which Docker stores its credentials

# Registries whose tokens another host gives out. The credentials of the registry are sent there, so a pair stands here
# only if both belong to one operator.
_TOKEN_HOSTS = {
    HUB: "auth.docker.io",
    "registry.gitlab.com": "gitlab.com",
    "docker.elastic.co": "docker-auth.elastic.co",
    "registry.digitalocean.com": "api.digitalocean.com",
}


def api_host(registry: str) -> str:
    """The host that answers for a registry."""
    return _HUB_API if registry == HUB else registry


def known_token_host(registry: str) -> str:
    """The other host that gives out a registry's tokens; empty where it does so itself."""
    return _TOKEN_HOSTS.get(registry, "")


def credential_keys(registry: str) -> tuple[str, ...]:
    """Under which keys Docker's configuration may hold a registry's credentials; the first is what Docker writes."""
    if registry == HUB:
        return (_HUB_KEY, "index.docker.io", HUB, _HUB_API)
    return (registry, f"https://{registry}", f"http://{registry}")


def host_of_key(key: str) -> str:
    """The host that a key of Docker's configuration stands for: `https://ghcr.io/v1/` is `ghcr.io`."""
    return key.removeprefix("https://").removeprefix("http://").partition("/")[0].lower()


def on_this_machine(host: str) -> bool:
    """Whether a name says of itself that it leads to this machine: `localhost`, below it, 127.0.0.0/8 or `[::1]`."""
    name = split_port(host)[0]
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def may_be_plain(host: str, access: RegistryOptions) -> bool:
    """Whether a host may be asked without TLS."""
    return host in access.plain_http or on_this_machine(host)


class UrlHost:
    """Scheme and host (with its port, unless that is the scheme's own) of a URL."""

    __slots__ = ("host", "scheme")

    def __init__(self, scheme: str, host: str) -> None:
        default = ":443" if scheme == "https" else ":80"
        self.scheme = scheme
        self.host = host.removesuffix(default)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UrlHost) and self.scheme == other.scheme and self.host == other.host

    def __hash__(self) -> int:
        return hash((self.scheme, self.host))


def place(url: str) -> UrlHost | None:
    """Where a URL leads that a registry sent; nothing where it is none that may be followed."""
    if len(url) > 8192 or not url.isascii() or any(ord(each) <= 32 or ord(each) == 127 for each in url) or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = parts.netloc.lower()
    if parts.scheme not in ("https", "http") or parts.fragment or not is_host(host):
        return None
    return UrlHost(parts.scheme, host)
