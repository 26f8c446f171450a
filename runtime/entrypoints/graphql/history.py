"""Describe projects, their states, and what came of plans."""

from __future__ import annotations

import strawberry

from runtime.domain.history import StoredOutcome, Version
from runtime.domain.project import Project as StoredProject
from runtime.domain.state import State as StoredState
from runtime.entrypoints.graphql.call import Info
from runtime.entrypoints.graphql.fields import field
from runtime.entrypoints.graphql.loading import shown_of
from runtime.entrypoints.graphql.made import made
from runtime.entrypoints.graphql.nodes import Node
from runtime.entrypoints.graphql.people import Member, member_of
from runtime.entrypoints.graphql.scalars import Instant, Json, Whole
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.services.documents import project_document, spelled_instant


@strawberry.type(description="Where one state lives; nothing changes while it is archived.")
class Project(Node):
    """Describe a project."""

    name: str
    environment: str
    limits: Json
    created_at: Instant
    created_by: strawberry.ID
    archived_at: Instant | None
    purge_began_at: Instant | None


@strawberry.type(description="A state: JSON by component.")
class State:
    """Show a state."""

    version: Whole
    digest: str
    components: Json


@strawberry.type(description="A version of a state, by number and hash.")
class VersionRef:
    """Name a version."""

    version: Whole
    digest: str


@strawberry.type(description="What came of a plan, each of its steps included.")
class Outcome(Node):
    """Say what came of a plan; refusals are outcomes too."""

    number: Whole | None
    project: strawberry.ID
    principal: strawberry.ID
    status: str
    plan_digest: str
    steps: Json
    refusal: Json | None
    before: VersionRef
    after: VersionRef
    cost: Whole
    approval: strawberry.ID | None
    created_at: Instant

    @field(description="Whose plan it was.")
    def member(self, info: Info) -> Member | None:
        """Return the member, loaded with the others of the request."""
        return member_of(info, self.principal)


@strawberry.type(description="One version of a state, and how it differs from the one before.")
class Snapshot:
    """Describe a version."""

    version: Whole
    digest: str
    cause: str
    diff: Json
    outcome: strawberry.ID | None
    principal: strawberry.ID
    created_at: Instant
    within: strawberry.Private[str]

    @field(description="Who made it.")
    def member(self, info: Info) -> Member | None:
        """Return the member, loaded with the others of the request."""
        return member_of(info, self.principal)

    @field(description="The execution that made it.")
    def execution(self, info: Info) -> Outcome | None:
        """Return the outcome, loaded with the others of the request."""
        return outcome_of(info, self.outcome, project_id=self.within)


@strawberry.type(description="What leads from one version to another.")
class Difference:
    """Hold RFC 6902 operations."""

    before: Whole
    after: Whole
    diff: Json


@strawberry.type(description="That the whole history leads to the state that stands.")
class Verification:
    """Say how many versions were rebuilt and compared, and the digest of the last."""

    versions: Whole
    digest: str


@strawberry.type(description="What a reversion did; the earlier state is a new version now.")
class Reversion:
    """Describe a reversion."""

    id: strawberry.ID
    project: strawberry.ID
    principal: strawberry.ID
    created_at: Instant
    reverted_to: Whole
    before: VersionRef
    after: VersionRef


def project_shown(found: StoredProject) -> Project:
    """Return a project as it reads."""
    return project_told(project_document(found))


def project_told(document: JsonObject) -> Project:
    """Return the project that a document describes."""
    return made(Project, document, within="")


def state_shown(found: StoredState) -> State:
    """Return a state as it reads."""
    return State(
        version=Whole(found.version),
        digest=found.digest,
        components=Json(parse(found.canonical)),
    )


def outcome_shown(found: StoredOutcome) -> Outcome:
    """Return a stored outcome as its execution was answered."""
    return outcome_told(found.document, number=found.number)


def outcome_told(text: str, *, number: int | None = None) -> Outcome:
    """Return the outcome that the text of an answer spells."""
    document = parse(text)
    return made(
        Outcome,
        document,
        within=document["project"],
        number=number,
        before=made(VersionRef, document["before"]),
        after=made(VersionRef, document["after"]),
    )


def snapshot_shown(found: Version, *, project_id: str) -> Snapshot:
    """Return a version as it reads."""
    return Snapshot(
        version=Whole(found.version),
        digest=found.digest,
        cause=found.cause.value,
        diff=Json(list(found.diff)),
        outcome=None if found.outcome_id is None else strawberry.ID(found.outcome_id),
        principal=strawberry.ID(found.principal_id),
        created_at=Instant(spelled_instant(found.created_at)),
        within=project_id,
    )


def reversion_told(text: str) -> Reversion:
    """Return the reversion that the text of an answer spells."""
    document = parse(text)
    return made(
        Reversion,
        document,
        before=made(VersionRef, document["before"]),
        after=made(VersionRef, document["after"]),
    )


def outcome_of(info: Info, outcome_id: str | None, *, project_id: str) -> Outcome | None:
    """Return an outcome that something names; all of a request are loaded together.

    Raises:
        NotAllowedError: the caller may not read outcomes.
    """
    if outcome_id is None:
        return None
    call = info.context
    return shown_of(call.outcomes.get(call.place(outcome_id, project_id=project_id)), outcome_shown)
