"""Keep the rules that a project adds to the shipped ones."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response

from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing
from runtime.entrypoints.rest.paging import PageOut, Paging
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
from runtime.entrypoints.rest.policy_scopes import PolicyScope
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.services.context import Context
from runtime.services.platform import Platform
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
    return await _rules(project_id, context, services).uploaded(body)


@router.get("/policies")
async def list_project_policies(
    project_id: str, page: Paging, context: Reading, services: ServicesOf
) -> PageOut[PolicyVersionOut]:
    """Return the versions, the newest first, without their modules."""
    return await _rules(project_id, context, services).versions(page)


@router.post("/policies:check")
async def check_project_policy(
    project_id: str, body: PolicyModulesIn, context: Writing, services: ServicesOf
) -> PolicyCheckOut:
    """Try modules as an upload would, and keep nothing; a key changes nothing about that."""
    return await _rules(project_id, context, services).checked(body)


@router.get("/policies:active")
async def read_active_project_policy(
    project_id: str, context: Reading, services: ServicesOf
) -> PolicyActiveOut:
    """Return which version holds, and since when."""
    return await _rules(project_id, context, services).active()


@router.get("/policies:activations")
async def list_project_policy_activations(
    project_id: str, page: Paging, context: Reading, services: ServicesOf
) -> PageOut[PolicyActivationOut]:
    """Return which version began to hold when, the newest first."""
    return await _rules(project_id, context, services).activations(page)


@router.post("/policies:deactivate", response_model=PolicyActivationOut)
async def deactivate_project_policy(
    project_id: str, body: PolicyReasonIn, context: Writing, services: ServicesOf
) -> Response:
    """Let no version hold any more; those of the organization stay."""
    return await _rules(project_id, context, services).deactivated(body)


@router.post("/policies/{version}:activate", response_model=PolicyActivationOut)
async def activate_project_policy(
    project_id: str,
    version: PolicyNumber,
    body: PolicyReasonIn,
    context: Writing,
    services: ServicesOf,
) -> Response:
    """Let a version hold from now on, a new one or an earlier one; it is tried again before."""
    return await _rules(project_id, context, services).activated(version, body)


@router.get("/policies/{version}")
async def read_project_policy(
    project_id: str, version: PolicyNumber, context: Reading, services: ServicesOf
) -> PolicyOut:
    """Return a version with its modules."""
    return await _rules(project_id, context, services).read(version)


def _rules(project_id: str, context: Context, services: Platform) -> PolicyScope:
    return PolicyScope(
        policies=services.policies,
        context=context,
        scope=project_scope(project_id),
    )
