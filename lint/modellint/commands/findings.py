"""What `check` would report in a project, for commands that do something with it."""

from __future__ import annotations

from modellint.engine import run as run_rules
from modellint.options import policies, selected
from modellint.pack import online_names, policy_names, rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.compose.project import Project
    from modellint.finding import Finding
    from modellint.fix import Find
    from modellint.options import Arguments


def finder(said: Arguments, *, fixing: bool = False) -> Find:
    """What finds it: the rules that the arguments select, or what the policy of the project makes of them.

    `fixing`: whether all that they find is wanted, as far as it can be held, because fixes are made of it.
    """
    known = rules(online=False, policy=False)
    running = selected(said, known)
    idle = {*known, *online_names(), *policy_names()} - {rule.name for rule in running}
    sources = "--no-source" not in said.values
    in_force = policies(said)

    def find(project: Project) -> Sequence[Finding]:
        names = in_force.of(project.folder)
        if not names:
            return run_rules(running, project, idle, sources, fixing=fixing)
        from modellint.policy.apply import apply

        found, _ = apply(names, in_force, project, sources, None, fixing=fixing)
        return found

    return find
