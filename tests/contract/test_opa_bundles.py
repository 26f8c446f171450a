"""Hold bundles on their way into a real OPA: what it does not take, or takes wrongly, denies.

OPA itself takes any bundle that is well signed, also an older one, and keeps what it has when a
new one is bad: so it is the evaluator that has to see it.
"""

from __future__ import annotations

import io
import signal
import tarfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from runtime.adapters.opa.bundle import bundle_bytes, bundle_revision
from runtime.adapters.opa.evaluator import OpaEvaluator
from runtime.adapters.opa.signing import SigningAlgorithm
from runtime.domain.policy_unit import PolicyModule, PolicyUnit, unit_of
from runtime.kit.clock import FixedClock
from runtime.kit.json_value import JsonObject
from runtime.policies import shipped_modules
from runtime.ports.policy import PolicyFault, PolicyFaultError
from tests.builders import NOW
from tests.contract.policy_inputs import policy_inputs
from tests.policy_units import EXPLODING
from tests.servers.bundle_service import BundleService, bundle_service
from tests.servers.opa_server import OpaServer, opa_server
from tests.servers.opa_signing import OTHER_SECRET, a_signer, verification_of

ORGANIZATION = "org_1"
SIGNER = a_signer()
MAX_AGE = timedelta(minutes=10)


def a_unit(number: int, *, rule: str = "", organization: str = ORGANIZATION) -> PolicyUnit:
    """Return the shipped rules with one of the organization, that differs with the number."""
    text = rule or f'deny contains {{"message": "rule {number}", "remedy": "r"}}'
    module = PolicyModule(
        path="organization/rules.rego", text=f"package tenant.organization\n\n{text}\n"
    )
    return unit_of((*shipped_modules(), module), organization_id=organization, number=number)


def a_bundle(unit: PolicyUnit, *, key: str = "", after: timedelta = timedelta()) -> bytes:
    """Return a bundle of one unit, built some time after `NOW`."""
    return bundle_bytes(
        [unit],
        organization_id=unit.organization_id,
        built_at=NOW + after,
        signer=a_signer(key=key) if key else SIGNER,
    )


def unsigned(bundle: bytes) -> bytes:
    """Return a bundle without its signature."""
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(bundle), mode="r:gz") as archive,
        tarfile.open(fileobj=packed, mode="w:gz") as other,
    ):
        for member in archive:
            if member.name != ".signatures.json":
                other.addfile(member, archive.extractfile(member))
    return packed.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Hold a service that serves bundles, an OPA that fetches them, and who asks it."""

    service: BundleService
    opa: OpaServer
    evaluator: OpaEvaluator
    clock: FixedClock

    async def said(self, unit: PolicyUnit) -> str:
        """Return the message of the denial of a unit's rule, or the code of the fault."""
        question: JsonObject = policy_inputs(1, 1)[0]
        try:
            (answer,) = await self.evaluator.decide(unit, [question])
        except PolicyFaultError as error:
            return error.fault.value
        if isinstance(answer, PolicyFaultError):
            return answer.fault.value
        ours = [item["message"] for item in answer["denials"] if item["code"] == "policy_denied"]
        return ", ".join(ours)

    async def readiness(self) -> PolicyFault | None:
        """Return why the evaluator is not ready."""
        try:
            await self.evaluator.ready()
        except PolicyFaultError as error:
            return error.fault
        return None


@asynccontextmanager
async def a_world(content: bytes | None) -> AsyncIterator[World]:
    """Start all of it; `content` is what is served first."""
    clock = FixedClock(NOW)
    with ExitStack() as stack:
        service = stack.enter_context(bundle_service(content))
        opa = stack.enter_context(
            opa_server(service_url=service.url, verification=verification_of(SIGNER))
        )
        evaluator = OpaEvaluator(opa.url, clock=clock, timeout_s=20, max_age=MAX_AGE)
        try:
            yield World(service=service, opa=opa, evaluator=evaluator, clock=clock)
        finally:
            await evaluator.close()


async def test_a_bundle_that_is_well_signed_is_asked() -> None:
    """From our service, through OPA's own fetching and verification, to an answer."""
    unit = a_unit(1)
    async with a_world(a_bundle(unit)) as world:
        world.opa.wait_for_revision(bundle_revision([unit]))

        assert await world.said(unit) == "rule 1"
        assert await world.readiness() is None


@pytest.mark.parametrize("algorithm", [SigningAlgorithm.RS256, SigningAlgorithm.ES256])
async def test_public_keys_verify_a_bundle_at_the_start(algorithm: SigningAlgorithm) -> None:
    """An OPA needs no secret of ours."""
    unit, signer = a_unit(1), a_signer(algorithm)
    content = bundle_bytes([unit], organization_id=ORGANIZATION, built_at=NOW, signer=signer)
    with opa_server(files=[content], verification=verification_of(signer)) as opa:
        evaluator = OpaEvaluator(opa.url, clock=FixedClock(NOW), timeout_s=20)
        (answer,) = await evaluator.decide(unit, policy_inputs(1, 1))
        await evaluator.close()

    assert not isinstance(answer, PolicyFaultError)
    assert answer["allow"] is False


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        pytest.param(unsigned(a_bundle(a_unit(1))), "missing .signatures.json", id="unsigned"),
        pytest.param(a_bundle(a_unit(1), key=OTHER_SECRET), "failed to verify", id="foreign key"),
        pytest.param(a_bundle(a_unit(1))[:-100], "Bundle load failed", id="cut short"),
        pytest.param(None, "Bundle load failed", id="no service"),
    ],
)
async def test_an_opa_that_never_got_a_good_bundle_denies(
    bad: bytes | None, complaint: str
) -> None:
    """It knows nothing, and what it does not know is not allowed."""
    async with a_world(bad) as world:
        world.opa.wait_for_log(complaint)

        assert await world.said(a_unit(1)) == PolicyFault.UNDEFINED.value
        assert await world.readiness() is PolicyFault.NOT_LOADED


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        pytest.param(unsigned(a_bundle(a_unit(2))), "missing .signatures.json", id="unsigned"),
        pytest.param(a_bundle(a_unit(2), key=OTHER_SECRET), "failed to verify", id="foreign key"),
        pytest.param(
            a_bundle(a_unit(2, rule="roles contains count(5)")), "rego_type_error", id="bad rule"
        ),
        pytest.param(None, "Bundle load failed", id="no service"),
    ],
)
async def test_an_opa_that_keeps_its_old_rules_denies(bad: bytes | None, complaint: str) -> None:
    """Those who know the new number see it at once; the others when the old bundle's age ends."""
    old, new = a_unit(1), a_unit(2)
    async with a_world(a_bundle(old)) as world:
        world.opa.wait_for_revision(bundle_revision([old]))
        world.service.content = bad
        world.opa.wait_for_log(complaint)

        assert await world.said(new) == PolicyFault.ROLLED_BACK.value
        assert await world.said(old) == "rule 1"
        world.clock.advance(MAX_AGE + timedelta(seconds=1))
        assert await world.said(old) == PolicyFault.STALE.value
        assert await world.readiness() is PolicyFault.STALE


async def test_an_older_bundle_that_is_well_signed_denies() -> None:
    """Somebody who replays a bundle of last week gets no rule of last week asked."""
    old, new = a_unit(1), a_unit(2)
    async with a_world(a_bundle(new)) as world:
        world.opa.wait_for_revision(bundle_revision([new]))
        assert await world.said(new) == "rule 2"
        world.service.content = a_bundle(old)
        world.opa.wait_for_revision(bundle_revision([old]))

        assert await world.said(new) == PolicyFault.ROLLED_BACK.value
        assert await world.said(old) == PolicyFault.ROLLED_BACK.value


async def test_a_newer_bundle_denies_those_who_do_not_know_it() -> None:
    """They read their rules before it was activated: they have to read again."""
    old, new = a_unit(1), a_unit(2)
    async with a_world(a_bundle(new)) as world:
        world.opa.wait_for_revision(bundle_revision([new]))

        assert await world.said(old) == PolicyFault.NOT_LOADED.value


async def test_a_bundle_of_another_organization_is_none_of_ours() -> None:
    """Exchanged on its way it answers for nobody else, though we signed it."""
    mine, theirs = a_unit(1), a_unit(1, organization="org_2")
    async with a_world(a_bundle(mine)) as world:
        world.opa.wait_for_revision(bundle_revision([mine]))
        world.service.content = a_bundle(theirs, after=timedelta(seconds=1))
        world.opa.wait_until(lambda: world.opa.built_at().startswith("2026-01-05T12:00:01"))

        assert await world.said(mine) == PolicyFault.UNDEFINED.value
        assert await world.said(theirs) == "rule 1"


async def test_the_same_rules_built_anew_are_young_again() -> None:
    """The revision stays, the age starts over."""
    unit, later = a_unit(1), timedelta(minutes=15)
    async with a_world(a_bundle(unit)) as world:
        world.opa.wait_for_revision(bundle_revision([unit]))
        world.clock.advance(later)
        assert await world.said(unit) == PolicyFault.STALE.value
        world.service.content = a_bundle(unit, after=later)
        world.opa.wait_until(lambda: world.opa.built_at().startswith("2026-01-05T12:15"))

        assert await world.said(unit) == "rule 1"
        assert world.opa.revisions()["organization"] == bundle_revision([unit])


async def test_rules_without_end_are_slow_and_stop_nobody_else() -> None:
    """OPA gives up when we do; the organization beside is answered as before."""
    endless, other = a_unit(1, rule=EXPLODING), a_unit(1, organization="org_2")
    contents = [a_bundle(endless), a_bundle(other)]
    with opa_server(files=contents, verification=verification_of(SIGNER)) as opa:
        clock = FixedClock(NOW)
        hasty = OpaEvaluator(opa.url, clock=clock, timeout_s=0.3)
        patient = OpaEvaluator(opa.url, clock=clock, timeout_s=20)
        world = World(service=BundleService(), opa=opa, evaluator=hasty, clock=clock)
        said = [await world.said(endless), await replace(world, evaluator=patient).said(other)]
        await hasty.close()
        await patient.close()

    assert said == [PolicyFault.SLOW.value, "rule 1"]


async def test_an_opa_that_is_frozen_is_slow_and_one_that_ended_is_down() -> None:
    """And one that comes back at its address is asked again, over new connections."""
    unit, clock = a_unit(1), FixedClock(NOW)
    content, verification = a_bundle(unit), verification_of(SIGNER)
    with opa_server(files=[content], verification=verification) as opa:
        patient = OpaEvaluator(opa.url, clock=clock, timeout_s=20)
        hasty = OpaEvaluator(opa.url, clock=clock, timeout_s=0.3)
        world = World(service=BundleService(), opa=opa, evaluator=patient, clock=clock)
        before = await world.said(unit)
        opa.child.send_signal(signal.SIGSTOP)
        slow = replace(world, evaluator=hasty)
        frozen = await slow.said(unit), await slow.readiness()
        opa.child.send_signal(signal.SIGCONT)
        thawed = await world.said(unit)
    ended = await world.said(unit), await world.readiness()
    with opa_server(files=[content], verification=verification, port=opa.port):
        again = await world.said(unit)
    await hasty.close()
    await patient.close()

    assert [before, thawed, again] == ["rule 1"] * 3
    assert frozen == (PolicyFault.SLOW.value, PolicyFault.SLOW)
    assert ended == (PolicyFault.DOWN.value, PolicyFault.DOWN)
