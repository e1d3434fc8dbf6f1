"""Ask registries that lie, stall, flood and fish, and print what `modellint` makes of each.

    python tests/hostile.py [WORD …]

Runs the scenarios whose name holds one of the words, all without one; exits 1 where one fails. The table of them is
`support/registry/scenarios.py`.
"""

from __future__ import annotations

import runpy

if __name__ == "__main__":
    runpy.run_module("support.registry.scenarios", run_name="__main__")
