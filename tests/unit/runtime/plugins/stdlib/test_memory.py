"""The memory keeps what it is told, forgets on request and refuses secrets."""

from dataclasses import replace

import pytest

from runtime.plugins.stdlib.memory import MOST_FACTS, PLUGIN
from runtime.public import JsonObject, Judgement, Plan, ReasonCode, Sandbox, State, Step, StepStatus

SANDBOX = Sandbox.of(PLUGIN, PLUGIN.environments[0])


def facts_of(*keys: str) -> JsonObject:
    """Build facts under these keys."""
    return {key: {"value": "x", "category": "other", "source": "import"} for key in keys}


def judge(
    action: str,
    inputs: JsonObject | None = None,
    *,
    facts: JsonObject | None = None,
    role: str = "operator",
    confirms: bool = True,
) -> Judgement:
    """Simulate one step on a memory that holds `home_city` and `pet`, unless told otherwise."""
    situation = SANDBOX.situation()
    held = facts_of("home_city", "pet") if facts is None else facts
    return SANDBOX.simulate(
        Plan(steps=(Step(action=action, inputs=inputs or {}),)),
        replace(
            situation,
            state=State.of({"memory": {"facts": held}}),
            principal=situation.principal.model_copy(update={"roles": (role,)}),
            confirms=confirms,
        ),
    )


def facts_after(judgement: Judgement) -> JsonObject:
    """Return the facts that are left by a plan that ran."""
    assert judgement.outcome.status is StepStatus.DONE, judgement.outcome.refusal
    facts: JsonObject = judgement.state.components["memory"]["facts"]
    return facts


def refusal_of(judgement: Judgement) -> tuple[ReasonCode, str]:
    """Return the code of a refusal and what it expected; the state must be untouched."""
    refusal = judgement.outcome.refusal
    assert refusal is not None
    assert judgement.outcome.before == judgement.outcome.after
    return refusal.code, refusal.expected


def test_a_new_fact_is_kept_as_told_in_the_conversation() -> None:
    """A fact lands under its key, with the default category and where it came from."""
    judgement = judge("memory.remember", {"key": "shoe_size", "value": "43"})

    kept = {"value": "43", "category": "other", "source": "conversation"}
    assert facts_after(judgement) == {**facts_of("home_city", "pet"), "shoe_size": kept}


def test_a_known_key_is_replaced() -> None:
    """A fact that changed does not stand twice."""
    inputs = {"key": "pet", "value": "a parrot", "category": "preference"}
    judgement = judge("memory.remember", inputs)

    kept = {"value": "a parrot", "category": "preference", "source": "conversation"}
    assert facts_after(judgement) == {**facts_of("home_city"), "pet": kept}


def test_forgetting_removes_one_fact_without_asking_twice() -> None:
    """The other facts stay, and no confirmation is demanded."""
    judgement = judge("memory.forget", {"key": "pet"}, confirms=False)

    assert facts_after(judgement) == facts_of("home_city")


def test_forgetting_all_leaves_nothing() -> None:
    """An owner who confirms empties the memory."""
    judgement = judge("memory.forget_all", role="owner")

    assert facts_after(judgement) == {}
    assert judgement.outcome.cost == 5


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("bank_password", "tulip", id="password"),
        pytest.param("pin", "4821", id="pin alone"),
        pytest.param("door_pin", "4821", id="pin at the end"),
        pytest.param("api_key_of_ci", "x", id="key in the middle"),
        pytest.param("lucky_number", "4111 1111 1111 1111", id="card number under another name"),
        pytest.param("lucky_number", "4111-1111-1111-1111", id="card number with hyphens"),
        pytest.param("lucky_number", "it is 4111111111111", id="thirteen digits"),
    ],
)
def test_a_secret_is_refused(key: str, value: str) -> None:
    """The engine keeps secrets out even when a model proposes to store them."""
    code, expected = refusal_of(judge("memory.remember", {"key": key, "value": value}))

    assert code is ReasonCode.PRECONDITION_UNMET
    assert "number" in expected


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("shopping_list", "pins and a spinner", id="pin inside a word"),
        pytest.param("opinion", "likes jazz", id="pin inside a key"),
        pytest.param("phone", "+351 912 345 678", id="twelve digits of a telephone"),
    ],
)
def test_a_harmless_fact_is_not_taken_for_a_secret(key: str, value: str) -> None:
    """The rule against secrets does not swallow ordinary facts."""
    assert key in facts_after(judge("memory.remember", {"key": key, "value": value}))


@pytest.mark.parametrize(
    ("inputs"),
    [
        pytest.param({"key": "pet"}, id="no value"),
        pytest.param({"key": "pet", "value": ""}, id="empty value"),
        pytest.param({"key": "pet", "value": "x" * 201}, id="value too long"),
        pytest.param({"key": "Pet Name", "value": "Bolt"}, id="key not in snake case"),
        pytest.param({"key": "k" * 41, "value": "Bolt"}, id="key too long"),
        pytest.param({"key": "pet", "value": "x", "category": "secret"}, id="unknown category"),
        pytest.param({"key": "pet", "value": "x", "source": "import"}, id="source of one's own"),
    ],
)
def test_malformed_inputs_are_refused(inputs: JsonObject) -> None:
    """The schema is strict, and nobody but the handler says where a fact came from."""
    assert refusal_of(judge("memory.remember", inputs))[0] is ReasonCode.INPUT_INVALID


def test_a_full_memory_takes_no_new_key_but_a_new_value() -> None:
    """The last free place can be filled; after that only known keys change."""
    full = facts_of(*(f"fact_{number}" for number in range(MOST_FACTS)))
    almost = {key: full[key] for key in list(full)[1:]}

    refused = judge("memory.remember", {"key": "one_more", "value": "x"}, facts=full)

    assert refusal_of(refused)[0] is ReasonCode.PRECONDITION_UNMET
    assert facts_after(judge("memory.remember", {"key": "fact_0", "value": "y"}, facts=full))
    assert facts_after(judge("memory.remember", {"key": "fact_0", "value": "y"}, facts=almost))


@pytest.mark.parametrize(
    ("action", "inputs", "facts", "role"),
    [
        pytest.param("memory.forget", {"key": "shoe_size"}, None, "operator", id="unknown key"),
        pytest.param("memory.forget_all", {}, {}, "owner", id="nothing to forget"),
    ],
)
def test_forgetting_needs_something_to_forget(
    action: str, inputs: JsonObject, *, facts: JsonObject | None, role: str
) -> None:
    """A deletion without an object is refused, not passed over in silence."""
    judgement = judge(action, inputs, facts=facts, role=role)

    assert refusal_of(judgement)[0] is ReasonCode.PRECONDITION_UNMET


@pytest.mark.parametrize(
    ("action", "role", "confirms", "code"),
    [
        pytest.param("memory.forget", "viewer", True, ReasonCode.RISK_TOO_HIGH, id="viewer"),
        pytest.param(
            "memory.forget_all", "operator", True, ReasonCode.RISK_TOO_HIGH, id="operator"
        ),
        pytest.param(
            "memory.forget_all",
            "owner",
            False,
            ReasonCode.CONFIRMATION_REQUIRED,
            id="owner without a confirmation",
        ),
    ],
)
def test_forgetting_is_bound_to_role_and_confirmation(
    action: str, role: str, *, confirms: bool, code: ReasonCode
) -> None:
    """The more is lost, the more it takes."""
    inputs = {"key": "pet"} if action == "memory.forget" else {}

    judgement = judge(action, inputs, role=role, confirms=confirms)

    assert refusal_of(judgement)[0] is code


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        pytest.param(
            [f"fact_{number}" for number in range(MOST_FACTS + 1)],
            f"at most {MOST_FACTS} facts are kept",
            id="one too many",
        ),
        pytest.param(
            ["pet", "Home City"],
            "every key is lower snake case, such as home_city",
            id="key with a space",
        ),
    ],
)
def test_a_state_that_breaks_an_invariant_is_named(keys: list[str], problem: str) -> None:
    """Both invariants hold for states that the schema alone would let through."""
    problems = SANDBOX.compiled.state_problems({"memory": {"facts": facts_of(*keys)}})

    assert problems == (f"invariant does not hold: {problem}",)


def test_the_description_tells_the_model_what_is_private() -> None:
    """The model can only decline what it was told not to store."""
    description = SANDBOX.environment.description

    assert "decline to store passwords, PINs" in description
    assert "card or bank account numbers" in description
