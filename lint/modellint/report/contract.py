"""The JSON report as types, for programs that read it: `Report.model_validate_json(text)`.

`python -m modellint.report.contract` prints the JSON Schema that is published as `report.schema.json`.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
From1 = Annotated[int, Field(ge=1)]


class Record(BaseModel):
    """Part of a report. Later versions of modellint may add properties."""

    model_config = ConfigDict(frozen=True)


class Position(Record):
    """A position in a file, in Unicode code points. A byte order mark counts for nothing."""

    line: From1
    column: From1


class Stretch(Record):
    """A stretch of a file."""

    path: str = Field(description="Relative to the working directory if it is below it, with / as the separator.")
    start: Position
    end: Position = Field(description="Just after the last character.")


class Related(Stretch):
    """Another place that a finding is about."""

    message: str


class Edit(Stretch):
    """Put a text in the place of what is there."""

    text: str


class Fix(Record):
    """Edits that belong together: apply all of them, or none."""

    title: str
    safety: Literal["safe", "unsafe"] = Field(description="A person should review what an unsafe fix changes.")
    edits: list[Edit] = Field(min_length=1)


class Finding(Stretch):
    """One problem in one place."""

    rule: str
    severity: Literal["error", "warning", "note"]
    message: str = Field(description="The problem and its consequence, without a final period.")
    fix: Fix | None
    related: list[Related]
    hint: str | None = Field(default=None, description="What to do if there is no fix.")


class Unreadable(Record):
    """A file or folder that could not be checked."""

    path: str
    reason: str
    start: Position | None = Field(default=None, description="The position in the file, if the problem has one.")


class Policy(Record):
    """A policy that was in force, and which rules it makes weaker than they are by themselves."""

    name: str = Field(description="The name of a built-in policy, or a path.")
    built_in: bool
    outside: Literal["repository", "project"] | None = Field(
        description="What the policy file is outside of, if it was not specified."
    )
    off: list[str] = Field(description="Rules that it disables.")
    lowered: list[str] = Field(description="Rules whose severity it lowers.")


class Suppressed(Stretch):
    """A finding that is not among `findings`, and why."""

    rule: str
    severity: Literal["error", "warning", "note"]
    message: str
    kind: Literal["ignore", "exception", "baseline"] = Field(
        description="An ignore comment, an exception in a policy, or the baseline."
    )
    reason: str = Field(description="The reason given in the comment or the exception; can be empty.")


class LeftOut(Record):
    """A file or folder that was found and not checked."""

    path: str
    reason: str


class Unheeded(Record):
    """Something that `--suppressions-from` keeps from counting: it differs from the version before the change."""

    path: str
    line: From1 | None
    reason: str


class Needs(Record):
    """What Compose needs before it starts a project, and what is not here."""

    path: str
    env_files: list[str]
    variables: list[str]


class Tool(Record):
    """The program that made the report."""

    name: Literal["modellint"]
    version: str


class Summary(Record):
    """How many findings of each severity there are, and what was checked."""

    error: Count
    warning: Count
    note: Count
    files: Count
    projects: Count
    suppressed: Count = Field(default=0, description="Findings that are not counted: see `suppressed` in the report.")
    lowered: Count = Field(default=0, description="Findings whose severity a policy lowered.")


class Report(Record):
    """What `modellint check --format json` prints."""

    version: Literal[1]
    tool: Tool
    findings: list[Finding]
    unreadable: list[Unreadable]
    summary: Summary
    policies: list[Policy] = []
    suppressed: list[Suppressed] = []
    left_out: list[LeftOut] = []
    unheeded: list[Unheeded] = []
    needs: list[Needs] = []


def schema() -> dict[str, Any]:
    """The JSON Schema of a report."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://raw.githubusercontent.com/modellint/modellint/main/lint/modellint/report/report.schema.json",
        **Report.model_json_schema(),
    }


def schema_text() -> str:
    """What `report.schema.json` holds."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
