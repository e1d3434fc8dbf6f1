"""Which certificates are trusted: one TLS set-up for a run, because reading the authorities takes time and memory."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING

from modellint.registry.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def tls(ca_file: str, environ: Mapping[str, str]) -> ssl.SSLContext:
    """The set-up with the authorities of a file, else of the first variable that names one, else the system's.

    Raises `Failure` where they cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    named = "`--ca-file`" if ca_file else next((name for name in _VARIABLES if environ.get(name)), "")
    path = ca_file or environ.get(named, "")
    try:
        if path:
            _load(context, path)
        else:
            _load_system(context)
    except (OSError, ValueError):  # an ssl.SSLError is an OSError
        raise Failure("tls", f"cannot read the certificates from {named or 'this system'}") from None
    return context


def _load(context: ssl.SSLContext, path: str) -> None:
    if os.path.isdir(path):
        context.load_verify_locations(capath=path)
    else:
        context.load_verify_locations(cafile=path)


def _load_system(context: ssl.SSLContext) -> None:
    """What Docker trusts too, with an organisation's own authorities; where the system has none, the browsers' list."""
    context.load_default_certs()
    if not context.cert_store_stats()["x509_ca"]:
        import certifi

        context.load_verify_locations(cafile=certifi.where())
