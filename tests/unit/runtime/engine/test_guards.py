"""Each guard refuses what it names, and only it does: without it the violation would pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from itertools import combinations
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.action import Permission, SideEffect, Visibility
from runtime.domain.approval import Consent, ConsentKind
from runtime.domain.condition import Condition
from runtime.domain.declared_effects import DeclaredEffects
from runtime.domain.limits import BudgetScope, ExecutionWindow, LimitMeasure, Limits, Usage
from runtime.domain.policy import Obligation, ObligationKind, PolicyReason
from runtime.domain.reason import ReasonCode
from runtime.domain.shared_limits import BudgetMeasure
from runtime.domain.shared_rates import RateGrant, RateRefusal, RateWindow
from runtime.engine.facts import GateFact, StepFacts
from runtime.engine.guards import GUARDS, consents_for, first_refusal
from runtime.kit.json_value import JsonObject, JsonValue
from tests.builders import (
    NOW,
    a_consent,
    a_decision,
    a_principal,
    a_registry,
    a_step,
    an_action,
    step_facts_for,
)
from tests.shared_limits import a_budget, shared_limits

NIGHT: Final = ExecutionWindow(start=time(22), end=time(6))
MAIL: Final = SideEffect(job="mail.send", description="Mails.")
FULL: Final = Condition(rule="state.box.value > 0", message="the box is full")
STEP: Final = a_step(value=3)
NO_ROOM: Final = RateGrant(
    steps=0,
    refusal=RateRefusal(
        window=RateWindow(
            scope=BudgetScope.ORGANIZATION,
            subject="acme",
            measure=LimitMeasure.PER_MINUTE,
            most=5,
        ),
        used=5,
        wanted=1,
        free_at=NOW,
    ),
)
BREACHES: Final[dict[str, JsonObject]] = {
    "project_active": {"project_active": False},
    "action_known": {"known": False},
    "action_visible": {"visibility": Visibility.DEVELOPER},
    "effects_declared": {"side_effects": (MAIL,)},
    "inputs_valid": {"step": a_step(value="ten")},
    "policy_allows": {"allow": False},
    "inside_window": {"windows": (NIGHT,)},
    "preconditions_hold": {"preconditions": (FULL,)},
    "within_rate": {"per_minute": 0},
    "within_shared_rate": {"rate_grant": NO_ROOM},
    "within_quota": {"quotas": {BudgetScope.PROJECT: 0}},
    "within_budget": {"budgets": {BudgetScope.PROJECT: 0}},
    "within_shared_quota": {"shared_quota": a_budget(0, measure=BudgetMeasure.ACTIONS)},
    "within_shared_budget": {"shared_budget": a_budget(0)},
    "within_cap": {"cap": 0},
    "gate_passed": {"gated": True},
    "confirmed": {"confirm": True},
    "approved": {"approvals": 2},
}
"""For each guard the change to a permitted step that it alone refuses."""
LIMITS: Final = (
    "inside_window",
    "within_rate",
    "within_shared_rate",
    "within_quota",
    "within_budget",
    "within_shared_quota",
    "within_shared_budget",
)
"""The guards that an urgent action is excused from."""


def judged(**changes: object) -> StepFacts:
    """Build a step that passes every guard, but for these changes."""
    given_: JsonObject = dict(changes)
    registry = a_registry(
        an_action(
            permission=Permission(
                visibility=given_.get("visibility", Visibility.USER),
                urgent=given_.get("urgent", False),
            ),
            preconditions=given_.get("preconditions", ()),
            side_effects=given_.get("side_effects", ()),
        ),
        effects=DeclaredEffects(plugin="shop", names=frozenset({"box.label"})),
    )
    step = given_.get("step", STEP)
    return step_facts_for(
        step if given_.get("known", True) else a_step("box.burn@1"),
        registry,
        project_active=given_.get("project_active", True),
        plugin_enabled=given_.get("plugin_enabled", True),
        principal=a_principal(roles=given_.get("roles", ("operator",))),
        decisions=(a_decision(allow=given_.get("allow", True), obligations=_demands(given_)),),
        limits=Limits(
            per_minute=given_.get("per_minute"),
            per_hour=given_.get("per_hour"),
            windows=given_.get("windows", ()),
            budgets=given_.get("budgets", {}),
            quotas=given_.get("quotas", {}),
        ),
        usage=given_.get("usage", Usage()),
        rate_grant=given_.get("rate_grant"),
        shared_limits=shared_limits(
            *(given_[name] for name in ("shared_quota", "shared_budget") if name in given_)
        ),
    )


def _demands(given_: JsonObject) -> tuple[Obligation, ...]:
    confirm = (Obligation(kind=ObligationKind.CONFIRM),) if given_.get("confirm") else ()
    count, cap = given_.get("approvals", 0), given_.get("cap")
    approve = (Obligation(kind=ObligationKind.APPROVE, count=count),) if count else ()
    capped = () if cap is None else (Obligation(kind=ObligationKind.CAP_COST, units=cap),)
    gated = (Obligation(kind=ObligationKind.EVAL_GATE),) if given_.get("gated") else ()
    return (*confirm, *approve, *capped, *gated)


def with_consents(facts: StepFacts, *consents: Consent) -> StepFacts:
    """Put consents at hand that are bound to the plan, unless they say otherwise."""
    bound = tuple(
        item.model_copy(update={"plan_digest": facts.plan_digest})
        if item.plan_digest == "sha256:plan"
        else item
        for item in consents
    )
    return _replaced(facts, consents=bound)


def _replaced(facts: StepFacts, **changes: JsonValue) -> StepFacts:
    return replace(facts, facts=replace(facts.facts, **changes))


def test_a_passed_gate_lets_a_step_pass_that_takes_one() -> None:
    """Without one, the refusal says why none counts."""
    facts = judged(gated=True)

    refused = first_refusal(_replaced(facts, gate=GateFact(ungated="gate gat_1 did not pass")))

    assert refused is not None
    assert (refused.guard, refused.found) == ("gate_passed", "gate gat_1 did not pass")
    assert first_refusal(_replaced(facts, gate=GateFact(passed="gat_1"))) is None


def test_a_permitted_step_meets_no_refusal() -> None:
    """Every guard lets a plain step of an operator pass."""
    assert first_refusal(judged()) is None


@pytest.mark.parametrize("guard", LIMITS)
def test_an_urgent_action_is_not_held_back(guard: str) -> None:
    """Neither the hour nor a counter nor money stands in the way of an emergency stop."""
    assert first_refusal(judged(urgent=True, **BREACHES[guard])) is None


@pytest.mark.parametrize("guard", sorted(set(BREACHES) - set(LIMITS)))
def test_urgency_excuses_nothing_else(guard: str) -> None:
    """Roles, inputs, preconditions and people still count for an urgent action."""
    refusal = first_refusal(judged(urgent=True, **BREACHES[guard]))

    assert refusal is not None
    assert refusal.guard == guard


def test_the_order_of_the_guards_is_the_contract() -> None:
    """Moving a guard changes which reason people see, so the order is pinned."""
    assert tuple(guard.__name__ for guard in GUARDS) == tuple(BREACHES)


@pytest.mark.parametrize(
    ("name", "code", "expected", "found", "remedy"),
    [
        ("project_active", "project_archived", "an active project", "project", "restore the"),
        ("action_known", "action_unknown", "an action of the registry", "box.burn@1", "use an id"),
        ("action_visible", "action_hidden", "an action that is visible", "box.put@1", "ask a dev"),
        (
            "effects_declared",
            "effect_undeclared",
            "effects that the plugin 'shop'",
            "mail.send",
            "its",
        ),
        ("inputs_valid", "input_invalid", "inputs that satisfy", "/value: ", "see the input"),
        ("policy_allows", "policy_denied", "a policy that allows", None, "ask an admin"),
        ("inside_window", "outside_window", "a time inside 22:00-06:00 UTC", "2026-", "run it"),
        ("preconditions_hold", "precondition_unmet", "the box is full", FULL.rule, "bring the"),
        ("within_rate", "rate_limited", "at most 0 actions a minute", 1, "use something smaller"),
        ("within_shared_rate", "rate_limited", "at most 5 actions a minute of", 6, "wait until"),
        ("within_quota", "quota_exceeded", "at most 0 actions of the project", 1, "use something"),
        ("within_budget", "budget_exceeded", "at most 0 units of the project", 1, "use something"),
        ("within_shared_quota", "quota_exceeded", "at most 0 actions a day of the organ", 1, "use"),
        ("within_shared_budget", "budget_exceeded", "at most 0 units a day of the organ", 1, "use"),
        ("within_cap", "cost_capped", "a step that costs at most 0 units", 1, "use a cheaper"),
        ("gate_passed", "gate_required", "a passed evaluation of the", "nothing says", "run `pl"),
        ("confirmed", "confirmation_required", "the requester's confirmation", None, "confirm"),
        ("approved", "approval_required", "2 approval(s) by other people", 0, "ask a colleague"),
    ],
    ids=list(BREACHES),
)
def test_a_guard_names_itself_the_reason_and_the_remedy(
    name: str, code: str, expected: str, found: object, remedy: str
) -> None:
    """A refusal says which guard, why, what was wanted, what it met and what would mend it."""
    refusal = first_refusal(judged(**BREACHES[name]))

    assert refusal is not None
    assert (refusal.guard, refusal.code) == (name, ReasonCode(code))
    assert refusal.expected.startswith(expected)
    assert refusal.found == found or str(refusal.found).startswith(str(found))
    assert refusal.remedy.startswith(remedy)


@pytest.mark.parametrize("name", [name for name in BREACHES if name != "action_known"])
def test_without_its_guard_a_breach_would_pass(name: str) -> None:
    """No other guard covers for a removed one: each is needed."""
    without = tuple(guard for guard in GUARDS if guard.__name__ != name)

    assert first_refusal(judged(**BREACHES[name])) is not None
    assert first_refusal(judged(**BREACHES[name]), without) is None


def test_without_its_guard_an_unknown_action_is_a_fault_of_the_engine() -> None:
    """The guards behind `action_known` rely on it and fail loudly when it is gone."""
    without = tuple(guard for guard in GUARDS if guard.__name__ != "action_known")

    with pytest.raises(LookupError, match=r"guard order broken: 'box\.burn@1' is not known"):
        first_refusal(judged(known=False), without)


@pytest.mark.parametrize(("first", "second"), list(combinations(BREACHES, 2)))
def test_of_two_breaches_the_earlier_guard_speaks(first: str, second: str) -> None:
    """The order decides which of two reasons a person sees."""
    refusal = first_refusal(judged(**BREACHES[second], **BREACHES[first]))

    assert refusal is not None
    assert refusal.guard == first


@given(names=st.sets(st.sampled_from(list(BREACHES)), min_size=1))
def test_of_any_breaches_the_earliest_guard_speaks(names: set[str]) -> None:
    """Whatever else is wrong, the first guard in the table gives the reason."""
    changes: JsonObject = {}
    for name in names:
        changes |= BREACHES[name]

    refusal = first_refusal(judged(**changes))

    assert refusal is not None
    assert refusal.guard == next(name for name in BREACHES if name in names)


@pytest.mark.parametrize("role", ["developer", "admin", "owner"])
def test_developer_actions_are_visible_to(role: str) -> None:
    """Developers, admins and owners may call what is hidden from the model."""
    assert first_refusal(judged(visibility=Visibility.DEVELOPER, roles=("viewer", role))) is None


def test_a_silent_policy_is_a_refusal() -> None:
    """No answer of policy never allows."""
    refusal = first_refusal(_replaced(judged(), decisions=()))

    assert refusal is not None
    assert refusal.code is ReasonCode.POLICY_UNAVAILABLE
    assert refusal.expected == "a policy decision"
    assert refusal.remedy == "try again when the policy engine answers"


def test_a_denial_shows_the_first_reason_of_policy() -> None:
    """What policy says about a denial reaches the person unchanged."""
    reason = PolicyReason(code=ReasonCode.ROLE_MISSING, message="the role cook", remedy="ask cook")
    denied = a_decision(allow=False, reasons=(reason,))

    refusal = first_refusal(_replaced(judged(), decisions=(denied,)))

    assert refusal is not None
    assert (refusal.guard, refusal.code) == ("policy_allows", ReasonCode.ROLE_MISSING)
    assert (refusal.expected, refusal.remedy) == ("the role cook", "ask cook")


def test_one_open_window_of_several_is_enough() -> None:
    """Windows add up."""
    day = ExecutionWindow(start=time(9), end=time(17))

    assert first_refusal(judged(windows=(NIGHT, day))) is None


def test_a_precondition_that_can_not_be_judged_refuses_with_its_fault() -> None:
    """A fault in a rule is told from a plain no, and refuses too."""
    rule = Condition(rule="state.box.colour == 'red'", message="the box is red")

    refusal = first_refusal(judged(preconditions=(rule,)))

    assert refusal is not None
    assert refusal.code is ReasonCode.PRECONDITION_ERROR
    assert "colour" in str(refusal.found)


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        pytest.param({"per_minute": 2, "usage": Usage(last_minute=1)}, None, id="last of minute"),
        pytest.param({"per_minute": 2, "usage": Usage(last_minute=2)}, 3, id="over the minute"),
        pytest.param({"per_hour": 2, "usage": Usage(last_hour=1)}, None, id="last of hour"),
        pytest.param({"per_hour": 2, "usage": Usage(last_hour=2)}, 3, id="over the hour"),
        pytest.param({"per_minute": 9, "per_hour": 1, "usage": Usage(last_hour=1)}, 2, id="both"),
    ],
)
def test_a_rate_counts_the_step_itself(changes: JsonObject, refused: int | None) -> None:
    """The action that would be one too many is refused, the last allowed one is not."""
    refusal = first_refusal(judged(**changes))

    assert (refusal and refusal.found) == refused
    assert refusal is None or refusal.code is ReasonCode.RATE_LIMITED


@pytest.mark.parametrize("scope", list(BudgetScope))
@pytest.mark.parametrize(("spent", "passes"), [(9, True), (10, False)], ids=["fits", "exceeds"])
def test_a_cost_must_fit_into_each_budget(scope: BudgetScope, *, spent: int, passes: bool) -> None:
    """A cost that uses a budget up passes; one unit more does not."""
    usage = Usage(spent={scope: spent}, spent_by_action={"box.put": spent, "box.other": 99})

    refusal = first_refusal(judged(budgets={scope: 10}, usage=usage))

    assert (refusal is None) is passes
    assert refusal is None or f"{scope} budget" in refusal.expected


CONFIRMATION: Final = a_consent(kind=ConsentKind.CONFIRMATION, granted_by="ann")
APPROVALS: Final = (a_consent(), a_consent(id="consent-2", granted_by="cat"))


def test_the_requesters_confirmation_satisfies() -> None:
    """A confirmed plan passes."""
    assert first_refusal(with_consents(judged(confirm=True), CONFIRMATION)) is None


def test_two_people_satisfy_two_approvals() -> None:
    """An approved plan passes."""
    assert first_refusal(with_consents(judged(approvals=2), *APPROVALS)) is None


NOT_GOOD: Final = (
    pytest.param({"plan_digest": "sha256:other"}, id="for another plan"),
    pytest.param({"requester": "dan"}, id="for another requester"),
    pytest.param({"policy_revision": "rules-0"}, id="under another policy"),
    pytest.param({"expires_at": NOW}, id="just expired"),
    pytest.param({"expires_at": NOW - timedelta(days=1)}, id="long expired"),
)
"""Each way in which a consent is not good for the plan."""


@pytest.mark.parametrize(
    "change", [*NOT_GOOD, pytest.param({"granted_by": "bob"}, id="by somebody else")]
)
def test_a_confirmation_does_not_count(change: JsonObject) -> None:
    """A confirmation is the requester's own, for this very plan, policy and moment."""
    facts = with_consents(judged(confirm=True), CONFIRMATION.model_copy(update=change))

    refusal = first_refusal(facts)

    assert refusal is not None
    assert refusal.code is ReasonCode.CONFIRMATION_REQUIRED


@pytest.mark.parametrize(
    "change",
    [
        *NOT_GOOD,
        pytest.param({"granted_by": "ann"}, id="by the requester"),
        pytest.param({"granted_by": "cat"}, id="by the same person twice"),
        pytest.param({"kind": ConsentKind.CONFIRMATION}, id="a confirmation"),
    ],
)
def test_an_approval_does_not_count(change: JsonObject) -> None:
    """Two approvals are those of two other people, for this very plan, policy and moment."""
    first, second = APPROVALS

    refusal = first_refusal(
        with_consents(judged(approvals=2), first.model_copy(update=change), second)
    )

    assert refusal is not None
    assert refusal.code is ReasonCode.APPROVAL_REQUIRED
    assert refusal.found == 1


def test_each_obligation_to_approve_is_met_on_its_own() -> None:
    """Of the people who said yes, enough have each role that is asked for."""
    one = Obligation(kind=ObligationKind.APPROVE)
    by_finance = Obligation(kind=ObligationKind.APPROVE, role="finance")
    decided = _replaced(judged(), decisions=(a_decision(obligations=(one, by_finance)),))
    admin, colleague = APPROVALS
    of_finance = colleague.model_copy(update={"roles": ("operator", "finance")})
    of_both = colleague.model_copy(update={"roles": ("admin", "finance")})

    refusal = first_refusal(with_consents(decided, admin, colleague))

    assert refusal is not None
    assert refusal.expected == "1 approval(s) by others who are finance"
    assert first_refusal(with_consents(decided, admin, of_finance)) is None
    assert first_refusal(with_consents(decided, of_both)) is None
    alone = first_refusal(with_consents(decided, of_finance))
    assert alone is not None
    assert alone.expected == "1 approval(s) by other people"


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        pytest.param({}, True, id="two who administer"),
        pytest.param({"granted_by": "bob"}, False, id="one person twice"),
        pytest.param({"granted_by": "ann"}, False, id="the requester"),
        pytest.param({"roles": ("operator", "finance")}, False, id="one who does not administer"),
        pytest.param({"overrides": False}, False, id="a vote is none"),
        *(pytest.param(*item.values, False, id=item.id) for item in NOT_GOOD),
    ],
)
def test_two_people_put_every_approval_aside(changes: JsonObject, *, passes: bool) -> None:
    """Whatever the obligations ask for; each of the two has to be good for this very plan."""
    asked = tuple(
        Obligation(kind=ObligationKind.APPROVE, count=3, role=role) for role in (None, "finance")
    )
    decided = _replaced(judged(), decisions=(a_decision(obligations=asked),))
    first, second = (item.model_copy(update={"overrides": True}) for item in APPROVALS)

    refusal = first_refusal(with_consents(decided, first, second.model_copy(update=changes)))

    assert (refusal is None) is passes


def test_putting_aside_is_no_vote() -> None:
    """One who did it alone is not counted among those who said yes."""
    aside = APPROVALS[0].model_copy(update={"overrides": True})

    refusal = first_refusal(with_consents(judged(approvals=1), aside))

    assert refusal is not None
    assert refusal.found == 0


def test_a_refusal_says_why_a_named_approval_does_not_count() -> None:
    """In place of the number of people who said yes."""
    facts = _replaced(judged(approvals=1), unapproved="approval apr_1 was used by out_1")

    refusal = first_refusal(facts)

    assert refusal is not None
    assert refusal.found == "approval apr_1 was used by out_1"


@pytest.mark.parametrize(("units", "passes"), [(1, True), (0, False)], ids=["fits", "exceeds"])
def test_the_lowest_cap_on_the_cost_counts(units: int, *, passes: bool) -> None:
    """Also for urgent actions: it is policy's word, not a budget."""
    caps = tuple(Obligation(kind=ObligationKind.CAP_COST, units=it) for it in (9, units))
    facts = _replaced(judged(urgent=True), decisions=(a_decision(obligations=caps),))

    assert (first_refusal(facts) is None) is passes


def test_a_derived_role_sees_developer_actions() -> None:
    """What policy derives from a person's claims counts as a role of theirs."""
    hidden = judged(visibility=Visibility.DEVELOPER)
    decision = a_decision().model_copy(update={"roles": ("operator", "developer")})

    assert first_refusal(_replaced(hidden, decisions=(decision,))) is None


def test_a_refused_input_that_policy_hides_is_not_shown() -> None:
    """The place is told, the value is not."""
    hide = Obligation(kind=ObligationKind.REDACT, pointers=("/value",))
    facts = _replaced(
        judged(step=a_step(value="ten-secret")), decisions=(a_decision(obligations=(hide,)),)
    )

    refusal = first_refusal(facts)

    assert refusal is not None
    assert refusal.found == "/value: [redacted]"


def test_without_a_decision_no_consent_is_good() -> None:
    """A consent is bound to a policy revision; where there is none, nothing binds."""
    facts = _replaced(with_consents(judged(), *APPROVALS), decisions=())

    assert consents_for(facts, ObligationKind.APPROVE) == ()
    refusal = first_refusal(facts, GUARDS[-2:])
    assert refusal is None


def test_no_action_of_a_disabled_plugin_is_known() -> None:
    """Known or not, the refusal says that somebody turned the plugin off, and who helps."""
    for known in (True, False):
        refusal = first_refusal(judged(plugin_enabled=False, known=known))

        assert refusal is not None
        assert (refusal.guard, refusal.code) == ("action_known", "plugin_disabled")
        assert "ask an owner" in refusal.remedy
