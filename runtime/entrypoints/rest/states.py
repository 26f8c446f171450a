"""Read and revert a project's state over HTTP, and look at its versions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from runtime.domain.history import Cause, Version
from runtime.domain.state import State
from runtime.entrypoints.rest.context import (
    JSON_MEDIA_TYPE,
    REPLAYED,
    Reading,
    ServicesOf,
    Writing,
)
from runtime.entrypoints.rest.etags import etag, expected_version
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.plans import VersionRef
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import PROBLEMS, ProblemError
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import InstantText
from runtime.kit.json_value import JsonObject

router = APIRouter(
    prefix="/v1/projects/{project_id}", tags=["state"], route_class=PlatformRoute,
    responses=PROBLEMS,
)  # fmt: skip

MOST_VERSION: Final = 2**53 - 1
VersionNumber = Annotated[int, Field(ge=0, le=MOST_VERSION)]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=40,
        description="The ETag of the state that was read; another state is answered with 412.",
    ),
]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StateOut(_Wire):
    """Show a state; `ETag` names its version."""

    version: int
    digest: str
    components: JsonObject


class SnapshotOut(_Wire):
    """Describe one version of the state, and how it differs from the one before.

    Attributes:
        diff: RFC 6902 operations.
        outcome: the execution or reversion that made it.
    """

    version: int
    digest: str
    cause: Cause
    diff: tuple[JsonObject, ...]
    outcome: str | None
    principal: str
    created_at: datetime

    @classmethod
    def of(cls, version: Version) -> SnapshotOut:
        """Read it off what is stored."""
        return cls(
            version=version.version,
            digest=version.digest,
            cause=version.cause,
            diff=version.diff,
            outcome=version.outcome_id,
            principal=version.principal_id,
            created_at=version.created_at,
        )


class DifferenceOut(_Wire):
    """Lead from one version to another by RFC 6902 operations."""

    before: int
    after: int
    diff: tuple[JsonObject, ...]


class ReversionIn(_Wire):
    """Ask to go back to a version."""

    version: VersionNumber


class ReversionOut(_Wire):
    """Say what a reversion did; the state of `reverted_to` is a new version now."""

    id: str
    project: str
    principal: str
    created_at: datetime
    reverted_to: int
    before: VersionRef
    after: VersionRef


class VerifiedOut(_Wire):
    """Say that the history leads to the state that stands.

    Attributes:
        versions: how many versions were rebuilt, each hash compared with the recorded one.
        digest: hash of the last.
    """

    versions: int
    digest: str


@router.get("/state", response_model=StateOut)
async def read_state(
    project_id: str,
    context: Reading,
    services: ServicesOf,
    version: Annotated[VersionNumber | None, Query(description="The state of a version")] = None,
    at: Annotated[
        InstantText | None, Query(description="The state that stood at an instant")
    ] = None,
) -> Response:
    """Return the state as it stands, or as it stood; earlier states are rebuilt and proven."""
    if version is not None and at is not None:
        raise ProblemError(
            ProblemCode.REQUEST_INVALID, "version and at were both given, expected one of them"
        )
    states = services.states
    if version is not None:
        return _shown(await states.at_version(context, project_id, version=version))
    if at is not None:
        return _shown(await states.at_instant(context, project_id, instant=at))
    return _shown(await states.current(context, project_id))


@router.post("/state:revert", response_model=ReversionOut)
async def revert_state(
    project_id: str,
    asked: ReversionIn,
    context: Writing,
    services: ServicesOf,
    *,
    if_match: IfMatch = None,
) -> Response:
    """Make the state of an earlier version the newest version; nothing of the history goes."""
    executed = await services.states.revert(
        context, project_id, version=asked.version, expects=expected_version(if_match)
    )
    headers = {"ETag": etag(executed.version)}
    if executed.replayed:
        headers[REPLAYED] = "true"
    return Response(executed.document, headers=headers, media_type=JSON_MEDIA_TYPE)


@router.get("/state:verify")
async def verify_state(project_id: str, context: Reading, services: ServicesOf) -> VerifiedOut:
    """Rebuild the whole history and compare every hash; it may take a while."""
    verified = await services.states.verify(context, project_id)
    return VerifiedOut(versions=verified.versions, digest=verified.digest)


@router.get("/state:diff")
async def compare_states(
    project_id: str,
    context: Reading,
    services: ServicesOf,
    before: Annotated[VersionNumber, Query()],
    after: Annotated[VersionNumber, Query()],
) -> DifferenceOut:
    """Return what leads from one version to another, either way."""
    found = await services.states.difference(context, project_id, before=before, after=after)
    return DifferenceOut(before=before, after=after, diff=tuple(found))


@router.get("/snapshots")
async def list_snapshots(
    project_id: str, page: Paging, context: Reading, services: ServicesOf
) -> PageOut[SnapshotOut]:
    """Return the versions of the state, the newest first."""
    found = await services.states.history(
        context, project_id, before=page.after_number, limit=page.limit + 1
    )
    return paged(found, page, key_of=lambda item: item.version, shown=SnapshotOut.of)


@router.get("/snapshots/{version}")
async def read_snapshot(
    project_id: str, version: VersionNumber, context: Reading, services: ServicesOf
) -> SnapshotOut:
    """Return one version, with its difference to the one before."""
    return SnapshotOut.of(await services.states.version(context, project_id, version=version))


def _shown(state: State) -> Response:
    head = f'{{"components":{state.canonical.decode()},"digest":"{state.digest}",'
    body = f'{head}"version":{state.version}}}'
    return Response(body, headers={"ETag": etag(state.version)}, media_type=JSON_MEDIA_TYPE)
