"""Merging two lists of runtime flags tears a flag and its value apart.

A second list of `runtime_flags`, in an override, an included file or another document, is appended to the first. Of it
Docker Compose drops each item that the list already holds (compose-go, `override/merge.go`), word by word: a flag that
is set again loses its name and leaves its value behind, and a flag whose value some other flag also has loses its
value. llama-server cannot make sense of what is left, and in most cases does not start.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
    runtime_flags: ["--temp", "0.1", "--ubatch-size", "512"]
---
models:
  llm:
    runtime_flags: ["--temp", "0.7", "--batch-size", "512", "--mlock"]
    #                ^^^^^^ Docker Compose drops this `--temp`, which the list already holds: `0.7` is left without its flag, and llama-server cannot make sense of the rest
    #                                                 ^^^ Docker Compose drops this `512`, which the list already holds: `--batch-size` is left without its value, and llama-server cannot make sense of the rest
```

`!override` replaces the list, so that what is written there is what holds:

```yaml good
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/qwen3:0.6B-Q4_K_M
    runtime_flags: ["--temp", "0.1", "--ubatch-size", "512"]
---
models:
  llm:
    runtime_flags: !override ["--temp", "0.7", "--ubatch-size", "512", "--batch-size", "512", "--mlock"]
```

What this rule cannot see: `runtime_flags` of files that are not read together with this one.
"""

from __future__ import annotations

from modellint.evidence.llama_flags import pairs
from modellint.rule import ERROR, Context, Finding, Findings, Model, Project, Scalar, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.model.project import Dropped

_HINT = "replace the whole list with `!override`, and write into it all flags that should hold"


@rule(ERROR, refused=True, tags=("runtime",))
def dropped_flag(model: Model, context: Context) -> Findings:
    """Report each flag of a merged list that was dropped without its value, and each value without its flag."""
    lists: dict[int, tuple[list[Scalar], dict[int, Scalar]]] = {}
    by_kept = context.project.once(_by_kept)
    for dropped in (each for flag in model.flags for each in by_kept.get(id(flag), ())):
        if id(dropped.items) not in lists:
            lists[id(dropped.items)] = ([item for item in dropped.items if isinstance(item, Scalar)], {})
        lists[id(dropped.items)][1][id(dropped.item)] = dropped.kept
    for flags, gone in lists.values():
        for _, at, value in pairs([str(flag.value) for flag in flags]):
            if value is None or (id(flags[at]) in gone) == (id(flags[value]) in gone):
                continue
            flag, rest, of = flags[at], flags[value], "flag"
            if id(flag) not in gone:
                flag, rest, of = rest, flag, "value"
            message = (
                f"Docker Compose drops this `{flag.shown}`, which the list already holds:"
                f" `{rest.shown}` is left without its {of}, and llama-server cannot make sense of the rest"
            )
            yield Finding(
                flag.content, message, related=[(gone[id(flag)].content, "the one that it keeps")], hint=_HINT
            )


def _by_kept(project: Project) -> dict[int, list[Dropped]]:
    """The items that merges dropped, by the id of the one that each list keeps."""
    found: dict[int, list[Dropped]] = {}
    for dropped in project.dropped:
        found.setdefault(id(dropped.kept), []).append(dropped)
    return found
