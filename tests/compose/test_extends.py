"""`extends`: the same services as with the real Docker Compose."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modellint.compose.loading.load import load
from modellint.compose.model.project import Project
from modellint.linter.discovery import rules
from modellint.linter.run_rules import run
from modellint.text.source import Source
from modellint.yaml.node import Sequence, plain, text_of

Agree = Callable[..., Project]

CASES: dict[str, dict[str, str]] = {
    "everything is inherited": {
        "compose.yaml": "services: {app: {extends: base, image: x}, db: {image: db}, base: {image: a, depends_on: [db],"
        " links: [db], cap_add: [A], models: [m], environment: {A: 1}}}\nmodels: {m: {model: ai/x}}\n"
    },
    "another file": {
        "compose.yaml": "services: {app: {extends: {file: sub/o.yaml, service: base}, environment: [Z=1]}}\n",
        "sub/o.yaml": "services: {base: {image: a, cap_add: [A], environment: {A: 1, Z: 2}}}\n",
    },
    "a chain through files": {
        "compose.yaml": "services: {app: {extends: {file: a/a.yaml, service: a}}}\n",
        "a/a.yaml": "services: {a: {extends: {file: b/b.yaml, service: b}, cap_add: [A]}}\n",
        "a/b/b.yaml": "services: {b: {extends: c, cap_add: [B]}, c: {image: c, cap_add: [C]}}\n",
    },
    "tags reach into the base": {
        "compose.yaml": "services: {app: {extends: base, environment: {A: !reset null}, cap_add: !override [C],"
        " dns: !reset []}, base: {image: a, environment: {A: 1, B: 2}, cap_add: [A], dns: [1.1.1.1]}}\n"
    },
    "a service that is included": {
        "compose.yaml": "include: [i.yaml]\nservices: {app: {extends: base}}\n",
        "i.yaml": "services: {base: {image: i}}\n",
    },
    "what the other file includes is not": {
        "compose.yaml": "services: {app: {extends: {file: o.yaml, service: base}}}\n",
        "o.yaml": "include: [nowhere.yaml]\nservices: {base: {image: i}}\n",
    },
    "a profile": {"compose.yaml": "services: {app: {extends: base}, base: {image: a, profiles: [p]}, z: {image: z}}\n"},
    "variables of the extending file": {
        ".env": "V=1\n",
        "compose.yaml": "services: {app: {extends: {file: sub/o.yaml, service: base}}}\n",
        "sub/o.yaml": "services: {base: {image: 'a:${V}'}}\n",
        "sub/.env": "V=2\n",
    },
}
REFUSED = {
    "a circle": ({"compose.yaml": "services: {a: {image: a, extends: b}, b: {extends: a}}\n"}, "a"),
    "itself": ({"compose.yaml": "services: {a: {image: a, extends: a}}\n"}, "a"),
    "no such file": ({"compose.yaml": "services: {a: {extends: {file: no.yaml, service: x}}}\n"}, "no.yaml"),
    "no such service": ({"compose.yaml": "services: {a: {image: a, extends: x}}\n"}, "x"),
    "no such service there": (
        {"compose.yaml": "services: {a: {extends: {file: o.yaml, service: x}}}\n", "o.yaml": "services: {}\n"},
        "x",
    ),
    "no services there": (
        {"compose.yaml": "services: {a: {extends: {file: o.yaml, service: x}}}\n", "o.yaml": "models: {}\n"},
        "o.yaml",
    ),
}


@pytest.mark.parametrize("files", CASES.values(), ids=CASES)
def test_extended_as_docker_compose_extends(files: dict[str, str], agree: Agree) -> None:
    project = agree(files)
    assert project.whole
    assert "extends" not in project.services["app"].body


@pytest.mark.parametrize(("files", "place"), REFUSED.values(), ids=REFUSED)
def test_refused(files: dict[str, str], place: str, agree: Agree) -> None:
    project = agree(files)
    (violation,) = (one for one in project.violations if one.kind == "extends")
    assert violation.span.text == place
    assert not project.whole


def test_a_base_in_an_earlier_file_is_not_found(agree: Agree) -> None:
    texts = {"a.yaml": "services: {base: {image: a}}\n", "b.yaml": "services: {app: {extends: base}}\n"}
    assert [one.kind for one in agree(texts, *texts).violations] == ["extends"]


def test_a_remote_file_is_not_loaded(loaded: Agree) -> None:
    file = "https://github.com/example/app.git"
    project = loaded({"compose.yaml": f"services: {{a: {{extends: {{file: '{file}', service: x}}}}}}\n"})
    assert [(one.kind, one.span.text) for one in project.violations] == [("extends", file)]
    assert not project.whole


def test_paths_begin_at_the_folder_of_their_file(loaded: Agree) -> None:
    project = loaded(
        {
            "compose.yaml": "services: {app: {extends: {file: sub/o.yaml, service: b}, env_file: [a.env],"
            " volumes: ['./v:/v'], models: [m]}}\nmodels: {m: {model: x}}\n",
            "sub/o.yaml": "services: {b: {image: i, env_file: [a.env], build: ., volumes: ['./v:/v', './w:/w']}}\n",
            "sub/a.env": "A=sub\nB=sub\n",
            "a.env": "A=top\n",
        }
    )
    service = project.services["app"]
    assert {one.name: (one.value, one.file) for one in service.environment.values()} == {
        "A": ("top", "a.env"),
        "B": ("sub", "sub/a.env"),
    }
    build, volumes = service.body.get("build"), service.body.get("volumes")
    assert build is not None
    assert isinstance(volumes, Sequence)
    assert build.source.base == "sub"
    assert [volume.source.base for volume in volumes] == [".", "sub"]


def test_a_grant_without_its_declaration(loaded: Agree) -> None:
    project = loaded(
        {
            "compose.yaml": "services: {app: {extends: {file: o.yaml, service: base}}}\n",
            "o.yaml": "services: {base: {image: a, models: [m]}}\nmodels: {m: {model: ai/x}}\n",
        }
    )
    (finding,) = run([rules()["undefined-model"]], project)
    assert finding.span.source.path == "o.yaml"
    assert "`extends` copies the grant" in finding.hint


def test_a_long_chain_is_survived(loaded: Agree) -> None:
    links = "\n".join(f"  s{number}: {{extends: s{number + 1}}}" for number in range(3000))
    project = loaded({"compose.yaml": f"services:\n{links}\n  s3000: {{image: a}}\n"})
    assert any("levels deep" in one.message for one in project.violations)
    assert text_of(project.services["s2999"].body.get("image")) == "a"


def test_an_ignore_comment_in_the_other_file_is_not_called_unused(loaded: Agree) -> None:
    project = loaded(
        {
            "compose.yaml": "services: {app: {extends: {file: o.yaml, service: base}}}\n",
            "o.yaml": "services:\n  base: {image: a}\n  other:\n"
            "    image: b  # modellint: ignore[unpinned-image] local\n",
        }
    )
    assert [ignore.rule for ignore in project.ignores] == ["unpinned-image"]
    assert run([rules()["unused-ignore"], rules()["unpinned-image"]], project) != []
    assert [one.rule for one in run(list(rules().values()), project) if one.rule == "unused-ignore"] == []
    assert plain(project.services["app"].body) == {"image": "a"}


@pytest.mark.parametrize("section", ["environment: {%s}", "command: %s"])
def test_services_take_over_no_more_than_a_reader_can_hold(section: str) -> None:
    """A thousand services with a thousand values each stand in 40 KB."""
    what = section % ", ".join(f"VARIABLE_{n}: x" for n in range(1000)) if "{" in section else section % ("x" * 20_000)
    for several, refused in ((10, False), (1000, True)):
        rest = "".join(f"  s{n}: {{extends: b}}\n" for n in range(several))
        project = load(Source("compose.yaml", f"services:\n  b: {{image: b, {what}}}\n{rest}"), {})
        assert any("too large to read" in violation.message for violation in project.violations) is refused
        assert refused or len(project.services) == several + 1
