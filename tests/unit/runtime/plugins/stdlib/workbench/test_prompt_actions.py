"""Writing keeps the last ten versions, and only an admin's purge removes them."""

from dataclasses import replace

import pytest

from runtime.plugins.stdlib.workbench import PLUGIN
from runtime.public import JsonObject, Judgement, Plan, ReasonCode, Sandbox, State, Step, StepStatus

SANDBOX = Sandbox.of(PLUGIN, PLUGIN.environments[0])


def judge(
    action: str,
    text: str | None = None,
    *,
    given: JsonObject,
    role: str = "operator",
    confirms: bool = True,
) -> Judgement:
    """Simulate one step on a prompt editor with these values, and the text as its input."""
    situation = SANDBOX.situation()
    initial = SANDBOX.registry.initial_state()
    state = {**initial, "prompt_editor": {**initial["prompt_editor"], **given}}
    inputs = {} if text is None else {"text": text}
    return SANDBOX.simulate(
        Plan(steps=(Step(action=action, inputs=inputs),)),
        replace(
            situation,
            state=State.of(state),
            principal=situation.principal.model_copy(update={"roles": (role,)}),
            confirms=confirms,
        ),
    )


def refusal_of(judgement: Judgement) -> tuple[ReasonCode, str]:
    """Return the code of a refusal and what it expected; the state must be untouched."""
    refusal = judgement.outcome.refusal
    assert refusal is not None
    assert judgement.outcome.before == judgement.outcome.after
    return refusal.code, refusal.expected


def test_a_prompt_that_grows_too_long_is_refused_with_its_length() -> None:
    """The handler refuses what the schema can't know: the length of both texts together."""
    given = {"text": "x" * 1_999}

    code, expected = refusal_of(judge("prompt.append", "y", given=given))

    assert code is ReasonCode.HANDLER_REFUSED
    assert "2001 characters" in expected


def test_a_prompt_may_grow_to_the_last_character() -> None:
    """The limit itself still fits."""
    given = {"text": "x" * 1_998}

    judgement = judge("prompt.append", "y", given=given)

    assert len(judgement.state.components["prompt_editor"]["text"]) == 2_000


def test_the_oldest_version_makes_room() -> None:
    """Ten earlier prompts are kept, the latest last."""
    given = {
        "text": "now",
        "versions": [str(number) for number in range(10)],
    }

    judgement = judge("prompt.edit", "next", given=given)

    assert judgement.state.components["prompt_editor"]["versions"] == [*"123456789", "now"]


def test_writing_the_same_prompt_again_keeps_no_version() -> None:
    """A version is an earlier text, not a repetition of the present one."""
    judgement = judge("prompt.edit", "Hi.", given={"text": "Hi."})

    assert judgement.state.components["prompt_editor"]["versions"] == []


VERSIONS: JsonObject = {"versions": ["a draft"]}


@pytest.mark.parametrize(
    ("role", "given", "confirms", "code"),
    [
        pytest.param("operator", VERSIONS, True, ReasonCode.ACTION_HIDDEN, id="not for users"),
        pytest.param("developer", VERSIONS, True, ReasonCode.RISK_TOO_HIGH, id="risk too high"),
        pytest.param("admin", VERSIONS, False, ReasonCode.CONFIRMATION_REQUIRED, id="unconfirmed"),
        pytest.param("admin", {}, True, ReasonCode.PRECONDITION_UNMET, id="nothing to purge"),
    ],
)
def test_purging_versions_is_guarded(
    role: str, given: JsonObject, *, confirms: bool, code: ReasonCode
) -> None:
    """What nothing brings back takes a developer's view, an admin's role and a confirmation."""
    judgement = judge("prompt.purge_versions", given=given, role=role, confirms=confirms)

    assert refusal_of(judgement)[0] is code


def test_an_admin_purges_versions() -> None:
    """The prompt itself stays."""
    given = {"text": "final", **VERSIONS}

    judgement = judge("prompt.purge_versions", given=given, role="admin")

    assert judgement.outcome.status is StepStatus.DONE
    editor = judgement.state.components["prompt_editor"]
    assert (editor["text"], editor["versions"]) == ("final", [])


def test_the_model_never_sees_the_purge() -> None:
    """A developer's action is no tool."""
    visible = {action.name for action in SANDBOX.registry.visible()}

    assert "prompt.purge_versions" not in visible
    assert len(visible) == len(PLUGIN.actions) - 1
