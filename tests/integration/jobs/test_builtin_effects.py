"""The side effects that come with the platform, from a plan's commit to real servers and back."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import asyncpg
import orjson
from aiohttp import web
from pydantic import SecretStr

from runtime.bootstrap.effect_tools import open_effect_tools
from runtime.domain.action import SideEffect
from runtime.domain.job import JobKind, JobStatus
from runtime.domain.limits import Limits
from runtime.domain.plan import Plan, Step
from runtime.kit.canonical_json import parse
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.plugins.stdlib.effects.plugin import EFFECTS
from runtime.ports.effect import effects_by_name
from runtime.services.context import Ids
from runtime.services.environments import Environments, InstalledEnvironment
from runtime.services.execution.judges import Judges
from runtime.services.jobs.effects import EffectRunner
from runtime.services.jobs.reauthorising import Reauthorising
from runtime.services.jobs.relay import Relay
from runtime.services.jobs.running import Running
from runtime.services.models.effect_charges import ChargeParts, EffectCharges
from runtime.services.models.measures import UnmeasuredModels
from runtime.services.models.spending import Spending
from runtime.services.models.terms import StandingTerms
from runtime.settings import EffectSettings
from tests.builders import a_registry, an_action
from tests.database import FreshDatabase
from tests.execution import World, a_caller, a_project, opened
from tests.model_world import Shelf
from tests.queue import MemoryQueue
from tests.rules import decisions_by_table
from tests.secret_keeping import a_keeping, no_keys
from tests.servers.openai_stub import openai_stub
from tests.servers.receiver import Receiver, a_receiver

ENVIRONMENT: Final = "wired"
SIGNING: Final = "whsec_" + b64encode(bytes(range(32))).decode()
TOKEN: Final = "canary-7f3a9c"  # noqa: S105  # looked for where it must not be


def _note(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["box"]["note"] = inputs["note"]
    return state


def _environment(receiver_port: int) -> Environments:
    """Build an environment whose actions tell a receiver, and ask a model."""
    call: JsonObject = {
        "url": f"http://localhost:{receiver_port}/boxes",
        "headers": {"Authorization": {"secret": "crm", "prefix": "Bearer "}},
        "signing": [{"secret": "signing"}],
        "keep_answer": True,
    }
    ask: JsonObject = {
        "model": "writer",
        "prompt": "Describe the box.",
        "write_back": {"note": {"answer": "/text"}},
    }
    actions = (
        an_action(
            side_effects=(SideEffect(job="http.call", description="Tells", parameters=call),)
        ),
        an_action(
            id="box.describe@1",
            side_effects=(
                SideEffect(
                    job="model.infer",
                    description="Describes the box.",
                    parameters=ask,
                    result_action="box.note@1",
                ),
            ),
        ),
        an_action(
            id="box.note@1",
            input_schema={
                "type": "object",
                "properties": {"note": {"type": "string"}},
                "required": ["note"],
                "additionalProperties": False,
            },
            may_change=("/box/note",),
            handler=_note,
        ),
    )
    return {
        ENVIRONMENT: InstalledEnvironment(
            id=ENVIRONMENT,
            title="Wired",
            description="A box.",
            plugin="test@1",
            compiled=a_registry(*actions),
            limits=Limits(),
        )
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Wired:
    """Hold a project whose effects reach real servers, and a worker that runs them."""

    world: World
    receiver: Receiver
    queue: MemoryQueue
    relay: Relay
    worker: Running
    superuser: asyncpg.Connection[asyncpg.Record] = field(repr=False)

    async def put(self, action: str, **inputs: JsonValue) -> str:
        """Execute one step, and return its outcome's id."""
        outcome = await self.world.execute(Plan(steps=(Step(action=action, inputs=inputs),)))
        assert outcome["status"] == "done", outcome
        return str(outcome["id"])

    async def deliver(self) -> None:
        """Hand over what is due, and run it."""
        await self.relay.look()
        for message in self.queue.everything():
            await self.worker.run(message.organization_id, message.job_ids)

    async def jobs(self) -> list[tuple[str, JsonObject | None]]:
        """Return how the jobs stand, and what is kept of them."""
        rows = await self.superuser.fetch("select status, result from jobs order by id")
        return [(row["status"], orjson.loads(row["result"] or "null")) for row in rows]

    async def places_of(self, text: str) -> list[str]:
        """Return the tables in which a text stands, wherever in a row."""
        tables = await self.superuser.fetch(
            "select format('%I.%I', schemaname, tablename) as name from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        )
        found = []
        for table in tables:
            query = f"select count(*) from {table['name']} as row where row::text like $1"  # noqa: S608  # names of the catalogue
            if await self.superuser.fetchval(query, f"%{text}%"):
                found.append(str(table["name"]))
        return found


def _charges(stack: AsyncExitStack, world: World, reference: str) -> EffectCharges:
    """Charge the model `writer` to whoever a job is for."""
    clock = SystemClock()
    terms = StandingTerms(world.database, clock)
    charges = EffectCharges(
        ChargeParts(
            references={"writer": reference},
            price=Shelf(models={}).price,
            terms=terms,
            spending=Spending(database=world.database, ids=Ids(clock)),
            measures=UnmeasuredModels(),
            clock=clock,
        )
    )
    stack.push_async_callback(terms.close)
    stack.push_async_callback(charges.close)
    return charges


@asynccontextmanager
async def wired(database: FreshDatabase, redis: str) -> AsyncIterator[Wired]:
    """Open the project, the servers and the worker."""
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(a_receiver())
        models = await stack.enter_async_context(openai_stub())
        clock = SystemClock()
        caller = a_caller(Ids(clock))
        environments = _environment(receiver.port)
        project_id = await a_project(
            database, caller, environment=ENVIRONMENT, environments=environments
        )
        world = await opened(
            stack, database, redis, caller=caller, project_id=project_id, environments=environments
        )
        secrets = {
            "crm": {"value": TOKEN, "hosts": ["localhost"]},
            "signing": {"value": SIGNING, "hosts": ["localhost"]},
        }
        secrets_reader = a_keeping().reader
        reference = f"openai/text?transport=http&api_base={models.base}"
        tools = await stack.enter_async_context(
            open_effect_tools(
                EffectSettings(
                    egress_allow=f"localhost:{receiver.port}",
                    secrets=SecretStr(orjson.dumps({caller.organization_id: secrets}).decode()),
                    models={"writer": reference},
                ),
                environ={},
                clock=clock,
                secrets=secrets_reader,
                keys=no_keys(secrets_reader),
            )
        )
        superuser = await asyncpg.connect(database.urls.superuser_url)
        stack.push_async_callback(superuser.close)
        queue = MemoryQueue()
        yield Wired(
            world=world,
            receiver=receiver,
            queue=queue,
            relay=Relay(database, queue),
            superuser=superuser,
            worker=Running(
                world.database,
                Reauthorising(
                    database=world.database,
                    decisions=decisions_by_table(world.database, clock, rules=world.rules),
                    judges=Judges(environments, puts_jobs=True),
                    clock=clock,
                ),
                runners={
                    JobKind.EFFECT: EffectRunner(
                        effects_by_name(EFFECTS),
                        tools,
                        plans=world.plans,
                        charged=_charges(stack, world, reference).charged,
                    )
                },
                worker="worker-1",
                chance=lambda: 0.5,
            ),
        )


async def test_a_plan_reaches_a_local_receiver_which_verifies_it(
    database: FreshDatabase, redis_url: str
) -> None:
    """After the commit the receiver gets a signed request under the job's key, once."""
    async with wired(database, redis_url) as shop:
        shop.receiver.answers = lambda _: web.json_response({"label": 7})
        outcome = await shop.put("box.put@1", value=7)
        assert shop.receiver.received == []

        await shop.deliver()
        jobs = await shop.jobs()

    (received,) = shop.receiver.received
    headers, told = received.headers, parse(received.body)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + received.body
    key = b64decode(SIGNING.removeprefix("whsec_"))
    mac = b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["idempotency-key"] == headers["webhook-id"]
    assert (told["type"], told["data"]["outcome"]) == ("box.put@1", outcome)
    assert told["data"]["diff"] == [{"op": "replace", "path": "/box/value", "value": 7}]
    assert jobs == [(JobStatus.DONE, {"status": 200, "body": {"json": {"label": 7}}})]


async def test_a_receiver_that_was_busy_gets_the_same_again(
    database: FreshDatabase, redis_url: str
) -> None:
    """Key and body are equal in both attempts, so that it can tell the repetition."""
    async with wired(database, redis_url) as shop:
        shop.receiver.answers = lambda _: web.Response(
            status=503 if len(shop.receiver.received) == 1 else 200
        )
        await shop.put("box.put@1", value=7)
        await shop.deliver()
        ((first_status, _),) = await shop.jobs()
        for table in ("jobs", "outbox"):
            statement = f"update {table} set not_before = now() - interval '1 s'"  # noqa: S608  # two names
            await shop.superuser.execute(statement)
        await shop.deliver()
        ((last_status, _),) = await shop.jobs()

    first, second = shop.receiver.received
    assert (first_status, last_status) == (JobStatus.WAITING, JobStatus.DONE)
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


async def test_values_of_secrets_are_nowhere_at_rest(
    database: FreshDatabase, redis_url: str
) -> None:
    """The receiver echoes all that it gets, and still no row of any table holds a value."""
    async with wired(database, redis_url) as shop:
        shop.receiver.answers = lambda received: web.json_response(dict(received.headers))
        await shop.put("box.put@1", value=7)
        await shop.deliver()
        jobs = await shop.jobs()
        places = [await shop.places_of(text) for text in (TOKEN, SIGNING, "x-nowhere", "box.put")]

    assert shop.receiver.received[0].headers["authorization"].endswith(TOKEN)
    assert jobs[0][0] == JobStatus.DONE
    assert places[:3] == [[], [], []]
    assert "public.jobs" in places[3]


async def test_what_a_model_says_enters_the_state_as_an_action(
    database: FreshDatabase, redis_url: str
) -> None:
    """The text is written by the declared action, through the engine, and is in the history."""
    async with wired(database, redis_url) as shop:
        await shop.put("box.describe@1", value=7)
        await shop.deliver()
        ((status, result),) = await shop.jobs()
        state = await shop.world.states.current(shop.world.context, shop.world.project_id)

    assert status == JobStatus.DONE
    assert result is not None
    assert result["written_back"]["status"] == "done"
    assert state.components["box"] == {"value": 7, "note": "You said: Describe the box."}


async def test_what_a_model_took_is_charged_to_the_jobs_principal(
    database: FreshDatabase, redis_url: str
) -> None:
    """As a turn of theirs would be; the record names the job."""
    async with wired(database, redis_url) as shop:
        await shop.put("box.describe@1", value=7)
        await shop.deliver()
        spends = await shop.superuser.fetch(
            "select turn_id = (select id from jobs) as of_job, member_id, status, tokens from "
            "model_spends"
        )
        records = await shop.superuser.fetch(
            "select document from audit_records where kind = 'model.asked'"
        )
        job = await shop.superuser.fetchval("select id from jobs")

    member = shop.world.context.caller.member_id
    assert [tuple(row) for row in spends] == [(True, member, "settled", 120)]
    assert [parse(row["document"])["job"] for row in records] == [job]


async def test_a_job_waits_until_a_spent_budget_renews(
    database: FreshDatabase, redis_url: str
) -> None:
    """It says which one and until when, and the model was not asked."""
    async with wired(database, redis_url) as shop:
        await shop.superuser.execute(
            "insert into model_uses (organization_id, scope, number, document, principal_id, "
            """created_at) values ($1, $1, 1, '{"daily_tokens": 10}', 'mem_1', now())""",
            shop.world.context.caller.organization_id,
        )
        await shop.put("box.describe@1", value=7)
        await shop.deliver()
        job = await shop.superuser.fetchrow(
            "select status, reason, not_before >= date_trunc('day', now() at time zone 'UTC') "
            "at time zone 'UTC' + interval '1 day' as tomorrow from jobs"
        )
        spends = await shop.superuser.fetchval("select count(*) from model_spends")

    assert job is not None
    assert (job["status"], job["tomorrow"], spends) == ("waiting", True, 0)
    assert "the budget of tokens a day of organization has 0 of 10" in job["reason"]
