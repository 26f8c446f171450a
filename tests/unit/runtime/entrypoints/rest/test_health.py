"""Whether the process answers is told to everybody."""

from __future__ import annotations

from tests.unit.runtime.entrypoints.rest.platform import ELSEWHERE, TOKEN, an_app, ask


async def test_health_needs_no_token_and_no_model() -> None:
    """A load balancer has neither."""
    answered = await ask(
        an_app(None, token=TOKEN), "/v1/healthz", method="GET", client=ELSEWHERE, server=ELSEWHERE
    )

    assert (answered.status, answered.json) == (200, {"status": "live"})
