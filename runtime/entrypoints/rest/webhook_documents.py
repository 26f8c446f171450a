"""Spell on the wire what webhooks are wished for, and how they are; what does not fit is a 422."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from runtime.domain.event_catalogue import MOST_WANTED
from runtime.domain.webhook import (
    LONGEST_OVERLAP,
    MOST_AT_ONCE,
    MOST_HEADERS,
    MOST_PER_MINUTE,
    EndpointFilter,
    EndpointStatus,
    PayloadForm,
    SigningScheme,
    WebhookFormat,
)
from runtime.domain.webhook_filter import LONGEST_CONDITION
from runtime.domain.webhook_headers import MOST_HEADER_BYTES
from runtime.entrypoints.rest.texts import MOST_ID_TEXT, NameText
from runtime.services.webhooks.wishes import MOST_PROJECTS, EndpointChange, NewEndpoint

LONGEST_URL: Final = 4_096
MOST_TYPE_TEXT: Final = 100

UrlText = Annotated[
    SecretStr,
    Field(
        min_length=1,
        max_length=LONGEST_URL,
        description="Where deliveries are sent by POST: https, of a public host. It is shown as "
        "scheme, host and port only.",
    ),
]
HeaderValue = Annotated[SecretStr, Field(max_length=MOST_HEADER_BYTES)]
Headers = Annotated[
    dict[str, HeaderValue],
    Field(
        max_length=MOST_HEADERS,
        description="Sent along with each delivery; their values are not shown again.",
    ),
]
AtOnce = Annotated[int, Field(ge=1, le=MOST_AT_ONCE, description="Deliveries at a time.")]
PerMinute = Annotated[
    int,
    Field(ge=1, le=MOST_PER_MINUTE, description="Deliveries begun in a minute; null: no limit."),
]
TypeText = Annotated[str, Field(min_length=1, max_length=MOST_TYPE_TEXT)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WebhookFilter(_Wire):
    """Say which events a webhook hears of; what is empty lets all through.

    Attributes:
        types: of GET /v1/event-types, or all of a group such as `plan.*`.
        projects: ids; only for a webhook of the organization.
        condition: CEL over `event`, such as `event.data.percent >= 90`.
    """

    types: Annotated[tuple[TypeText, ...], Field(max_length=MOST_WANTED)] = ()
    projects: Annotated[
        tuple[Annotated[str, Field(max_length=MOST_ID_TEXT)], ...],
        Field(max_length=MOST_PROJECTS),
    ] = ()
    condition: Annotated[str, Field(max_length=LONGEST_CONDITION)] = ""

    def wanted(self) -> EndpointFilter:
        """Return what it means."""
        return EndpointFilter(
            types=tuple(dict.fromkeys(self.types)),
            projects=tuple(dict.fromkeys(self.projects)),
            condition=self.condition,
        )


class WebhookIn(_Wire):
    """Say what webhook to make.

    Attributes:
        scheme: how its first secret signs.
        ordered: events of one project go one after the other, each when the one before ended.
    """

    name: NameText
    url: UrlText
    headers: Headers = Field(default_factory=dict)
    filter: WebhookFilter = WebhookFilter()
    form: PayloadForm = PayloadForm.FULL
    format: WebhookFormat = WebhookFormat.STANDARD
    at_once: AtOnce = 8
    per_minute: PerMinute | None = None
    ordered: bool = False
    scheme: SigningScheme = SigningScheme.HMAC

    def wish(self) -> NewEndpoint:
        """Return what it means."""
        return NewEndpoint(
            name=self.name,
            url=self.url.get_secret_value(),
            headers=_texts(self.headers),
            filter=self.filter.wanted(),
            form=self.form,
            format=self.format,
            at_once=self.at_once,
            per_minute=self.per_minute,
            ordered=self.ordered,
            scheme=self.scheme,
        )


class WebhookChangeIn(_Wire):
    """Say what is to change; what is left out stays, and `headers` and `filter` are replaced.

    Attributes:
        url: another address gets no header that is not stated with it.
        per_minute: null where it is stated: no limit from now on.
    """

    name: NameText | None = None
    url: UrlText | None = None
    headers: Headers | None = None
    filter: WebhookFilter | None = None
    form: PayloadForm | None = None
    format: WebhookFormat | None = None
    at_once: AtOnce | None = None
    per_minute: PerMinute | None = None
    ordered: bool | None = None

    def change(self) -> EndpointChange:
        """Return what it means."""
        return EndpointChange(
            name=self.name,
            url=None if self.url is None else self.url.get_secret_value(),
            headers=None if self.headers is None else _texts(self.headers),
            filter=None if self.filter is None else self.filter.wanted(),
            form=self.form,
            format=self.format,
            at_once=self.at_once,
            per_minute=self.per_minute,
            as_many_as_taken="per_minute" in self.model_fields_set and self.per_minute is None,
            ordered=self.ordered,
        )


class WebhookRotationIn(_Wire):
    """Say what signs from now on.

    Attributes:
        scheme: null: as the newest secret does.
        overlap_s: for how long the one before of that scheme signs too.
        only: secrets of the other scheme end with the overlap as well.
    """

    scheme: SigningScheme | None = None
    overlap_s: Annotated[int, Field(ge=0, le=int(LONGEST_OVERLAP.total_seconds()))] = 86_400
    only: bool = False


class WebhookOut(_Wire):
    """Describe a webhook.

    Attributes:
        project: whose events it hears of; null: the organization's.
        url: scheme, host and port.
        headers: names of what is sent along.
        status_reason: why it is not enabled.
        failing_since: since when nothing was taken; null while all is well.
        failures: in a row.
    """

    id: str
    project: str | None
    name: str
    url: str
    headers: tuple[str, ...]
    filter: WebhookFilter
    form: PayloadForm
    format: WebhookFormat
    at_once: int
    per_minute: int | None
    ordered: bool
    status: EndpointStatus
    status_reason: str | None
    failing_since: datetime | None
    failures: int
    created_at: datetime
    created_by: str
    updated_at: datetime


class WebhookSecretOut(_Wire):
    """Say how a secret signs, and until when; `public_key` verifies what `v1a` signs."""

    id: str
    scheme: SigningScheme
    public_key: str | None
    created_at: datetime
    ends_at: datetime | None


class WebhookDetailOut(WebhookOut):
    """Describe a webhook with its secrets that sign."""

    secrets: tuple[WebhookSecretOut, ...]


class NewWebhookOut(WebhookDetailOut):
    """Describe a webhook with a new secret.

    Attributes:
        secret: null where a request is repeated, and of `v1a`, whose public half is in `secrets`.
    """

    secret: str | None


def _texts(headers: dict[str, SecretStr]) -> dict[str, str]:
    return {name: value.get_secret_value() for name, value in headers.items()}
