# modellint in an image: `docker run --rm -v "$PWD:/src:ro" IMAGE check`
#
# The base is pinned to a version by its tag alone: where this file was written, no registry could be asked for a digest.
# Nor was there an engine: tests read this file, and no image was built from it yet.

FROM python:3.13.7-slim-bookworm AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY lint lint
COPY rules rules
COPY policies policies
# The wheels of all dependencies as well, so that the image below is made without the network.
RUN pip wheel --no-cache-dir --wheel-dir /wheels ".[cel]"

FROM python:3.13.7-slim-bookworm
LABEL org.opencontainers.image.title="modellint" \
      org.opencontainers.image.description="Static analyzer and policy linter for the models of Docker Compose files" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels "modellint[cel]" \
    && useradd --create-home --uid 10001 modellint
USER 10001:10001
WORKDIR /src
ENTRYPOINT ["modellint"]
CMD ["check"]
