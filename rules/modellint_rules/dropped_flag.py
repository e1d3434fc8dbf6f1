"""Merging two `runtime_flags` lists separates a flag from its value.

A second list of `runtime_flags`, in an override file, an included file or another document, is appended to the first.
Docker Compose drops each of its items that the list already contains (compose-go, `override/merge.go`), item by item: a
flag that is set again loses its name, so that only its value is left, and a flag whose value some other flag also has
loses its value. llama-server cannot parse the result, and in most cases does not start.

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
    #                ^^^^^^ Compose drops the duplicate `--temp` when it merges the lists: `0.7` loses its flag, and llama-server cannot parse the result
    #                                                 ^^^ Compose drops the duplicate `512` when it merges the lists: `--batch-size` loses its value, and llama-server cannot parse the result
```

`!override` replaces the list, so that only the flags that are written there apply:

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

What this rule cannot see: `runtime_flags` in files that are not read together with this one.
"""

from __future__ import annotations

from modellint.evidence.llama_flags import pairs
from modellint.rule import ERROR, Context, Finding, Findings, Model, Project, Related, Scalar, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.compose.model.project import Dropped

_HINT = "replace the whole list with `!override`, and include every flag that you need"


@rule(ERROR, refused=True, tags=("runtime",))
def dropped_flag(model: Model, context: Context) -> Findings:
    """Report each flag that a merge dropped without its value, and each value that it dropped without its flag."""
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
                f"Compose drops the duplicate `{flag.shown}` when it merges the lists:"
                f" `{rest.shown}` loses its {of}, and llama-server cannot parse the result"
            )
            yield Finding(
                flag.content, message, related=[Related(gone[id(flag)].content, "Compose keeps this one")], hint=_HINT
            )


def _by_kept(project: Project) -> dict[int, list[Dropped]]:
    """Return the items that merges dropped, by the id of the item that the list keeps."""
    found: dict[int, list[Dropped]] = {}
    for dropped in project.dropped:
        found.setdefault(id(dropped.kept), []).append(dropped)
    return found
