"""Check a service with a probe that only waits: PLANS (pickled) from standard input, the probe's file as argument."""

from __future__ import annotations

import pickle
import sys

from modellint.smoke.isolation.capability import Capability
from modellint.smoke.isolation.run import check_service

check_service(pickle.load(sys.stdin.buffer), Capability(True, ""), probe=sys.argv[1])
