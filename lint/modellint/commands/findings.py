"""The findings of `check` in a project, for commands that use them."""

from __future__ import annotations

from modellint.commands.arguments import policies, selected
from modellint.linter.discovery import online_names, policy_names, rules
from modellint.linter.run_rules import run as run_rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.commands.arguments import Arguments
    from modellint.compose.model.project import Project
    from modellint.fix import Find
    from modellint.text.finding import Finding


def finder(arguments: Arguments, *, fixing: bool = False) -> Find:
    """What finds it: the rules that the arguments select, or what the policy of the project makes of them.

    `fixing`: whether all that they find is wanted, as far as it can be held, because fixes are made of it.
    """
    known = rules(online=False, policy=False)
    running = selected(arguments, known)
    idle = {*known, *online_names(), *policy_names()} - {rule.name for rule in running}
    sources = "--no-source" not in arguments.values
    in_force = policies(arguments)

    def find(project: Project) -> Sequence[Finding]:
        names = in_force.of(project.folder)
        if not names:
            return run_rules(running, project, idle, sources, fixing=fixing)
        from modellint.policy.apply import apply

        found, _ = apply(names, in_force, project, sources, None, fixing=fixing)
        return found

    return find
