"""Projects of any size, each long in one way: with `n` of something, they show what grows faster than the input.

`@` in a template is the number of a line, `%` the next one. A shape gives the text of a Compose file, or several files
by their path beside it. To add one: a function with `@shape`; every growth test takes it up.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

Files: TypeAlias = dict[str, str]
Shape: TypeAlias = Callable[[int], Files]

SHAPES: dict[str, Shape] = {}


def shape(build: Callable[[int], str | Files]) -> Callable[[int], str | Files]:
    """Take a shape up into `SHAPES`, under its function's name."""

    def files(n: int) -> Files:
        made = build(n)
        return {"compose.yaml": made} if isinstance(made, str) else made

    SHAPES[build.__name__] = files
    return build


def write(files: Files, folder: Path) -> None:
    """Write a shape's files into a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def each(n: int, template: str, between: str = "") -> str:
    """A template once for each number below n."""
    return between.join(template.replace("@", str(at)).replace("%", str(at + 1)) for at in range(n))


def services(n: int, body: str, models: int = 1) -> str:
    """Services `s0`, `s1`, … with one body, and models."""
    return "services:\n" + each(n, f"  s@: {{{body}}}\n") + declared(models)


def app(lines: str, models: int = 1) -> str:
    """One service with lines of its own, and models."""
    return f"services:\n  s:\n    image: nginx\n{lines}" + declared(models)


def declared(n: int) -> str:
    """The models `m0`, `m1`, …."""
    return "models:\n" + each(n, '  m@: {model: "ai/a@:x"}\n') if n else ""


def root_of(n: int) -> int:
    """How many rows and columns make about 10 n fields."""
    return int(math.sqrt(n * 10))


@shape
def many_services(n: int) -> str | Files:
    return services(n, "image: nginx, models: [m0]")


@shape
def unused_models(n: int) -> str | Files:
    return app("", n)


@shape
def grants_of_one_service(n: int) -> str | Files:
    return app(f"    models: [{each(n, 'm@', ', ')}]\n", n)


@shape
def every_model_for_every_service(n: int) -> str | Files:
    side = root_of(n)
    return services(side, f"image: nginx, models: [{each(side, 'm@', ', ')}]", side)


@shape
def undefined_grants(n: int) -> str | Files:
    return app(f"    models: [{each(n, 'u@', ', ')}]\n")


@shape
def nearly_defined_grants(n: int) -> str | Files:
    return services(n, "image: nginx, models: [mdoel@]", 0) + "models:\n" + each(n, "  model@: {model: ai/a}\n")


@shape
def nearly_defined_grants_of_one_service(n: int) -> str | Files:
    grants = f"    models: [{each(n, 'modelx@', ', ')}]\n"
    return app(grants, 0) + "models:\n" + each(n, "  modely@: {model: ai/a}\n")
