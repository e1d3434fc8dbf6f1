"""What the steps of a Dockerfile may bring, and what the images below it lack."""

from __future__ import annotations

import pytest

from modellint.evidence.dockerfile import read_dockerfile
from modellint.evidence.images import base_lacks, repackaged
from modellint.oci.image_reference import Image
from modellint.text.source import Source


@pytest.mark.parametrize(
    ("steps", "brings"),
    [
        ("RUN pip install fastapi && mkdir -p /srv", False),
        ("RUN --mount=type=cache,target=/root/.cache pip install x", False),
        ("COPY . .\nWORKDIR /srv\nCOPY --from=x /relay /relay", False),
        ("ADD main.py /srv/", False),
        ("RUN apt-get update && apt-get install -y curl", True),
        ("RUN apk add --no-cache curl", True),
        ("RUN ./setup.sh", True),
        ("RUN mkdir x && bash install.sh", True),
        ("RUN echo $(sh get.sh)", True),
        ("RUN cat <<EOF | sh\nEOF", True),
        ("COPY --from=x /usr/bin/curl /usr/bin/curl", True),
        ('COPY --from=x ["/tools/", "/usr/local/bin/"]', True),
        ("COPY --from=x / /", True),
        ("ADD root.tar.gz /", True),
    ],
)
def test_what_steps_bring(steps: str, brings: bool) -> None:
    text = f"FROM golang AS x\nRUN apt-get install -y curl\nFROM python:3.13-slim\n{steps}\n"
    found = read_dockerfile(Source("Dockerfile", text))
    assert (found.base, found.brings) == ("python:3.13-slim", brings)


@pytest.mark.parametrize(
    ("base", "tool", "lacking"),
    [
        ("python:3.13-slim", "curl", True),
        ("python:3.13-slim-trixie", "wget", True),
        ("docker.io/library/node:22-alpine3.20", "curl", False),
        ("node:22-alpine", "curl", True),
        ("node:22-alpine", "wget", False),
        ("python:3.13", "curl", False),
        ("alpine", "curl", True),
        ("debian:trixie", "wget", True),
        ("scratch", "sh", True),
        ("gcr.io/distroless/static-debian12", "curl", True),
        ("gcr.io/distroless/static-debian12:debug", "sh", False),
        ("example/python:3-slim", "curl", False),
        ("python:3.13-slim", "python3", False),
    ],
)
def test_what_bases_lack(base: str, tool: str, lacking: bool) -> None:
    assert base_lacks(base, tool) is lacking


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("acme/ollama-server", "Ollama"),
        ("registry.example/x/litellm-proxy:latest", "LiteLLM"),
        ("quay.io/acme/docker-vllm", "vLLM"),
        ("acme/ollama-exporter", ""),
        ("acme/vllm-dashboard", ""),
        ("ollama-server", ""),
        ("acme/ollama-litellm", ""),
        ("ollama/ollama", ""),
    ],
)
def test_what_is_repackaged(image: str, name: str) -> None:
    known = repackaged(Image(image))
    assert (known.name if known else "") == name
