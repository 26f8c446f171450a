"""Keep the rules that a project adds to the shipped ones."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response

from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.policy_documents import (
    PolicyActivationOut,
    PolicyActiveOut,
    PolicyCheckOut,
    PolicyIn,
    PolicyModulesIn,
    PolicyNumber,
    PolicyOut,
    PolicyReasonIn,
    PolicyUploadedOut,
    PolicyVersionOut,
)
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.services.policies.rights import project_scope

router = APIRouter(
    prefix="/v1/projects/{project_id}",
    tags=["policies"],
    route_class=PlatformRoute,
    responses=PROBLEMS,
)


@router.post("/policies", status_code=HTTPStatus.CREATED, response_model=PolicyUploadedOut)
async def upload_project_policy(
    project_id: str, body: PolicyIn, context: Writing, services: ServicesOf
) -> Response:
    """Keep modules as the next version of a project's, if they compile and pass their tests."""
    return answered(
        await services.policies.upload(
            context, project_scope(project_id), body.held, note=body.note, activate=body.activate
        )
    )


@router.get("/policies")
async def list_project_policies(
    project_id: str, page: Paging, context: Reading, services: ServicesOf
) -> PageOut[PolicyVersionOut]:
    """Return the versions, the newest first, without their modules."""
    found = await services.policies.versions(
        context, project_scope(project_id), before=page.after_number, limit=page.limit + 1
    )
    return paged(found, page, key_of=lambda item: item.version, shown=PolicyVersionOut.of)


@router.post("/policies:check")
async def check_project_policy(
    project_id: str, body: PolicyModulesIn, context: Writing, services: ServicesOf
) -> PolicyCheckOut:
    """Try modules as an upload would, and keep nothing; a key changes nothing about that."""
    return PolicyCheckOut.of(
        await services.policies.check(context, project_scope(project_id), body.held)
    )


@router.get("/policies:active")
async def read_active_project_policy(
    project_id: str, context: Reading, services: ServicesOf
) -> PolicyActiveOut:
    """Return which version holds, and since when."""
    found = await services.policies.active(context, project_scope(project_id))
    return PolicyActiveOut(activation=None if found is None else PolicyActivationOut.of(found))


@router.get("/policies:activations")
async def list_project_policy_activations(
    project_id: str, page: Paging, context: Reading, services: ServicesOf
) -> PageOut[PolicyActivationOut]:
    """Return which version began to hold when, the newest first."""
    found = await services.policies.activations(
        context, project_scope(project_id), before=page.after_number, limit=page.limit + 1
    )
    return paged(found, page, key_of=lambda item: item.number, shown=PolicyActivationOut.of)


@router.post("/policies:deactivate", response_model=PolicyActivationOut)
async def deactivate_project_policy(
    project_id: str, body: PolicyReasonIn, context: Writing, services: ServicesOf
) -> Response:
    """Let no version hold any more; those of the organization stay."""
    return answered(
        await services.policies.deactivate(context, project_scope(project_id), reason=body.reason)
    )


@router.post("/policies/{version}:activate", response_model=PolicyActivationOut)
async def activate_project_policy(
    project_id: str,
    version: PolicyNumber,
    body: PolicyReasonIn,
    context: Writing,
    services: ServicesOf,
) -> Response:
    """Let a version hold from now on, a new one or an earlier one; it is tried again before."""
    return answered(
        await services.policies.activate(
            context, project_scope(project_id), version=version, reason=body.reason
        )
    )


@router.get("/policies/{version}")
async def read_project_policy(
    project_id: str, version: PolicyNumber, context: Reading, services: ServicesOf
) -> PolicyOut:
    """Return a version with its modules."""
    return PolicyOut.shown(
        await services.policies.read(context, project_scope(project_id), version=version)
    )
