"""The definition of a rule, and what nearly every rule module imports; `tests/test_architecture.py` lists the rest.

A rule is a function. Its name is the rule's name, its module's docstring is the rule's page, the type of its first
parameter says what it looks at:

- `YamlFile`: each file as it was read, well formed or not
- `Project`: the whole project
- `Model`: each entry of `models:`, and each service with `provider: {type: model}`
- `Service`: each service
- `Grant`: each model of each service
- `Ignore`: each ignore comment, after all other rules have run
- `Exemption`: each exception of a policy, after all projects have been checked
"""

from __future__ import annotations

import sys

from modellint.compose.model.project import Grant, Model, Project, Service
from modellint.compose.variables.interpolate import Variable
from modellint.oci.model_reference import Reference
from modellint.text.edit import SAFE, UNSAFE, Edit, Fix, remark, whole_lines
from modellint.text.finding import ERROR, NOTE, WARNING, Finding, Related
from modellint.text.source import Span
from modellint.text.suggest import Guesses
from modellint.yaml.builder import YamlFile
from modellint.yaml.ignore_comments import Ignore
from modellint.yaml.node import Mapping, Scalar, Sequence, scalars, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeAlias

    from modellint.evidence.gather import Evidence
    from modellint.oci.answers import Facts
    from modellint.policy_terms import Demands, Exemption
    from modellint.text.finding import Severity
    from modellint.yaml.node import Node

    Findings: TypeAlias = Iterator[Finding]
    Check: TypeAlias = Callable[..., Iterable[Finding]]
else:
    Node = Findings = Exemption = object

__all__ = [
    "ERROR", "NOTE", "SAFE", "UNSAFE", "WARNING", "Context", "Edit", "Exemption", "Finding", "Findings", "Fix", "Grant",
    "Ignore", "Mapping", "Model", "Node", "Project", "Reference", "Related", "Rule", "Scalar", "Sequence", "Service",
    "Span", "Variable", "YamlFile", "remark", "rule", "scalars", "text_of", "whole_lines",
]  # fmt: skip

SUBJECTS = ("YamlFile", "Project", "Model", "Service", "Grant", "Ignore", "Exemption")


class Context:
    """What a rule may ask about besides its subject. `skipped` names the rules that did not look at this project.

    `known` names all rules that there are. `sources`: whether the Dockerfiles and the source code that services are
    built from may be read. `facts` are what registries answered, None where none was asked; `demands` are those of a
    policy, None where none is in force.
    """

    __slots__ = ("_evidence", "_sources", "demands", "facts", "guesses", "known", "project", "skipped")

    def __init__(
        self,
        project: Project,
        skipped: frozenset[str] = frozenset(),
        sources: bool = True,
        facts: Facts | None = None,
        demands: Demands | None = None,
        known: frozenset[str] = frozenset(),
    ) -> None:
        self.project = project
        self.known = known
        self.facts = facts
        self.demands = demands
        self.skipped = skipped
        self._sources = sources
        self._evidence: Evidence | None = None
        self.guesses = Guesses()

    @property
    def evidence(self) -> Evidence:
        """What the project's commands, Dockerfiles, code and env files say."""
        if self._evidence is None:
            from modellint.evidence.gather import Evidence

            self._evidence = Evidence(self.project, self._sources)
        return self._evidence


class Rule:
    """A check, its name, and its page of documentation."""

    __slots__ = (
        "check", "doc", "name", "on", "online", "options", "policy", "refused", "severity", "subject", "tags", "whole",
    )  # fmt: skip

    def __init__(
        self,
        check: Check,
        doc: str,
        subject: str,
        severity: Severity,
        *,
        on: bool,
        online: bool,
        policy: bool,
        whole: bool,
        tags: tuple[str, ...],
        refused: bool = False,
        name: str = "",
    ) -> None:
        self.name: str = name or check.__name__.replace("_", "-")
        self.check = check
        self.doc = doc
        self.subject = subject
        self.severity: Severity = severity
        self.on = on
        self.online = online
        self.policy = policy
        # What a policy may set, and what holds where it does not: the keyword-only parameters.
        self.options: dict[str, Any] = getattr(check, "__kwdefaults__", None) or {}
        self.whole = whole
        self.tags = tags
        self.refused = refused

    def stops(self, finding: Finding) -> bool:
        """Whether the project cannot run because of a finding of this rule, whatever a policy says of its severity."""
        return self.refused and (finding.own or finding.severity) == ERROR

    @property
    def summary(self) -> str:
        """First line of the page."""
        return self.doc.partition("\n")[0]


def rule(
    severity: Severity,
    *,
    off: bool = False,
    online: bool = False,
    policy: bool = False,
    whole: bool = False,
    refused: bool = False,
    tags: tuple[str, ...] = (),
) -> Callable[[Check], Rule]:
    """Make a rule of a function.

    `off`: it runs only when it is selected. `online`: it needs what registries answer. `policy`: it looks at what a
    policy demands. `whole`: it needs the whole project, and says nothing about a fragment (an overlay, or a file that
    was damaged). `refused`: its errors are what Compose, Docker or the runner refuses; no exception covers them.
    """

    def wrap(check: Check) -> Rule:
        module = sys.modules[check.__module__]
        names: dict[str, Any] = check.__annotations__
        subject = str(next(iter(names.values())))
        if subject not in SUBJECTS:
            raise TypeError(f"{check.__module__}: a rule looks at one of {', '.join(SUBJECTS)}, not at {subject}")
        return Rule(
            check,
            module.__doc__ or "",
            subject,
            severity,
            on=not off,
            online=online,
            policy=policy,
            whole=whole,
            tags=tags,
            refused=refused,
        )

    return wrap
