"""Check a service with a probe that only waits: PLANS (pickled) from standard input, the probe's file as argument."""

from __future__ import annotations

import pickle
import sys

from modellint.isolation.run import check_service
from modellint.isolation.support import Capability

check_service(pickle.load(sys.stdin.buffer), Capability(True, ""), probe=sys.argv[1])
