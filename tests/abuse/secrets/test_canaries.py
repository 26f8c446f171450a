"""A thousand canary secrets go through all that takes one: no place keeps any of them.

Looked through are every table of Postgres, all of Redis, what the queue carried, the log, figures,
an export, and every answer and error that somebody got.
"""

from __future__ import annotations

import logging
import secrets as entropy
import traceback
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import orjson
import pytest

from runtime.adapters.smtp import SmtpMailer, read_mail_server
from runtime.bootstrap.chat_models import open_chat_model
from runtime.bootstrap.secret_settings import resolved
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject
from runtime.ports.chat_model import ChatRequest
from runtime.ports.mail import Mail
from runtime.settings import ServiceSettings
from tests.abuse.execution.hook_wishes import a_hook_wish
from tests.abuse.execution.real_app import OPERATOR, TOKEN_KEY, Acting, RealApp, real_app
from tests.abuse.execution.webhook_wishes import a_webhook_wish
from tests.database import FreshDatabase
from tests.secret_scanning import Scan
from tests.secret_site import named, secret_site
from tests.servers.openai_stub import openai_stub
from tests.servers.smtp_server import SmtpServer, an_smtp_server

ALL: Final = 1_000
IN_EACH: Final = 20
BY_REFERENCE: Final = 500
BY_VALUE: Final = 200
TOKENS: Final = 100
HOOKS: Final = 50
WEBHOOKS: Final = 50
MAILS: Final = 20
MODELS: Final = 20
MISTAKES: Final = 50
ASKED: Final = ChatRequest(messages=({"role": "user", "content": "Hello"},), timeout_s=5)


def a_canary() -> str:
    """Return a text that stands nowhere else; capitals, so that no id of ours is like it."""
    return f"Canary{entropy.token_hex(12)}Q"


@dataclass(slots=True)
class Aviary:
    """Hold the canaries that were let out, and what to look through."""

    scan: Scan = field(default_factory=Scan)
    canaries: list[str] = field(default_factory=list)

    def out(self) -> str:
        """Let one out."""
        self.canaries.append(a_canary())
        return self.canaries[-1]

    def shown(self, text: str) -> None:
        """Take one that the platform made, and showed once; ids in it are no secret."""
        self.canaries.append(text.rpartition("_")[2][-32:])

    @contextmanager
    def failures(self, place: str) -> Iterator[None]:
        """Look through what is raised, with all that a traceback shows."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  # whatever comes is looked through
            self.scan.add(place, "".join(traceback.format_exception(error)))
            self.scan.add(place, repr(error))

    async def answer(self, asking: Awaitable[Any]) -> Any:  # noqa: ANN401  # as the app answers
        """Look through an answer."""
        answered = await asking
        self.scan.add("answers", answered.body.decode(errors="replace"))
        self.scan.add("answers", repr(answered.headers))
        return answered


@pytest.fixture
def aviary() -> Aviary:
    """Let canaries out."""
    return Aviary()


@pytest.mark.timeout(240)
async def test_a_thousand_secrets_are_kept_nowhere(
    database: FreshDatabase,
    redis_url: str,
    aviary: Aviary,
    *,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """They go to whom they are for, and are found in no dump, log, figure, answer or error."""
    caplog.set_level(logging.DEBUG)
    sent = await effects(aviary, database, redis_url)
    async with real_app(database.urls, redis_url) as app:
        who = await app.found()
        await credentials(aviary, app, who)
        await mistakes(aviary, app, who)
        await shown(aviary, app, who)
    await mail(aviary)
    await models(aviary)
    starts(aviary, tmp_path)
    for known in (database.app_url, redis_url):
        aviary.canaries.append(urlsplit(known).password or "")
    aviary.canaries += [OPERATOR, TOKEN_KEY.get_secret_value()]

    scan = aviary.scan
    await scan.add_database(database.urls)
    await scan.add_redis(redis_url)
    out, err = capfd.readouterr()
    for place, text in (("output", out), ("log", err), ("log of libraries", caplog.text)):
        scan.add(place, text)

    assert sent == BY_REFERENCE + BY_VALUE
    assert err, "a platform that logs nothing proves nothing"
    assert len(set(aviary.canaries)) >= ALL
    assert {"public.jobs", "queue", "answers", "log"} <= set(scan.places)
    assert {"public.audit_records", "public.audit_leaves"} & set(scan.places)  # it may be numbered
    assert scan.found(aviary.canaries) == []


async def effects(aviary: Aviary, database: FreshDatabase, redis_url: str) -> int:
    """Send secrets by HTTP to a receiver that echoes them, and return how many arrived."""
    values = {f"s{number}": aviary.out() for number in range(BY_REFERENCE + BY_VALUE)}
    names = list(values)
    secrets: dict[str, JsonObject] = {
        name: named(name)
        if number < BY_REFERENCE
        else {"value": values[name], "hosts": ["localhost"]}
        for number, name in enumerate(names)
    }
    headers = {
        f"box.tell{number}@1": names[number * IN_EACH : (number + 1) * IN_EACH]
        for number in range(len(names) // IN_EACH)
    }
    async with secret_site(database, redis_url, secrets=secrets, headers=headers) as site:
        for name in names[:BY_REFERENCE]:
            site.rotate(name, values[name], "1")
        for action in headers:
            await site.put(action)
        await site.deliver()
        assert await site.statuses() == {"done": len(headers)}
        for spelled in site.carried:
            aviary.scan.add("queue", spelled)
        arrived = {text for item in site.receiver.received for text in item.headers.values()}
        return len(arrived & set(values.values()))


async def credentials(aviary: Aviary, app: RealApp, who: Acting) -> None:
    """Let the platform make tokens and secrets of hooks and webhooks, which it shows once."""
    for number in range(TOKENS):
        body = {"name": f"t{number}", "scopes": ["state:read"]}
        aviary.shown((await app.made("/v1/tokens", body, token=who.token))["text"])
    project = f"/v1/projects/{(await app.project(who))['id']}"
    wish = await a_hook_wish(app, who, project)
    for number in range(HOOKS):
        made = await app.made(f"{project}/hooks", {**wish, "name": f"h{number}"}, token=who.token)
        aviary.shown(made["secret"])
    for _ in range(WEBHOOKS):
        made = await app.made(f"{project}/webhooks", await a_webhook_wish(app), token=who.token)
        aviary.shown(made["secret"])


async def mistakes(aviary: Aviary, app: RealApp, who: Acting) -> None:
    """Send secrets where none belongs."""
    for number in range(MISTAKES):
        canary = aviary.out()
        rotation = {"reference": ("", "vault://", "vault://kv/a?", "file:///../")[number % 4]}
        rotation["reference"] += canary
        if number % 5:
            await aviary.answer(app.call("GET", "/v1/me", token=canary))
        await aviary.answer(
            app.call("POST", "/v1/secrets/rotations", {**rotation, "x": canary}, token=OPERATOR)
        )
        body = {"name": "t", "scopes": [], "text": canary}
        await aviary.answer(app.call("POST", "/v1/tokens", body, token=who.token))


async def shown(aviary: Aviary, app: RealApp, who: Acting) -> None:
    """Look through what the platform tells of itself, and of an organization."""
    for path in (
        "/v1/metrics",
        "/v1/readyz",
        "/v1/tokens",
        "/v1/me",
        f"/v1/organizations/{who.organization}:export",
        "/openapi.json",
    ):
        await aviary.answer(app.call("GET", path, token=who.token))


async def mail(aviary: Aviary) -> None:
    """Log in at mail servers that let in every second one."""
    message = Mail(to=("ann@example.com",), subject="Hello", text="You.", message_id="m1")
    for number in range(MAILS):
        password = aviary.out()
        login = ("desk", password if number % 2 else "another")
        async with an_smtp_server(SmtpServer(login=login)) as server:
            url = f"smtp+plain://desk:{quote(password)}@127.0.0.1:{server.port}"
            known = read_mail_server(url, sender="desk@example.com")
            aviary.scan.add("objects", repr(known))
            mailer = SmtpMailer(known, clock=SystemClock())
            with aviary.failures("mail"):
                await mailer.send(message)
            mailer.close()
        with aviary.failures("settings"):
            read_mail_server(f"http://desk:{password}@host", sender="desk@example.com")


async def models(aviary: Aviary) -> None:
    """Ask models with keys, the half of whom repeat them in an error."""
    async with openai_stub() as stub:
        for number in range(MODELS):
            kind = "leak-key" if number % 2 else "text"
            reference = f"openai/{kind}?transport=http&api_base={stub.base}&api_key_env=OWN"
            model = open_chat_model(reference, environ={"OWN": aviary.out()}, offline_providers={})
            with aviary.failures("models"):
                aviary.scan.add("answers", repr(await model.complete(ASKED)))
            await model.close()
        assert len({headers["Authorization"] for headers in stub.headers}) == MODELS


def starts(aviary: Aviary, folder: Path) -> None:
    """Start with references to secrets of every wrong form, and with right ones."""
    urls = {
        "PLANGATE_DATABASE_URL": "postgresql://app:{}@127.0.0.1/x",
        "PLANGATE_REDIS_URL": "redis://:{}@127.0.0.1:1/0",
        "PLANGATE_BROKER_URL": "redis://:{}@127.0.0.1:1/1",
        "PLANGATE_SMTP_URL": "smtp://desk:{}@mail.example:587",
        "PLANGATE_TOKEN_KEYS": "{0}{0}",
        "PLANGATE_OPERATOR_TOKEN": "{0}{0}",
        "PLANGATE_METRICS_TOKEN": "{}",
        "PLANGATE_EVAL_TOKEN": "{}",
    }
    told = {}
    for name, form in urls.items():
        (folder / name).write_text(form.format(aviary.out()))
        told[name] = f"file://{folder}/{name}"
    aviary.scan.add("objects", repr(ServiceSettings.read(told, resolve=resolved)))
    aviary.scan.add("objects", repr(resolved(told)))
    for name in urls:
        for wrong in (aviary.out(), f"vault://{aviary.out()}?", f"FILE:///{aviary.out()}"):
            with aviary.failures("settings"):
                ServiceSettings.read({**told, name: wrong}, resolve=resolved)
        (folder / "wrong").write_text(orjson.dumps({"url": f" {aviary.out()} "}).decode())
        for wrong in (f"file://{folder}/wrong", f"file://{folder}/wrong#no"):
            with aviary.failures("settings"):
                ServiceSettings.read({**told, name: wrong}, resolve=resolved)
    with aviary.failures("settings"):
        (folder / "short").write_text(aviary.out()[:20])
        told["PLANGATE_TOKEN_KEYS"] = f"file://{folder}/short"
        ServiceSettings.read(told, resolve=resolved)


@pytest.mark.parametrize(
    "spell",
    [
        pytest.param(lambda text: text, id="as it is"),
        pytest.param(lambda text: text.encode().hex(), id="as digits"),
        pytest.param(lambda text: quote(f"{text}/"), id="for an address"),
    ],
)
async def test_a_canary_that_got_out_is_found(
    database: FreshDatabase,
    aviary: Aviary,
    spell: Any,  # noqa: ANN401  # a function of a text
) -> None:
    """The search finds one that a row holds, so that an empty answer says something."""
    canary = aviary.out()
    async with database.connection() as connection:
        await connection.fetch("select rotate_secret($1, null, '')", f"x{spell(canary)}y")
    await aviary.scan.add_database(database.urls)
    aviary.scan.add("log", "nothing")
    (found,) = aviary.scan.found([canary, a_canary()])
    assert found.startswith("public.secret_rotations")
