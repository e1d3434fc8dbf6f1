"""A model is declared as a service with `provider: {type: model}`.

This was the only form in Docker Compose 2.35 to 2.37; 2.38 replaced it with `models:`. Compose does not check the
options of a provider and skips unknown ones; `runtime-flags` is one string that is split later; Docker Model Runner is
not installed if it is missing. With `models:`, the endpoint is `…/v1/` instead of `…/engines/v1/`, and a `-` in the
name becomes a `_` in the variables (`MY-LLM_URL` becomes `MY_LLM_URL`).

```yaml bad
services:
  app:
    image: app
    depends_on:
      - db
      - llm
  worker:
    image: worker
    depends_on: [llm]
  db:
    image: postgres:17
  llm:
    provider:
      type: model
      #     ^^^^^ `llm` declares a model as a provider service, which `models:` has replaced: Compose silently ignores misspelled options
      options:
        model: ai/smollm2:360M-Q4_K_M
        context-size: 8192
        runtime-flags: "--temp 0.1"
```

```yaml fixed
services:
  app:
    image: app
    depends_on:
      - db
    models:
      - llm
  worker:
    image: worker
    models: [llm]
  db:
    image: postgres:17

models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
    context_size: 8192
    runtime_flags: ["--temp", "0.1"]
```

```yaml bad
services:
  app:
    image: app
    depends_on:
      my-llm:
        condition: service_started
  my-llm:
    provider:
      type: model
      #     ^^^^^ `my-llm` declares a model as a provider service, which `models:` has replaced: Compose silently ignores misspelled options
      options:
        model: ai/smollm2:360M-Q4_K_M
```

```yaml good
services:
  app:
    image: app
    models: [llm]
  tunnel:
    provider:
      type: telepresence
      options:
        name: api
models:
  llm:
    model: ai/smollm2:360M-Q4_K_M
```

What this rule cannot see: which variables and which path the code of the dependent services uses. For that reason, its
fix is never applied unless it is requested.
"""

from __future__ import annotations

from modellint.compose.model.injection import prefix, provider_variable_names
from modellint.fixing.list_edits import line_break, stands_alone, take_out
from modellint.rule import (
    WARNING,
    Context,
    Edit,
    Finding,
    Findings,
    Fix,
    Mapping,
    Project,
    Scalar,
    Sequence,
    Service,
    Span,
    rule,
    text_of,
    whole_lines,
)
from modellint.text.numbers import whole

_MOST = 200  # dependencies of a service: nobody writes more by hand, and they would take long to edit
_BREAKS = ("\n", "\r")
_OPTIONS = {"model": "model", "context-size": "context_size", "runtime-flags": "runtime_flags"}


@rule(WARNING, tags=("models",))
def legacy_provider(service: Service, context: Context) -> Findings:
    """Report provider services of the type `model`."""
    kind = service.provider.get("type") if service.provider else None
    if not isinstance(kind, Scalar) or kind.value != "model":
        return
    name = service.name.text
    message = (
        f"`{name}` declares a model as a provider service, which `models:` has replaced: Compose silently ignores"
        " misspelled options"
    )
    edits = _migration(context.project, service)
    changes = "the URL becomes `…/v1/`"
    if "-" in name:
        changes += f" and `{provider_variable_names(name)[0]}` becomes `{prefix(name)}_URL`"
    if edits:
        yield Finding(kind.content, message, Fix(f"declare it under `models:` and grant it; {changes}", edits))
    else:
        hint = f"declare it under `models:`, and replace it in each `depends_on` with `models: [{name}]`; {changes}"
        yield Finding(kind.content, message, hint=hint)


def _migration(project: Project, service: Service) -> list[Edit] | None:
    """Return the edits that move the model to `models:`, or None if the file is not written in a simple form."""
    users = project.once(_users).get(service.name.text, [])
    options = _options(service)
    if not users or options is None or len(project.files) != 1 or len(project.files[0].documents) != 1:
        return None
    block = Span(service.name.source, service.name.start, service.body.end)
    if not stands_alone(block) or service.name.text in project.models:
        return None
    removed = _with_tail(block)
    step = " " * max(1, _column(next(iter(service.body))[0]) - _column(service.name))
    granted = [_grant(user, service.name.text, step) for user in users]
    if any(edits is None for edits in granted):
        return None
    before = [Edit(removed, ""), *(edit for edits in granted if edits for edit in edits)]
    declared = _declaration(project, service.name.text, options, step, before)
    # Last: a grant that is also added at the end of the file belongs to the service above it.
    return [*before, declared] if declared is not None else None


def _users(project: Project) -> dict[str, list[Service]]:
    """Return the services that depend on a service, by its name."""
    found: dict[str, list[Service]] = {}
    for service in project.services.values():
        for name in dict.fromkeys(text_of(node) or "" for node in service.depends_on):
            found.setdefault(name, []).append(service)
    return found


def _options(service: Service) -> list[tuple[str, str]] | None:
    """Return the keys and values of the new entry as source text."""
    body, provider = service.body, service.provider
    options = provider.get("options") if provider else None
    if provider is None or not isinstance(options, Mapping):
        return None
    if (
        body.flow
        or body.anchor
        or len(body.pairs) != 1
        or len(provider.pairs) != 2
        or provider.anchor
        or options.anchor
    ):
        return None
    found: list[tuple[str, str]] = []
    for key, value in options.pairs:
        name = _OPTIONS.get(key.text) if isinstance(key, Scalar) else None
        text = _converted(name, value) if name and isinstance(value, Scalar) and not value.anchor else None
        if name is None or text is None:
            return None
        found.append((name, text))
    return found if any(name == "model" for name, _ in found) else None


def _converted(name: str, value: Scalar) -> str | None:
    written = value.span.text
    if "\n" in written or not written or written.startswith("*"):
        return None
    if name == "model":
        return written
    text = str(value.value)
    if value.interpolated:
        return None
    if name == "context_size":
        number = whole(text)
        return f"{number}" if number is not None else None
    if any(letter in text for letter in "'\"\\#"):
        return None
    return "[" + ", ".join(f'"{word}"' for word in text.split()) + "]"


def _declaration(
    project: Project, name: str, options: list[tuple[str, str]], step: str, before: list[Edit]
) -> Edit | None:
    """Return an edit that adds the entry of the model to `models:`, or adds that section at the end of the file."""
    source, root = project.files[0].source, project.root
    section = root.get("models") if root else None
    if root is None:
        return None
    if section is None:
        lines = [f"{step}{name}:", *(f"{step}{step}{key}: {value}" for key, value in options)]
        end = _end(root.span)
        ending = line_break(source, source.position(end)[0])
        above = source.text[: min((edit.span.start for edit in before if edit.span.end == end), default=end)]
        above += next((edit.text for edit in before if edit.span.start == end), "")
        gap = [] if above.endswith((f"\n{ending}", f"\r{ending}")) else [""]
        start = "" if above.endswith(_BREAKS) else ending
        return Edit(Span(source, end, end), start + "".join(f"{line}{ending}" for line in [*gap, "models:", *lines]))
    if not isinstance(section, Mapping) or section.flow or section.anchor or not section.pairs:
        return None
    last, body = section.pairs[-1]
    indent = " " * _column(last)
    lines = [f"{indent}{name}:", *(f"{indent}{step}{key}: {value}" for key, value in options)]
    return _insert_after(Span(source, last.start, max(last.end, body.end)), lines, [])


def _end(span: Span) -> int:
    """Return where the document of a root can continue: at the end of the text, or before a `...`."""
    source = span.source
    starts = source.line_starts()
    rows = range(span.last[0], len(starts) + 1)
    return next((starts[row - 1] for row in rows if source.line(row).startswith("...")), len(source.text))


def _grant(user: Service, name: str, step: str) -> list[Edit] | None:
    """Return edits that turn the dependency of a dependent service into a grant."""
    models = user.body.get("models")
    written = [pair for pair in user.body.pairs if isinstance(pair[0], Scalar) and pair[0].text == "depends_on"]
    if len(written) != 1 or user.body.flow or user.body.anchor:
        return None
    key, items = written[0]
    if not isinstance(items, Sequence) or items.anchor or len(items.items) > _MOST:
        return None
    item = next((item for item in items if isinstance(item, Scalar) and item.value == name), None)
    if item is None:
        return None
    if models is None and len(items.items) == 1:
        return [Edit(key.span, "models")]
    taken = take_out(user.body, "depends_on", [item])
    if taken is None:
        return None
    if models is None:
        indent = " " * _column(key)
        added = _insert_after(
            Span(key.source, key.start, items.end), [f"{indent}models:", f"{indent}{step}- {name}"], taken
        )
        return [*taken, added]
    if not isinstance(models, Sequence) or models.flow or models.anchor or not models.items:
        return None
    last = models.items[-1]
    dash = last.source.line(last.span.first[0])[: _column(last)]
    return [*taken, _insert_after(last.span, [f"{dash}{name}"], taken)] if dash.strip() == "-" else None


def _with_tail(block: Span) -> Span:
    """Return the lines of a service, with its trailing comments and one empty line."""
    lines = whole_lines(block)
    source, column = block.source, block.first[1]
    if lines.end == len(source.text):
        return lines
    row = source.position(lines.end)[0]
    starts = source.line_starts()
    while row <= len(starts) and source.line(row).strip().startswith("#") and not source.line(row)[:column].strip():
        row += 1
    if row <= len(starts) and not source.line(row).strip():
        row += 1
    return Span(source, lines.start, starts[row - 1] if row <= len(starts) else len(source.text))


def _insert_after(span: Span, lines: list[str], taken: list[Edit]) -> Edit:
    """Insert lines below a span, whose last line may be removed as a whole."""
    source, end = span.source, whole_lines(span).end
    ending = line_break(source, span.last[0])
    is_open = not source.text[:end].endswith(_BREAKS) and not any(edit.span.end == end for edit in taken)
    return Edit(Span(source, end, end), (ending if is_open else "") + "".join(f"{line}{ending}" for line in lines))


def _column(node: Scalar | Sequence | Mapping) -> int:
    return node.span.first[1] - 1
