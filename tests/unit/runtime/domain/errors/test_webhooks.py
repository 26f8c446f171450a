"""A webhook that can't be used names every fault, and where it stands."""

from __future__ import annotations

from runtime.domain.errors import WebhookFault, WebhookRefusedError


def test_every_fault_is_named_with_its_place() -> None:
    """So that all of them can be mended at once."""
    error = WebhookRefusedError(
        [
            WebhookFault(pointer="/url", problem="its port is 25"),
            WebhookFault(pointer="/headers", problem="'host' is set by the platform"),
        ]
    )

    assert error.code == "webhook_refused"
    assert str(error) == (
        "the webhook can't be used as it is: /url: its port is 25; /headers: 'host' is set by the "
        "platform"
    )
    assert [fault.pointer for fault in error.faults] == ["/url", "/headers"]
