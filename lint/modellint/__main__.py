"""Run as `python -P -m modellint`.

Without `-P` the current folder comes first on the path, and a `modellint/` or a `runpy.py` in it has run already when
this begins. From here on nothing more is taken from there.
"""

import sys

if not sys.flags.safe_path:
    del sys.path[0]

from modellint.cli import run

run()
