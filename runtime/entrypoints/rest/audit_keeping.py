"""Let owners say how audit records are kept: strict mode, retention, legal holds, erasures."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response

from runtime.domain.audit_hold import Hold
from runtime.entrypoints.rest.audit_documents import (
    AuditSettingsIn,
    AuditSettingsOut,
    ErasureIn,
    ErasureOut,
    HoldIn,
    HoldOut,
)
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.services.audit.holds import HoldWish, hold_document

router = APIRouter(
    prefix="/v1/audit", tags=["audit"], route_class=PlatformRoute, responses=PROBLEMS
)


@router.get("/settings")
async def read_audit_settings(context: Reading, services: ServicesOf) -> AuditSettingsOut:
    """Return what the organization demands of its audit records."""
    return AuditSettingsOut.model_validate(await services.audit.demands.read(context))


@router.put("/settings", response_model=AuditSettingsOut)
async def change_audit_settings(
    body: AuditSettingsIn, context: Writing, services: ServicesOf
) -> Response:
    """Demand this of audit records from now on."""
    return answered(
        await services.audit.demands.change(context, strict=body.strict, keep_days=body.keep_days)
    )


@router.get("/holds")
async def list_audit_holds(
    context: Reading, services: ServicesOf, page: Paging
) -> PageOut[HoldOut]:
    """Return legal holds, those that were released too."""
    found = await services.audit.holds.after(context, page.after_text, limit=page.limit + 1)
    return paged(found, page, key_of=lambda item: item.id, shown=_hold)


@router.post("/holds", response_model=HoldOut)
async def place_audit_hold(body: HoldIn, context: Writing, services: ServicesOf) -> Response:
    """Hold from now on: what is named stays readable until the hold is released."""
    wish = HoldWish(name=body.name, reason=body.reason, subject=body.subject)
    return answered(await services.audit.holds.place(context, wish))


@router.post("/holds/{hold_id}:release", response_model=HoldOut)
async def release_audit_hold(hold_id: str, context: Writing, services: ServicesOf) -> Response:
    """Let a hold end."""
    return answered(await services.audit.holds.release(context, hold_id))


@router.post("/erasures", status_code=HTTPStatus.OK, response_model=ErasureOut)
async def erase_audit_subject(body: ErasureIn, context: Writing, services: ServicesOf) -> Response:
    """Destroy the keys of what the log says of a subject, for ever; all proofs still hold."""
    return answered(
        await services.audit.erasures.erase(context, body.subject, confirm=body.confirm)
    )


def _hold(hold: Hold) -> HoldOut:
    return HoldOut.model_validate(hold_document(hold))
