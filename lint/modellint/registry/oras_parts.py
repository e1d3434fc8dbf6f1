"""What of `oras` is used, with types, which it has none of: the base classes of a client and of its log-in.

Its `Registry` keeps the session, the scheme and the way to authenticate, and every one of its methods goes through
`do_request`, which `client.Client` overrides. Its `TokenAuth` keeps the token and the name and password.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    import requests

    class Registry:
        """`oras.provider.Registry`."""

        hostname: str | None
        session: requests.Session
        prefix: str
        auth: Any

        def __init__(
            self, hostname: str | None = None, insecure: bool = False, tls_verify: bool | str = True,
            auth_backend: str = "token",
        ) -> None: ...  # fmt: skip

    class TokenAuth:
        """`oras.auth.token.TokenAuth`."""

        token: str | None
        session: requests.Session
        prefix: str
        _basic_auth: str

        def __init__(self) -> None: ...
        def set_token_auth(self, token: str) -> None:
            """Keep a token."""

        def set_basic_auth(self, username: str, password: str) -> None:
            """Keep a name and a password, as HTTP writes them."""

        def get_auth_header(self) -> dict[str, str]:
            """The header with the token."""
            ...

    MANIFESTS: list[str]
else:
    from oras.auth.token import TokenAuth
    from oras.defaults import default_manifest_accepted_media_types as MANIFESTS
    from oras.provider import Registry

__all__ = ["MANIFESTS", "Registry", "TokenAuth"]

# It writes what registries say to standard error, with control characters and all.
_log = logging.getLogger("oras.logger")
_log.addHandler(logging.NullHandler())
_log.propagate = False
