"""Fixes that change what a grant injects: every layout of a grant, and those where no fix is certain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modellint.compose.loading.load import load_project
from modellint.compose.loading.selection import Options, select_path
from modellint.linter.discovery import rules
from modellint.linter.run_rules import run
from modellint.text.edit import rewrite
from modellint.text.finding import Finding

Find = Callable[..., list[Finding]]
Repair = Callable[[str, str], str]
MODEL = "models:\n  llm:\n    model: ai/qwen3:0.6B-Q4_K_M\n"
TWO = f"{MODEL}  emb:\n    model: ai/embeddinggemma:300M-Q8_0\n"
URL = "http://model-runner.docker.internal/engines/v1"


def app(models: str, rest: str = "", tail: str = TWO) -> str:
    """A project of one service whose `environment` asks for what its grant injects."""
    head = "services:\n  app:\n    image: app\n    environment:\n      A: b\n      API: ${LLM_URL}\n"
    return f"{head}{models}{rest}{tail}"


@pytest.mark.parametrize(
    ("models", "after"),
    [
        ("    models: [llm]\n", "    models:\n      llm:\n        endpoint_var: API\n"),
        ("    models: ['llm', emb] # both\n",
         "    models: # both\n      'llm':\n        endpoint_var: API\n      emb: {}\n"),
        ("    models:\n      - llm\n", "    models:\n      llm:\n        endpoint_var: API\n"),
        ("    models:\n    - emb # e\n    # and\n    - llm # l\n",
         "    models:\n      emb: {} # e\n    # and\n      llm: # l\n        endpoint_var: API\n"),
        ("    models:\n      llm:\n", "    models:\n      llm:\n        endpoint_var: API\n"),
        ("    models:\n      llm: # l\n      emb:\n",
         "    models:\n      llm: # l\n        endpoint_var: API\n      emb:\n"),
        ("    models:\n      llm: {}\n", "    models:\n      llm:\n        endpoint_var: API\n"),
        ("    models:\n      llm: ~ # l\n", "    models:\n      llm: # l\n        endpoint_var: API\n"),
        ("    models:\n      llm: {model_var: M}\n", "    models:\n      llm: {model_var: M, endpoint_var: API}\n"),
        ("    models:\n      llm: { model_var: M }\n", "    models:\n      llm: { model_var: M, endpoint_var: API }\n"),
        ("    models:\n      llm:\n        # m\n        model_var: M\n",
         "    models:\n      llm:\n        # m\n        endpoint_var: API\n        model_var: M\n"),
        ("    models: {llm: , emb: }\n", "    models: {llm: {endpoint_var: API} , emb: }\n"),
        ("    models: {llm, emb}\n", "    models: {llm: {endpoint_var: API}, emb}\n"),
        ("    models: {llm: {}, emb: {}}\n", "    models: {llm: {endpoint_var: API}, emb: {}}\n"),
        ("    models: {llm: null}\n", "    models: {llm: {endpoint_var: API}}\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_layout_of_a_grant(models: str, after: str, end: str, repair: Repair) -> None:
    text = app(models).replace("\n", end)
    expected = app(after).replace("      API: ${LLM_URL}\n", "").replace("\n", end)
    assert repair("interpolated-variable", text) == expected


@pytest.mark.parametrize(
    "models",
    [
        "    models: &m [llm]\n",
        "    models:\n      llm: &g {}\n",
        "    models: [llm,\n      emb]\n",
        "    models:\n      - &n llm\n",
        "    models:\n      - ${MODEL:-llm}\n",
        "    models:\n      <<: *grants\n",
        "    models:\n      llm: {endpoint_var: LLM_URL}\n",  # somebody chose the name
        "    models: [llm]\n    command: [sh, -c, 'curl $$LLM_URL']\n",  # somebody reads it
        "    models: [llm]\n    labels: {x: '${LLM_URL}'}\n",
        "    models: [llm]\n    command: [sh, -c, 'curl $$AI_LLM_URL']\n",  # another fix makes it `LLM_URL`
        "    models: [llm]\n  other:\n    extends: app\n",
    ],
)
def test_no_fix_where_the_edit_is_not_certain(models: str, find: Find) -> None:
    text = app(models)
    if "*grants" in models:
        text = f"x-grants: &grants\n  llm: {{}}\n{text}"
    found = [each for each in find("interpolated-variable", text) if each.span.text == "${LLM_URL}"]
    assert found
    assert all(each.fix is None and each.hint for each in found)


def test_an_anchored_service_gets_no_fix(find: Find) -> None:
    text = app("    models: [llm]\n").replace("  app:\n", "  app: &app\n")
    (found,) = find("interpolated-variable", f"{text}x-other: {{<<: *app}}\n")
    assert found.fix is None


@pytest.mark.parametrize(
    ("body", "after"),
    [
        ("command: [sh, -c, 'x ${LLM_URL}']", "command: [sh, -c, 'x $${LLM_URL}']"),
        ("command: sh -c 'x $LLM_URL'", "command: sh -c 'x $$LLM_URL'"),
        ("command: sh -c \"echo $$HOME ${LLM_URL:-none}\"", "command: sh -c \"echo $$HOME $${LLM_URL:-none}\""),
        ("entrypoint: [sh, -c]\n    command: ['x ${LLM_URL}']", "entrypoint: [sh, -c]\n    command: ['x $${LLM_URL}']"),
        ("healthcheck: {test: 'curl ${LLM_URL}'}", "healthcheck: {test: 'curl $${LLM_URL}'}"),
        ("healthcheck: {test: [CMD-SHELL, 'curl ${LLM_URL}']}", "healthcheck: {test: [CMD-SHELL, 'curl $${LLM_URL}']}"),
        ("command: [x, '${LLM_URL}']", None),
        ("command: x ${LLM_URL}", None),
        ("healthcheck: {test: [CMD, curl, '${LLM_URL}']}", None),
        ("command: [sh, -c, \"x '${LLM_URL}'\"]", None),  # the shell leaves it alone, too
        ("command: [sh, -c, 'LLM_URL=x; y ${LLM_URL}']", None),
    ],
)  # fmt: skip
def test_a_shell_in_the_container_reads_the_variable(body: str, after: str | None, repair: Repair) -> None:
    text = f"services:\n  app:\n    image: app\n    models: [llm]\n    {body}\n{MODEL}"
    assert repair("interpolated-variable", text) == text.replace(body, after or body)


def test_only_the_container_that_gets_the_variable_can_read_it(find: Find) -> None:
    other = "  b: {image: b, command: [sh, -c, 'x ${LLM_URL}']}\n"
    text = f"services:\n  app: {{image: app, models: [llm]}}\n{other}{MODEL}"
    (found,) = find("interpolated-variable", text)
    assert found.fix is None


def hardcoded(environment: str, rest: str = "", models: str = MODEL) -> str:
    return f"services:\n  app:\n    image: app\n    environment:\n{environment}    user: me\n{rest}{models}"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (hardcoded(f"      - A=b\n      - LLM_BASE=x\n      - BASE_URL={URL}\n"),
         hardcoded("      - A=b\n      - LLM_BASE=x\n").replace(
             "    environment:", "    models:\n      llm:\n        endpoint_var: BASE_URL\n    environment:")),
        (hardcoded(f"      BASE_URL: {URL}/\n"),
         hardcoded("", "").replace("    environment:", "    models:\n      llm:\n        endpoint_var: BASE_URL")),
        (hardcoded(f"      BASE_URL: {URL}\n      A: b\n", "    models: [llm]\n"),
         hardcoded("      A: b\n", "    models:\n      llm:\n        endpoint_var: BASE_URL\n")),
        (hardcoded(f"      LLM_URL: {URL}\n      A: b\n", "    models: [llm]\n"),
         hardcoded("      A: b\n", "    models: [llm]\n")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_grant_in_the_place_of_an_address(text: str, after: str, end: str, repair: Repair) -> None:
    assert repair("hardcoded-endpoint", text.replace("\n", end)) == after.replace("\n", end)


@pytest.mark.parametrize(
    "text",
    [
        hardcoded("      URL: http://model-runner.docker.internal\n"),  # the program adds the rest of the path
        hardcoded("      URL: http://model-runner.docker.internal/engines/v1/models\n"),
        hardcoded("      URL: http://u:p@model-runner.docker.internal/v1\n"),
        hardcoded("      URL: ${URL:-http://model-runner.docker.internal/v1}\n"),
        hardcoded("      URL: http://host.docker.internal:11434/v1\n"),  # Ollama holds models of its own
        hardcoded("      'TRUE': http://model-runner.docker.internal/v1\n"),
        hardcoded(f"      A: {URL}\n      B: {URL}\n"),
        hardcoded(f"      A: {URL}\n      MODEL: ai/other\n"),
        hardcoded(f"      A: {URL}\n", "    network_mode: none\n"),
        hardcoded(f"      A: {URL}\n      LLM_URL: x\n", "    models: [llm]\n"),
        hardcoded(f"      A: {URL}\n", models=TWO),
        hardcoded(f"      A: {URL}\n", models=""),
        hardcoded(f"      A: {URL}\n", "    models: {llm: {endpoint_var: B}}\n"),
        hardcoded(f"      A: {URL}\n", "    models: [llm, emb]\n", TWO),
        hardcoded(f"      A: {URL}\n", "    command: [sh, -c, 'curl $$LLM_URL']\n    models: [llm]\n"),
    ],
)
def test_an_address_that_stays(text: str, find: Find) -> None:
    found = find("hardcoded-endpoint", text)
    assert found
    assert all(each.fix is None and each.hint for each in found)


def fixed_files(folder: Path, rule: str, **texts: str) -> dict[str, str]:
    """The files after the fixes of a rule, where each is laid over those before it."""
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8", newline="")
    options = Options()
    options.files = [str(folder / f"{name}.yaml") for name in texts]
    project = load_project(select_path("", options, {}))
    fixes = [finding.fix for finding in run([rules()[rule]], project) if finding.fix]
    sources = {Path(file.source.path).stem: file.source for file in project.files}
    return {name: rewrite(sources[name], fixes) for name in texts}


def test_the_grant_and_the_entry_stand_in_two_files(tmp_path: Path) -> None:
    base = f"services:\n  app:\n    image: app\n    models: [llm]\n{MODEL}"
    over = "services:\n  app:\n    user: me\n    environment:\n      - API=${LLM_URL}\n"
    after = fixed_files(tmp_path, "interpolated-variable", base=base, over=over)
    assert after == {
        "base": base.replace(" [llm]", "\n      llm:\n        endpoint_var: API"),
        "over": "services:\n  app:\n    user: me\n",
    }


@pytest.mark.parametrize(
    "over",
    [
        "services:\n  app:\n    environment:\n      - API=${LLM_URL}\n",  # nothing would be left of the service
        "services:\n  app:\n    user: me\n    environment: [A=b, 'API=${LLM_URL}']\n",  # the base sets it, too
    ],
)
def test_no_fix_where_another_file_decides(over: str, tmp_path: Path) -> None:
    both = "    environment: [API=x]\n" if "A=b" in over else ""
    base = f"services:\n  app:\n    image: app\n    models: [llm]\n{both}{MODEL}"
    assert fixed_files(tmp_path, "interpolated-variable", base=base, over=over) == {"base": base, "over": over}


@pytest.mark.parametrize(
    ("models", "after"),
    [
        ("[qwen2.5]", "\n      qwen2.5:\n        endpoint_var: QWEN2_5_URL\n        model_var: QWEN2_5_MODEL"),
        ("{qwen2.5: {endpoint_var: URL}}", "{qwen2.5: {endpoint_var: URL, model_var: QWEN2_5_MODEL}}"),
        ("{qwen2.5: {endpoint_var: 2-URL, model_var: M}}", "{qwen2.5: {endpoint_var: MODEL_2_URL, model_var: M}}"),
        ("[qwen2.5]\n    environment: {QWEN2_5_URL: x}", None),
        ("[qwen2.5]\n    command: [python, -c, 'print(os.environ[\"QWEN2.5_URL\"])']", None),
    ],
)
def test_names_that_a_shell_can_read(models: str, after: str | None, repair: Repair) -> None:
    text = f"services:\n  app:\n    image: app\n    models: {models}\nmodels: {{qwen2.5: {{model: ai/qwen2.5}}}}\n"
    expected = text.replace(f" {models}", after if after and after[0] == "\n" else f" {after or models}")
    fixed = repair("unreadable-variable", text)
    assert fixed == (expected if after else text)


@pytest.mark.parametrize(
    ("body", "after"),
    [
        ("environment:\n      - U\n      - A=b",
         "models:\n      llm:\n        endpoint_var: U\n        model_var: M\n    environment:\n      - A=b"),
        ("environment: {U: '${U}', M: $M}", "models:\n      llm:\n        endpoint_var: U\n        model_var: M"),
        ("environment: {U: '${U}', A: b}\n    models: [llm]",
         "environment: {A: b}\n    models:\n      llm:\n        endpoint_var: U"),
        ("environment: {U: '${U:-x}', A: b}", None),
        ("environment: {U: '${OTHER}', A: b}", None),
        ("environment: {U: , A: b}\n    models: [emb]", None),
    ],
)  # fmt: skip
def test_a_variable_that_is_only_passed_through(body: str, after: str | None, find: Find) -> None:
    head = "services:\n  app: {image: app, models: {llm: {endpoint_var: U, model_var: M}}}\n  web:\n    image: web\n"
    text = f"{head}    {body}\n{TWO}"
    found = find("leaked-variable", text, {"U": "http://x", "M": "m", "OTHER": "y"})
    fixes = [each.fix for each in found if each.fix]
    assert found
    assert (rewrite(found[0].span.source, fixes) if fixes else None) == (f"{head}    {after}\n{TWO}" if after else None)


CODE = 'import os\nopen(os.environ["CHAT_LLM_URL"], os.environ["CHAT_LLM_MODEL"])\n'


@pytest.mark.parametrize(
    ("code", "after"),
    [
        (CODE, "\n      llm:\n        endpoint_var: CHAT_LLM_URL\n        model_var: CHAT_LLM_MODEL"),
        ('import os\nopen(os.environ["MODEL_BASE_URL"])\n', "\n      llm:\n        endpoint_var: MODEL_BASE_URL"),
        (f'{CODE}open(os.environ["OTHER_LLM_URL"], os.environ["OTHER_LLM_MODEL"])\n', None),
        ('import os\nopen(os.environ["MODEL_BASE_URL"], os.environ["AGENT_MODEL_URL"])\n', None),
    ],
)
def test_the_names_that_the_code_reads(
    code: str, after: str | None, repair: Repair, find: Find, tmp_path: Path
) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text(code, encoding="utf-8")
    text = f"services:\n  app:\n    build: ./app\n    models: [llm]\n{MODEL}"
    assert find("uninjected-variable", text)
    assert repair("uninjected-variable", text) == text.replace(" [llm]", after or " [llm]")
