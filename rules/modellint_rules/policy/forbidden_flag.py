"""The policy does not allow a runtime flag.

Flags control how much memory Docker Model Runner uses, what it logs and which requests it answers. A list of allowed
flags keeps a shared Docker Model Runner predictable. All names of an option count as one: if `--ctx-size` is allowed,
so is `-c`.

Runs if a policy has `allow: {flags: …}`.

```yaml policy
version: 1
allow:
  flags: ["--temp", "--top-*"]
```

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2
    runtime_flags: ["--temp", "0.2", "--mlock"]
    #                                 ^^^^^^^ the policy does not allow the flag `--mlock`
```

```yaml good
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2
    runtime_flags: ["--temperature", "0.2", "--top-p", "0.9"]
```

What this rule cannot see: flags that are passed to Docker Model Runner by hand.
"""

from __future__ import annotations

from modellint.compose.model.shown_values import is_outer
from modellint.evidence.llama_flags import option, pairs
from modellint.rule import ERROR, Context, Finding, Findings, Model, Related, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


@rule(ERROR, policy=True, tags=("runtime",))
def forbidden_flag(model: Model, context: Context) -> Findings:
    """Report flags that match no pattern of the list."""
    allowed = context.demands.flags if context.demands else None
    if allowed is None:
        return
    sees = context.demands is None or context.demands.sees_values
    texts = [str(flag.value) if sees or not is_outer(flag, context.project) else flag.shown for flag in model.flags]
    for name, at, _ in pairs(texts):
        if allowed.allows(name) or option(name) in allowed.once(_options):
            continue
        flag = model.flags[at]
        shown = flag.shown.partition("=")[0]
        related = [Related(allowed.span, "allowed flags")]
        yield Finding(flag.part(0, len(name)), f"the policy does not allow the flag `{shown}`", related=related)


def _options(patterns: Sequence[str]) -> set[str]:
    """Return the options that the patterns specify by any of their names."""
    return {option(pattern) for pattern in patterns}.difference([""])
