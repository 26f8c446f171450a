"""Webhooks work from the API through a worker to whoever receives, and back into the API."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import orjson
import pytest

from runtime.kit.webhook_signature import verified
from tests.delivering import Delivering
from tests.servers.receiver import Received

VERIFIER = Path(__file__).resolve().parents[3] / "docs" / "verify_webhook.py"


def _verifier() -> ModuleType:
    spec = spec_from_file_location("verify_webhook", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _refusal(message: Received, key: str) -> str | None:
    """Return why a message is not believed by somebody who has one key."""
    now_s = int(datetime.now(UTC).timestamp())
    return verified(message.body, message.headers, keys=[key], now_s=now_s)


async def test_a_test_of_a_webhook_is_sent_and_shown_with_its_attempt(
    delivering: Delivering,
) -> None:
    """Whoever set it up sees at once that it works."""
    await delivering.started()
    made = await delivering.webhook(filter={"types": ["plan.executed"]})

    asked = await delivering.asked("POST", made, ":ping")
    [ended] = await delivering.ended(made, count=1)
    shown = await delivering.asked("GET", made, f"/deliveries/{asked['id']}")

    [message] = delivering.receiver.received
    [tried] = shown["tries"]
    assert (ended["id"], ended["status"], ended["cause"]) == (asked["id"], "delivered", "ping")
    assert (tried["number"], tried["status_code"], tried["body"]) == (1, 200, "thanks")
    assert message.headers["webhook-id"] == asked["event"]
    assert orjson.loads(message.body)["type"] == "endpoint.ping"
    assert _refusal(message, made["secret"]) is None


async def test_while_secrets_overlap_each_of_them_verifies(delivering: Delivering) -> None:
    """By our own reading and by the published one; the old one alone verified before."""
    await delivering.started()
    made = await delivering.webhook(filter={"types": ["plan.executed"]})
    await delivering.moved()
    await delivering.ended(made, count=1)

    rotated = await delivering.asked("POST", made, ":rotate-secret", {"overlap_s": 3_600})
    await delivering.moved()
    await delivering.ended(made, count=2)

    before, after = delivering.receiver.received
    old, new = made["secret"], rotated["secret"]
    verify = _verifier().verify
    assert old != new
    assert len(before.headers["webhook-signature"].split(" ")) == 1
    assert len(after.headers["webhook-signature"].split(" ")) == 2
    assert [_refusal(before, key) for key in (old, new)] == [None, "no signature fits a key"]
    assert [_refusal(after, key) for key in (old, new)] == [None, None]
    for key in (old, new):
        assert verify(after.body, after.headers, keys=[key]) == after.headers["webhook-id"]
    with pytest.raises(ValueError, match="no signature fits"):
        verify(before.body, before.headers, keys=[new])
