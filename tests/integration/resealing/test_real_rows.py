"""What the platform itself sealed, in every column, is found by the registry and opened by it."""

from __future__ import annotations

from dataclasses import replace

from pydantic import SecretStr

from runtime.adapters.aes_seal import AesSeal
from runtime.adapters.envelope_seal import EnvelopeSeal
from runtime.bootstrap.resealing import reseal_all
from runtime.bootstrap.sealing import server_seal
from runtime.kit.clock import SystemClock
from runtime.services.audit.subject_keys import SubjectKeys
from runtime.services.resealing.resealing import Resealing
from runtime.settings import IdentitySettings, ServiceSettings
from runtime.store.session import Database
from tests.abuse.execution.real_app import TOKEN_KEY
from tests.hooks import HookSite
from tests.webhook_site import WebhookSite

NEW = "n" * 32
BEFORE = IdentitySettings(token_keys=(TOKEN_KEY,))
PAIR = ("operator", "2026-11")
KEYS = "audit_payload_keys.wrapped"


async def test_every_column_is_filled_by_the_platform_and_sealed_anew(
    hook_site: HookSite, database: Database
) -> None:
    """Then the newest key alone opens all of it, and subjects have the keys that they had."""
    await hook_site.hook()
    await WebhookSite.of(hook_site, "project").make(headers={"x-key": "v"})
    organization = hook_site.owner.organization
    keys = await SubjectKeys(database, server_seal(BEFORE), SystemClock()).of(organization, [PAIR])
    settings = ServiceSettings(
        database_url=SecretStr(hook_site.app.urls.app_url),
        identity=replace(BEFORE, sealing_keys=(SecretStr(NEW),)),
    )

    done = await reseal_all(settings)

    renewed = {column.name: column.renewed for column in done}
    assert all(column.done for column in done)
    assert renewed.pop(KEYS) >= 1  # what is numbered meanwhile has keys of other subjects
    assert renewed == {
        "webhook_endpoints.sealed_url": 1,
        "webhook_endpoints.sealed_headers": 1,
        "webhook_secrets.sealed": 1,
        "hook_secrets.sealed": 1,
    }
    only_new = EnvelopeSeal([NEW.encode()], before=AesSeal([]))
    left = await Resealing(database, only_new).run()
    assert {(column.renewed, column.done) for column in left if column.name != KEYS} == {(0, True)}
    assert await SubjectKeys(database, only_new, SystemClock()).of(organization, [PAIR]) == keys
