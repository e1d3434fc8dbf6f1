"""Check plans as the user that runs this: pickled plans come in, outcomes as JSON go out."""

from __future__ import annotations

import json
import pickle
import sys

from modellint.smoke.isolation.capability import find_capability
from modellint.smoke.isolation.run import check_services

capability = find_capability()
outcomes = check_services(pickle.load(sys.stdin.buffer), capability)
json.dump({"capability": capability, "outcomes": outcomes}, sys.stdout)
