"""What takes too long for every change: `make soak` runs it each night and before a release.

A plain `pytest` leaves this folder out (`norecursedirs`); name it to run a part: `.venv/bin/pytest tests/soak`.
"""
