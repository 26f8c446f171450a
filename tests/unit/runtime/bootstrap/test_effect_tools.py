"""Tests of opening the tools of side effects, with real servers on the other side."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import orjson
import pytest
from pydantic import SecretStr

from runtime.bootstrap.effect_tools import open_effect_tools
from runtime.kit.clock import FixedClock
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.effects.plugin import EFFECTS
from runtime.ports.chat_model import ModelError
from runtime.ports.effect import EffectTools, effects_by_name
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.egress import HttpCall
from runtime.settings import EffectSettings, SettingsError
from tests.effects import ORGANIZATION, a_call
from tests.egress import NOW
from tests.secret_keeping import OTHER, a_keeping, no_keys
from tests.servers.openai_stub import openai_stub
from tests.servers.receiver import a_receiver
from tests.servers.smtp_server import SmtpServer, an_smtp_server

CLOCK = FixedClock(NOW)
FOREIGN = orjson.dumps(
    {OTHER: {"crm": {"ref": "vault://kv/shop/crm#token", "hosts": ["a.example"]}}}
).decode()


async def test_every_effect_works_with_what_an_operator_configured() -> None:
    """A call, a message and a question reach their servers; the secret goes along."""
    async with a_receiver() as receiver, an_smtp_server(SmtpServer()) as mail, openai_stub() as ai:
        secrets = {ORGANIZATION: {"crm": {"value": "hunter2", "hosts": ["localhost"]}}}
        settings = EffectSettings(
            egress_allow=f"localhost:{receiver.port}",
            secrets=SecretStr(orjson.dumps(secrets).decode()),
            smtp_url=SecretStr(f"smtp+plain://127.0.0.1:{mail.port}"),
            mail_from="desk@plangate.example",
            models={"writer": f"openai/text?transport=http&api_base={ai.base}"},
        )
        payloads: dict[str, JsonObject] = {
            "http.call": {
                "url": f"http://localhost:{receiver.port}/",
                "headers": {"Authorization": {"secret": "crm"}},
            },
            "mail.send": {"to": ["ann@example.com"], "subject": "Hello", "text": "You."},
            "model.infer": {"model": "writer", "prompt": "Hello"},
        }
        async with _opening(settings) as tools:
            effects = effects_by_name(EFFECTS)
            for name, payload in payloads.items():
                await effects[name].handler(a_call(payload), tools)

    assert receiver.received[0].headers["authorization"] == "hunter2"
    assert mail.taken[0].to == ("ann@example.com",)
    assert len(ai.requests) == 1


async def test_without_settings_only_strangers_are_reached() -> None:
    """The defaults open nothing inside, and know no secret, mail server, model or browser."""
    async with a_receiver() as receiver, _opened() as tools:
        with pytest.raises(PermanentError, match="may not be called"):
            await tools.egress.send(
                HttpCall(method="GET", url=f"http://127.0.0.1:{receiver.port}/")
            )
        with pytest.raises(PermanentError, match="no secret"):
            await tools.secrets.secret("crm", organization=ORGANIZATION)

    assert receiver.received == []
    assert (tools.mailer, dict(tools.models), tools.pages) == (None, {}, None)


async def test_a_browser_is_there_where_it_is_configured() -> None:
    """It starts with the first page; what may not be opened starts none."""
    settings = EffectSettings(chromium="/nowhere/chromium", egress_allow="localhost:9")
    async with _opening(settings) as tools:
        assert tools.pages is not None
        with pytest.raises(PermanentError, match="may not be called"):
            await tools.pages.read("http://127.0.0.1/", timeout_s=5)
        with pytest.raises(RetryableError, match="can't open"):
            await tools.pages.read("http://localhost:9/", timeout_s=20)


async def test_tools_are_closed_with_their_block() -> None:
    """Nothing leaves through tools of a worker that ended."""
    async with _opened() as tools:
        pass

    with pytest.raises(RetryableError, match="shutting down"):
        await tools.egress.send(HttpCall(method="GET", url="https://93.184.215.14/"))


@pytest.mark.parametrize(
    ("changes", "variable"),
    [
        ({"egress_allow": "http://x"}, "PLANGATE_EGRESS_ALLOW"),
        ({"secrets": SecretStr("hunter2")}, "PLANGATE_SECRETS"),
        ({"secrets": SecretStr(FOREIGN)}, f"PLANGATE_SECRETS.*outside of the space of {OTHER}"),
        ({"smtp_url": SecretStr("hunter2")}, "PLANGATE_SMTP_URL"),
        ({"smtp_url": SecretStr("smtp://mail.example")}, "PLANGATE_MAIL_FROM"),
    ],
)
async def test_a_wrong_setting_is_named_at_the_start(changes: JsonObject, variable: str) -> None:
    """A worker does not start with a list that it can't read; no secret is repeated."""
    settings = replace(EffectSettings(), **changes)

    with pytest.raises(SettingsError, match=variable) as raised:
        async with _opening(settings):
            pass
    assert "hunter2" not in str(raised.value)


async def test_a_model_without_its_key_is_found_at_the_start() -> None:
    """What was opened before it is closed again."""
    settings = EffectSettings(models={"writer": "openai/gpt?transport=http&api_base=http://x/v1"})
    named = replace(settings, models={"writer": settings.models["writer"] + "&api_key_env=KEY"})

    with pytest.raises(ModelError, match="KEY"):
        async with _opening(named):
            pass


def _opened() -> AbstractAsyncContextManager[EffectTools]:
    return _opening(EffectSettings())


def _opening(settings: EffectSettings) -> AbstractAsyncContextManager[EffectTools]:
    secrets = a_keeping().reader
    return open_effect_tools(
        settings, environ={}, clock=CLOCK, secrets=secrets, keys=no_keys(secrets)
    )
