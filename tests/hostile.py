"""Ask registries that lie, stall, flood and fish, and print what `modellint` makes of each.

    python tests.hostile.py [WORD …]

Runs the scenarios whose name holds one of the words, all without one; exits 1 where one fails. The table of them is
`registry/scenarios.py`.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    folder = Path(__file__).parent / "registry"
    sys.path.insert(0, str(folder))
    runpy.run_path(str(folder / "scenarios.py"), run_name="__main__")
