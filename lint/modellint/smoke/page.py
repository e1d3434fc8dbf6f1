"""The page of what `modellint smoke` reports. No check finds it: what it says is seen in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modellint.rule import ERROR, Rule
from modellint.smoke.check import RULE

if TYPE_CHECKING:
    from typing import Final

    from modellint.text.finding import Finding

_PAGE = """A model or a grant does not behave in a run as the file declares.

`modellint smoke` pulls the models of a project, boots their runners and tests what each service can reach. Anyone who
runs the project later, in CI or in production, sees the same problem: the application starts, and fails at its first
request to a model.

An error is a check that failed. A warning is a check that is not proven: something that it needs was missing (a
runner, a network namespace, another check that must pass first), so the result is unknown, which is not a pass.
Everything that is open for one cause is one warning. `--require isolation` and `--require all` make the run fail for
what is not proven.

The message starts with the name of the check. For a model:

| check | passes when |
| --- | --- |
| `resolved`, `pulled` | the reference names a model that is available, and all of it is on this machine |
| `verified` | the manifest, the config and every file have the expected digest |
| `configured` | Docker Model Runner accepts the flags, and they fit together; Compose requests the same |
| `booted`, `kept running` | the runner became healthy, and was still running at the end |
| `context` | the runner has the declared `context_size`, as it reports itself |

For a service:

| check | passes when |
| --- | --- |
| `environment` | it has exactly the variables of its grants |
| `variable` | a process can have it, and no two grants set it to different values |
| `grant` | the model is declared, has a valid reference, and runs |
| `models`, `model` | its endpoint lists the granted models and nothing else |
| `chat`, `embeddings` | the granted model answers |
| `namespace` | there is nothing to connect to but its endpoints |
| `container`, `image` | with the engine `docker`: Compose starts it, from its own image, with the rights it asks for |
| every other | what it is not granted, with its own token or another, is rejected or unreachable |

A check that something is rejected or unreachable passes only next to one that shows that it could have failed: the
same request with the right token, or the same connection from outside.

The message says what to do, and quotes the registry and the runner. `--details` also prints what passed, and
`--service` checks only one service.

With the engine `docker`, a service that asks for more of the machine than every container has (its network, its files,
a socket, `privileged`, devices, variables of the shell, …) is replaced by one of modellint's own containers, and its
`image` is not proven. `--allow` lets it run, and the report says who ran with which rights.

What this cannot see: whether an answer is good, what a service's own code does with it, and how much memory another
machine has. With the engine `none`, modellint's own probe runs instead of the services' images, with the variables
that Compose would inject.
"""


def _nothing() -> list[Finding]:
    return []


SMOKE_FAILED: Final = Rule(
    _nothing, _PAGE, "Project", ERROR, on=True, online=True, policy=False, whole=True, tags=(), name=RULE
)
