"""Make, change, list and remove inbound hooks, and see what was delivered to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from runtime.domain.hook import LONGEST_OVERLAP, Delivery, DeliveryStatus, Hook
from runtime.domain.hook_mapping import HookMapping
from runtime.domain.hook_signature import HookStyle
from runtime.domain.plan import Plan
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import MOST_ID_TEXT, NameText
from runtime.services.hooks.documents import delivery_document, hook_document
from runtime.services.hooks.hooks import HookChange, NewHook

router = APIRouter(
    prefix="/v1/projects/{project_id}/hooks", tags=["hooks"], route_class=PlatformRoute,
    responses=PROBLEMS,
)  # fmt: skip

MOST_SECRET_TEXT = 200


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


SecretText = Annotated[SecretStr, Field(min_length=1, max_length=MOST_SECRET_TEXT)]


class HookIn(_Wire):
    """Say what hook to make.

    Attributes:
        style: how the sender signs.
        service: the service, with a role in the project, that acts for whoever delivers.
        mapping: how a body becomes a plan.
        secret: which the sender made; left out, a new one is made and shown once.
    """

    name: NameText
    style: HookStyle
    service: Annotated[str, Field(max_length=MOST_ID_TEXT)]
    mapping: HookMapping
    secret: SecretText | None = None


class HookChangeIn(_Wire):
    """Say what is to change; what is left out stays."""

    name: NameText | None = None
    mapping: HookMapping | None = None
    enabled: bool | None = None


class HookRotationIn(_Wire):
    """Say for how long the replaced secret still fits, and the new one, if the sender made it."""

    overlap_s: Annotated[int, Field(ge=0, le=int(LONGEST_OVERLAP.total_seconds()))] = 86_400
    secret: SecretText | None = None


class HookTrialIn(_Wire):
    """Hold the body of a delivery that could come."""

    body: Any


class HookOut(_Wire):
    """Describe a hook; others deliver at `path`."""

    id: str
    project: str
    name: str
    style: HookStyle
    service: str
    path: str
    enabled: bool
    mapping: HookMapping
    created_at: datetime
    created_by: str
    updated_at: datetime


class HookSecretOut(_Wire):
    """Say since when and until when a secret fits; its text is told once, to whoever makes it."""

    id: str
    created_at: datetime
    ends_at: datetime | None


class HookDetailOut(HookOut):
    """Describe a hook with its secrets that live."""

    secrets: tuple[HookSecretOut, ...]


class NewHookOut(HookDetailOut):
    """Describe a hook with a new secret; `secret` is null where a request is repeated."""

    secret: str | None


class HookTrialOut(_Wire):
    """Say whether a body would act, and by which plan."""

    acts: bool
    plan: Plan | None


class HookDeliveryOut(_Wire):
    """Say what came of a delivery.

    Attributes:
        named: what its sender signed as its id, or the digest of its body.
        reason: the code of the problem that a `failed` one was answered with.
        outcome: of the plan that was executed; refused, maybe.
    """

    id: str
    named: str
    body_digest: str
    status: DeliveryStatus
    reason: str | None
    outcome: str | None
    tries: int
    received_at: datetime
    ended_at: datetime | None


@router.get("")
async def list_hooks(
    project_id: str, context: Reading, services: ServicesOf, page: Paging
) -> PageOut[HookOut]:
    """Return the hooks of a project."""
    found = await services.hooks.list(
        context, project_id, after=page.after_text, limit=page.limit + 1
    )
    return paged(found, page, key_of=lambda hook: hook.id, shown=_hook)


@router.post("", status_code=HTTPStatus.CREATED, response_model=NewHookOut)
async def create_hook(
    project_id: str, body: HookIn, context: Writing, services: ServicesOf
) -> Response:
    """Make a hook; the answer is the only place that ever shows its secret."""
    wish = NewHook(
        name=body.name,
        style=body.style,
        service_id=body.service,
        mapping=body.mapping,
        secret=_text(body.secret),
    )
    return answered(await services.hooks.create(context, project_id, wish=wish))


@router.post("/{hook_id}:rotate", status_code=HTTPStatus.CREATED, response_model=NewHookOut)
async def rotate_hook_secret(
    project_id: str,
    hook_id: str,
    context: Writing,
    services: ServicesOf,
    body: HookRotationIn | None = None,
) -> Response:
    """Give a hook a new secret; until the overlap has passed, the one before fits as well."""
    asked = body or HookRotationIn()
    return answered(
        await services.hooks.rotate(
            context,
            project_id,
            hook_id=hook_id,
            overlap=timedelta(seconds=asked.overlap_s),
            secret=_text(asked.secret),
        )
    )


@router.post("/{hook_id}:simulate")
async def simulate_delivery(
    project_id: str, hook_id: str, body: HookTrialIn, context: Writing, services: ServicesOf
) -> HookTrialOut:
    """Return the plan that a body would become; nothing is stored or executed."""
    found = await services.hooks.mapped(context, project_id, hook_id=hook_id, body=body.body)
    return HookTrialOut.model_validate(found)


@router.patch("/{hook_id}", response_model=HookOut)
async def change_hook(
    project_id: str, hook_id: str, body: HookChangeIn, context: Writing, services: ServicesOf
) -> Response:
    """Give a hook another name or mapping, or let its deliveries act or not."""
    change = HookChange(name=body.name, mapping=body.mapping, enabled=body.enabled)
    return answered(
        await services.hooks.change(context, project_id, hook_id=hook_id, change=change)
    )


@router.delete("/{hook_id}", response_model=HookOut)
async def remove_hook(
    project_id: str, hook_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Forget a hook, its secrets and what was delivered to it."""
    return answered(await services.hooks.remove(context, project_id, hook_id=hook_id))


@router.get("/{hook_id}/deliveries")
async def list_deliveries(
    project_id: str, hook_id: str, context: Reading, services: ServicesOf, page: Paging
) -> PageOut[HookDeliveryOut]:
    """Return what was delivered to a hook, the newest first."""
    found = await services.hooks.deliveries(
        context, project_id, hook_id=hook_id, before=page.after_text, limit=page.limit + 1
    )
    return paged(found, page, key_of=lambda delivery: delivery.id, shown=_delivery)


@router.get("/{hook_id}")
async def read_hook(
    project_id: str, hook_id: str, context: Reading, services: ServicesOf
) -> HookDetailOut:
    """Return a hook, and since when and until when its secrets fit."""
    return HookDetailOut.model_validate(
        await services.hooks.read(context, project_id, hook_id=hook_id)
    )


def _text(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _hook(hook: Hook) -> HookOut:
    return HookOut.model_validate(hook_document(hook))


def _delivery(delivery: Delivery) -> HookDeliveryOut:
    return HookDeliveryOut.model_validate(delivery_document(delivery))
