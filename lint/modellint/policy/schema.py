"""The shape of a policy file, and the JSON Schema that editors use: `python -m modellint.policy.schema` prints it.

One way to write each thing: a union would make a reader of errors guess which of its branches was meant.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from modellint.linter.identity import MOST

Severity = Literal["error", "warning", "note", "off"]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=MOST)]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]


class Part(BaseModel):
    """Part of a policy. A key that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RuleSetting(BaseModel):
    """How a rule is applied: its severity, and the options that its page names."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    severity: Severity | None = Field(None, description="Used instead of the rule's default; `off` disables the rule.")


class Allow(Part):
    """What models may be. A list that is absent allows anything, an empty one nothing."""

    registries: list[Pattern] | None = Field(None, description="Hosts, such as `docker.io`; `*` matches any part.")
    models: list[Pattern] | None = Field(
        None, description="Names without tag; `*` matches one part of a name, `**` any number of parts."
    )
    flags: list[Pattern] | None = Field(None, description="Runtime flags, such as `--temp`.")
    licenses: list[Pattern] | None = Field(None, description="SPDX identifiers, such as `Apache-2.0`.")


class Budget(Part):
    """What one model may need."""

    memory: Text | None = Field(None, description="Weights and KV cache, such as `16GiB`.")


class Exception_(Part):
    """Findings that are accepted for a time."""

    rule: Name
    where: Pattern | None = Field(
        None,
        description="`FILE`, `#KEYS` or `FILE#KEYS`, such as `compose.dev.yaml#models.*`; `FILE` is relative to "
        "the directory of this policy.",
    )
    about: Subject | None = Field(
        None,
        description="What the finding is about: the text at its location, such as `ai/smollm2`, or its message; "
        "if absent, all findings of the rule there.",
    )
    reason: Text
    owner: Name | None = None
    expires: date | None = Field(None, description="The last day on which it applies.", strict=False)


class Check(Part):
    """A condition in CEL, and what it should say of some examples."""

    name: Name
    each: Literal["model", "service", "binding", "project"]
    must: Expression = Field(
        description="What must be true for each, in CEL, such as `model.context_size <= 8192`; `modellint policy "
        "keys` lists the keys.",
    )
    message: Text
    severity: Literal["error", "warning", "note"] = "error"
    at: Name | None = Field(None, description="The key where a violation is reported.")
    good: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []


class Policy(Part):
    """A policy of modellint."""

    version: Literal[1]
    extends: list[Name] = Field([], description="`recommended`, `strict`, `airgapped`, or paths of policy files.")
    rules: dict[Name, RuleSetting] = {}
    allow: Allow = Field(default_factory=lambda: Allow.model_validate({}))
    grants: dict[Pattern, list[Pattern]] | None = Field(None, description="Services, and the models that each can use.")
    budget: Budget = Field(default_factory=lambda: Budget.model_validate({}))
    exceptions: list[Exception_] = []
    exceptions_need: list[Literal["owner", "expires", "where", "about"]] = Field(
        [], description="What every exception must specify."
    )
    checks: list[Check] = []


def json_schema() -> str:
    """The JSON Schema of a policy file."""
    schema = Policy.model_json_schema()
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(json_schema())
