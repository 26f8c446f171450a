"""Where rules ask for it, a plan runs only if whoever proposed it has passed its gate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio

from runtime.domain.plan import Plan, Step
from runtime.kit.canonical_json import parse
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.services.context import Context
from runtime.services.execution.changes import Proposer
from runtime.services.execution.plans import PlanRequest
from tests.abuse.execution.real_app import Acting, RealApp, real_app
from tests.database import DatabaseUrls, session
from tests.gate_reports import ENVIRONMENT, MODEL, OTHER_MODEL, PROMPT, a_report

RULES = (
    "package tenant.project\n\nimport rego.v1\n\n"
    'obligations contains {"kind": "eval_gate"} if {\n'
    '\tinput.action.name == "counter.set"\n}\n'
)
TRIED = (
    "package tenant.project_test\n\nimport rego.v1\n\n"
    "test_setting_takes_a_gate if {\n"
    "\tcount(data.tenant.project.obligations) == 1 with input as "
    '{"action": {"name": "counter.set"}}\n}\n'
)
SET: JsonObject = {"steps": [{"action": "counter.set", "inputs": {"value": 3}}]}
MOVE: JsonObject = {"steps": [{"action": "counter.increment", "inputs": {"by": 1}}]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """Hold a project whose rules ask for a gate before its counter is set."""

    app: RealApp
    owner: Acting
    project: str
    registry: str

    async def gate(self, verdict: str = "pass", **changes: JsonValue) -> str:
        """Bring a verdict about the project's own registry, and return its id."""
        model = str(changes.pop("model", MODEL))
        named = {"registry": self.registry, **changes}
        report = a_report(
            verdict,
            models=(model,),
            checks=None if model == MODEL else _checks(model, verdict),
            **named,
        )
        made = await self.app.call(
            "POST",
            f"/v1/organizations/{self.owner.organization}/gates",
            {"model": model, "environment": ENVIRONMENT, "report": report},
            token=self.owner.token,
        )
        assert made.status == 201, made.body
        return str(made.json["id"])

    async def asked(
        self, plan: JsonObject = SET, *, verb: str = "execute", gate: str | None = None
    ) -> JsonObject:
        """Ask for a plan over REST, and return its outcome."""
        document: JsonObject = {"plan": plan} if gate is None else {"plan": plan, "gate": gate}
        path = f"/v1/projects/{self.project}/plans:{verb}"
        found: JsonObject = await self.app.made(path, document, token=self.owner.token)
        return found

    async def proposed(self, proposer: Proposer | None, *, gate: str | None = None) -> JsonObject:
        """Execute the plan of a model, as turns do."""
        services = self.app.app.state.services
        context = Context(caller=await services.authentication.caller_of(self.owner.token))
        plan = Plan(steps=(Step(action="counter.set", inputs={"value": 3}),))
        executed = await services.plans.execute(
            context,
            self.project,
            asked=PlanRequest(plan=plan, proposer=proposer, gate=gate),
        )
        found: JsonObject = parse(executed.document)
        return found


def _checks(model: str, verdict: str) -> list[JsonObject]:
    names = ("infrastructure", "governance", "pass rate")
    verdicts = ("pass", "pass", verdict)
    return [
        {"model": model, "name": name, "verdict": said, "detail": ""}
        for name, said in zip(names, verdicts, strict=True)
    ]


def code_of(outcome: JsonObject) -> str | None:
    """Return why a plan did not run."""
    refusals = [step["refusal"] for step in outcome["steps"] if step["refusal"]]
    return str(refusals[0]["code"]) if refusals else None


def why(outcome: JsonObject) -> str:
    """Return what the refusal of a plan found."""
    (refusal,) = [step["refusal"] for step in outcome["steps"] if step["refusal"]]
    return str(refusal["found"])


@pytest_asyncio.fixture
async def gated(database_urls: DatabaseUrls, redis_url: str) -> AsyncIterator[Gated]:
    """Serve the whole platform to a project with such rules."""
    async with real_app(database_urls, redis_url) as app:
        owner = await app.found()
        project = str((await app.project(owner))["id"])
        wish: JsonObject = {
            "modules": [
                {"path": "rules.rego", "text": RULES},
                {"path": "rules_test.rego", "text": TRIED},
            ],
            "note": "first",
            "activate": True,
        }
        await app.made(f"/v1/projects/{project}/policies", wish, token=owner.token)
        read = await app.call("GET", f"/v1/projects/{project}/registry", token=owner.token)
        yield Gated(app=app, owner=owner, project=project, registry=read.json["digest"])


async def test_without_a_gate_nothing_runs_that_takes_one(gated: Gated) -> None:
    """Neither simulated nor executed; other actions are as before."""
    executed = await gated.asked()
    simulated = await gated.asked(verb="simulate")
    other = await gated.asked(MOVE)

    assert code_of(executed) == code_of(simulated) == "gate_required"
    assert executed["status"] == "refused"
    assert "nothing says which model" in why(executed)
    assert other["status"] == "done"


async def test_a_plan_that_names_a_passed_gate_runs(gated: Gated) -> None:
    """Of the registry that the project has now."""
    gate = await gated.gate()

    simulated = await gated.asked(verb="simulate", gate=gate)
    executed = await gated.asked(gate=gate)

    assert simulated["status"] == executed["status"] == "done"


async def test_a_plan_of_a_model_runs_by_the_gate_of_that_model(gated: Gated) -> None:
    """With its prompt: another model, or another prompt, has not passed."""
    await gated.gate()

    passed = await gated.proposed(Proposer(model=MODEL, prompt="1"))
    exact = await gated.proposed(Proposer(model=MODEL, prompt=PROMPT))
    other_model = await gated.proposed(Proposer(model=OTHER_MODEL, prompt="1"))
    other_prompt = await gated.proposed(Proposer(model=MODEL, prompt="2"))

    assert passed["status"] == exact["status"] == "done"
    assert code_of(other_model) == code_of(other_prompt) == "gate_required"


async def test_no_named_gate_stands_in_for_that_of_the_model(gated: Gated) -> None:
    """Whose plan it is the platform knows, where it asked the model itself."""
    gate = await gated.gate()

    outcome = await gated.proposed(Proposer(model=OTHER_MODEL, prompt="1"), gate=gate)

    assert code_of(outcome) == "gate_required"


@pytest.mark.parametrize(
    ("verdict", "changes", "found"),
    [
        pytest.param("regression", {}, "did not pass", id="failed"),
        pytest.param("inconclusive", {}, "did not pass", id="not judged"),
        pytest.param("pass", {"registry": "sha256:x"}, "of another registry", id="registry"),
    ],
)
async def test_a_gate_that_did_not_pass_here_is_none(
    gated: Gated, verdict: str, changes: dict[str, JsonValue], found: str
) -> None:
    """The refusal says what is wrong with it."""
    outcome = await gated.asked(gate=await gated.gate(verdict, **changes))

    assert code_of(outcome) == "gate_required"
    assert found in why(outcome)


@pytest.mark.parametrize("named", ["gat_01KDVDNA00ADB7E3Q4XN5M6WZT", "nonsense", ""])
async def test_a_gate_that_is_not_there_is_none(gated: Gated, named: str) -> None:
    """An id that nobody gave opens nothing."""
    await gated.gate()

    assert code_of(await gated.asked(gate=named)) == "gate_required"


async def test_another_organizations_gate_is_none(gated: Gated) -> None:
    """It is as if it were not there."""
    stranger = await gated.app.found()
    report = a_report(registry=gated.registry)
    made = await gated.app.made(
        f"/v1/organizations/{stranger.organization}/gates",
        {"model": MODEL, "environment": ENVIRONMENT, "report": report},
        token=stranger.token,
    )

    outcome = await gated.asked(gate=str(made["id"]))

    assert "there is no gate" in why(outcome)


async def test_a_later_failure_takes_a_pass_back(gated: Gated) -> None:
    """Also from who names the earlier gate."""
    now = SystemClock().now()
    gate = await gated.gate(judged_at=now - timedelta(hours=1))
    await gated.gate("governance", judged_at=now)

    assert code_of(await gated.asked(gate=gate)) == "gate_required"
    assert code_of(await gated.proposed(Proposer(model=MODEL, prompt="1"))) == "gate_required"


async def test_a_pass_does_not_hold_for_ever(gated: Gated) -> None:
    """After 90 days it has to be evaluated anew."""
    gate = await gated.gate()
    async with session(gated.app.urls.superuser_url) as superuser:
        await superuser.execute("set session_replication_role = replica")  # past the triggers
        await superuser.execute("update gates set judged_at = judged_at - interval '91 days'")

    assert "too old" in why(await gated.asked(gate=gate))


async def test_a_queued_plan_keeps_the_gate_that_it_names(gated: Gated) -> None:
    """The order says it; one without a gate is spelled as releases before this one do."""
    gate = await gated.gate()
    path = f"/v1/projects/{gated.project}/plans:execute?mode=queued"
    for document in ({"plan": SET, "gate": gate}, {"plan": SET}):
        queued = await gated.app.call("POST", path, document, token=gated.owner.token)
        assert queued.status == 202, queued.body
    async with session(gated.app.urls.superuser_url) as superuser:
        rows = await superuser.fetch("select payload from jobs order by id")
    payloads = [parse(row["payload"]) for row in rows]

    assert payloads[0]["gate"] == gate
    assert "gate" not in payloads[1]
