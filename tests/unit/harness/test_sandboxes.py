"""Prove that what is given is applied, and that sandboxes are shared where they can be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.sandboxes import Sandboxes, conversation_of, situation_of
from harness.sandboxes.situations import changed_principal
from harness.scenario import PrincipalChange, Scenario
from harness.yaml_source import parse_yaml, read_yaml
from runtime.public import DeclarationError, JsonObject, Mode, ReasonCode, StepStatus
from tests.worlds import a_plan, a_scenario, prepared

GIVEN: JsonObject = {
    "state": {"/counter/value": 4},
    "facts": {"a": 1},
    "history": [{"user": "Hello"}, {"assistant": "Yes?"}],
    "principal": {"roles": ["viewer"], "grant": "interactive"},
    "consent": {"confirm": False, "approve": False},
    "limits": {"per_minute": 3},
    "usage": {"last_minute": 2},
    "now": "2026-03-03T10:00:00Z",
}
ATTACHED: JsonObject = {
    "message": "Look.",
    "attachments": [
        {"name": "a.txt", "mime": "text/plain", "text": "hé"},
        {"name": "b.png", "mime": "image/png", "base64": "iVBO"},
    ],
}


def test_what_is_given_replaces_the_starting_point() -> None:
    """Everything else stays the environment's."""
    scenario = a_scenario(given=GIVEN, expect={"decline": True})
    sandbox = Sandboxes({}).sandbox(scenario)

    found = situation_of(scenario, sandbox)

    assert found.state.components["counter"]["value"] == 4
    assert found.state.components["counter"]["step"] == 1
    assert (found.principal.roles, found.principal.grant) == (("viewer",), Mode.INTERACTIVE)
    assert found.principal.id == sandbox.situation().principal.id
    assert (found.confirms, found.approves) == (False, False)
    assert (found.limits.per_minute, found.usage.last_minute) == (3, 2)
    assert found.now.day == 3
    assert found.facts == {"a": 1}


def test_nothing_given_is_the_starting_point() -> None:
    """The environment's limits hold, and consent is granted."""
    scenario = a_scenario()
    sandbox = Sandboxes({}).sandbox(scenario)

    found = situation_of(scenario, sandbox)

    assert found.state.digest == sandbox.situation().state.digest
    assert found.limits == sandbox.environment.limits
    assert (found.confirms, found.approves) == (True, True)


def test_a_conversation_holds_turns_and_decoded_attachments() -> None:
    """The model sees who spoke and the bytes of files."""
    found = conversation_of(a_scenario(given=GIVEN, when=ATTACHED, expect={"decline": True}))

    assert [(turn.speaker, turn.text) for turn in found.history] == [
        ("user", "Hello"),
        ("assistant", "Yes?"),
    ]
    assert [item.data for item in found.attachments] == ["hé".encode(), b"\x89PN"[:3]]


def test_a_sandbox_is_compiled_once_for_each_selection_of_actions() -> None:
    """Scenarios of one environment share it; another selection is another world."""
    sandboxes = Sandboxes({})
    only: JsonObject = {"actions": ["counter.set"]}

    assert sandboxes.sandbox(a_scenario()) is sandboxes.sandbox(a_scenario())
    restricted = sandboxes.sandbox(a_scenario(given=only))
    assert list(restricted.registry.actions) == ["counter.set@1"]
    assert restricted is sandboxes.sandbox(a_scenario(given=only))


def test_a_removed_value_is_gone() -> None:
    """Null would be a value."""
    given: JsonObject = {"state": {"/tickets/t_107": {"$remove": True}}}

    found = prepared(environment="helpdesk", given=given, expect={"decline": True})

    assert "t_107" not in found.situation.state.components["tickets"]


DECLARED = """\
id: journaled
title: Journaled
description: Records calls.
actions:
  - id: note.write@1
    title: Write
    description: Writes a note.
    input_schema: {type: object, properties: {text: {type: string}}}
"""


def test_an_environment_beside_the_scenarios_is_used() -> None:
    """It comes before installed ones."""
    sandboxes = Sandboxes({"journaled": parse_yaml(DECLARED, shown_as="j.environment.yaml")})
    scenario = a_scenario(("note.write", {"text": "x"}), environment="journaled")

    assert list(sandboxes.sandbox(scenario).registry.actions) == ["note.write@1"]


EXTENDED = """\
id: house
extends: counter
description: You move one counter in a house with rules.
principal: {roles: [viewer], claims: {floor: 3}}
limits: {per_minute: 2}
"""
NO_SEVENS = """\
package tenant.organization

import rego.v1

deny contains {"message": "another number", "remedy": "choose"} if input.inputs.value == 7
"""
NO_SEVENS_TEST = """\
package tenant.organization_test

import rego.v1

test_no_sevens if {
	count(data.tenant.organization.deny) == 1 with input as {"inputs": {"value": 7}}
}
"""


def a_house(folder: Path, text: str, **files: str) -> Sandboxes:
    """Write an environment file with modules beside it, and serve it."""
    for name, content in files.items():
        path = folder / "rules" / f"{name}.rego"
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    source = folder / "house.environment.yaml"
    source.write_text(text, encoding="utf-8")
    return Sandboxes({"house": read_yaml(source, shown_as="house.environment.yaml")})


def in_house(value: int = 3) -> Scenario:
    """Build a scenario that lives in the house."""
    return a_scenario(("counter.set", {"value": value}), environment="house")


WITH_RULES = f"{EXTENDED}policies: {{organization: rules}}\n"


def test_an_environment_changes_an_installed_one(tmp_path: Path) -> None:
    """What it does not say stays; what it says is part of what runs are compared by."""
    base = Sandboxes({}).sandbox(a_scenario())

    sandbox = a_house(tmp_path, EXTENDED).sandbox(in_house())

    assert sandbox.environment.principal.roles == ("viewer",)
    assert sandbox.environment.principal.claims == '{"floor":3}'
    assert sandbox.environment.principal.id == base.environment.principal.id
    assert sandbox.environment.limits.per_minute == 2
    assert sandbox.environment.id == "counter"
    assert sandbox.comparability["registry"] == base.comparability["registry"]
    assert sandbox.comparability["policy"] == base.comparability["policy"]
    assert sandbox.comparability["plugin"].startswith("counter@1.0.0+house.")


def test_other_limits_are_another_plugin(tmp_path: Path) -> None:
    """Figures of two houses are not compared as if they were one."""
    one = a_house(tmp_path, EXTENDED).sandbox(in_house()).comparability
    two = a_house(tmp_path, EXTENDED.replace("2", "4")).sandbox(in_house()).comparability

    assert {key for key in one if one[key] != two[key]} == {"plugin"}


def test_rules_beside_an_environment_decide(tmp_path: Path) -> None:
    """They are tried with their tests, and their revision is the policy of the run."""
    files = {"sevens": NO_SEVENS, "sevens_test": NO_SEVENS_TEST}
    plain = a_house(tmp_path, EXTENDED).sandbox(in_house())

    sandbox = a_house(tmp_path, WITH_RULES, **files).sandbox(in_house(7))

    admin = changed_principal(PrincipalChange(roles=("admin",)), sandbox.environment.principal)
    situation = replace(sandbox.situation(), principal=admin)
    outcomes = [
        sandbox.simulate(a_plan([("counter.set", {"value": value})]), situation).outcome
        for value in (7, 8)
    ]
    assert [item.status for item in outcomes] == [StepStatus.REFUSED, StepStatus.DONE]
    assert outcomes[0].refusal is not None
    assert outcomes[0].refusal.code is ReasonCode.POLICY_DENIED
    ours, theirs = plain.comparability, sandbox.comparability
    assert {key for key in ours if ours[key] != theirs[key]} == {"policy"}


def test_changed_rules_are_another_policy(tmp_path: Path) -> None:
    """A comment suffices: a revision is a digest of the text, as on the platform."""
    files = {"sevens": NO_SEVENS, "sevens_test": NO_SEVENS_TEST}
    one = a_house(tmp_path, WITH_RULES, **files).sandbox(in_house()).comparability

    changed = {**files, "sevens": NO_SEVENS + "# really\n"}
    two = a_house(tmp_path, WITH_RULES, **changed).sandbox(in_house()).comparability

    assert {key for key in one if one[key] != two[key]} == {"policy"}


def test_a_declared_environment_may_bring_rules(tmp_path: Path) -> None:
    """Recorded calls are judged by the organization's rules, too."""
    text = DECLARED.replace("journaled", "house") + "policies: {organization: rules}\n"
    files = {"sevens": NO_SEVENS, "sevens_test": NO_SEVENS_TEST}
    scenario = a_scenario(("note.write", {"text": "x"}), environment="house")

    sandbox = a_house(tmp_path, text, **files).sandbox(scenario)

    assert sandbox.rules is not None


@pytest.mark.parametrize(
    ("text", "files", "problem"),
    [
        pytest.param(
            EXTENDED.replace("counter", "nowhere"), {}, "no installed plugin", id="extends nothing"
        ),
        pytest.param(f"{EXTENDED}colour: red\n", {}, "colour: Extra", id="an unknown key"),
        pytest.param(WITH_RULES, {}, "holds 0 files", id="no such folder"),
        pytest.param(WITH_RULES, {"a": NO_SEVENS}, "there is no test", id="no test"),
        pytest.param(
            WITH_RULES,
            {"a": NO_SEVENS, "a_test": NO_SEVENS_TEST.replace("== 1", "== 2")},
            "organization rules: .*test_no_sevens failed",
            id="a test that fails",
        ),
        pytest.param(
            WITH_RULES.replace("organization: rules", "project: rules"),
            {"a": NO_SEVENS, "a_test": NO_SEVENS_TEST},
            "project rules: ",
            id="a package of another level",
        ),
        pytest.param(f"{EXTENDED}policies: {{}}\n", {}, "names the folder", id="no folder named"),
    ],
)
def test_an_environment_that_can_not_be_used_is_told(
    tmp_path: Path, text: str, files: dict[str, str], problem: str
) -> None:
    """Each scenario in it says so, and rules are tried once for all of them."""
    sandboxes = a_house(tmp_path, text, **files)

    with pytest.raises(DeclarationError, match=problem) as first:
        sandboxes.sandbox(in_house())
    with pytest.raises(DeclarationError) as second:
        sandboxes.sandbox(in_house())

    assert first.value is second.value


def test_a_module_that_is_no_text_is_told(tmp_path: Path) -> None:
    """Not with a traceback."""
    sandboxes = a_house(tmp_path, WITH_RULES, a=NO_SEVENS)
    (tmp_path / "rules" / "a.rego").write_bytes(b"\xff")

    with pytest.raises(DeclarationError, match="utf-8"):
        sandboxes.sandbox(in_house())


def test_hidden_files_are_no_modules(tmp_path: Path) -> None:
    """An editor's copy is not uploaded either."""
    sandboxes = a_house(
        tmp_path, WITH_RULES, **{"a": NO_SEVENS, "a_test": NO_SEVENS_TEST, ".copy": "no rego"}
    )

    assert sandboxes.sandbox(in_house()).rules is not None


def test_claims_are_part_of_who_acts() -> None:
    """Rules read them as the identity provider's."""
    given: JsonObject = {"principal": {"claims": {"department": "finance"}}}
    scenario = a_scenario(given=given)

    found = situation_of(scenario, Sandboxes({}).sandbox(scenario)).principal

    assert found.claims == '{"department":"finance"}'
    assert found.roles == ("operator",)
