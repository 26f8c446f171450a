"""Describe outbound webhooks: endpoints that hear of events, deliveries to them, and attempts.

An endpoint belongs to an organization, or to one project of it. Each event that it wants becomes a
delivery, which is tried until it is taken or its time is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

ENDPOINT_PREFIX: Final = "whe"
SECRET_PREFIX: Final = "whs"  # noqa: S105  # of the id, which is no secret
DELIVERY_PREFIX: Final = "whd"
MOST_ENDPOINTS: Final = 100
"""Of one organization."""
MOST_AT_ONCE: Final = 64
MOST_PER_MINUTE: Final = 600_000
MOST_HEADERS: Final = 20
LONGEST_OVERLAP: Final = timedelta(days=7)
"""How long an older secret may sign beside a newer one."""
GIVEN_UP_AFTER: Final = timedelta(hours=96)
"""How old a delivery is when no further attempt is made."""
DISABLED_AFTER: Final = timedelta(hours=120)
"""How long an endpoint has failed, without one success, when it is disabled."""
OPENED_AFTER: Final = 5
"""Failures in a row, of whatever deliveries, after which one at a time is tried: a probe."""
KEPT_BODY_BYTES: Final = 2_048
"""Of an answer, after redaction."""


class PayloadForm(StrEnum):
    """Say how much of an event is sent.

    FULL: all that the event says, with the outcome of a plan.
    THIN: the type and ids; whoever wants more asks the API.
    """

    FULL = "full"
    THIN = "thin"


class WebhookFormat(StrEnum):
    """Say how a delivery is spelled.

    STANDARD: as Standard Webhooks has it: `type`, `timestamp`, `data`.
    CLOUDEVENTS: CloudEvents 1.0 in structured JSON.
    SLACK: a message for an incoming webhook of Slack.
    TEAMS: a message with an adaptive card for Microsoft Teams.
    """

    STANDARD = "standard"
    CLOUDEVENTS = "cloudevents"
    SLACK = "slack"
    TEAMS = "teams"


class SigningScheme(StrEnum):
    """Name how a secret signs.

    HMAC: `v1`, HMAC-SHA256 with a secret that both sides hold.
    ED25519: `v1a`, a signature that anyone verifies with the public key.
    """

    HMAC = "v1"
    ED25519 = "v1a"


class EndpointStatus(StrEnum):
    """Say whether an endpoint is sent to.

    ENABLED: it is.
    DISABLED: a person switched it off.
    FAILED: it failed for too long, or answered 410; a person has to enable it again.
    """

    ENABLED = "enabled"
    DISABLED = "disabled"
    FAILED = "failed"


class DeliveryStatus(StrEnum):
    """Say what became of a delivery.

    WAITING: it is to be tried, for the first time or again.
    DELIVERED: the endpoint took it (2xx).
    FAILED: its time was over, the endpoint is gone, or it can't be sent as it is.
    """

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class DeliveryCause(StrEnum):
    """Say why there is a delivery: its event happened, a person sent it again, or it is a test."""

    EVENT = "event"
    RESENT = "resent"
    PING = "ping"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointFilter:
    """Say which events an endpoint hears of; what is empty lets all through.

    Attributes:
        types: of events, exactly or with a trailing `.*`, such as `plan.*`.
        projects: ids; only of an endpoint of the organization.
        condition: CEL over `event` (`id`, `type`, `project`, `time`, `data`); only boolean `true`
            lets an event through.
    """

    types: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    condition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Describe an endpoint.

    Attributes:
        id: `whe_` and 26 letters.
        project_id: whose events it hears of; None: of the whole organization.
        sealed_url: the address, which may hold a secret in its path as Slack's do.
        shown_url: what people see of it: scheme, host and port.
        sealed_headers: a JSON object of headers that are sent along.
        header_names: what people see of those.
        at_once: deliveries under way at a time.
        per_minute: deliveries begun in a minute; None: as many as it takes.
        ordered: events of one entity (a project's, or else the organization's) go one after the
            other, each only when the one before was delivered or given up.
        failing_since: since when nothing was taken; None while all is well.
        failures: in a row.
        status_reason: why it is not enabled, in a sentence.
    """

    id: str
    organization_id: str
    project_id: str | None
    name: str
    sealed_url: bytes = field(repr=False)
    shown_url: str
    sealed_headers: bytes | None = field(default=None, repr=False)
    header_names: tuple[str, ...] = ()
    filter: EndpointFilter = field(default_factory=EndpointFilter)
    form: PayloadForm = PayloadForm.FULL
    format: WebhookFormat = WebhookFormat.STANDARD
    at_once: int = 8
    per_minute: int | None = None
    ordered: bool = False
    status: EndpointStatus = EndpointStatus.ENABLED
    status_reason: str | None = None
    failing_since: datetime | None = None
    failures: int = 0
    created_at: datetime
    created_by: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSecret:
    """Hold a secret that signs, as it is stored.

    Attributes:
        sealed: `whsec_…` (HMAC) or `whsk_…` (ed25519), which only the server's key opens.
        public: `whpk_…` of an ed25519 key; None for HMAC.
        ends_at: from when on it signs no more; None for the newest of its scheme.
    """

    id: str
    endpoint_id: str
    scheme: SigningScheme
    sealed: bytes = field(repr=False)
    public: str | None = None
    created_at: datetime
    ends_at: datetime | None = None

    def live(self, now: datetime) -> bool:
        """Say whether it signs."""
        return self.ends_at is None or now < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class EventToSend:
    """Hold an event as deliveries carry it.

    Attributes:
        document: what it says, canonical JSON.
        outcome: the document of the outcome that it names, for full payloads; None if there is
            none.
    """

    id: str
    type: str
    organization_id: str
    project_id: str | None
    document: str
    created_at: datetime
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Describe a delivery.

    Attributes:
        id: `whd_` and 26 letters.
        event_type: of its event, so that lists need not look it up.
        entity: what its order is kept by; empty where the endpoint keeps none.
        due_at: when it is tried next.
        reason: why it failed, or why the last attempt did.
    """

    id: str
    endpoint_id: str
    event_id: str
    event_type: str
    cause: DeliveryCause
    status: DeliveryStatus
    attempts: int
    entity: str
    due_at: datetime
    created_at: datetime
    ended_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """Describe one attempt.

    Attributes:
        status_code: of the answer; None: there was none, and `error` says why.
        took_ms: from the look-up of the name to the last byte that was read.
        body: the begin of the answer, redacted.
        request_id: what the endpoint called the request, by `x-request-id` or its like.
    """

    delivery_id: str
    number: int
    at: datetime
    status_code: int | None
    took_ms: int
    error: str | None = None
    body: str = ""
    request_id: str | None = None
