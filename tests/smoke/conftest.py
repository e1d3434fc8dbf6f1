"""Tiny models in a real registry, and real llama.cpp to run them."""

from __future__ import annotations

from support.smoke.fixtures import make as make
from support.smoke.fixtures import namespaces as namespaces
from support.smoke.fixtures import registry as registry
