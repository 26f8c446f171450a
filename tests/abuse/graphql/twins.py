"""Make worlds of which there are two of everything: one for REST, one for GraphQL."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject
from runtime.services.context import Ids
from tests.abuse.execution.hook_wishes import a_hook_wish
from tests.abuse.execution.real_app import Acting, RealApp, moved
from tests.abuse.execution.webhook_wishes import a_webhook_wish
from tests.abuse.execution.wishes import an_approval, approving_project
from tests.abuse.graphql.operations import Things
from tests.database import session
from tests.gate_reports import ENVIRONMENT, MODEL, a_report
from tests.graphql_site import GraphqlSite
from tests.talking import Talk, a_talk

ROLES: Final = ("admin", "operator", "viewer")
SCOPED: Final = {
    "projects alone": ["projects:read"],
    "outcomes and states": ["outcomes:read", "state:read"],
}
NOBODY: Final = "plg_nobody"
PLUGIN: Final = "workbench"
_RULE: Final = 'package tenant.organization\n\nimport rego.v1\n\nroles contains "x" if false\n'
_TRIED: Final = "package tenant.organization_test\n\nimport rego.v1\n\ntest_it if true\n"
RULES: Final[JsonObject] = {
    "modules": [{"path": "rules.rego", "text": _RULE}, {"path": "tried.rego", "text": _TRIED}],
    "note": "first",
}
PROPOSED: Final = (
    '{"kind": "plan", "plan": {"steps": [{"action": "counter.increment@1", "inputs": {"by": 1}}]}}'
)
ABSENT: Final = {
    "project": "prj",
    "organization": "org",
    "member": "mem",
    "record": "aud",
    "outcome": "out",
    "approval": "apr",
    "job": "job",
    "schedule": "sch",
    "hook": "hok",
    "webhook": "whe",
    "org_webhook": "whe",
    "delivery": "whd",
    "org_delivery": "whd",
    "service": "mem",
    "conversation": "cnv",
    "turn": "trn",
    "gate": "gat",
}
PRINCIPALS: Final = ("owner", *ROLES, "no role", "owner elsewhere", *SCOPED, "nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """Hold one side's things, by which objects they are."""

    own: Things
    others: Things
    foreign: Things

    def objects(self) -> dict[str, Things]:
        """Return what requests may be about, by name."""
        ids = Ids(SystemClock())
        missing: dict[str, Any] = {name: ids.new(prefix) for name, prefix in ABSENT.items()}
        inner: dict[str, Any] = {
            name: getattr(self.others, name) for name in ABSENT if name != "project"
        }
        stolen: dict[str, Any] = {
            name: getattr(self.foreign, name) for name in ABSENT if name != "project"
        }
        return {
            "own": self.own,
            "of another project": self.others,
            "of another project, said to be of this": replace(self.own, **inner),
            "of another tenant": self.foreign,
            "of another tenant, said to be of this": replace(self.own, **stolen),
            "missing": replace(
                self.own, **missing, version=999, environment="none", plugin="none", fact="none"
            ),
            "missing in a project": replace(
                self.own,
                **{name: value for name, value in missing.items() if name != "project"},
                digest="other",
            ),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Hold both sides, and who asks by which token."""

    rest: Twin
    graphql: Twin
    token: str
    own: str


async def a_world(site: GraphqlSite, principal: str, *, mutates: bool) -> World:
    """Make two organizations, projects in them, and one principal.

    Each side has projects of its own where something changes; where all is read, they share them.
    """
    app = site.real
    owner, stranger = await app.found(), await app.found()
    requester = await app.colleague(owner)
    foreign_requester = await app.colleague(stranger)
    twins = [
        Twin(
            own=await _things(app, owner, requester, name=f"{side} own"),
            others=await _things(app, owner, requester, name=f"{side} others"),
            foreign=await _things(app, stranger, foreign_requester, name=f"{side} foreign"),
        )
        for side in (("rest", "graphql") if mutates else ("both",))
    ]
    who = await _principal(app, principal, owner, stranger, twins=twins)
    return World(rest=twins[0], graphql=twins[-1], token=who.token, own=who.organization)


async def _things(app: RealApp, owner: Acting, requester: Acting, *, name: str) -> Things:
    place = await approving_project(app, owner)
    project = place.rpartition("/")[2]
    approval = await an_approval(app, place, requester)
    await app.made(f"{place}/queue:pause", {"why": "wished"}, token=owner.token)
    queued = await app.call(
        "POST", f"{place}/plans:execute?mode=queued", moved(1), token=owner.token
    )
    wish: JsonObject = {"name": "nightly", "cron": "0 3 * * *", **moved(1)}
    schedule = await app.made(f"{place}/schedules", wish, token=owner.token)
    hook_wish = await a_hook_wish(app, owner, place)
    hook = await app.made(f"{place}/hooks", hook_wish, token=owner.token)
    sent = await _sent(app, owner, place)
    organization = f"/v1/organizations/{owner.organization}"
    of_all = await _sent(app, owner, organization)
    report = a_report(run=f"run_{next(app.numbers)}")
    told: JsonObject = {"model": MODEL, "environment": ENVIRONMENT, "report": report}
    gate = await app.made(f"{organization}/gates", told, token=owner.token)
    talk, turn = await _proposed(app, owner, place)
    await app.made(f"{organization}/policies", RULES, token=owner.token)
    return Things(
        project=project,
        organization=owner.organization,
        member=owner.member,
        record=await _record(app, owner),
        outcome=str(approval["outcome"]),
        approval=str(approval["id"]),
        job=str(queued.json["id"]),
        schedule=str(schedule["id"]),
        hook=str(hook["id"]),
        webhook=sent[0],
        org_webhook=of_all[0],
        delivery=sent[1],
        org_delivery=of_all[1],
        service=str(hook_wish["service"]),
        conversation=talk.conversation,
        turn=turn,
        gate=str(gate["id"]),
        digest=str(approval["plan_digest"]),
        version=1,
        environment="counter",
        name=name,
        plugin=PLUGIN,
        fact="usual_step",
        report=a_report(run=f"run_{next(app.numbers)}"),
    )


async def _sent(app: RealApp, owner: Acting, place: str) -> tuple[str, str]:
    """Make a webhook and a delivery to it that failed, as if an event had caused it."""
    webhooks = f"{place}/webhooks"
    webhook = await app.made(webhooks, await a_webhook_wish(app), token=owner.token)
    sent = await app.made(f"{webhooks}/{webhook['id']}:ping", None, token=owner.token)
    async with session(app.urls.superuser_url) as superuser:
        await superuser.execute(
            "update webhook_deliveries set cause = 'event', status = 'failed', ended_at = now() "
            "where id = $1",
            sent["id"],
        )
    return str(webhook["id"]), str(sent["id"])


async def _proposed(app: RealApp, owner: Acting, place: str) -> tuple[Talk, str]:
    """Begin a conversation with a turn that waits for consent."""
    talk = await a_talk(app, owner, project=place)
    turn = await talk.turn("count one more")
    async with session(app.urls.superuser_url) as superuser:
        await superuser.execute(
            "update turns set status = 'proposed', proposal = $1 where id = $2",
            PROPOSED,
            turn["id"],
        )
    return talk, str(turn["id"])


async def _record(app: RealApp, owner: Acting) -> str:
    """Return the first record of an organization's log, which has its number within seconds."""
    for _ in range(2_000):
        found = await app.call("GET", "/v1/audit/records?limit=1", token=owner.token)
        if found.json["items"]:
            return str(found.json["items"][0]["id"])
    raise AssertionError("no record has a number yet")


async def _principal(
    app: RealApp, principal: str, owner: Acting, stranger: Acting, *, twins: list[Twin]
) -> Acting:
    if principal in {"owner", "owner elsewhere"}:
        return owner if principal == "owner" else stranger
    if principal == "nobody":
        return replace(owner, token=NOBODY)
    if principal in SCOPED:
        made = await app.made(
            "/v1/tokens", {"name": principal, "scopes": SCOPED[principal]}, token=owner.token
        )
        return replace(owner, token=str(made["text"]))
    who = await app.colleague(owner, role="member")
    if principal in ROLES:
        for twin in twins:
            place = f"/v1/projects/{twin.own.project}/members/{who.member}"
            granted = await app.call("PUT", place, {"role": principal}, token=owner.token)
            assert granted.status == 200, granted.body
    return who
