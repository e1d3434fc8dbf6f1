"""`modellint new-rule`: the stub of a new rule."""

from __future__ import annotations

import os

from modellint.commands.arguments import UsageError
from modellint.files.atomic_write import write as write_file
from modellint.report.output import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modellint.commands.arguments import Arguments

_CHECKED_BY = (os.pardir, os.pardir, "tests", "test_pages.py")  # where the stub's next steps lead
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_STUB = '''"""One sentence that says what is wrong.

Why it hurts, and where that is known from.

```yaml bad
services:
  app:
    image: app
    models: [llm]
models:
  llm:
    model: ai/smollm2
```

```yaml good
services:
  app:
    image: app
models: {{}}
```

What this rule cannot see: …
"""

from __future__ import annotations

from modellint.rule import WARNING, Context, Finding, Findings, Model, rule


@rule(WARNING)
def {function}(model: Model, context: Context) -> Findings:
    """Report …."""
    if model.reference is not None:
        yield Finding(model.reference.content, "what is wrong, and why it hurts", hint="what to do")
'''


def run(arguments: Arguments) -> int:
    """Write the stub and say what to do next."""
    put(write(arguments.rest[0]))
    return 0


def write(name: str) -> str:
    """Create the module of a rule in a checkout and say what to do next; raises `UsageError` where that cannot be."""
    import modellint_rules

    folder = modellint_rules.__path__[0]
    if not os.path.exists(os.path.join(folder, *_CHECKED_BY)):
        raise UsageError(
            "new rules are added to modellint's source, and this modellint is an installed copy: run "
            "`new-rule` in a checkout that is installed with `pip install -e .`"
        )
    if not name or not _NAME.issuperset(name) or not name[0].isalpha() or name[-1] == "-" or "--" in name:
        raise UsageError(f"`{name}` is not a valid rule name; use lowercase words joined by `-`")
    function = name.replace("-", "_")
    path = os.path.join(folder, f"{function}.py")
    try:
        write_file(path, _STUB.format(function=function), new=True)
    except FileExistsError:
        raise UsageError(f"the rule `{name}` already exists: {path}") from None
    return (
        f"wrote {path}\nwrite the page and the check, then run:\n  pytest tests/test_pages.py -k {name} "
        f"--redraw   # writes the findings into the page\n  pytest tests/test_pages.py -k {name}\n"
    )
