"""The line of a secret is printed by no format, by no rule and by no diff, also where another finding stands on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from modellint.check import Settings, check
from modellint.cli import main
from modellint.fix import RewrittenFile
from modellint.linter.discovery import rules
from modellint.report import FORMATS, renderer
from modellint.report.changes import diff
from modellint.secrets.lines import secrets_of
from modellint.text.source import Source

CANARY = "Zq7-canary-4Kx9"
ISSUED = "gsk_8Wn3kTr5cMv1SyQb6Xd9Fz2Gh7Lj"
PEM, PEM_END = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"
# A Compose file each, on the lines of whose secrets other findings stand.
WEB = 'services:\n  web: {image: "nginx:latest", models: [zzz], %s}\n'
LLM = 'models:\n  llm: {model: "ai/x:latest", runtime_flags: [%s, "--temp=1"]}\n'
FILES = {
    "flow map": WEB % f"environment: {{GROQ_API_KEY: {ISSUED}}}",
    "default": WEB % f'environment: {{A_TOKEN: "${{B:-{CANARY}}}"}}',
    "default without colon": WEB % f'x-a: "${{A_TOKEN-{CANARY}}}"',
    "any variable": WEB % f"environment: {{LLM_URL: {ISSUED}}}",
    "list": WEB % f'environment: ["DB_PASSWORD={CANARY}"]',
    "quoted": WEB % f"environment: {{DB_PASSWORD: 'a b {CANARY}'}}",
    "escapes": WEB % f'environment: {{A_TOKEN: "\\x5a{CANARY[1:]}{CANARY}"}}',
    "several": WEB % f"environment: {{A_TOKEN: a{CANARY}, B_SECRET: b{CANARY}}}",
    "command": WEB % f'command: "curl -H \\"Authorization: Bearer {CANARY}\\" http://model-runner.docker.internal/v1"',
    "basic": WEB % f'command: "curl -u me:{CANARY} http://a"',
    "address": WEB % f'environment: {{A: "postgres://u:{CANARY}@db/x"}}',
    "damaged": WEB % f"environment: {{A_TOKEN: {CANARY}}}, models: [zzz",
    "comment": f"{WEB % 'tty: true'}".replace("}\n", f"}}  # DB_PASSWORD={CANARY}\n"),
    "flag": LLM % f'"--api-key", "{CANARY}"',
    "flag with =": LLM % f'"--api-key={CANARY}"',
    "flag on the line before": LLM % f'"--api-key",\n    "{CANARY}", "--top k"',
    "json": WEB % "tty: true" + f'configs: {{c: {{content: \'{{"api_key": "{CANARY}"}}\'}}}}\n',
    "anchor": f"x-a: {{k: &secret {CANARY}, m: 1}}\n" + WEB % "environment: {A_TOKEN: *secret}",
    "block": f"services:\n  web:\n    image: nginx:latest\n    environment:\n      A_TOKEN: |\n        {CANARY}\n",
    "private key": WEB % "tty: true"
    + f"configs:\n  c:\n    content: |\n      {PEM}\n      {CANARY}\n      {PEM_END}\n",
}
SECRETS = (CANARY, ISSUED)


def write(folder: Path, text: str) -> Path:
    path = folder / "compose.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", FILES)
def test_no_format_prints_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever rules are asked for."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, FILES[name])
    known = rules()
    for asked in ("all", "mutable-tag", "undefined-model", "literal-credential"):
        report = check(["compose.yaml"], Settings([rule for rule in known.values() if asked in ("all", rule.name)], {}))
        assert report.results or asked != "all"
        for form in FORMATS if asked == "all" else ("text", "json"):
            made = renderer(form)(report, known)
            assert not any(secret in made for secret in SECRETS), (asked, form)


@pytest.mark.parametrize("name", FILES)
def test_no_diff_and_no_picture_prints_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, FILES[name])
    main(["fix", "--unsafe", "--diff", "--select", "all", "compose.yaml"])
    main(["graph", "--format", "html", "compose.yaml"])
    said = b"".join(capfdbinary.readouterr())
    assert not any(secret.encode() in said for secret in SECRETS)
    assert path.read_text(encoding="utf-8") == FILES[name]


NEAR = f"""\
services:
  app:
    image: app
    environment:
      - A_TOKEN={CANARY}
      - B=1
    models: [llm]
models:
  llm:
    model: ai/smollm2
    runtime_flags: [--temp=1]
    # DB_PASSWORD={CANARY}
"""


def test_a_diff_with_a_secret_says_that_it_does_not_apply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Neither in silence nor by half."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, NEAR)
    main(["fix", "--diff", "--select", "joined-flag", "compose.yaml"])
    out, error = capfdbinary.readouterr()
    assert b"\n     # DB_PASSWORD=***\n" in out
    assert b"compose.yaml: lines that contain a secret are masked" in error
    before = (tmp_path / "compose.yaml").read_bytes()
    for program in (["git", "apply"], ["patch", "-p1", "--batch"]):
        done = subprocess.run(program, cwd=tmp_path, input=out, capture_output=True, check=False)
        assert done.returncode != 0
        assert (tmp_path / "compose.yaml").read_bytes() == before


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_is_masked_is_counted_in_the_lines_of_files(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Breaks that end no line of a file, such as a form feed, do not shift what is masked."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compose.yaml").write_bytes(NEAR.replace("B=1", "'B=\x85 1\u2028'").replace("\n", end).encode())
    main(["fix", "--diff", "--select", "joined-flag", "compose.yaml"])
    out, _ = capfdbinary.readouterr()
    assert CANARY.encode() not in out
    assert b"DB_PASSWORD=***" in out


def test_a_diff_of_an_env_file_shows_names_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    source = Source("app.env", f"A=1\nLLM_URL=http://{CANARY}\nB='\n {CANARY}\n'\nC=\n", private=True)
    made = [*diff(RewrittenFile(source, source.text.replace("LLM_URL", "URL").replace("B=", "BB=").replace("C=", "")))]
    assert not any(CANARY in line for line in made)
    assert [line for line in made[3:] if line[0] in "-+"] == [
        "-LLM_URL=***", "-B=***", "+URL=***", "+BB=***", "-C=", "+",
    ]  # fmt: skip


SHOWN = [
    "MAX_TOKENS: 4096",
    "OPENAI_API_KEY: ${OPENAI_API_KEY}",
    "OPENAI_API_KEY: ${OPENAI_API_KEY:?set the key}",
    "OPENAI_API_KEY: ${OPENAI_API_KEY:-}",
    "OPENAI_API_KEY: not-needed",
    "OPENAI_API_KEY_FILE: /run/secrets/key",
    "OPENAI_API_KEY:",
    "secrets: [openai_api_key]",
    "image: nginx@sha256:9d3e5a1f0c4b7d2e6f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e",
    'command: ["docker", "run", "-u", "1000:1000"]',
    "model: hf.co/bartowski/token-model",
    "URL: http://user@host:80/a:b@c",
    "URL: https://a/?page=12345678&sort=a1b2c3d4",
    "cache_key: model-weights",
    "SECRETS: /run/secrets/app1/all",
    "TLS_KEY: ./certs/tls-key-1.pem",
    "TOKEN_LIMIT: 120000",
    "TOKENS: 120000",
    "VERIFY_SIGNATURES: required",
    "- secrets:/app/var/secrets",
    """test: mysqladmin ping --password="$$(cat /run/secrets/db-password)" --silent""",
    "command: app --password $$DB_PASSWORD",
    "BYPASS: sometimes",
    'command: ["docker", "run", "-p", "8080:80"]',
    "command: docker login -u a -p $$CODE && docker run -p 8080:80 a",
    "command: docker login ghcr.io; ssh -p 2222 host",
    "command: openssl req -x509 -keyout a.pem -out b.pem",
    "command: echo started | tee log",
    "command: htpasswd file user",
    "command: smbclient //a/b -U user",
]


@pytest.mark.parametrize("line", SHOWN)
def test_what_is_no_secret_is_shown(line: str) -> None:
    assert secrets_of(Source("compose.yaml", f"a:\n  {line}\n")).columns == {}


HIDDEN = [
    *(f"{name}: {CANARY}" for name in (
        "OPENAI_KEY", "AZURE_OPENAI_KEY", "DBPASS", "SECRET_KEY_BASE", "SECRET_1", "API_KEY_1", "OPENAI_API_KEYS",
        "JWT_SECRET_V2", "FERNET_KEY", "HMAC_KEY", "CLIENT_SECRET_VALUE", "DB_PASSWORD_OLD", "PASSWORD1",
        "PasswordHash", "privateKey", "VAULT_SECRET_ID", "WG_PRIVKEY", "DB_CREDS", "OTP_SEED", "SESSION_COOKIE",
        "X_SIGNATURE", "GH_PAT", "githubPat", "pat", "WIFI_PSK", "DOOR_PASSCODE",
    )),
    *(f"TEXT: {begin}{ISSUED[4:]}" for begin in (
        "glpat-", "github_pat_", "ghs_", "gho_", "AKIA", "xoxb-", "npm_", "pypi-", "SG.", "dop_v1_", "rk_live_",
        "GOCSPX-", "hvs.", "eyJ", "LS0tLS1CRUdJTi", "https://hooks.slack.com/services/T0/B0/",
        "https://discord.com/api/webhooks/1/",
    )),
    *(f"URL: https://a/?b=1&{name}={CANARY}" for name in ("key", "api_key", "token", "sig", "X-Amz-Signature")),
    f"URL: https://a/?api_key={CANARY}",
    f"URL: https://{CANARY}{CANARY}@a/1",
    f"NEO4J_AUTH: neo4j/{CANARY}",
    f"APP_KEY: base64:{CANARY}=",
    f"DSN: root:{CANARY}@tcp(db:3306)/x",
    f"CONNECTION: AccountName=x;AccountKey={CANARY}==;EndpointSuffix=core.windows.net",
    f"command: redis-server --requirepass {CANARY}",
    f"command: redis-cli -a {CANARY} ping",
    f"command: mysql -uroot -p{CANARY} db",
    f"command: sshpass -p {CANARY} ssh a",
    f"command: curl -ume:{CANARY} http://a",
    f"command: app --auth {CANARY} --pw={CANARY}",
    *(f"command: {words}" for words in (
        f"docker login -u a -p {CANARY}", f"docker login -u a -p{CANARY} ghcr.io", f"podman login -p={CANARY}",
        f"mongosh -u a -p {CANARY}", f"/usr/bin/mongodump -p {CANARY}", f"ldapsearch -x -D cn=a -w {CANARY} -b dc=a",
        f"htpasswd -bc /f u {CANARY}", f"htpasswd -nb u {CANARY}", f"htpasswd -bBC 10 f u {CANARY}",
        f"openssl enc -aes-256-cbc -k {CANARY} -in a", f"smbclient //a/b -U u%{CANARY}", f"smbclient -Uu%{CANARY}",
        f"sqlcmd -S db -U sa -P {CANARY} -Q x", f"keytool -storepass {CANARY} -list",
        f"rabbitmqctl add_user u {CANARY}", f"7z a -p{CANARY} a.7z", f"ngrok config add-authtoken {CANARY}",
        f"echo {CANARY} | docker login -u a --password-stdin", f"printf %s {CANARY} | gh auth login --with-token",
        f"echo u:{CANARY} | chpasswd", f"echo {CANARY} | sudo -S ls", f"docker login --password-stdin <<< {CANARY}",
    )),
    f"command: ['docker', 'login', '-u', 'a', '-p', '{CANARY}']",
    f"traefik.http.middlewares.a.basicauth.users: 'u:{CANARY}'",
    f"- traefik.http.middlewares.a.basicauth.users=u:{CANARY}",
    f"A_TOKEN: ${{A:-${{B:-{CANARY}}}}}",
    f"A_TOKEN: ${{A:+{CANARY}}}",
    f"A_TOKEN: ${{A:-}}{CANARY}",
    f"A_TOKEN: $${CANARY}",
    f"A_TOKEN: '#{CANARY}'",
    f"A_TOKEN: '*{CANARY}'",
    f"A_TOKEN: '{CANARY}:'",
]  # fmt: skip


@pytest.mark.parametrize("line", HIDDEN, ids=range(len(HIDDEN)))
def test_a_secret_is_known_by_the_words_of_its_name_or_by_its_form(line: str) -> None:
    found = secrets_of(Source("compose.yaml", f"a:\n  {line}\n"))
    shown = found.masked(2, "  " + line)
    assert CANARY not in shown
    assert ISSUED[4:] not in shown


@pytest.mark.parametrize("lines", [
    f"command:\n  - docker\n  - login\n  - -p\n  - {CANARY}",
    f"command:\n  - ldapsearch\n  - -w{CANARY}",
    f"command: |\n  docker login \\\n    -p {CANARY}",
    f"command: >\n  mongosh\n  -p {CANARY}",
    f"command: [sh, -c,\n  'echo {CANARY} |\n  docker login --password-stdin']",
], ids=range(5))  # fmt: skip
def test_a_program_is_given_a_secret_on_a_later_line(lines: str) -> None:
    source = Source("compose.yaml", lines + "\n")
    found = secrets_of(source)
    assert not any(CANARY in found.masked(at, line) for at, line in enumerate(lines.split("\n"), 1))


def test_a_message_does_not_repeat_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flag that is refused is named in the message; the key behind it is none of it."""
    monkeypatch.chdir(tmp_path)
    text = f'models: {{llm: {{model: "ai/x", runtime_flags: ["--api-key {CANARY}", "--unknown-token={CANARY}"]}}}}\n'
    write(tmp_path, text)
    report = check(["compose.yaml"], Settings(list(rules().values()), {}))
    assert {result.rule for result in report.results} >= {"rejected-flag"}
    assert CANARY not in renderer("json")(report, rules())


def test_looking_for_secrets_takes_time_in_proportion() -> None:
    """Twice the text, twice the steps."""

    def steps(text: str) -> int:
        source = Source("compose.yaml", text)
        count = 0

        def trace(*_: object) -> object:
            nonlocal count
            count += 1
            return trace

        before = sys.gettrace()
        sys.settrace(trace)  # type: ignore[arg-type]
        try:
            secrets_of(source)
        finally:
            sys.settrace(before)
        return count

    for shape in (
        "a_token: x1y2z3w4 ",
        "postgres://u:pw9@",
        "--api-key ",
        "${A_TOKEN-x1} ",
        "- A_KEY=b\n",
        "bearer x ",
        "a?key=x1y2z3w4&",
        "mysql -px1y2z3w4 ",
        "htpasswd -b f u x1y2z3w4 ",
        "echo x1y2z3w4 | docker login --password-stdin; ",
        "A_TOKEN=${A:-${B:-x1y2z3w4}} ",
        "u:x1y2z3w4@tcp ",
    ):
        one, two = steps("a: '" + shape * 300), steps("a: '" + shape * 600)
        assert two < 2.3 * one, shape
