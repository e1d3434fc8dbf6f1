"""Projects in which two values of one attribute meet: in two files, by `extends`, `include`, an anchor, a tag."""

from __future__ import annotations

import random
from collections.abc import Callable

from attributes import OF_ONE, SECTIONS, SERVICE
from generated import Generated

DECLARED = (
    "networks: {n1: , n2: }\nvolumes: {v1: }\nsecrets: {s1: {file: ./s1}, s2: {file: ./s2}}\n"
    "configs: {c1: {file: ./c1}, c2: {file: ./c2}}\nmodels: {m1: {model: a}, m2: {model: b}, m.3: {model: c}}\n"
)
OTHERS = "  w2: {image: j, build: ./w2}\n  w3: {image: k}\n"
FOLDERS = ("", "lib/", "deep/", "sub/", "over/")


def env_files() -> dict[str, str]:
    """The env files and label files that every folder has."""
    texts = {"e.env": "K={0}\nA=file\nS=${{T:-none}}\n", "f.env": "L={0}\nA=other\n", "l.env": "L={0}\n"}
    return {folder + name: text.format(folder or "root") for folder in FOLDERS for name, text in texts.items()}


def pair(seed: int) -> Generated:
    """One attribute of a service, said twice."""
    chance = random.Random(f"pair {seed}")
    attribute = chance.choice(list(SERVICE))
    first, second = chance.choice(SERVICE[attribute]), chance.choice(SERVICE[attribute])
    if chance.random() < 0.15:
        second = chance.choice(["!reset null", f"!override {second}"])
    image = "" if attribute == "image" else "    image: i\n"
    one = f"    {attribute}: {first}\n"
    files, named = chance.choice(MODES)(image + one, one, f"    {attribute}: {second}\n")
    profiles = ["p1"] if attribute == "profiles" else []
    return Generated({**env_files(), **files}, named, profiles, {"SH": "shell"})


def _override(first: str, _: str, second: str) -> tuple[dict[str, str], list[str]]:
    base = f"services:\n  w1:\n{first}{OTHERS}{DECLARED}"
    return {"compose.yaml": base, "o.yaml": f"services:\n  w1:\n{second}"}, ["compose.yaml", "o.yaml"]


def _override_elsewhere(first: str, _: str, second: str) -> tuple[dict[str, str], list[str]]:
    files, _named = _override(first, "", second)
    return {"compose.yaml": files["compose.yaml"], "sub/o.yaml": files["o.yaml"]}, ["compose.yaml", "sub/o.yaml"]


def _three_files(first: str, own: str, second: str) -> tuple[dict[str, str], list[str]]:
    files, named = _override(first, "", second)
    return {**files, "p.yaml": f"services:\n  w1:\n{own}"}, [*named, "p.yaml"]


def _other_file(first: str, _: str, second: str) -> tuple[dict[str, str], list[str]]:
    extending = f"services:\n  w1:\n    extends: {{file: lib/l.yaml, service: base}}\n{second}{OTHERS}{DECLARED}"
    return {"compose.yaml": extending, "lib/l.yaml": f"services:\n  base:\n{first}"}, ["compose.yaml"]


def _override_extends(first: str, _: str, second: str) -> tuple[dict[str, str], list[str]]:
    base = f"services:\n  w1:\n    image: i\n{OTHERS}{DECLARED}"
    over = f"services:\n  w1:\n    extends: {{file: lib/l.yaml, service: base}}\n{second}"
    return {"compose.yaml": base, "o.yaml": over, "lib/l.yaml": f"services:\n  base:\n{first}"}, [
        "compose.yaml",
        "o.yaml",
    ]


def _same_file(first: str, _: str, second: str) -> tuple[dict[str, str], list[str]]:
    base = f"  base:\n{first}" + ("" if "profiles" in first else "    profiles: [never]\n")
    return {"compose.yaml": f"services:\n  w1:\n    extends: base\n{second}{OTHERS}{base}{DECLARED}"}, ["compose.yaml"]


def _include(first: str, _: str, second: str) -> tuple[dict[str, str], list[str]]:
    base = f"include: [sub/i.yaml]\nservices:\n  w1:\n{second}{OTHERS}{DECLARED}"
    return {"compose.yaml": base, "sub/i.yaml": f"services:\n  w1:\n{first}"}, ["compose.yaml"]


def _documents(first: str, _: str, second: str) -> tuple[dict[str, str], list[str]]:
    files, _named = _override(first, "", second)
    return {"compose.yaml": files["compose.yaml"] + "---\n" + files["o.yaml"]}, ["compose.yaml"]


def _anchor(first: str, _: str, second: str) -> tuple[dict[str, str], list[str]]:
    base = f"x-a: &a\n{first}services:\n  w1:\n    <<: *a\n{second}{OTHERS}{DECLARED}"
    return {"compose.yaml": base}, ["compose.yaml"]


MODES: tuple[Callable[[str, str, str], tuple[dict[str, str], list[str]]], ...] = (
    _override, _override_elsewhere, _three_files, _other_file, _override_extends, _same_file, _include, _documents,
    _anchor,
)  # fmt: skip


def dense(seed: int) -> Generated:
    """A project of several files, with many attributes in which they meet."""
    return _Dense(random.Random(f"dense {seed}")).project()


class _Dense:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.documents: dict[str, _Document] = {}

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def project(self) -> Generated:
        base = _Document()
        self.documents["compose.yaml"] = base
        base.services["w1"] = self.service(6, 0.02)
        base.services["w2"] = {"image": "j", "build": "./w2", **self.lean(self.service(4, 0))}
        base.services["w3"] = {"image": "k", **({"profiles": "[p2]"} if self.maybe(0.3) else {})}
        self.sections(base, 0.12)
        named = ["compose.yaml"]
        for number in range(self.chance.choice((0, 1, 1, 2))):
            name = self.chance.choice((f"o{number}.yaml", f"over/o{number}.yaml"))
            self.documents[name] = over = _Document()
            over.services["w1"] = self.again(base.services["w1"])
            if self.maybe(0.4):
                over.services["w2"] = self.lean(self.service(3, 0.1))
            self.sections(over, 0.06)
            named.append(name)
        if self.maybe(0.45):
            self.extend(base, self.documents[self.chance.choice(named)])
        if self.maybe(0.35):
            self.include(base)
        if self.maybe(0.25):
            base.anchor = self.lean(self.service(3, 0.05))
            base.services["w1"] = {"<<": "*anchor", **base.services["w1"]}
        for document in self.documents.values():
            document.complete()
        self.declare(base)
        files = {**env_files(), **{name: document.text() for name, document in self.documents.items()}}
        if self.maybe(0.4):
            files[".env"] = self.chance.choice(
                ("T=dot\n", "T=\nP=8081\n", "PR=p2\nMN=m2\nIMAGE=dot\n", "EV=Q\nTO=7s\n")
            )
        profiles: list[str] = self.chance.choice(([], [], ["p1"], ["p1", "p2"], ["*"]))
        return Generated(files, named, profiles, {"SH": "shell", "C": "c"} if self.maybe(0.5) else {})

    def value(self, attribute: str, tagged: float) -> str:
        value = self.chance.choice(SERVICE[attribute])
        if value in ("null", "''") and self.maybe(0.8):
            value = SERVICE[attribute][0]
        if self.maybe(tagged):
            return self.chance.choice(("!reset null", f"!override {value}"))
        return value

    def service(self, most: int, tagged: float) -> dict[str, str]:
        chosen = self.chance.sample(list(SERVICE), self.chance.randint(1, most))
        return {attribute: self.value(attribute, tagged) for attribute in chosen}

    def again(self, service: dict[str, str]) -> dict[str, str]:
        """Some of the attributes of a service once more, with other values, and a new one."""
        chosen = self.chance.sample(list(service), self.chance.randint(1, len(service)))
        return {**{name: self.value(name, 0.1) for name in chosen if name in SERVICE}, **self.service(1, 0)}

    def lean(self, service: dict[str, str]) -> dict[str, str]:
        return {name: value for name, value in service.items() if name not in (*OF_ONE, "image", "build", "profiles")}

    def sections(self, document: _Document, share: float) -> None:
        for section, entries in SECTIONS.items():
            for name, values in entries.items():
                if self.maybe(share):
                    document.sections.setdefault(section, {})[name] = self.chance.choice(values)

    def extend(self, base: _Document, extending: _Document) -> None:
        extended = {"image": "e", **self.again(base.services["w1"])}
        service = extending.services["w1"]
        form = self.chance.choice(("same", "file", "chain", "included"))
        if form == "same" and extending is base:
            base.services["base"] = extended
            service["extends"] = self.chance.choice(("base", "{service: base}"))
            return
        library = _Document()
        library.services["base"] = extended
        if form == "included" and extending is base:
            self.documents["sub/base.yaml"] = library
            base.include = "[sub/base.yaml]"
            service["extends"] = "base"
            return
        self.documents["lib/l.yaml"] = library
        service["extends"] = "{file: lib/l.yaml, service: base}"
        if form == "chain":
            self.documents["deep/m.yaml"] = root = _Document()
            root.services["root"] = {"image": "r", **self.lean(self.service(4, 0))}
            extended["extends"] = "{file: ../deep/m.yaml, service: root}"

    def include(self, base: _Document) -> None:
        if base.include:
            return
        self.documents["sub/i.yaml"] = included = _Document()
        name = self.chance.choice(("w1", "w3", "own"))
        included.services[name] = {"image": "n", **self.lean(self.service(4, 0.02))}
        self.sections(included, 0.08)
        base.include = self.chance.choice(
            (
                "[sub/i.yaml]", "[{path: sub/i.yaml, project_directory: .}]",
                "[{path: sub/i.yaml, env_file: sub/e.env}]",
                "[{path: [sub/i.yaml, sub/j.yaml]}]", "[{path: ['${SUB:-sub}/i.yaml'], env_file: [e.env, sub/f.env]}]",
                "[sub/i.yaml, sub/k.yaml]",
            )
        )  # fmt: skip
        if "j.yaml" in base.include:
            self.documents["sub/j.yaml"] = second = _Document()
            second.services[name] = self.lean(self.service(3, 0.1))
        if "k.yaml" in base.include:
            self.documents["sub/k.yaml"] = third = _Document()
            third.services["third"] = {"image": "t", **self.lean(self.service(3, 0))}
            self.sections(third, 0.08)

    def declare(self, base: _Document) -> None:
        """Declare in the first file what is used and declared nowhere, mostly."""
        declared = {name for each in self.documents.values() for section in each.sections.values() for name in section}
        said = "".join(each.text() for each in self.documents.values())
        for section, entries in SECTIONS.items():
            for name, values in entries.items():
                if name not in declared and name in said and name != "default" and self.maybe(0.97):
                    base.sections.setdefault(section, {})[name] = values[0]


class _Document:
    """A Compose file: attributes as YAML texts, by service."""

    def __init__(self) -> None:
        self.include = ""
        self.anchor: dict[str, str] = {}
        self.services: dict[str, dict[str, str]] = {}
        self.sections: dict[str, dict[str, str]] = {}

    def complete(self) -> None:
        for service in self.services.values():
            if service.get("image", "''") in ("''", "null") and "build" in service:
                service.pop("image", None)

    def text(self) -> str:
        anchor = ["x-anchor: &anchor", *_entries(self.anchor, 2)] if self.anchor else []
        include = [f"include: {self.include}"] if self.include else []
        lines = [*anchor, *include, "services:" if self.services else "services: {}"]
        for name, body in self.services.items():
            lines.extend([f"  {name}:", *_entries(body, 4)] if body else [f"  {name}: {{}}"])
        for section, entries in self.sections.items():
            lines.extend([f"{section}:", *_entries(entries, 2)])
        return "\n".join(lines) + "\n"


def _entries(body: dict[str, str], indent: int) -> list[str]:
    return [f"{' ' * indent}{name}: {value}" for name, value in body.items()]
