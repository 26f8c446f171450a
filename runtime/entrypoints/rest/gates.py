"""Take the verdicts of evaluations over HTTP, and show what was brought."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from runtime.domain.gate_report import GateReport, GateVerdict, NamedText
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import InstantText
from runtime.services.evaluations.gates import gate_document
from runtime.store.gates import StoredGate

router = APIRouter(
    prefix="/v1/organizations/{organization_id}/gates",
    tags=["gates"],
    route_class=PlatformRoute,
    responses=PROBLEMS,
)


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GateIn(_Wire):
    """Bring a report, and name the model and the environment in it that are meant.

    Attributes:
        report: what `gate.json` of a run holds, unchanged.
    """

    model: NamedText
    environment: NamedText
    report: GateReport


class GateOut(_Wire):
    """Describe a verdict about one model in one environment.

    Attributes:
        verdict: of the checks that are of this model or of the whole run.
        digest: of the report.
        judged_at: when the verdict was given, as the report says.
    """

    id: str
    run: str
    model: str
    environment: str
    prompt: str
    registry: str
    passed: bool
    verdict: GateVerdict
    digest: str
    judged_at: InstantText
    created_at: InstantText
    created_by: str

    @classmethod
    def of(cls, gate: StoredGate) -> GateOut:
        """Read it off what is stored."""
        return cls.model_validate(gate_document(gate))


class FullGateOut(GateOut):
    """Describe a verdict, with the report that it stands in."""

    report: GateReport


@router.post("", status_code=HTTPStatus.CREATED, response_model=GateOut)
async def upload_gate(
    organization_id: str, body: GateIn, context: Writing, services: ServicesOf
) -> Response:
    """Keep what a report says of one model in one environment; takes an owner or a service.

    A report that was brought before is answered as it was then, with 200.
    """
    return answered(
        await services.gates.upload(
            context,
            organization_id,
            report=body.report,
            model=body.model,
            environment=body.environment,
        )
    )


@router.get("")
async def list_gates(
    organization_id: str, page: Paging, context: Reading, services: ServicesOf
) -> PageOut[GateOut]:
    """Return the verdicts that were brought, the last one first."""
    found = await services.gates.page(
        context, organization_id, before=page.after_text, limit=page.limit + 1
    )
    return paged(found, page, key_of=lambda item: item.id, shown=GateOut.of)


@router.get("/{gate_id}")
async def read_gate(
    organization_id: str, gate_id: str, context: Reading, services: ServicesOf
) -> FullGateOut:
    """Return one verdict with its report."""
    found = await services.gates.read(context, organization_id, gate_id=gate_id)
    report = GateReport.model_validate_json(found.report)
    return FullGateOut(**gate_document(found.gate), report=report)
