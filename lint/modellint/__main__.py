"""Run as `python -m modellint`."""

from modellint.cli import run

run()
