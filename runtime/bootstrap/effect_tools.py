"""Open what the handlers of side effects reach the world with, as an operator configured it.

A worker opens it once, in its event loop, and hands it to every handler.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from runtime.adapters.egress.browser_gate import USER, BrowserGate
from runtime.adapters.egress.client import EgressClient
from runtime.adapters.egress.gate import Gate
from runtime.adapters.egress.resolving import SystemResolver
from runtime.adapters.egress.rules import AllowListError, EgressRules, read_rules
from runtime.adapters.smtp import MailServer, MailServerError, SmtpMailer, read_mail_server
from runtime.bootstrap.keyed_models import ModelKeys, open_keyed_model
from runtime.domain.errors import SecretDeniedError
from runtime.kit.clock import Clock
from runtime.ports.chat_model import ChatModel
from runtime.ports.effect import EffectTools
from runtime.ports.page_reader import PageReader
from runtime.services.secrets.named import (
    NamedOfOrganizations,
    NamedSecrets,
    SecretsError,
    read_named,
    references_of,
)
from runtime.services.secrets.reader import SecretReader
from runtime.settings import EffectSettings, SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """Hold settings that were understood, before anything is opened."""

    rules: EgressRules
    named: NamedOfOrganizations
    mail_server: MailServer | None


@asynccontextmanager
async def open_effect_tools(
    settings: EffectSettings,
    *,
    environ: Mapping[str, str],
    clock: Clock,
    secrets: SecretReader,
    keys: ModelKeys,
) -> AsyncIterator[EffectTools]:
    """Open the tools for as long as the block runs.

    Args:
        settings: what may be reached.
        environ: where the keys of models are looked up.
        clock: dates signatures and messages.
        secrets: reads what organizations name.
        keys: of models, that are read when they are asked.

    Raises:
        SecretError: the key of a model can't be read.
        SettingsError: a setting can't be used; the message names its variable.
        ModelReferenceError: a model's reference can't be read.
        ModelError: a model's key is missing, or nobody knows it.
    """
    read = _read(settings, secrets)
    async with AsyncExitStack() as stack:
        gate = Gate(read.rules, SystemResolver())
        egress = EgressClient(gate, clock=clock)
        stack.push_async_callback(egress.close)
        models: dict[str, ChatModel] = {}
        for name, reference in settings.models.items():
            models[name] = await open_keyed_model(
                reference, environ=environ, offline_providers={}, keys=keys
            )
            stack.push_async_callback(models[name].close)
        yield EffectTools(
            clock=clock,
            egress=egress,
            secrets=NamedSecrets(read.named, reader=secrets, clock=clock),
            mailer=_mailer(read.mail_server, clock, stack),
            models=models,
            pages=await _pages(settings, gate, stack),
        )


def _read(settings: EffectSettings, secrets: SecretReader) -> _Read:
    """Return the settings as their adapters understand them."""
    variable = "PLANGATE_EGRESS_ALLOW:"
    try:
        rules = read_rules(settings.egress_allow)
        variable = "PLANGATE_SECRETS:"
        given = settings.secrets
        named = read_named("" if given is None else given.get_secret_value())
        for organization, reference in references_of(named):
            secrets.admit(organization, reference)
        variable = "PLANGATE_SMTP_URL and PLANGATE_MAIL_FROM:"
        mail_server = (
            None
            if settings.smtp_url is None
            else read_mail_server(settings.smtp_url.get_secret_value(), sender=settings.mail_from)
        )
    except (AllowListError, SecretsError, SecretDeniedError, MailServerError) as error:
        raise SettingsError(f"{variable} {error}") from None
    return _Read(rules=rules, named=named, mail_server=mail_server)


def _mailer(server: MailServer | None, clock: Clock, stack: AsyncExitStack) -> SmtpMailer | None:
    if server is None:
        return None
    mailer = SmtpMailer(server, clock=clock)
    stack.callback(mailer.close)
    return mailer


async def _pages(settings: EffectSettings, gate: Gate, stack: AsyncExitStack) -> PageReader | None:
    """Return a browser whose only way out is the gate; it starts when a page is asked for."""
    if settings.chromium is None:
        return None
    from runtime.adapters.chromium import (  # noqa: PLC0415  # playwright is an extra
        ChromiumReader,
        ChromiumSettings,
    )

    browser_gate = BrowserGate(gate)
    proxy = await browser_gate.start()
    stack.push_async_callback(browser_gate.close)
    reader = ChromiumReader(
        ChromiumSettings(
            executable=settings.chromium,
            proxy=proxy,
            user=USER,
            password=browser_gate.password,
            sandbox=settings.chromium_sandbox,
        ),
        admit=gate.admit,
    )
    stack.push_async_callback(reader.close)
    return reader
