"""Prove that made-up calls are plausible and always the same."""

from __future__ import annotations

from harness.strength.material import Larder, Material, plausible_calls
from runtime.public import JsonObject, Plan, Sandbox, Step, StepStatus
from tests.worlds import prepared

HELPDESK = Sandbox.named("helpdesk")
CALLS = plausible_calls(HELPDESK)


def test_every_visible_action_gets_a_call_that_fits() -> None:
    """A call that the parser would refuse proves nothing about a scenario."""
    assert {step.action for step in CALLS} == {item.name for item in HELPDESK.registry.visible()}
    for step in CALLS:
        compiled = HELPDESK.compiled.find(step.action)
        assert compiled is not None
        assert compiled.inputs.accepts(HELPDESK.prepared(step).inputs)


def test_a_call_that_would_run_is_preferred() -> None:
    """The second ticket can be closed where the first one can't; ids come from the state."""
    (close,) = (step for step in CALLS if step.action == "ticket.reopen")

    judgement = HELPDESK.simulate(Plan(steps=(close,)), HELPDESK.situation())

    assert judgement.outcome.status is StepStatus.DONE
    assert close.inputs["ticket"] != "t_100"


def test_a_sandbox_is_searched_once() -> None:
    """Searching takes simulations."""
    larder = Larder()
    scenario = prepared()

    assert larder.calls(scenario.sandbox) is larder.calls(scenario.sandbox)


def test_the_order_of_calls_is_the_scenarios_own() -> None:
    """The same scenario mutates the same way every time; another one in another way."""
    decline: JsonObject = {"decline": True}
    cases = [prepared(environment="helpdesk", id=name, expect=decline) for name in "aab"]

    orders = [Material.of(case, CALLS).calls for case in cases]

    assert orders[0] == orders[1] != orders[2]
    assert sorted(map(repr, orders[0])) == sorted(map(repr, CALLS))


def test_material_knows_schemas_and_what_fits_them() -> None:
    """An unknown action has no schema, and no inputs fit it."""
    material = Material.of(prepared(), ())

    assert "value" in material.schema(Step(action="counter.set"))["properties"]
    assert material.schema(Step(action="counter.burn")) == {}
    assert material.fits(Step(action="counter.set", inputs={"value": 3}))
    assert not material.fits(Step(action="counter.set", inputs={"value": "3"}))
    assert not material.fits(Step(action="counter.burn"))
