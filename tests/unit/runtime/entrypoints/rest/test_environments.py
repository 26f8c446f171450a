"""What is installed is listed with what must be equal to compare results."""

from __future__ import annotations

from runtime.sandbox import Sandbox
from tests.unit.runtime.entrypoints.rest.platform import an_app, ask


async def test_each_environment_has_its_digests() -> None:
    """They are those of the sandbox that the harness would build."""
    answered = await ask(an_app(), "/v1/environments", method="GET")

    assert answered.status == 200
    assert [item["id"] for item in answered.json["items"]] == ["counter", "helpdesk"]
    assert answered.json["items"][0] == {
        "id": "counter",
        "title": "Counter",
        "comparability": dict(Sandbox.named("counter").comparability),
    }
    assert answered.json["next_cursor"] is None
