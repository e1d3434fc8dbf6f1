"""An `ask` as one writes it without a thought of hostile registries: the scenarios must find fault with it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import requests

from modellint.oci.answers import RegistryAnswer
from modellint.oci.artifact import Artifact
from modellint.oci.query import Query
from modellint.registry.options import RegistryOptions

PATIENCE = 12  # seconds, of a single read


def ask(asked: Iterable[Query], access: RegistryOptions, *, details: bool = True) -> dict[Query, RegistryAnswer]:
    """Follows every redirect, trusts every header, and gives every password to whoever asks for one."""
    session = requests.Session()
    return {request: _ask(request, session, access) for request in asked}


def _ask(request: Query, session: requests.Session, access: RegistryOptions) -> RegistryAnswer:
    scheme = "http" if request.registry.startswith("127.") else "https"
    url = f"{scheme}://{request.registry}/v2/{request.repository}/manifests/{request.tag or request.digest}"
    reply = session.get(url, timeout=PATIENCE)
    if reply.status_code == 401:
        headers = {"Authorization": f"Basic {_password(request.registry)}"}
        if realm := re.search(r'realm="(.*?)"', reply.headers["WWW-Authenticate"]):
            reply = session.get(realm[1] if "/" in realm[1] else url, headers=headers, timeout=PATIENCE)
        if reply.headers.get("Content-Type") == "application/json":
            headers = {"Authorization": "Bearer " + reply.json()["token"]}
            reply = session.get(url, headers=headers, timeout=PATIENCE)
    if reply.status_code != 200:
        print(reply.text, file=sys.stderr)
        return RegistryAnswer(None, 0, code="unavailable", reason=f"{reply.reason}: {reply.text}")
    document: Mapping[str, Any] = reply.json()
    session.get(f"{scheme}://{request.registry}/v2/{request.repository}/blobs/sha256:config", timeout=PATIENCE)
    artifact = Artifact(reply.headers.get("Docker-Content-Digest", ""), "model")
    artifact.size = document["layers"][0]["size"]
    return RegistryAnswer(artifact, 0)


def _password(registry: str) -> str:
    config = (Path(os.environ["HOME"]) / ".docker" / "config.json").read_text()
    if "credHelpers" in config:
        subprocess.run(["docker-credential-zq", "get"], input=registry, text=True, capture_output=True, check=False)
    found = re.findall(r'"auth": "(.*?)"', config)
    return found[0] if found else ""
