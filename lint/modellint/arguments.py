"""What arguments mean: the project they name, and the rules they ask for."""

from __future__ import annotations

from modellint.options import Arguments, UsageError, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.selection import Options
    from modellint.rule import Rule


def project_options(said: Arguments) -> Options:
    """What the arguments say about the project; raises `UsageError`."""
    from modellint.compose.selection import Options
    from modellint.compose.versions import Features, features

    version = said.last("--compose-version")
    try:
        known = features(version) if version else Features()
    except ValueError as error:
        raise UsageError(f"`{version}` {error}") from None
    return Options(
        said.each("--file"),
        said.each("--env-file"),
        said.each("--profile"),
        said.last("--project-directory"),
        said.last("--project-name"),
        known,
    )


def selected(said: Arguments, known: dict[str, Rule]) -> list[Rule]:
    """The rules that the arguments ask for; raises `UsageError`."""
    select, ignore = said.names("--select"), said.names("--ignore")
    for name in (*select, *ignore):
        if name not in known and name != "all":
            from modellint.pack import online_names

            if name in online_names():
                raise UsageError(f"`{name}` needs what registries answer: say `--online` with `check`")
            raise UsageError(f"no rule is named `{name}`{did_you_mean(name, list(known))}")
    return [
        rule
        for name, rule in known.items()
        if (name in select or "all" in select or (rule.on and not select)) and name not in ignore
    ]
