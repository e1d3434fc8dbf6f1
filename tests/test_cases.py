"""The kinds of small projects beside the checkout that are wholly right stay so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCORE = (Path(__file__).parents[2] / "shared" / "cases" / "score.py").resolve()
WHOLE = (
    "client-image-tag",
    "cmd-shell-with-words",
    "command-cut-at-an-operator",
    "comment-in-config-content",
    "conflict-with-an-unused-model",
    "gpu-is-decided-elsewhere",
    "guessable-secret-names",
    "hint-for-an-api-without-v1",
    "image-and-build",
    "image-table-gap",
    "keys-of-no-model-provider",
    "litellm-open-to-all",
    "mcp-gateway-published",
    "missing-env-file-said-once",
    "named-network",
    "one-key-said-once",
    "one-wrong-item-many-errors",
    "program-not-in-a-built-image",
    "repackaged-server-image",
    "required-variable-in-a-fresh-clone",
    "shell-gets-one-word",
    "unset-address-beside-grant",
    "unset-variable-breaks-a-pattern",
    "utf-16-file",
)


def test_the_kinds_that_are_right() -> None:
    if not SCORE.exists():
        pytest.skip("the cases do not lie beside this checkout")
    program = Path(sys.executable).with_name("modellint")
    done = subprocess.run(
        [sys.executable, SCORE, "--modellint", program, *WHOLE], capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].endswith(f"{len(WHOLE)} of {len(WHOLE)} kinds whole")
