"""Verdicts of evaluations are brought by owners and services, believed where they are whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio

from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.services.evaluations.gates import Gates
from tests.abuse.execution.real_app import Acting, RealApp, real_app
from tests.api.app_builder import Answered
from tests.database import DatabaseUrls, session
from tests.execution import redis_url
from tests.gate_reports import (
    ENVIRONMENT,
    MODEL,
    OTHER_MODEL,
    PROMPT,
    REGISTRY,
    a_check,
    a_report,
    checks_of,
    signed,
)

__all__ = ["redis_url"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Hold the app, and somebody who owns an organization in it."""

    app: RealApp
    owner: Acting

    @property
    def place(self) -> str:
        """Return where its gates are."""
        return f"/v1/organizations/{self.owner.organization}/gates"

    @property
    def gates(self) -> Gates:
        """Return the use case, as others in the process ask it."""
        found: Gates = self.app.app.state.services.gates
        return found

    async def bring(
        self,
        report: JsonObject,
        *,
        model: str = MODEL,
        environment: str = ENVIRONMENT,
        token: str | None = None,
        key: str | None = None,
    ) -> Answered:
        """Upload a report."""
        return await self.app.call(
            "POST",
            self.place,
            {"model": model, "environment": environment, "report": report},
            token=token or self.owner.token,
            headers={} if key is None else {"Idempotency-Key": key},
        )

    async def passed(self, **changes: str) -> bool:
        """Ask whether the usual model passed with the usual prompt and registry."""
        asked = {
            "organization_id": self.owner.organization,
            "model": MODEL,
            "prompt": PROMPT,
            "registry": REGISTRY,
        }
        return await self.gates.passed(**(asked | changes))

    async def kinds(self, table: str) -> list[str]:
        """Return the kinds of records or events of gates, in the order of their names."""
        asked = {
            "audit_records": "select kind from (select kind from audit_records union all "
            "select kind from audit_leaves) as recorded where kind = 'gate.uploaded'",
            "events": "select type from events where type like 'eval.%' order by 1",
        }
        async with session(self.app.urls.superuser_url) as superuser:
            return [row[0] for row in await superuser.fetch(asked[table])]


@pytest_asyncio.fixture
async def site(database_urls: DatabaseUrls, redis_url: str) -> AsyncIterator[Site]:
    """Serve the whole platform to an organization."""
    async with real_app(database_urls, redis_url) as app:
        yield Site(app=app, owner=await app.found())


async def test_a_report_is_kept_and_read(site: Site) -> None:
    """It says which model, prompt and registry passed, and is recorded and told of."""
    report = a_report()

    made = await site.bring(report)
    read = await site.app.call("GET", f"{site.place}/{made.json['id']}", token=site.owner.token)
    listed = await site.app.call("GET", site.place, token=site.owner.token)

    assert made.status == 201
    assert made.json["id"].startswith("gat_")
    found = {name: made.json[name] for name in ("passed", "model", "prompt", "registry", "digest")}
    assert found == {
        "passed": True,
        "model": MODEL,
        "prompt": PROMPT,
        "registry": REGISTRY,
        "digest": report["digest"],
    }
    assert read.json == {**made.json, "report": report}
    assert listed.json == {"items": [made.json], "next_cursor": None}
    assert await site.kinds("audit_records") == ["gate.uploaded"]
    assert await site.kinds("events") == ["eval.run_finished"]


async def test_a_failed_gate_is_told_of_as_such(site: Site) -> None:
    """Whoever waits for failures hears of it."""
    made = await site.bring(a_report("regression"))

    assert (made.status, made.json["passed"], made.json["verdict"]) == (201, False, "regression")
    assert await site.kinds("events") == ["eval.gate_failed", "eval.run_finished"]


async def test_the_same_report_again_is_the_same_gate(site: Site) -> None:
    """A pipeline that is repeated tells nobody twice."""
    report = a_report()

    first, again = await site.bring(report), await site.bring(report)

    assert (first.status, again.status) == (201, 200)
    assert again.json == first.json
    assert await site.kinds("audit_records") == ["gate.uploaded"]


async def test_one_report_brought_many_times_at_once_is_one_gate(site: Site) -> None:
    """A publisher that does not hear in time tries again beside its first request."""
    report = a_report()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(site.bring(report)) for _ in range(6)]
    answers = [task.result() for task in tasks]

    assert sorted(answer.status for answer in answers) == [200, 200, 200, 200, 200, 201]
    assert len({answer.json["id"] for answer in answers}) == 1
    assert await site.kinds("audit_records") == ["gate.uploaded"]


async def test_a_repeated_request_is_answered_as_before(site: Site) -> None:
    """By its key, with the status that it had."""
    report = a_report()

    first = await site.bring(report, key="gate")
    again = await site.bring(report, key="gate")

    assert (first.status, again.status) == (201, 201)
    assert again.header("idempotency-replayed") == "true"


async def test_gates_are_listed_last_first_and_in_pages(site: Site) -> None:
    """A cursor goes on behind the last one of a page."""
    made = [(await site.bring(a_report(run=f"run_{at}"))).json["id"] for at in range(3)]

    first = await site.app.call("GET", f"{site.place}?limit=2", token=site.owner.token)
    cursor = first.json["next_cursor"]
    rest = await site.app.call(
        "GET", f"{site.place}?limit=2&cursor={cursor}", token=site.owner.token
    )

    assert [item["id"] for item in first.json["items"]] == [made[2], made[1]]
    assert [item["id"] for item in rest.json["items"]] == [made[0]]


@pytest.mark.parametrize(
    ("spoil", "pointer"),
    [
        pytest.param(lambda it: {**it, "verdict": "pass"}, "/digest", id="a changed verdict"),
        pytest.param(
            lambda it: {**it, "checks": checks_of()}, "/digest", id="checks of another run"
        ),
        pytest.param(
            lambda it: {**it, "subject": {**it["subject"], "models": [OTHER_MODEL]}},
            "/digest",
            id="another model",
        ),
        pytest.param(
            lambda it: signed({**it, "verdict": "pass", "exit_code": 0}),
            "/verdict",
            id="a verdict that its checks don't give",
        ),
        pytest.param(
            lambda it: signed({**it, "exit_code": 0}), "/exit_code", id="another exit code"
        ),
        pytest.param(
            lambda it: signed({**it, "checks": [a_check(verdict="regression")]}),
            "/checks",
            id="no check of governance",
        ),
        pytest.param(
            lambda it: signed(
                {**it, "subject": {**it["subject"], "judged_at": "2026-02-30T00:00:00+00:00"}}
            ),
            "/subject/judged_at",
            id="no instant",
        ),
    ],
)
async def test_a_report_that_is_not_whole_is_refused(
    site: Site, spoil: object, pointer: str
) -> None:
    """And nothing of it is kept."""
    assert callable(spoil)

    refused = await site.bring(spoil(a_report("regression")))

    assert (refused.status, refused.code) == (422, "gate_report_refused")
    assert pointer in refused.json["detail"]
    assert await site.kinds("audit_records") == []


@pytest.mark.parametrize("spoiled", ["gate_version", "digest", "subject", "checks"])
async def test_a_report_of_an_older_harness_is_refused(site: Site, spoiled: str) -> None:
    """It does not say what was evaluated."""
    report = {name: value for name, value in a_report().items() if name != spoiled}

    refused = await site.bring(report)

    assert (refused.status, refused.code) == (422, "request_invalid")


async def test_nobody_is_judged_who_is_not_in_the_report(site: Site) -> None:
    """A pass of one model is none of another, and so for environments."""
    other_model = await site.bring(a_report(), model=OTHER_MODEL)
    other_place = await site.bring(a_report(), environment="facility")

    assert {other_model.code, other_place.code} == {"gate_report_refused"}


async def test_a_member_brings_no_report_and_reads_them(site: Site) -> None:
    """A service does: that is what pipelines are."""
    member = await site.app.colleague(site.owner, role="member")
    service = await site.app.service(site.owner)
    wish: JsonValue = {"name": "ci", "member": service, "scopes": ["evaluations:manage"]}
    token = (await site.app.made("/v1/tokens", wish, token=site.owner.token))["text"]

    refused = await site.bring(a_report(), token=member.token)
    made = await site.bring(a_report(), token=str(token))
    read = await site.app.call("GET", site.place, token=member.token)

    assert (refused.status, refused.code) == (403, "not_allowed")
    assert "owner, or a service" in refused.json["detail"]
    assert made.status == 201
    assert [item["id"] for item in read.json["items"]] == [made.json["id"]]


async def test_a_token_needs_its_scopes(site: Site) -> None:
    """Reading is not bringing, and neither comes with anything else."""
    tokens = {}
    for scope in ("evaluations:read", "audit:read"):
        wish: JsonValue = {"name": scope.replace(":", " "), "scopes": [scope]}
        made = await site.app.made("/v1/tokens", wish, token=site.owner.token)
        tokens[scope] = str(made["text"])
    gate = (await site.bring(a_report())).json["id"]

    bringing = await site.bring(a_report(run="run_2"), token=tokens["evaluations:read"])
    reading = [
        await site.app.call("GET", f"{site.place}{path}", token=tokens["audit:read"])
        for path in ("", f"/{gate}")
    ]
    allowed = await site.app.call("GET", site.place, token=tokens["evaluations:read"])

    assert {bringing.code, *(answer.code for answer in reading)} == {"not_allowed"}
    assert allowed.status == 200


async def test_who_lost_their_role_a_moment_ago_brings_nothing(site: Site) -> None:
    """A process may remember an owner for seconds; what holds is read when the verdict is kept."""
    other = await site.app.colleague(site.owner)
    assert (await site.bring(a_report(), token=other.token)).status == 201
    async with session(site.app.urls.superuser_url) as superuser:
        await superuser.execute(
            "update members set organization_role = 'member' where id = $1", other.member
        )

    refused = await site.bring(a_report(run="run_2"), token=other.token)

    assert (refused.status, refused.code) == (403, "not_allowed")
    assert await site.kinds("audit_records") == ["gate.uploaded"]


async def test_another_organization_sees_and_brings_nothing(site: Site) -> None:
    """Its gates are as if they were not there, and its passes are its own."""
    stranger = await site.app.found()
    gate = (await site.bring(a_report())).json["id"]
    theirs = f"/v1/organizations/{stranger.organization}/gates"

    answers = [
        await site.app.call("GET", f"{site.place}/{gate}", token=stranger.token),
        await site.app.call("GET", site.place, token=stranger.token),
        await site.app.call("GET", f"{theirs}/{gate}", token=stranger.token),
        await site.app.call("GET", f"{theirs}/nonsense", token=stranger.token),
        await site.bring(a_report(), token=stranger.token),
    ]

    assert {answer.code for answer in answers} == {"not_found"}
    assert await site.passed()
    assert not await site.passed(organization_id=stranger.organization)


async def test_exactly_what_passed_has_passed(site: Site) -> None:
    """Another model, prompt or registry has not; the version of a prompt stands for it."""
    assert not await site.passed()

    await site.bring(a_report())

    assert await site.passed()
    assert await site.passed(prompt="1")
    assert not await site.passed(model=OTHER_MODEL)
    assert not await site.passed(prompt=PROMPT[:-1] + "0")
    assert not await site.passed(prompt="2")
    assert not await site.passed(registry=REGISTRY[:-1] + "0")


async def test_where_a_model_is_reached_is_not_what_was_evaluated(site: Site) -> None:
    """Options that shape answers are; an address, a key and patience are not."""
    model = "openai/own?api_base=http://127.0.0.1:9/v1&retries=2&temperature=0.5&transport=http"
    brought = await site.bring(a_report(models=(model,), checks=checks_of(model)), model=model)

    assert brought.status == 201, brought.body
    assert await site.passed(model="openai/own?temperature=0.5")
    assert not await site.passed(model="openai/own")
    assert not await site.passed(model=model)


async def test_long_names_are_refused_before_storage_has_to(site: Site) -> None:
    """What no index can hold is the caller's to mend."""
    model, registry = "openai/" + "\u6a21" * 400, "\u578b" * 400
    report = a_report(models=(model,), checks=checks_of(model), registry=registry)

    assert (await site.bring(report, model=model)).status == 422


async def test_the_verdict_that_was_given_last_holds(site: Site) -> None:
    """A failure takes an earlier pass back, whatever is brought in which order."""
    now = SystemClock().now()
    await site.bring(a_report(judged_at=now - timedelta(hours=2)))
    assert await site.passed()

    await site.bring(a_report("governance", judged_at=now - timedelta(hours=1)))
    taken_back = await site.passed()
    await site.bring(a_report(judged_at=now - timedelta(hours=3)))  # an older pass, brought late
    still = await site.passed()
    await site.bring(a_report(judged_at=now))

    assert not taken_back
    assert not still
    assert await site.passed()


async def test_of_two_verdicts_at_one_instant_the_failed_one_holds(site: Site) -> None:
    """Whatever was brought last."""
    now = SystemClock().now()
    await site.bring(a_report("regression", judged_at=now))
    await site.bring(a_report(judged_at=now))

    assert not await site.passed()


async def test_a_pass_does_not_hold_for_ever(site: Site) -> None:
    """90 days after the verdict the gate is closed again."""
    made = await site.bring(a_report())
    async with session(site.app.urls.superuser_url) as superuser:
        await superuser.execute("set session_replication_role = replica")  # past the triggers
        await superuser.execute(
            "update gates set judged_at = judged_at - interval '90 days 1 hour' where id = $1",
            made.json["id"],
        )

    assert not await site.passed()


async def test_one_model_passes_though_another_of_the_run_does_not(site: Site) -> None:
    """Each is judged by its own checks, and by those of the whole run."""
    both = [*checks_of(), *checks_of(OTHER_MODEL, "regression")]
    report = a_report("regression", checks=both, models=(MODEL, OTHER_MODEL))
    lost = a_report(
        "inconclusive",
        checks=[a_check("*", "run", "inconclusive"), *checks_of()],
        run="run_2",
    )

    good, bad = await site.bring(report), await site.bring(report, model=OTHER_MODEL)
    unfinished = await site.bring(lost)

    assert (good.json["passed"], bad.json["passed"]) == (True, False)
    assert unfinished.json["verdict"] == "inconclusive"


async def test_an_archived_organization_takes_no_reports(site: Site) -> None:
    """It changes nothing any more."""
    archived = await site.app.call(
        "POST", f"/v1/organizations/{site.owner.organization}:archive", token=site.owner.token
    )
    assert archived.status == 200, archived.body

    assert (await site.bring(a_report())).code == "wrong_time"
