"""A request for approval is good for one plan, requester and moment; each part is compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from runtime.domain.approval import ConsentKind
from runtime.domain.approval_request import (
    OVERRIDE_LASTS,
    Approval,
    ApprovalStatus,
    NamedApproval,
    Need,
    Vote,
    VoteKind,
    Wanted,
    needs_of,
    overridden_until,
    satisfied,
    unfit,
)
from runtime.domain.policy import Obligation, ObligationKind
from runtime.kit.json_value import JsonObject, JsonValue
from tests.builders import NOW

ADMIN, FINANCE = Need(count=1, role=None), Need(count=2, role="finance")
WANTED: Final = Wanted(
    plan_digest="sha256:plan", requester="ann", revision="rules-1", state_version=7, now=NOW
)


def an_approval(**changes: JsonValue) -> Approval:
    """Build ann's request, which one admin has to grant within a minute."""
    declared: JsonObject = {
        "id": "apr_1",
        "project_id": "prj_1",
        "requester": "ann",
        "credential_id": "tok_1",
        "plan_digest": "sha256:plan",
        "plan": "{}",
        "policy_revision": "rules-1",
        "state_version": 7,
        "needs": (ADMIN,),
        "outcome_id": "out_1",
        "created_at": NOW - timedelta(minutes=1),
        "expires_at": NOW + timedelta(minutes=1),
    }
    return Approval(**{**declared, **changes})


def a_vote(member: str = "bob", *roles: str, kind: VoteKind = VoteKind.GRANT) -> Vote:
    """Build what somebody said, who is an admin unless told otherwise."""
    return Vote(member_id=member, kind=kind, reason="ok", cast_at=NOW, roles=roles or ("admin",))


def named(*votes: Vote, **changes: JsonValue) -> NamedApproval:
    """Build a named request, by default granted by bob."""
    return NamedApproval(id="apr_1", approval=an_approval(**changes), votes=votes or (a_vote(),))


def test_a_granted_request_fits_and_gives_a_consent() -> None:
    """The engine gets what it counts, bound to all that was asked."""
    (consent,) = named().consents(NOW)

    assert unfit(named(), WANTED) == ""
    assert (consent.kind, consent.granted_by) == (ConsentKind.APPROVAL, "bob")
    assert consent.covers(
        ConsentKind.APPROVAL,
        plan_digest="sha256:plan",
        requester="ann",
        revision="rules-1",
        now=NOW,
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"requester": "dan"}, "asked for by somebody else", id="another's"),
        pytest.param({"state_version": 6}, "for state version 6, the project is at 7", id="moved"),
        pytest.param({"plan_digest": "sha256:other"}, "is for another plan", id="another plan"),
        pytest.param({"policy_revision": "rules-0"}, "others hold now", id="other rules"),
        pytest.param({"expires_at": NOW}, "expired at", id="expired this instant"),
        pytest.param(
            {"status": ApprovalStatus.USED, "used_by": "out_2"}, "used by out_2", id="used"
        ),
        pytest.param({"status": ApprovalStatus.DENIED}, "was denied", id="denied"),
        pytest.param({"status": ApprovalStatus.WITHDRAWN}, "was withdrawn", id="withdrawn"),
        pytest.param({"needs": (Need(count=2, role=None),)}, "not enough", id="too few"),
    ],
)
def test_what_does_not_fit_is_said(changes: JsonObject, said: str) -> None:
    """In words, the first thing that is wrong."""
    assert said in unfit(named(**changes), WANTED)


def test_a_name_of_nothing_is_said() -> None:
    """It gives no consents either, and counts no votes."""
    nothing = NamedApproval(id="apr_9")

    assert unfit(nothing, WANTED) == "there is no approval 'apr_9' in this project"
    assert nothing.consents(NOW) == ()
    assert nothing.granted == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"status": ApprovalStatus.USED, "used_by": "out_2"},
        {"status": ApprovalStatus.DENIED},
        {"status": ApprovalStatus.WITHDRAWN},
        {"expires_at": NOW},
    ],
    ids=["used", "denied", "withdrawn", "expired"],
)
def test_what_ended_gives_no_consent(changes: JsonObject) -> None:
    """Whoever said yes to it."""
    assert named(**changes).consents(NOW) == ()


def test_only_a_yes_of_who_may_still_say_it_counts() -> None:
    """A no and a lost role count for nothing, and the loss is told."""
    votes = (a_vote("bob", "operator"), a_vote("cat", kind=VoteKind.DENY), a_vote("dan", "owner"))
    lost = named(*votes, needs=(Need(count=2, role=None),))

    assert [vote.member_id for vote in lost.granted] == ["dan"]
    assert "yes of 1, which are not enough; 1 who did may not" in unfit(lost, WANTED)


@pytest.mark.parametrize(
    ("status", "later", "found"),
    [
        (ApprovalStatus.PENDING, False, ApprovalStatus.PENDING),
        (ApprovalStatus.PENDING, True, ApprovalStatus.EXPIRED),
        (ApprovalStatus.GRANTED, True, ApprovalStatus.EXPIRED),
        (ApprovalStatus.DENIED, True, ApprovalStatus.DENIED),
    ],
)
def test_time_ends_what_is_open(
    status: ApprovalStatus, found: ApprovalStatus, *, later: bool
) -> None:
    """What ended otherwise stays what it became."""
    now = NOW + timedelta(minutes=1 if later else 0)

    assert an_approval(status=status).status_at(now) is found


def test_needs_are_the_most_that_is_asked_of_each_role() -> None:
    """One person may count for several steps of a plan; other obligations ask for nobody."""
    asked = [
        Obligation(kind=ObligationKind.APPROVE, count=1, role="finance"),
        Obligation(kind=ObligationKind.APPROVE, count=2, role="finance"),
        Obligation(kind=ObligationKind.APPROVE),
        Obligation(kind=ObligationKind.CONFIRM),
    ]

    assert needs_of(asked) == (ADMIN, FINANCE)


def test_each_need_is_met_on_its_own() -> None:
    """Two of finance and an admin; an admin of finance is both."""
    both = a_vote("bob", "admin", "finance")
    finance = a_vote("cat", "finance")

    assert satisfied((ADMIN, FINANCE), (both, finance))
    assert not satisfied((ADMIN, FINANCE), (both,))
    assert not satisfied((ADMIN,), (finance, replace(both, kind=VoteKind.DENY)))


def a_call(member: str, ago: timedelta = timedelta(), *roles: str) -> Vote:
    """Build how somebody put approval aside, some time ago."""
    return replace(
        a_vote(member, *roles, kind=VoteKind.OVERRIDE), cast_at=NOW - timedelta(seconds=1) - ago
    )


LONG_AGO: Final = OVERRIDE_LASTS + timedelta(microseconds=1)
TWO_CALLS: Final = (
    pytest.param((a_call("bob"), a_call("cat")), True, id="two at once"),
    pytest.param((a_call("bob", OVERRIDE_LASTS), a_call("cat")), True, id="in time"),
    pytest.param((a_call("bob", LONG_AGO), a_call("cat")), False, id="too long before"),
    pytest.param((a_call("bob"),), False, id="one"),
    pytest.param((a_call("bob", timedelta(1)), a_call("bob")), False, id="one twice"),
    pytest.param((a_call("bob"), a_call("cat", timedelta(), "operator")), False, id="an operator"),
    pytest.param((), False, id="none"),
)


@pytest.mark.parametrize(("calls", "aside"), TWO_CALLS)
def test_two_who_administer_put_approval_aside(calls: tuple[Vote, ...], *, aside: bool) -> None:
    """Shortly after each other, for as long again; the plan then fits without votes."""
    put = replace(named(), votes=(), overrides=calls)
    after = NOW + OVERRIDE_LASTS

    assert (overridden_until(calls) is not None) is aside
    assert (unfit(put, WANTED) == "") is aside
    assert len(put.consents(NOW)) == (2 if aside else 0)
    assert all(consent.overrides for consent in put.consents(NOW))
    assert put.counted(after) == ()


def test_what_is_put_aside_comes_back() -> None:
    """From the instant on at which the time is over."""
    put = replace(
        named(expires_at=NOW + timedelta(days=1)),
        votes=(),
        overrides=(a_call("bob"), a_call("cat")),
    )
    over = replace(WANTED, now=NOW - timedelta(seconds=1) + OVERRIDE_LASTS)

    assert "not enough" in unfit(put, over)
    assert put.consents(over.now) == ()
