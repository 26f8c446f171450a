"""Hold the two evaluators to each other: a real OPA and the embedded engine answer alike.

Over the shipped rules and over customers' good, odd and broken ones; not a verdict may differ, and
where one has no answer the other has none either, by the same code.
"""

from __future__ import annotations

import subprocess
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest
from pydantic import ValidationError

from runtime.adapters.opa.bundle import bundle_bytes
from runtime.adapters.opa.evaluator import OpaEvaluator
from runtime.adapters.rego.evaluator import RegoEvaluator
from runtime.domain.policy_input import PolicyVerdict
from runtime.domain.policy_modules import PolicyLevel, module_problems
from runtime.domain.policy_unit import PolicyModule, PolicyUnit, unit_of
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject, JsonValue, json_equal
from runtime.policies import shipped_modules
from runtime.ports.policy import PolicyEvaluator, PolicyFault, PolicyFaultError
from tests.contract.policy_customers import CUSTOMERS
from tests.contract.policy_inputs import ORGANIZATION, policy_inputs, sample_units
from tests.contract.rego_programs import ProgramWriter
from tests.servers.opa_server import OpaServer, needs_opa, opa_server
from tests.servers.opa_signing import a_signer, verification_of

UNITS: Final = sample_units()
INPUTS_EACH: Final = 600
AT_A_TIME: Final = 50
PROGRAM_SEEDS: Final = 2
PROGRAMS_EACH: Final = 10
PROGRAM_INPUTS: Final = 50
PATIENCE_S: Final = 20.0
BROKEN: Final = (
    "deny_of_texts",
    "deny_is_true",
    "deny_is_one",
    "deny_is_list",
)
"""Customers who mean to deny an amount above 99, and say so in a shape that is not asked for."""


@pytest.fixture(scope="module")
def opa() -> Iterator[OpaServer]:
    """Serve all units by one bundle that is signed and verified."""
    signer = a_signer()
    content = bundle_bytes(
        list(UNITS.values()),
        organization_id=ORGANIZATION,
        built_at=SystemClock().now(),
        signer=signer,
    )
    with opa_server(files=[content], verification=verification_of(signer)) as server:
        yield server


async def answers_of(
    evaluator: PolicyEvaluator, unit: PolicyUnit, inputs: Sequence[JsonObject]
) -> list[JsonValue]:
    """Return what an evaluator says of each input: an answer, or the code of the fault."""
    said: list[JsonValue] = []
    try:
        for at in range(0, len(inputs), AT_A_TIME):
            said += await evaluator.decide(unit, inputs[at : at + AT_A_TIME])
    finally:
        await evaluator.close()
    return [item.fault.value if isinstance(item, PolicyFaultError) else item for item in said]


def from_opa(server: OpaServer) -> OpaEvaluator:
    """Return an evaluator that has time enough for a machine that does much else."""
    return OpaEvaluator(server.url, clock=SystemClock(), timeout_s=PATIENCE_S)


def embedded() -> RegoEvaluator:
    """Return an evaluator likewise."""
    return RegoEvaluator(1, time_s=PATIENCE_S, wait_s=PATIENCE_S)


def inputs_for(name: str, count: int = INPUTS_EACH) -> list[JsonObject]:
    """Return the questions for a customer: others for each, the same each time."""
    return policy_inputs(zlib.crc32(name.encode()), count)


def allows(answer: JsonValue) -> bool:
    """Say whether an answer is a verdict that allows, read as the platform does."""
    try:
        return PolicyVerdict.model_validate(answer).allow
    except ValidationError:
        return False


@pytest.mark.parametrize("name", UNITS)
async def test_evaluators_agree(name: str, opa: OpaServer) -> None:
    """The same verdict, to the letter, or the same fault."""
    # arrange
    unit, inputs = UNITS[name], inputs_for(name)

    # act
    by_opa = await answers_of(from_opa(opa), unit, inputs)
    by_regorus = await answers_of(embedded(), unit, inputs)

    # assert
    differing = [
        {"input": asked, "opa": one, "embedded": other}
        for asked, one, other in zip(inputs, by_opa, by_regorus, strict=True)
        if not json_equal(one, other)
    ]
    assert not differing, f"{len(differing)} of {len(inputs)} differ, the first: {differing[0]}"
    assert 0 < sum(map(allows, by_opa)) < len(inputs)


@pytest.mark.parametrize("seed", range(PROGRAM_SEEDS))
async def test_evaluators_agree_over_rules_that_nobody_thought_of(
    seed: int, tmp_path: Path
) -> None:
    """Whatever is made of loops, tables, functions and defaults is the same to both.

    A function that fails on some value is reached by one and not by the other, who needed it no
    more: so a failure is not compared, and it denies.
    """
    # arrange
    units = random_units(seed, folder=tmp_path)
    inputs = policy_inputs(seed, PROGRAM_INPUTS)
    signer = a_signer()
    content = bundle_bytes(
        units, organization_id=ORGANIZATION, built_at=SystemClock().now(), signer=signer
    )

    # act
    with opa_server(files=[content], verification=verification_of(signer)) as server:
        by_opa = [await answers_of(from_opa(server), unit, inputs) for unit in units]
    by_regorus = [await answers_of(embedded(), unit, inputs) for unit in units]

    # assert
    failed = PolicyFault.FAILED.value
    for unit, one, other in zip(units, by_opa, by_regorus, strict=True):
        for asked, left, right in zip(inputs, one, other, strict=True):
            same = failed in (left, right) or json_equal(left, right)
            assert same, f"{unit.modules[-1].text}\n{asked}\nOPA: {left}\nembedded: {right}"
    compared = sum(isinstance(left, dict) for one in by_opa for left in one)
    assert compared > PROGRAM_INPUTS * len(units) / 2


def random_units(seed: int, *, folder: Path) -> list[PolicyUnit]:
    """Return units with rules that both would take at an upload: types have to be right, too."""
    opa, writer, units = needs_opa(), ProgramWriter(seed), list[PolicyUnit]()
    for module in shipped_modules():
        (folder / Path(module.path).name).write_text(module.text)
    while len(units) < PROGRAMS_EACH:
        module = PolicyModule(path="organization/rules.rego", text=writer.module())
        assert module_problems([module], level=PolicyLevel.ORGANIZATION) == ()
        (folder / "rules.rego").write_text(module.text)
        if subprocess.run([opa, "check", str(folder)], capture_output=True, check=False).returncode:
            continue
        units.append(
            unit_of(
                (*shipped_modules(), module), organization_id=ORGANIZATION, key=f"u{len(units)}"
            )
        )
    return units


def test_enough_is_asked() -> None:
    """The evaluators are compared over ten thousand questions and eight customers at least."""
    assert INPUTS_EACH * len(UNITS) >= 10_000
    assert len(CUSTOMERS) >= 8


@pytest.mark.parametrize("name", CUSTOMERS)
def test_customers_may_upload_what_is_compared(name: str) -> None:
    """The policies are broken in what they say, not in what they may say."""
    for level in PolicyLevel:
        modules = [one for one in CUSTOMERS[name] if one.path.startswith(level.value)]

        assert module_problems(modules, level=level) == ()


async def test_rules_that_fail_and_rules_that_contradict_are_among_them(opa: OpaServer) -> None:
    """Agreement over faults is not agreement over nothing."""
    for name in ("failing", "contradicting"):
        said = await answers_of(from_opa(opa), UNITS[name], inputs_for(name, 200))

        assert 20 < said.count(PolicyFault.FAILED.value) < 180


@pytest.mark.parametrize("name", BROKEN)
async def test_a_denial_in_a_wrong_shape_never_allows(name: str, opa: OpaServer) -> None:
    """Whoever means to deny, and says it badly, is not passed over."""
    # arrange
    meant = [
        asked
        for asked in inputs_for(name, 400)
        if isinstance(amount := asked["inputs"].get("amount"), int | float)
        and not isinstance(amount, bool)
        and amount > 99
    ]

    # act
    said = await answers_of(from_opa(opa), UNITS[name], meant)

    # assert
    assert len(meant) > 50
    assert not any(map(allows, said))
