"""Read a policy and what it extends into one; a mistake has its place in the file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from modellint.files import disk
from modellint.policy.discovery import BUILT_IN
from modellint.policy.loaded import MOST_MISTAKES, LoadedPolicy, Mistakes, PolicyError, Written
from modellint.policy.schema import Allow, Budget, Check, Exception_, Policy
from modellint.text.sizes import read_size
from modellint.text.source import Source, Span
from modellint.text.suggest import did_you_mean
from modellint.yaml.node import Mapping, Scalar, Sequence
from modellint.yaml.parse import parse

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from modellint.files.base_version import BaseVersion
    from modellint.yaml.node import Node

_DEEPEST = 10  # policies that extend one another
_PARTS: dict[str, type[BaseModel] | None] = {
    "allow": Allow,
    "budget": Budget,
    "exceptions": Exception_,
    "checks": Check,
    "rules": None,
    "grants": None,
}  # fmt: skip  what stands under a key of a policy


def load(name: str, before: BaseVersion | None = None) -> LoadedPolicy:
    """The policy of a path or of a built-in name; raises `PolicyError`, or `Unreadable` where there is no such file.

    Where `before` is given, it is read as it was then, and keeps its path.
    """
    if name in BUILT_IN:
        return _load(_built_in(name), [], None)
    if not os.path.exists(real := before.path(name) if before is not None else name):
        raise disk.Unreadable(name, f"does not exist{_built_in_for(name, real)}")
    if os.path.islink(real) and disk.foreign(real, os.path.dirname(real) or os.curdir):
        # In a pull request from outside, messages about it would show what a file of this machine says.
        raise disk.Unreadable(name, "is a symbolic link to a file outside its repository; use the file itself")
    return _load(name, [], before)


def read_policy(source: Source, mistakes: Mistakes) -> tuple[Policy, Mapping, bool]:
    """A policy file's text, checked against the schema; without the parts that are mistaken, which are gathered.

    The third value says whether a check is missing because of that. Raises `PolicyError` where the rest says nothing.
    """
    file = parse(source)
    for problem in file.problems:
        mistakes.found.append(PolicyError(problem.span, problem.message))
    mistakes.end()
    root = file.documents[0] if file.documents else None
    if len(file.documents) != 1 or not isinstance(root, Mapping):
        raise PolicyError(Span(source, 0, len(source.line(1))), "a policy must be a map with `version: 1`")
    try:
        return Policy.model_validate(_plain(root)), root, False
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=True)[:MOST_MISTAKES]
        mistakes.found += [_mistake(each, root) for each in faults]
    rest = pruned(root, {_faulty(each) for each in faults})
    try:
        without_check = any(_path(each)[:1] == ("checks",) for each in faults)
        return Policy.model_validate({**_plain(rest), "version": 1}), rest, without_check
    except ValidationError:  # one part cannot be taken away without another one
        mistakes.end()
        raise


def _load(path: str, above: list[str], before: BaseVersion | None) -> LoadedPolicy:
    source = disk.read(path) if before is None else Source(path, disk.read(before.path(path)).text)
    loaded = LoadedPolicy(source)
    policy, root, loaded.partial = read_policy(source, loaded.mistakes)
    loaded.paths = [path] if before is not None else []
    known = [*above, os.path.realpath(path)]
    for at, name in enumerate(policy.extends):
        found = len(loaded.mistakes.found)
        with loaded.mistakes.gathered():
            _extend(loaded, name, place(root, ("extends", at)), known, before)
        loaded.partial = loaded.partial or len(loaded.mistakes.found) > found
    _lay(loaded, policy, root)
    return loaded


def _extend(loaded: LoadedPolicy, name: str, span: Span, known: list[str], before: BaseVersion | None) -> None:
    """Lay what a policy extends over it; raises `PolicyError`."""
    base = _extended(name, loaded.source.path)
    if os.path.realpath(base) in known or len(known) > _DEEPEST:
        raise PolicyError(span, f"`{name}` in turn extends this policy")
    if name not in BUILT_IN and disk.foreign(base, loaded.folder):
        raise PolicyError(span, f"`{name}` is outside the directory and repository of this policy")
    try:
        loaded.lay(_load(base, known, None if name in BUILT_IN else before))
    except disk.Unreadable as trouble:
        raise PolicyError(span, f"`{name}` {trouble.reason}{_built_in_for(name, base)}") from None


def _lay(loaded: LoadedPolicy, policy: Policy, root: Mapping) -> None:
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
            wrong = PolicyError(loaded.memory_at, "a memory budget must be a size such as `16GiB`")
            loaded.mistakes.found.append(wrong)
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


def _built_in_for(name: str, path: str) -> str:
    """Which built-in policy is meant by a name, where there is no such file."""
    if os.path.lexists(path):
        return ""
    bare = os.path.basename(name)
    near = did_you_mean(bare, BUILT_IN) or did_you_mean(bare.partition(".")[0], BUILT_IN)
    built_in = f"; the built-in policies are {', '.join(f'`{each}`' for each in BUILT_IN)}"
    return near or (built_in if bare == name and "." not in name else "")


def _plain(node: Node) -> Any:
    """The node as pydantic wants it. A date stays the text that is written."""
    if isinstance(node, Scalar):
        return node.text if isinstance(node.value, str) else node.value
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    return {name: _plain(value) for name, (_, value) in node.entries.items()}


def _faulty(fault: ErrorDetails) -> tuple[int | str, ...]:
    """The path of what has to be taken away for a policy to be without a mistake."""
    path = _path(fault)
    part = _PARTS.get(str(path[0])) if len(path) > 1 and isinstance(path[1], int) else None
    if part is None:
        return path
    field = part.model_fields.get(str(path[2])) if len(path) > 2 else None
    can_miss = fault["type"] == "extra_forbidden" or (field is not None and not field.is_required())
    return path if can_miss else path[:2]  # a check or an exception without what it needs is none


def _path(fault: ErrorDetails) -> tuple[int | str, ...]:
    return tuple(part for part in fault["loc"] if part != "[key]")


def pruned(root: Mapping, paths: set[tuple[int | str, ...]]) -> Mapping:
    """A map without what stands under some paths. What is left is where it was."""
    left = _pruned(root, (), paths)
    assert isinstance(left, Mapping)
    return left


def _pruned(node: Node, path: tuple[int | str, ...], paths: set[tuple[int | str, ...]]) -> Node:
    if isinstance(node, Mapping):
        kept = {
            name: (key, _pruned(value, (*path, name), paths))
            for name, (key, value) in node.entries.items()
            if (*path, name) not in paths
        }
        return Mapping(node.source, node.start, node.end, kept)
    if isinstance(node, Sequence):
        items = [_pruned(item, (*path, at), paths) for at, item in enumerate(node.items) if (*path, at) not in paths]
        return Sequence(node.source, node.start, node.end, items)
    return node


def _mistake(first: ErrorDetails, root: Mapping) -> PolicyError:
    path = _path(first)
    span = place(root, path)
    last = str(path[-1]) if path else ""
    match first["type"]:
        case "extra_forbidden":
            return PolicyError(span, f"unknown key `{last}`{did_you_mean(last, _keys(path))}")
        case "missing":
            return PolicyError(span, f"missing key `{last}`")
        case "literal_error":
            given = str(first["input"])
            expected = [
                word.strip("'") for word in str(first.get("ctx", {}).get("expected")).replace(" or ", ", ").split(", ")
            ]
            listed = ", ".join(f"`{word}`" for word in expected)
            return PolicyError(span, f"`{last}` must be one of {listed}{did_you_mean(given, expected)}")
        case kind if kind.startswith("date"):
            return PolicyError(span, f"`{last}` must be a date such as `2027-01-31`")
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
