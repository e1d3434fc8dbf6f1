"""The kinds in which modellint still differs from Docker Compose, each with the reason why it may."""

from __future__ import annotations

import re


class Known:
    """A kind of difference: why it may be, what is said about it, and a Compose file that shows it."""

    def __init__(self, reason: str, said: str, example: str, text: str = "") -> None:
        self.reason = reason
        self.said = re.compile(said)
        self.text = re.compile(text, re.MULTILINE)  # what one of the files of the project holds
        self.example = example


JOB = "services: {a: {image: i}}\njobs: {j: {image: i, triggers: {manual: true}"
KNOWN = {
    "a date as a size": Known(
        "refused; Compose takes a date that is no text for a size of 0, or for no file at all",
        r"^refused, Compose accepts: .*`2024-01-01`",
        "services: {a: {image: i, mem_limit: 2024-01-01}}",
    ),
    "a date as a key of SSH": Known(
        "printed as a path; Compose prints the date",
        r"\.build\.ssh\[0\]: .*2024-01-01 00:00:00 \+0000 UTC",
        "services: {a: {image: i, build: {context: ., ssh: {k: 2024-01-01}}}}",
    ),
    "a secret of a job without a source": Known(
        "printed without a name; Compose prints a mark of Go's formatter, `%!s(<nil>)`",
        r"^\.jobs\..*secrets\[\d+\]\.target: .*%!s\(<nil>\)",
        f"{JOB}, secrets: [{{uid: '1'}}]}}}}",
    ),
    "attempts beyond 64 bits": Known(
        "printed as the smallest number; Compose prints the largest of its own kind",
        r"\.max_attempts: -9223372036854775808, Compose has 9223372036854775808$",
        "services: {a: {image: i, deploy: {restart_policy: {max_attempts: 99999999999999999999}}}}",
    ),
    "a line separator in several lines": Known(
        "go-yaml prints U+2028 and U+2029 in a block so that they are read back as something else",
        r"Compose has .*(\\u2028|\\u2029|[\u2028\u2029])",
        'services: {a: {image: i, labels: {k: "a\\nb\\u2028"}}}',
        r"\\U?[0u]*202[89]",
    ),
}


def kind_of(said: str, files: dict[str, str]) -> str:
    """The name of the kind that a difference is of; empty where nothing explains it."""
    for name, known in KNOWN.items():
        if known.said.search(said) and any(known.text.search(text) for text in files.values()):
            return name
    return ""
