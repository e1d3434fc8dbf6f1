"""Draw each project in the given paths to a separate file; `entry.py` runs this with modellint on the path.

Arguments: the folder to write into, options that say which project it is, `--`, and the paths.
"""

import os
import sys

from modellint.check import targets
from modellint.cli import main

MOST = 20  # projects

end = sys.argv.index("--")
for number, target in enumerate(targets(sys.argv[end + 1 :], [])[:MOST]):
    path = os.path.join(sys.argv[1], f"{number:02}.mermaid")
    main(["graph", "--format=mermaid", "--no-findings", f"--output={path}", *sys.argv[2:end], "--", target])
