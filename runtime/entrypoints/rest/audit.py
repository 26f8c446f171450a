"""Let auditors read, prove and export the log of the organization whose credential they bring."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query

from runtime.domain.tree_head import SignedHead
from runtime.entrypoints.rest.audit_documents import (
    AuditKeyOut,
    AuditKeysOut,
    AuditRecordDetailOut,
    AuditRecordOut,
    ConsistencyOut,
    LatestHeadOut,
    SignedHeadOut,
)
from runtime.entrypoints.rest.context import Reading, ServicesOf
from runtime.entrypoints.rest.exports import LinesResponse
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import PROBLEMS, ProblemError
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.states import MOST_VERSION
from runtime.entrypoints.rest.texts import MOST_ID_TEXT, InstantText
from runtime.store.audit_log import LeafFilter

router = APIRouter(
    prefix="/v1/audit", tags=["audit"], route_class=PlatformRoute, responses=PROBLEMS
)

MOST_KIND_TEXT: Final = 100

KindText = Annotated[
    str | None, Query(max_length=MOST_KIND_TEXT, description="Of docs/audit-records.md")
]
IdText = Annotated[str | None, Query(max_length=MOST_ID_TEXT)]
Instant = Annotated[InstantText | None, Query(description="With a time zone, as RFC 3339 says")]
Size = Annotated[int, Query(ge=1, le=MOST_VERSION, description="How many leaves the log had")]


@router.get("/records")
async def list_audit_records(
    context: Reading,
    services: ServicesOf,
    page: Paging,
    *,
    kind: KindText = None,
    principal: IdText = None,
    project: IdText = None,
    since: Instant = None,
    until: Instant = None,
) -> PageOut[AuditRecordOut]:
    """Return records in the order of their numbers; each has one within seconds.

    `since` is included, `until` is not. What was erased says so, and has no document.
    """
    wanted = LeafFilter(
        kind=kind, principal_id=principal, project_id=project, since=since, until=until
    )
    found = await services.audit.records.list(
        context, wanted, after=page.after_number, limit=page.limit + 1
    )
    return paged(
        found,
        page,
        key_of=lambda item: item["sequence"],
        shown=AuditRecordOut.model_validate,
    )


@router.get("/records/{record_id}")
async def read_audit_record(
    record_id: str, context: Reading, services: ServicesOf
) -> AuditRecordDetailOut:
    """Return a record, and the proof that the newest signed head covers it."""
    found = await services.audit.records.read(context, record_id)
    return AuditRecordDetailOut.model_validate(found)


@router.get("/heads")
async def list_audit_heads(
    context: Reading, services: ServicesOf, page: Paging
) -> PageOut[SignedHeadOut]:
    """Return the signed heads of the log, the smallest first."""
    found = await services.audit.records.heads(
        context, after=page.after_number, limit=page.limit + 1
    )
    return paged(found, page, key_of=lambda item: item.head.size, shown=_head)


@router.get("/heads/latest")
async def read_latest_audit_head(context: Reading, services: ServicesOf) -> LatestHeadOut:
    """Return the newest signed head, and in which sinks it is anchored."""
    return LatestHeadOut.model_validate(await services.audit.records.latest(context))


@router.get("/proofs/consistency")
async def prove_audit_consistency(
    first: Size, second: Size, context: Reading, services: ServicesOf
) -> ConsistencyOut:
    """Prove that the log at one size begins with what it was at a smaller one."""
    if first > second:
        raise ProblemError(
            ProblemCode.REQUEST_INVALID,
            f"first is {first} and second {second}, expected first to be no larger",
        )
    found = await services.audit.records.consistency(context, first=first, second=second)
    return ConsistencyOut.model_validate(found)


@router.get("/keys")
async def list_audit_keys(context: Reading, services: ServicesOf) -> AuditKeysOut:
    """Return the keys that sign heads, each endorsed by the one before."""
    found = await services.audit.records.epochs(context)
    return AuditKeysOut(items=tuple(AuditKeyOut.model_validate(item.document()) for item in found))


@router.get("/export", status_code=200, response_class=LinesResponse)
async def export_audit_log(context: Reading, services: ServicesOf) -> LinesResponse:
    """Return the log up to its newest signed head, as lines of JSON that anybody can check.

    `plangate audit verify` and runtime/audit_verifier.py do; docs/audit.md has the format.
    """
    parts = await services.audit.exports.begin(context)
    return LinesResponse(parts, name=f"{context.caller.organization_id}-audit")


def _head(signed: SignedHead) -> SignedHeadOut:
    return SignedHeadOut.model_validate(signed.document())
