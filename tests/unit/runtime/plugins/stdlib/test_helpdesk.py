"""The desk does its work, keeps its money rules and refuses each call that breaks one."""

from dataclasses import replace

import pytest

from runtime.domain.action import Visibility
from runtime.plugins.stdlib.helpdesk import PLUGIN
from runtime.public import (
    JsonObject,
    JsonValue,
    Judgement,
    Plan,
    ReasonCode,
    Sandbox,
    Situation,
    State,
    Step,
    StepStatus,
    canonical_bytes,
    get,
    set_value,
)

SANDBOX = Sandbox.of(PLUGIN, PLUGIN.environments[0])
NEW_ERASED = {"/customers/c_5/erased": True, "/customers/c_5/email": ""}
BLOCKED_LUCIA = {"/customers/c_6/blocked": True}
BLOCKED_URGENT = {
    "/customers/c_6/blocked": True,
    "/tickets/t_107/priority": "urgent",
    "/tickets/t_107/status": "resolved",
}


def a_situation(changes: JsonObject | None = None, *, role: str = "admin") -> Situation:
    """Build the desk of a new project with some values changed, seen by one role."""
    start = SANDBOX.situation()
    components: JsonValue = start.state.components
    for pointer, value in (changes or {}).items():
        components = set_value(components, pointer, value)
    return replace(
        start,
        state=State.of(components),
        principal=start.principal.model_copy(update={"roles": (role,)}),
    )


def judge(situation: Situation, *steps: tuple[str, JsonObject]) -> Judgement:
    """Simulate a plan."""
    plan = Plan(steps=tuple(Step(action=action, inputs=inputs) for action, inputs in steps))
    return SANDBOX.simulate(plan, situation)


def refusal_of(judgement: Judgement) -> tuple[ReasonCode, str]:
    """Return the code of a refusal and what it expected."""
    refusal = judgement.outcome.refusal
    assert refusal is not None
    return refusal.code, refusal.expected


def test_the_initial_state_is_sound_and_small() -> None:
    """A new project satisfies schemas and invariants and fits into a prompt."""
    state = SANDBOX.registry.initial_state()

    assert SANDBOX.compiled.state_problems() == ()
    assert len(canonical_bytes(state)) < 5_000


def test_the_model_never_sees_the_developer_action() -> None:
    """Rebuilding the index is hidden; the other fifteen actions are offered."""
    hidden = [item for item in PLUGIN.actions if item.permission.visibility is not Visibility.USER]

    assert [item.name for item in hidden] == ["desk.reindex"]
    assert len(SANDBOX.registry.visible()) == 15


def test_every_input_says_what_it_is() -> None:
    """A model plans from descriptions, so no input may lack one, and none may be undeclared."""
    for action in PLUGIN.actions:
        assert action.input_schema["additionalProperties"] is False
        for name, declared in action.input_schema["properties"].items():
            assert declared.get("description"), f"{action.id} {name}"


@pytest.mark.parametrize(
    ("action", "inputs", "given", "then"),
    [
        pytest.param(
            "ticket.assign",
            {"ticket": "t_107", "agent": "a_bruno"},
            {},
            {"/tickets/t_107/assignee": "a_bruno"},
            id="assign",
        ),
        pytest.param(
            "ticket.assign",
            {"ticket": "t_100", "agent": None},
            {},
            {"/tickets/t_100/assignee": None},
            id="assign to nobody",
        ),
        pytest.param(
            "ticket.set_priority",
            {"ticket": "t_107", "priority": "urgent"},
            {},
            {"/tickets/t_107/priority": "urgent"},
            id="set priority",
        ),
        pytest.param(
            "ticket.set_priority",
            {"ticket": "t_107", "priority": "low"},
            BLOCKED_LUCIA,
            {"/tickets/t_107/priority": "low"},
            id="lower a blocked customer's ticket",
        ),
        pytest.param(
            "ticket.reply",
            {"ticket": "t_100", "body": "Guten Tag"},
            {},
            {"/tickets/t_100/last_reply": "Guten Tag", "/tickets/t_100/status": "pending"},
            id="a reply to an open ticket waits for the customer",
        ),
        pytest.param(
            "ticket.reply",
            {"ticket": "t_106", "body": "Gern"},
            {},
            {"/tickets/t_106/last_reply": "Gern", "/tickets/t_106/status": "resolved"},
            id="a reply leaves a resolved ticket resolved",
        ),
        pytest.param(
            "ticket.add_note",
            {"ticket": "t_108", "note": "Old"},
            {},
            {"/tickets/t_108/last_note": "Old"},
            id="note on a closed ticket",
        ),
        pytest.param(
            "ticket.resolve",
            {"ticket": "t_102"},
            {},
            {"/tickets/t_102/status": "resolved"},
            id="resolve a pending ticket",
        ),
        pytest.param(
            "ticket.reopen",
            {"ticket": "t_106"},
            {},
            {"/tickets/t_106/status": "open", "/tickets/t_106/assignee": "a_bruno"},
            id="reopen keeps an agent on shift",
        ),
        pytest.param(
            "ticket.reopen",
            {"ticket": "t_108"},
            {},
            {"/tickets/t_108/status": "open", "/tickets/t_108/assignee": None},
            id="reopen drops an agent off shift",
        ),
        pytest.param(
            "ticket.close",
            {"ticket": "t_106"},
            {},
            {"/tickets/t_106/status": "closed"},
            id="close",
        ),
        pytest.param(
            "ticket.merge",
            {"source": "t_105", "target": "t_104"},
            {"/tickets/t_105/tags": ["billing", "rug"]},
            {
                "/tickets/t_105/status": "closed",
                "/tickets/t_105/merged_into": "t_104",
                "/tickets/t_104/tags": ["billing", "rug"],
            },
            id="merge takes each tag over once",
        ),
        pytest.param(
            "ticket.escalate",
            {"ticket": "t_100", "team": "finance", "reason": "Too much"},
            {},
            {
                "/tickets/t_100/team": "finance",
                "/tickets/t_100/assignee": None,
                "/tickets/t_100/last_note": "Too much",
            },
            id="escalate",
        ),
        pytest.param(
            "ticket.refund",
            {"ticket": "t_104", "amount_cents": 3000},
            {},
            {"/tickets/t_104/refunded_cents": 5000, "/desk/refund_pool_cents": 197_000},
            id="refund up to the limit",
        ),
        pytest.param(
            "ticket.refund",
            {"ticket": "t_107", "amount_cents": 4550},
            {"/desk/refund_pool_cents": 4550},
            {"/tickets/t_107/refunded_cents": 4550, "/desk/refund_pool_cents": 0},
            id="refund the whole order with the whole pool",
        ),
        pytest.param(
            "ticket.refund_large",
            {"ticket": "t_104", "amount_cents": 6400, "reason": "Twice"},
            {},
            {"/tickets/t_104/refunded_cents": 8400, "/desk/refund_pool_cents": 193_600},
            id="large refund of the rest",
        ),
        pytest.param(
            "ticket.refund_large",
            {"ticket": "t_104", "amount_cents": 3001, "reason": "Twice"},
            {},
            {"/tickets/t_104/refunded_cents": 5001},
            id="large refund of one cent above the limit",
        ),
        pytest.param(
            "customer.set_tier",
            {"customer": "c_6", "tier": "gold"},
            {},
            {"/customers/c_6/tier": "gold"},
            id="set tier",
        ),
        pytest.param(
            "customer.block",
            {"customer": "c_5", "reason": "Fraud"},
            {},
            {"/customers/c_5/blocked": True, "/customers/c_5/block_reason": "Fraud"},
            id="block",
        ),
        pytest.param(
            "customer.erase",
            {"customer": "c_5"},
            {},
            {
                "/customers/c_5/name": "erased",
                "/customers/c_5/email": "",
                "/customers/c_5/erased": True,
                "/tickets/t_106/message": "",
                "/tickets/t_108/subject": "erased",
                "/tickets/t_107/subject": "Talla equivocada",
            },
            id="erase the customer and no other",
        ),
        pytest.param(
            "desk.set_shift",
            {"agent": "a_chiara", "on_shift": False},
            {},
            {"/desk/agents/a_chiara/on_shift": False},
            id="end a shift without tickets",
        ),
        pytest.param("desk.reindex", {}, {}, {"/desk/currency": "EUR"}, id="reindex"),
    ],
)
def test_an_allowed_call_changes_what_it_should(
    action: str, inputs: JsonObject, given: JsonObject, then: JsonObject
) -> None:
    """An admin's call runs and leaves the values that its description promises."""
    judgement = judge(a_situation(given), (action, inputs))

    assert judgement.outcome.status is StepStatus.DONE, judgement.outcome.refusal
    assert {pointer: get(judgement.state.components, pointer) for pointer in then} == then


def refused(
    action: str, target: str, message: str, *, given: JsonObject | None = None, **inputs: JsonValue
) -> object:
    """Build one row of the table of refusals; `target` is the ticket, customer or agent."""
    key = {"t": "ticket", "c": "customer", "a": "agent"}[target[0]]
    name = " ".join([action, target, *map(str, inputs.values()), "-", message])
    return pytest.param(action, {key: target, **inputs}, given or {}, message, id=name)


@pytest.mark.parametrize(
    ("action", "inputs", "given", "message"),
    [
        refused("ticket.assign", "t_999", "one of the desk's tickets", agent="a_bruno"),
        refused("ticket.assign", "t_108", "not be closed", agent="a_bruno"),
        refused("ticket.assign", "t_107", "on shift", agent="a_dmitri"),
        refused("ticket.assign", "t_107", "on shift", agent="a_nobody"),
        refused("ticket.set_priority", "t_999", "one of the desk's tickets", priority="low"),
        refused("ticket.set_priority", "t_106", "open or pending", priority="low"),
        refused(
            "ticket.set_priority", "t_107", "not be urgent", given=BLOCKED_LUCIA, priority="urgent"
        ),
        refused("ticket.reply", "t_999", "one of the desk's tickets", body="Hi"),
        refused("ticket.reply", "t_108", "not be closed", body="Hi"),
        refused("ticket.reply", "t_106", "not be erased", given=NEW_ERASED, body="Hi"),
        refused("ticket.add_note", "t_999", "one of the desk's tickets", note="Hi"),
        refused("ticket.resolve", "t_999", "one of the desk's tickets"),
        refused("ticket.resolve", "t_106", "open or pending"),
        refused("ticket.reopen", "t_999", "one of the desk's tickets"),
        refused("ticket.reopen", "t_100", "resolved or closed"),
        refused("ticket.reopen", "t_106", "not be erased", given=NEW_ERASED),
        refused("ticket.reopen", "t_107", "stay shut", given=BLOCKED_URGENT),
        refused(
            "ticket.reopen",
            "t_105",
            "not be merged",
            given={"/tickets/t_105/status": "closed", "/tickets/t_105/merged_into": "t_104"},
        ),
        refused("ticket.close", "t_999", "one of the desk's tickets"),
        refused("ticket.close", "t_102", "must be resolved"),
        refused("ticket.escalate", "t_999", "one of the desk's tickets", team="legal", reason="x"),
        refused("ticket.escalate", "t_106", "open or pending", team="legal", reason="x"),
        refused(
            "ticket.escalate",
            "t_100",
            "queue already",
            given={"/tickets/t_100/team": "legal"},
            team="legal",
            reason="x",
        ),
        refused("customer.set_tier", "c_99", "one of the desk's customers", tier="gold"),
        refused("customer.set_tier", "c_5", "erased already", given=NEW_ERASED, tier="gold"),
        refused("customer.set_tier", "c_3", "in that tier already", tier="gold"),
        refused("customer.block", "c_99", "one of the desk's customers", reason="x"),
        refused("customer.block", "c_5", "erased already", given=NEW_ERASED, reason="x"),
        refused("customer.block", "c_7", "blocked already", reason="x"),
        refused("customer.block", "c_4", "no open or pending urgent", reason="x"),
        refused("customer.erase", "c_99", "one of the desk's customers"),
        refused("customer.erase", "c_5", "erased already", given=NEW_ERASED),
        refused("customer.erase", "c_6", "resolved or closed"),
        refused("desk.set_shift", "a_nobody", "one of the desk's agents", on_shift=True),
        refused("desk.set_shift", "a_bruno", "shift must change", on_shift=True),
        refused("desk.set_shift", "a_bruno", "assigned to others first", on_shift=False),
    ],
)
def test_a_broken_precondition_refuses(
    action: str, inputs: JsonObject, given: JsonObject, message: str
) -> None:
    """Each precondition refuses by itself, with a message that a person understands."""
    code, expected = refusal_of(judge(a_situation(given), (action, inputs)))

    assert code is ReasonCode.PRECONDITION_UNMET
    assert message in expected
