"""A Docker engine, tiny models in a real registry, and an image with nothing in it."""

from __future__ import annotations

from support.docker.fixtures import any_engine as any_engine
from support.docker.fixtures import any_runs as any_runs
from support.docker.fixtures import engine as engine
from support.docker.fixtures import runs as runs
from support.smoke.fixtures import make as make
from support.smoke.fixtures import namespaces as namespaces
from support.smoke.fixtures import registry as registry
