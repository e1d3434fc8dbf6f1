"""What takes too long for every change: `make soak` runs it each night and before a release.

A plain `pytest` leaves this folder out (`norecursedirs`); name it to run a part: `.venv/bin/pytest tests/soak`.

`MODELLINT_SOAK=1` has tests elsewhere make all of their repetitions, and `MODELLINT_ENDINGS` says how often each ending
of a run is tried; without them a small share of each kind is.
"""
