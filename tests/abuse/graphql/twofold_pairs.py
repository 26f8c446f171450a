"""Pair what is done with things of a project, and alike with those of the organization."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.abuse.graphql.operations import ORGANIZATION, PROJECT, Operation, change

_PLACES: Final = (
    ("project: $project, ", "webhook", "delivery", PROJECT),
    ("", "org_webhook", "org_delivery", ORGANIZATION),
)
_URL: Final = "https://hooks.example.com/in"


def webhooks() -> Iterator[Operation]:
    """Yield what is done with webhooks, of a project and of the organization."""
    for place, webhook, delivery, path in _PLACES:
        root, one = f"{path}/webhooks", f"{path}/webhooks/{{{webhook}}}"
        yield change(
            "createWebhook",
            f'({place}webhook: {{name: $name, url: "{_URL}"}}) {{ secret webhook {{ id }} }}',
            root,
            {"name": "{name}", "url": _URL},
        )
        yield change(
            "changeWebhook",
            f"({place}id: ${webhook}, webhook: {{atOnce: 2}}) {{ atOnce }}",
            one,
            {"at_once": 2},
            "PATCH",
        )
        yield change(
            "rotateWebhookSecret",
            f"({place}id: ${webhook}, overlapS: 60) {{ secret }}",
            f"{one}:rotate-secret",
            {"overlap_s": 60},
        )
        yield change("pingWebhook", f"({place}id: ${webhook}) {{ id }}", f"{one}:ping")
        yield change(
            "resendDelivery",
            f"({place}webhook: ${webhook}, id: ${delivery}) {{ id }}",
            f"{one}/deliveries/{{{delivery}}}:resend",
        )
        yield change(
            "resendDeliveries",
            f"({place}webhook: ${webhook}, deliveries: {{}}) {{ resent }}",
            f"{one}:resend",
            {},
        )
        yield change("disableWebhook", f"({place}id: ${webhook}) {{ id }}", f"{one}:disable")
        yield change("enableWebhook", f"({place}id: ${webhook}) {{ id }}", f"{one}:enable")


def removals() -> Iterator[Operation]:
    """Yield how webhooks are removed, of a project and of the organization."""
    for place, webhook, _, path in _PLACES:
        yield change(
            "removeWebhook",
            f"({place}id: ${webhook}) {{ id }}",
            f"{path}/webhooks/{{{webhook}}}",
            None,
            "DELETE",
        )


def policies() -> Iterator[Operation]:
    """Yield what is done with rules; the organization's, which both sides share, end only once."""
    off, on = _switched(", project: $project", PROJECT)
    yield from (on, off)
    yield from _switched("", ORGANIZATION)


def _switched(place: str, path: str) -> tuple[Operation, Operation]:
    off = change(
        "deactivatePolicy",
        f'(reason: "wished"{place}) {{ version }}',
        f"{path}/policies:deactivate",
        {"reason": "wished"},
    )
    on = change(
        "activatePolicy",
        f'(version: 1, reason: "wished"{place}) {{ version }}',
        f"{path}/policies/1:activate",
        {"reason": "wished"},
    )
    return off, on


def queues() -> Iterator[Operation]:
    """Yield what is done with the queue of a project, and with that of the organization."""
    for place, path in (("project: $project, ", PROJECT), ("", ORGANIZATION)):
        yield change(
            "limitQueue",
            f"({place}atOnce: 3) {{ atOnce }}",
            f"{path}/queue",
            {"at_once": 3},
            "PUT",
        )
        yield change(
            "pauseQueue",
            f'({place}why: "wished") {{ pausedAt }}',
            f"{path}/queue:pause",
            {"why": "wished"},
        )
        resumed = "(project: $project)" if place else ""
        yield change("resumeQueue", f"{resumed} {{ pausedAt }}", f"{path}/queue:resume")
