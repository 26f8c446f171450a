"""The desk's money rules, roles and invariants hold, also against calls that go around them."""

from dataclasses import replace

import pytest

from runtime.plugins.stdlib.helpdesk import PLUGIN
from runtime.public import (
    JsonObject,
    JsonValue,
    Judgement,
    Plan,
    ReasonCode,
    Sandbox,
    State,
    Step,
    StepStatus,
    set_value,
)

SANDBOX = Sandbox.of(PLUGIN, PLUGIN.environments[0])
SMALL = "ticket.refund"
LARGE = "ticket.refund_large"


def a_state(changes: JsonObject) -> JsonObject:
    """Build the desk of a new project with some values changed."""
    components: JsonObject = SANDBOX.registry.initial_state()
    for pointer, value in changes.items():
        components = set_value(components, pointer, value)
    return components


def judge(
    *steps: tuple[str, JsonObject],
    role: str = "admin",
    given: JsonObject | None = None,
    confirms: bool = True,
    approves: bool = True,
) -> Judgement:
    """Simulate a plan for one role."""
    start = SANDBOX.situation()
    situation = replace(
        start,
        state=State.of(a_state(given or {})),
        principal=start.principal.model_copy(update={"roles": (role,)}),
        confirms=confirms,
        approves=approves,
    )
    plan = Plan(steps=tuple(Step(action=action, inputs=inputs) for action, inputs in steps))
    return SANDBOX.simulate(plan, situation)


def refusal_of(judgement: Judgement) -> tuple[ReasonCode, str]:
    """Return the code of a refusal and what it expected."""
    refusal = judgement.outcome.refusal
    assert refusal is not None
    return refusal.code, refusal.expected


def a_refund(ticket: str, amount_cents: JsonValue) -> JsonObject:
    """Build the inputs of a small refund."""
    return {"ticket": ticket, "amount_cents": amount_cents}


@pytest.mark.parametrize("action", [SMALL, LARGE])
@pytest.mark.parametrize(
    ("ticket", "given", "message"),
    [
        pytest.param("t_999", {}, "one of the desk's tickets", id="unknown ticket"),
        pytest.param("t_107", {"/tickets/t_107/status": "resolved"}, "reopen", id="resolved"),
        pytest.param("t_102", {}, "concern an order", id="no order"),
        pytest.param("t_107", {"/customers/c_6/blocked": True}, "blocked", id="blocked customer"),
        pytest.param("t_107", {"/tickets/t_107/refunded_cents": 1}, "order cost", id="too much"),
        pytest.param("t_107", {"/desk/refund_pool_cents": 4549}, "pool", id="pool too small"),
    ],
)
def test_no_refund_goes_around_the_shared_rules(
    action: str, ticket: str, given: JsonObject, message: str
) -> None:
    """Small and large refunds share each rule about ticket, customer, order and pool."""
    reason: JsonObject = {"reason": "x"} if action == LARGE else {}
    code, expected = refusal_of(judge((action, {**a_refund(ticket, 4550), **reason}), given=given))

    assert code is ReasonCode.PRECONDITION_UNMET
    assert message in expected


@pytest.mark.parametrize("amount", [0, -1, 5001, 25.5, "20", None])
def test_a_small_refund_takes_whole_cents_up_to_the_limit(amount: JsonValue) -> None:
    """Anything but 1 to 5000 whole cents is refused by the schema."""
    code, _ = refusal_of(judge((SMALL, a_refund("t_103", amount))))

    assert code is ReasonCode.INPUT_INVALID


def test_earlier_refunds_count_towards_the_limit() -> None:
    """Twenty euros before and thirty and a cent now are a large refund."""
    code, expected = refusal_of(judge((SMALL, a_refund("t_104", 3001))))

    assert code is ReasonCode.PRECONDITION_UNMET
    assert "50.00 EUR or less" in expected


def test_a_large_refund_cannot_be_split_over_two_tickets() -> None:
    """Refunds of all tickets about one order count together."""
    judgement = judge((SMALL, a_refund("t_104", 3000)), (SMALL, a_refund("t_105", 1)))

    code, expected = refusal_of(judgement)
    assert code is ReasonCode.HANDLER_REFUSED
    assert "5001 cents over all of its tickets" in expected


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        pytest.param(6401, "at most its total of 8400", id="above the order's total"),
        pytest.param(3000, "use ticket.refund", id="a small refund in disguise"),
    ],
)
def test_a_large_refund_counts_the_order_over_its_tickets(amount: int, message: str) -> None:
    """What the other ticket about the order paid back is counted in."""
    judgement = judge((LARGE, {**a_refund("t_105", amount), "reason": "x"}))

    code, expected = refusal_of(judgement)
    assert code is ReasonCode.HANDLER_REFUSED
    assert message in expected


def test_other_orders_do_not_count() -> None:
    """Only tickets about the same order are added up."""
    judgement = judge((SMALL, a_refund("t_100", 5000)), (SMALL, a_refund("t_101", 5000)))

    assert judgement.outcome.status is StepStatus.DONE


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        pytest.param("t_999", "t_104", "tickets of the desk", id="unknown source"),
        pytest.param("t_104", "t_999", "tickets of the desk", id="unknown target"),
        pytest.param("t_104", "t_104", "into itself", id="itself"),
        pytest.param("t_100", "t_101", "same customer", id="two customers"),
        pytest.param("t_106", "t_108", "closed", id="closed target"),
        pytest.param("t_108", "t_106", "closed", id="closed source"),
    ],
)
def test_only_live_tickets_of_one_customer_merge(source: str, target: str, message: str) -> None:
    """Each rule of a merge refuses by itself."""
    code, expected = refusal_of(judge(("ticket.merge", {"source": source, "target": target})))

    assert code is ReasonCode.PRECONDITION_UNMET
    assert message in expected


@pytest.mark.parametrize(
    ("action", "inputs"),
    [
        pytest.param(LARGE, {**a_refund("t_103", 6000), "reason": "x"}, id="large refund"),
        pytest.param("customer.block", {"customer": "c_5", "reason": "x"}, id="block"),
        pytest.param("customer.erase", {"customer": "c_5"}, id="erase"),
    ],
)
def test_high_risk_needs_the_role_and_a_confirmation(action: str, inputs: JsonObject) -> None:
    """An operator is refused, an admin must confirm."""
    by_operator = judge((action, inputs), role="operator")
    unconfirmed = judge((action, inputs), confirms=False)

    assert refusal_of(by_operator)[0] is ReasonCode.ROLE_MISSING
    assert refusal_of(unconfirmed)[0] is ReasonCode.CONFIRMATION_REQUIRED


@pytest.mark.parametrize(
    ("action", "inputs"),
    [
        pytest.param(LARGE, {**a_refund("t_103", 6000), "reason": "x"}, id="large refund"),
        pytest.param("customer.erase", {"customer": "c_5"}, id="erase"),
    ],
)
def test_money_and_erasure_need_a_colleague(action: str, inputs: JsonObject) -> None:
    """An admin alone can't pay out a large sum or erase somebody."""
    judgement = judge((action, inputs), approves=False)

    assert refusal_of(judgement)[0] is ReasonCode.APPROVAL_REQUIRED


def test_a_viewer_may_do_nothing() -> None:
    """Even an internal note is more than looking."""
    judgement = judge(("ticket.add_note", {"ticket": "t_100", "note": "x"}), role="viewer")

    assert refusal_of(judgement)[0] is ReasonCode.RISK_TOO_HIGH


def test_an_operator_cannot_call_the_hidden_action() -> None:
    """Knowing its name does not open it."""
    assert refusal_of(judge(("desk.reindex", {}), role="operator"))[0] is ReasonCode.ACTION_HIDDEN


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"/tickets/t_107/refunded_cents": 4551}, "than its order", id="refunds"),
        pytest.param({"/tickets/t_105/refunded_cents": 6401}, "two tickets", id="shared order"),
        pytest.param({"/tickets/t_105/merged_into": "t_104"}, "merged", id="merged but open"),
        pytest.param({"/tickets/t_108/merged_into": "t_104"}, "merged", id="merged to a stranger"),
        pytest.param({"/tickets/t_108/merged_into": "t_999"}, "merged", id="merged to nowhere"),
        pytest.param({"/tickets/t_107/assignee": "a_dmitri"}, "on shift", id="absent assignee"),
        pytest.param({"/desk/agents/a_bruno/on_shift": False}, "on shift", id="gone home"),
        pytest.param({"/tickets/t_107/customer": "c_99"}, "known customer", id="no customer"),
        pytest.param({"/customers/c_4/blocked": True}, "blocked customer", id="blocked urgent"),
        pytest.param({"/customers/c_7/erased": True}, "erased customer", id="address kept"),
        pytest.param(
            {"/customers/c_6/erased": True, "/customers/c_6/email": ""},
            "erased customer",
            id="erased with an open ticket",
        ),
        pytest.param({"/desk/refund_pool_cents": 250_001}, "day's share", id="pool"),
    ],
)
def test_a_state_that_breaks_an_invariant_is_named(changes: JsonObject, message: str) -> None:
    """Each invariant is broken by some state and says so."""
    problems = SANDBOX.compiled.state_problems(a_state(changes))

    assert len(problems) == 1
    assert message in problems[0]
