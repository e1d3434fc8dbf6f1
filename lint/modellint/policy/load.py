"""Read a policy and what it extends into one; a mistake has its place in the file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from modellint.compose import files
from modellint.near import did_you_mean
from modellint.node import Mapping, Scalar, Sequence
from modellint.parse import parse
from modellint.policies import BUILT_IN
from modellint.policy.loaded import Loaded, PolicyError, Written
from modellint.policy.schema import Allow, Budget, Check, Exception_, Policy
from modellint.sizes import read_size
from modellint.source import Source, Span

if TYPE_CHECKING:
    from modellint.base_version import BaseVersion
    from modellint.node import Node

_DEEPEST = 10  # policies that extend one another
_PARTS: dict[str, type[BaseModel] | None] = {
    "allow": Allow,
    "budget": Budget,
    "exceptions": Exception_,
    "checks": Check,
    "rules": None,
    "grants": None,
}  # fmt: skip  what stands under a key of a policy


def load(name: str, before: BaseVersion | None = None) -> Loaded:
    """The policy of a path or of a built-in name; raises `PolicyError`, or `Unreadable` where there is no such file.

    Where `before` is given, it is read as it was then, and keeps its path.
    """
    if name in BUILT_IN:
        return _load(_built_in(name), [], None)
    real = before.path(name) if before is not None else name
    if os.path.islink(real) and files.foreign(real, os.path.dirname(real) or os.curdir):
        # In a pull request from outside, messages about it would show what a file of this machine says.
        raise files.Unreadable(name, "is a symbolic link to a file outside its repository; name that file itself")
    return _load(name, [], before)


def read_policy(source: Source) -> tuple[Policy, Mapping]:
    """A policy file's text, checked against the schema; raises `PolicyError` at the first mistake."""
    file = parse(source)
    if file.problems:
        raise PolicyError(file.problems[0].span, file.problems[0].message)
    root = file.documents[0] if file.documents else None
    if len(file.documents) != 1 or not isinstance(root, Mapping):
        raise PolicyError(Span(source, 0, len(source.line(1))), "a policy is one map, with `version: 1`")
    try:
        return Policy.model_validate(_plain(root)), root
    except ValidationError as error:
        raise _mistake(error, root) from None


def _load(path: str, above: list[str], before: BaseVersion | None) -> Loaded:
    source = files.read(path) if before is None else Source(path, files.read(before.path(path)).text)
    policy, root = read_policy(source)
    loaded = Loaded(source)
    loaded.paths = [path] if before is not None else []
    known = [*above, os.path.realpath(path)]
    for at, name in enumerate(policy.extends):
        base = _extended(name, path)
        if os.path.realpath(base) in known or len(known) > _DEEPEST:
            raise PolicyError(place(root, ("extends", at)), f"`{name}` extends this policy in turn")
        if name not in BUILT_IN and files.foreign(base, loaded.folder):
            raise PolicyError(
                place(root, ("extends", at)), f"`{name}` lies outside the folder and the repository of this policy"
            )
        try:
            loaded.lay(_load(base, known, None if name in BUILT_IN else before))
        except files.Unreadable as trouble:
            raise PolicyError(place(root, ("extends", at)), f"`{name}` {trouble.reason}") from None
    _lay(loaded, policy, root)
    return loaded


def _lay(loaded: Loaded, policy: Policy, root: Mapping) -> None:
    """Lay one file's own text over what it extends."""
    for name, setting in policy.rules.items():
        loaded.rules[name] = (setting, place(root, ("rules", name)))
    for name in type(policy.allow).model_fields:
        if (listed := getattr(policy.allow, name)) is not None:
            loaded.allow[name] = (listed, place(root, ("allow", name)))
    if policy.grants is not None:
        loaded.grants = {name: (models, place(root, ("grants", name))) for name, models in policy.grants.items()}
    if policy.budget.memory is not None:
        loaded.memory_at = place(root, ("budget", "memory"))
        try:
            loaded.memory = read_size(policy.budget.memory)
        except ValueError:
            raise PolicyError(loaded.memory_at, "a memory budget is a size, such as `16GiB`") from None
    for need in policy.exceptions_need:
        loaded.needs[need] = place(root, ("exceptions_need",))
    listed = root.get("exceptions")
    for at, given in enumerate(policy.exceptions):
        body = listed.items[at] if isinstance(listed, Sequence) else root
        assert isinstance(body, Mapping)
        loaded.exceptions.append(Written(given, body, loaded.folder))
    bodies = root.get("checks")
    for at, check in enumerate(policy.checks):
        body = bodies.items[at] if isinstance(bodies, Sequence) else root
        assert isinstance(body, Mapping)
        loaded.checks[check.name] = (check, body)


def _extended(name: str, path: str) -> str:
    if name in BUILT_IN:
        return _built_in(name)
    return os.path.join(os.path.dirname(path), name)


def _built_in(name: str) -> str:
    import modellint_policies

    return os.path.join(modellint_policies.__path__[0], f"{name}.yaml")


def _plain(node: Node) -> Any:
    """The node as pydantic wants it. A date stays the text that is written."""
    if isinstance(node, Scalar):
        return node.text if isinstance(node.value, str) else node.value
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    return {name: _plain(value) for name, (_, value) in node.entries.items()}


def _mistake(error: ValidationError, root: Mapping) -> PolicyError:
    first = error.errors()[0]
    path = tuple(part for part in first["loc"] if part != "[key]")
    span = place(root, path)
    last = str(path[-1]) if path else ""
    match first["type"]:
        case "extra_forbidden":
            return PolicyError(span, f"there is no key `{last}` here{did_you_mean(last, _keys(path))}")
        case "missing":
            return PolicyError(span, f"`{last}` is missing")
        case "literal_error":
            given = str(first["input"])
            expected = [
                word.strip("'") for word in str(first.get("ctx", {}).get("expected")).replace(" or ", ", ").split(", ")
            ]
            listed = ", ".join(f"`{word}`" for word in expected)
            return PolicyError(span, f"`{last}` is one of {listed}{did_you_mean(given, expected)}")
        case kind if kind.startswith("date"):
            return PolicyError(span, f"`{last}` is a day, such as `2027-01-31`")
        case _:
            return PolicyError(
                span, f"`{last}`: {first['msg'][:1].lower()}{first['msg'][1:]}" if last else first["msg"]
            )


def _keys(path: tuple[int | str, ...]) -> list[str]:
    """The keys that the place of an unknown one may have."""
    model = _PARTS.get(str(path[0])) if len(path) > 1 else Policy
    return list(model.model_fields) if model is not None else []


def place(root: Mapping, path: tuple[int | str, ...]) -> Span:
    """Where something is written: the value of the last step if it is a scalar, else its key; the nearest there is."""
    node: Node = root
    span = Span(root.source, root.start, min(root.end, root.start + 1))
    for step in path:
        if isinstance(step, int) and isinstance(node, Sequence) and step < len(node.items):
            node = node.items[step]
            span = node.content if isinstance(node, Scalar) else Span(node.source, node.start, node.start + 1)
        elif isinstance(node, Mapping) and str(step) in node.entries:
            key, node = node.entries[str(step)]
            span = key.content
        else:
            break
    if isinstance(node, Scalar) and path and span != node.content and not isinstance(path[-1], int):
        return node.content if node.content.text else span
    return span
