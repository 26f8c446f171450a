"""Read what is in one project; each field is decided as the route of REST that shows the same."""

from __future__ import annotations

import strawberry

from runtime.domain.event_catalogue import MOST_WANTED, known_pattern
from runtime.entrypoints.graphql.call import Info, asked
from runtime.entrypoints.graphql.connections import (
    MOST_ITEMS,
    MOST_OUTCOMES,
    USUAL_ITEMS,
    Connection,
    connected,
    page_of,
)
from runtime.entrypoints.graphql.fields import field
from runtime.entrypoints.graphql.governance import (
    Registry,
    Usage,
    registry_shown,
    usage_shown,
)
from runtime.entrypoints.graphql.history import (
    Difference,
    Outcome,
    Project,
    Snapshot,
    State,
    Verification,
    outcome_shown,
    project_shown,
    snapshot_shown,
    state_shown,
)
from runtime.entrypoints.graphql.inputs import (
    instant_of,
    unfit,
)
from runtime.entrypoints.graphql.people import Membership, membership_shown
from runtime.entrypoints.graphql.policies_of import PolicyContents
from runtime.entrypoints.graphql.scalars import Instant, Json, Whole
from runtime.entrypoints.graphql.settings_of import SettingsContents
from runtime.entrypoints.graphql.talks_of import TalkContents
from runtime.entrypoints.graphql.wiring import EventPage, event_shown
from runtime.entrypoints.graphql.wiring_of import WiringContents
from runtime.entrypoints.graphql.work_of import WorkContents
from runtime.services.live.events import Wanted


@strawberry.type(
    description="What is in a project. That a project is named says nothing of whether it exists: "
    "each field answers for itself."
)
class ProjectContents(PolicyContents, SettingsContents, TalkContents, WiringContents, WorkContents):
    """Read one project."""

    @field(description="The project itself.")
    async def about(self, info: Info) -> Project | None:
        """Return the project."""
        project = self.project_id
        return project_shown(
            await asked(info, lambda services, context: services.projects.read(context, project))
        )

    @field(description="The state as it stands, or as it stood.")
    async def state(
        self, info: Info, version: Whole | None = None, at: Instant | None = None
    ) -> State | None:
        """Return the state; earlier ones are rebuilt and proven."""
        if version is not None and at is not None:
            raise unfit("version", "version and at were both given, expected one of them")
        if version is not None and version < 0:
            raise unfit("version", f"it is {version}, expected 0 or more")
        project, instant = self.project_id, instant_of(at, argument="at")
        if version is not None:
            return state_shown(
                await asked(
                    info,
                    lambda services, context: services.states.at_version(
                        context, project, version=version
                    ),
                )
            )
        if instant is not None:
            return state_shown(
                await asked(
                    info,
                    lambda services, context: services.states.at_instant(
                        context, project, instant=instant
                    ),
                )
            )
        return state_shown(
            await asked(info, lambda services, context: services.states.current(context, project))
        )

    @field(description="What leads from one version to another, either way.")
    async def difference(self, info: Info, before: Whole, after: Whole) -> Difference | None:
        """Return RFC 6902 operations."""
        if min(before, after) < 0:
            raise unfit("before", "a version is below 0, expected 0 or more")
        project = self.project_id
        found = await asked(
            info,
            lambda services, context: services.states.difference(
                context, project, before=before, after=after
            ),
        )
        return Difference(before=before, after=after, diff=Json(list(found)))

    @field(description="Rebuild the whole history and compare every hash; it may take a while.")
    async def verification(self, info: Info) -> Verification | None:
        """Return what was rebuilt."""
        project = self.project_id
        found = await asked(
            info, lambda services, context: services.states.verify(context, project)
        )
        return Verification(versions=Whole(found.versions), digest=found.digest)

    @field(description="The versions of the state, the newest first.")
    async def snapshots(
        self, info: Info, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[Snapshot] | None:
        """Return versions."""
        page, project = page_of(first, after), self.project_id
        found = await asked(
            info,
            lambda services, context: services.states.history(
                context, project, before=page.after_number, limit=page.limit + 1
            ),
        )
        info.context.expect_members(item.principal_id for item in found)
        info.context.expect_outcomes(project, (item.outcome_id for item in found))
        return await connected(
            found,
            page,
            key_of=lambda item: item.version,
            shown=lambda item: snapshot_shown(item, project_id=project),
        )

    @field(description="One version, with its difference to the one before.")
    async def snapshot(self, info: Info, version: Whole) -> Snapshot | None:
        """Return a version."""
        if version < 0:
            raise unfit("version", f"it is {version}, expected 0 or more")
        project = self.project_id
        found = await asked(
            info,
            lambda services, context: services.states.version(context, project, version=version),
        )
        return snapshot_shown(found, project_id=project)

    @field(description=f"What came of plans, the newest first; up to {MOST_OUTCOMES} at once.")
    async def outcomes(
        self, info: Info, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[Outcome] | None:
        """Return outcomes."""
        page, project = page_of(first, after, most=MOST_OUTCOMES), self.project_id
        found = await asked(
            info,
            lambda services, context: services.outcomes.page(
                context, project, before=page.after_number, limit=page.limit + 1
            ),
        )
        info.context.expect_members(item.principal_id for item in found)
        return await connected(found, page, key_of=lambda item: item.number, shown=outcome_shown)

    @field(description="One outcome, as its execution was answered.")
    async def outcome(self, info: Info, id: strawberry.ID) -> Outcome | None:  # noqa: A002  # its name on the wire
        """Return an outcome."""
        project = self.project_id
        return outcome_shown(
            await asked(
                info,
                lambda services, context: services.outcomes.read(context, project, outcome_id=id),
            )
        )

    @field(description="The components and actions that the caller may see.")
    async def registry(self, info: Info) -> Registry | None:
        """Return the registry."""
        project = self.project_id
        return registry_shown(
            await asked(info, lambda services, context: services.registries.read(context, project))
        )

    @field(description="What was used of each limit, and how long the rest will last.")
    async def usage(self, info: Info) -> Usage | None:
        """Return the use of limits."""
        project = self.project_id
        return usage_shown(
            await asked(info, lambda services, context: services.usages.read(context, project))
        )

    @field(description="Who has a role in it; owners of the organization need none.")
    async def members(
        self, info: Info, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[Membership] | None:
        """Return memberships."""
        page, project = page_of(first, after), self.project_id
        found = await asked(
            info,
            lambda services, context: services.memberships.after(
                context, page.after_text, project_id=project, limit=page.limit + 1
            ),
        )
        info.context.expect_members(item.member_id for item in found)
        return await connected(
            found, page, key_of=lambda item: item.member_id, shown=membership_shown
        )

    @field(description="What happened behind a cursor, the oldest first.")
    async def events(
        self,
        info: Info,
        first: int = USUAL_ITEMS,
        after: str | None = None,
        *,
        types: list[str] | None = None,
    ) -> EventPage | None:
        """Return events."""
        if not 1 <= first <= MOST_ITEMS:
            raise unfit("first", f"it is {first}, expected 1 to {MOST_ITEMS}")
        wanted, project = wanted_of(types, after), self.project_id
        page = await asked(
            info,
            lambda services, context: services.live_events.page(
                context.caller, project, wanted=wanted, limit=first
            ),
        )
        return EventPage(
            items=[event_shown(item) for item in page.events], cursor=page.cursor, more=page.more
        )


def wanted_of(types: list[str] | None, after: str | None) -> Wanted:
    """Return which events are asked for.

    Raises:
        RequestValidationError: of a type that nobody knows, or of too many.
    """
    known = tuple(dict.fromkeys(types or ()))
    unknown = [item[:80] for item in known if not known_pattern(item)]
    if unknown or len(known) > MOST_WANTED:
        raise unfit(
            "types",
            f"{len(known)} types are asked for, of which {len(unknown)} are unknown "
            f"({', '.join(unknown[:3])}); at most {MOST_WANTED} of GET /v1/event-types may be",
        )
    return Wanted(types=known, after=after or None)
