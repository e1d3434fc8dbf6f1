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
    "keys of SSH": Known(
        "printed in the order of the file; Compose prints them in another order each time",
        r"\.build\.ssh\[\d+\]: ",
        "services: {a: {image: i, build: {context: ., ssh: {" + ", ".join(f"k{n}: a" for n in range(20)) + "}}}}",
        r"\bssh: ",
    ),
    "a free name that begins with x-": Known(
        "read as a name; Compose gathers the entry as an extension, and prints `#extensions`",
        r"^\..*(#extensions|\.x-[^.:]*: .*, Compose has none$)",
        "services: {a: {image: i, ulimits: {x-a: 1}}}",
        r"\bx-",
    ),
    "a question mark or colon in flow text": Known(
        "refused, as libyaml reads it; Compose takes a `?` or `:` behind a blank for text",
        r"^refused, Compose accepts: .*(cannot start with `\?`|no `,` before|unexpected ':'|key `` as text"
        r"|`,` is missing|must be text, not a map)",
        "services: {a: {image: i, command: [b ?]}}",
        r"[\[{,]\s*\?|\s\?\S|\s:\S",
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
