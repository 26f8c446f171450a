"""Make, change, test and remove webhooks, of a project or of the organization itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

import strawberry
from pydantic import Field, TypeAdapter

from runtime.domain.event_catalogue import MOST_WANTED
from runtime.domain.webhook import (
    LONGEST_OVERLAP,
    MOST_AT_ONCE,
    MOST_HEADERS,
    MOST_PER_MINUTE,
    EndpointFilter,
    PayloadForm,
    SigningScheme,
    WebhookFormat,
)
from runtime.domain.webhook_filter import LONGEST_CONDITION
from runtime.domain.webhook_headers import MOST_HEADER_BYTES
from runtime.entrypoints.graphql.call import Info, changed
from runtime.entrypoints.graphql.fields import mutation
from runtime.entrypoints.graphql.inputs import (
    fitting,
    name_of,
    one_of,
    text_of,
    texts_of,
    unfit,
    within,
)
from runtime.entrypoints.graphql.places import webhooks_of
from runtime.entrypoints.graphql.scalars import Json
from runtime.entrypoints.graphql.wiring import (
    NewWebhook,
    Webhook,
    new_webhook_told,
    webhook_told,
)
from runtime.services.webhooks.secrets import Rotation
from runtime.services.webhooks.wishes import MOST_PROJECTS, EndpointChange, NewEndpoint

LONGEST_URL: Final = 4_096
A_DAY_S: Final = 86_400
LONGEST_S: Final = int(LONGEST_OVERLAP.total_seconds())
HEADERS: Final = TypeAdapter(
    Annotated[
        dict[str, Annotated[str, Field(max_length=MOST_HEADER_BYTES)]],
        Field(max_length=MOST_HEADERS),
    ]
)


@strawberry.input(description="Which events a webhook hears of; what is empty lets all through.")
class EventFilterInput:
    """Choose events."""

    types: list[str] = strawberry.field(default_factory=list)
    projects: list[strawberry.ID] = strawberry.field(default_factory=list)
    condition: str = ""


@strawberry.input(
    description="How and what a webhook is sent; what is left out is as usual, or stays as it is. "
    "`headers` and `filter` are replaced; a `perMinute` that is null says that there is no limit."
)
class WebhookInput:
    """Say what a webhook is to be."""

    name: str | None = None
    url: str | None = None
    headers: Json | None = None
    filter: EventFilterInput | None = None
    form: str | None = None
    format: str | None = None
    at_once: int | None = None
    per_minute: int | None = strawberry.UNSET
    ordered: bool | None = None


@strawberry.type
class WebhookMutations:
    """Change webhooks; without a project they are the organization's."""

    @mutation(description="Make a webhook, which needs a name and a url; its secret is shown once.")
    async def create_webhook(
        self,
        info: Info,
        webhook: WebhookInput,
        *,
        project: strawberry.ID | None = None,
        scheme: str = SigningScheme.HMAC.value,
    ) -> NewWebhook | None:
        """Return the webhook with its secret."""
        place, wish = webhooks_of(info, project), _wish(_change(webhook), scheme)
        return new_webhook_told(
            await changed(
                info,
                lambda services, context: services.webhooks.endpoints.create(
                    context, place, wish=wish
                ),
            )
        )

    @mutation(description="Change how or what a webhook is sent; what is left out stays.")
    async def change_webhook(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002  # its name on the wire
        webhook: WebhookInput,
        *,
        project: strawberry.ID | None = None,
    ) -> Webhook | None:
        """Return the webhook."""
        place, change = webhooks_of(info, project), _change(webhook)
        return webhook_told(
            await changed(
                info,
                lambda services, context: services.webhooks.endpoints.change(
                    context, place, endpoint_id=id, change=change
                ),
            )
        )

    @mutation(description="Sign with a new secret; the one before signs too for a while.")
    async def rotate_webhook_secret(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        project: strawberry.ID | None = None,
        scheme: str | None = None,
        overlap_s: int = A_DAY_S,
        only: bool = False,
    ) -> NewWebhook | None:
        """Return the webhook with the new secret; without a scheme it signs as the newest does."""
        place = webhooks_of(info, project)
        within(overlap_s, 0, LONGEST_S, argument="overlapS")
        wish = Rotation(
            scheme=one_of(SigningScheme, scheme, argument="scheme"),
            overlap=timedelta(seconds=overlap_s),
            only=only,
        )
        return new_webhook_told(
            await changed(
                info,
                lambda services, context: services.webhooks.secrets.rotate(
                    context, place, endpoint_id=id, wish=wish
                ),
            )
        )

    @mutation(description="Send to a webhook again; what waits goes on.")
    async def enable_webhook(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        project: strawberry.ID | None = None,
    ) -> Webhook | None:
        """Return the webhook."""
        place = webhooks_of(info, project)
        return webhook_told(
            await changed(
                info,
                lambda services, context: services.webhooks.endpoints.enable(
                    context, place, endpoint_id=id
                ),
            )
        )

    @mutation(description="Send nothing more to a webhook until it is enabled.")
    async def disable_webhook(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        project: strawberry.ID | None = None,
    ) -> Webhook | None:
        """Return the webhook."""
        place = webhooks_of(info, project)
        return webhook_told(
            await changed(
                info,
                lambda services, context: services.webhooks.endpoints.disable(
                    context, place, endpoint_id=id
                ),
            )
        )

    @mutation(description="Forget a webhook and what is to be delivered to it.")
    async def remove_webhook(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        project: strawberry.ID | None = None,
    ) -> Webhook | None:
        """Return what it was."""
        place = webhooks_of(info, project)
        return webhook_told(
            await changed(
                info,
                lambda services, context: services.webhooks.endpoints.remove(
                    context, place, endpoint_id=id
                ),
            )
        )


def _change(given: WebhookInput) -> EndpointChange:
    stated = given.per_minute is not strawberry.UNSET
    per_minute = given.per_minute if stated else None
    return EndpointChange(
        name=None if given.name is None else name_of(given.name),
        url=_url(given.url),
        headers=_headers(given.headers),
        filter=None if given.filter is None else _filter(given.filter),
        form=one_of(PayloadForm, given.form, argument="form"),
        format=one_of(WebhookFormat, given.format, argument="format"),
        at_once=within(given.at_once, 1, MOST_AT_ONCE, argument="atOnce"),
        per_minute=within(per_minute, 1, MOST_PER_MINUTE, argument="perMinute"),
        as_many_as_taken=stated and per_minute is None,
        ordered=given.ordered,
    )


def _wish(said: EndpointChange, scheme: str) -> NewEndpoint:
    """Return what is wished for; raise RequestValidationError where something is missing."""
    if said.name is None or said.url is None:
        raise unfit("webhook", "a name and a url are needed, expected both")
    return NewEndpoint(
        name=said.name,
        url=said.url,
        headers=said.headers or {},
        filter=said.filter or EndpointFilter(),
        form=said.form or PayloadForm.FULL,
        format=said.format or WebhookFormat.STANDARD,
        at_once=said.at_once or NewEndpoint(name="", url="").at_once,
        per_minute=said.per_minute,
        ordered=bool(said.ordered),
        scheme=one_of(SigningScheme, scheme, argument="scheme") or SigningScheme.HMAC,
    )


def _url(text: str | None) -> str | None:
    if text == "":
        raise unfit("url", "it is empty, expected an address")
    return text_of(text, argument="url", most=LONGEST_URL)


def _headers(given: object | None) -> dict[str, str] | None:
    """Return headers; what does not fit is not repeated, as values may be secret."""
    return None if given is None else fitting(HEADERS, given, argument="headers")


def _filter(given: EventFilterInput) -> EndpointFilter:
    text_of(given.condition, argument="condition", most=LONGEST_CONDITION)
    return EndpointFilter(
        types=texts_of(given.types, argument="types", most=MOST_WANTED),
        projects=texts_of(given.projects, argument="projects", most=MOST_PROJECTS),
        condition=given.condition,
    )
