"""Limits of an organization say what they mean, once each, and are found by whom they are for."""

from __future__ import annotations

from typing import Final

import pytest
from pydantic import ValidationError

from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.domain.shared_limits import (
    MEASURES,
    MOST_BUDGETS,
    Budget,
    BudgetMeasure,
    BudgetSpan,
    OrganizationLimits,
    RateLimit,
    RateSpan,
)
from runtime.kit.json_value import JsonObject, JsonValue
from tests.shared_limits import a_budget, shared_limits

BUDGET: Final[JsonObject] = {
    "scope": "organization",
    "measure": "units",
    "per": "day",
    "most": 10,
}
RATE: Final[JsonObject] = {"scope": "project", "per": "minute", "most": 10}


def a_document(**changes: JsonValue) -> JsonObject:
    """Build limits as they are sent."""
    return {"budgets": [BUDGET], "rates": [RATE], **changes}


def test_limits_are_read_as_they_were_written() -> None:
    """What is stored is the whole document, with what was left out."""
    limits = OrganizationLimits.model_validate(a_document())

    assert OrganizationLimits.model_validate_json(limits.model_dump_json()) == limits
    assert (limits.zone, limits.currency) == ("UTC", "USD")
    assert OrganizationLimits() == OrganizationLimits(budgets=(), rates=())


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        pytest.param({"scope": "organization", "subject": "x"}, "leave subject out", id="whole"),
        pytest.param({"scope": "project", "subject": "a b"}, "printable ASCII", id="a space"),
        pytest.param({"scope": "project", "subject": ""}, "printable ASCII", id="nothing"),
        pytest.param({"scope": "project", "subject": "x" * 201}, "printable ASCII", id="long"),
        pytest.param({"scope": "principal", "subject": "a\x00"}, "printable ASCII", id="NUL"),
        pytest.param({"scope": "action", "subject": "a.b@1"}, "without version", id="version"),
        pytest.param({"scope": "action", "subject": "a"}, "no action's name", id="no name"),
        pytest.param({"most": -1}, "greater than or equal to 0", id="less than nothing"),
        pytest.param({"most": 2**53}, "less than or equal to", id="more than JSON can say"),
        pytest.param({"most": 1.5}, "valid integer", id="a half"),
        pytest.param({"measure": "seconds"}, "Input should be", id="another measure"),
        pytest.param({"per": "week"}, "Input should be", id="another span"),
        pytest.param({"hard": True}, "Extra inputs", id="a word of its own"),
    ],
)
def test_a_budget_that_says_nothing_sensible_is_refused(
    changes: JsonObject, complaint: str
) -> None:
    """With words that say what is expected."""
    with pytest.raises(ValidationError, match=complaint):
        Budget.model_validate({**BUDGET, **changes})


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        pytest.param({"scope": "action"}, "actions have no rate", id="of actions"),
        pytest.param({"scope": "organization", "subject": "x"}, "leave subject out", id="whole"),
        pytest.param({"per": "day"}, "Input should be", id="a day"),
    ],
)
def test_a_rate_that_says_nothing_sensible_is_refused(changes: JsonObject, complaint: str) -> None:
    """With words that say what is expected."""
    with pytest.raises(ValidationError, match=complaint):
        RateLimit.model_validate({**RATE, **changes})


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        pytest.param(
            a_document(budgets=[BUDGET, {**BUDGET, "most": 11}]),
            "budgets hold units_a_day of the scope organization twice",
            id="two budgets of a kind",
        ),
        pytest.param(
            a_document(rates=[{**RATE, "subject": "p"}, {**RATE, "subject": "p"}]),
            "rates hold per_minute of the scope project of p twice",
            id="two rates of a kind",
        ),
        pytest.param(a_document(zone="Mars"), "no time zone", id="no such zone"),
        pytest.param(a_document(currency="usd"), "should match pattern", id="no currency"),
        pytest.param(
            a_document(
                budgets=[
                    {**BUDGET, "scope": "project", "subject": f"p{number}"}
                    for number in range(MOST_BUDGETS + 1)
                ]
            ),
            "at most 64",
            id="too many",
        ),
    ],
)
def test_limits_that_contradict_themselves_are_refused(
    document: JsonObject, complaint: str
) -> None:
    """One budget of each kind, and a bounded number of them."""
    with pytest.raises(ValidationError, match=complaint):
        OrganizationLimits.model_validate(document)


def test_budgets_that_differ_in_anything_stand_side_by_side() -> None:
    """In scope, subject, measure or span."""
    budgets = (
        a_budget(1),
        a_budget(1, per=BudgetSpan.MONTH),
        a_budget(1, measure=BudgetMeasure.MONEY),
        a_budget(1, scope=BudgetScope.PROJECT),
        a_budget(1, scope=BudgetScope.PROJECT, subject="prj_1"),
    )

    assert OrganizationLimits(budgets=budgets).budgets == budgets


def test_every_measure_has_a_name_of_its_own() -> None:
    """Which a refusal tells."""
    assert len(set(MEASURES.values())) == len(BudgetMeasure) * len(BudgetSpan)
    assert a_budget(1, measure=BudgetMeasure.MONEY).named is LimitMeasure.MONEY_A_DAY


def test_a_rate_names_its_span() -> None:
    """In the word that refusals use."""
    rates = [RateLimit(scope=BudgetScope.ORGANIZATION, per=per, most=1).named for per in RateSpan]

    assert rates == [LimitMeasure.PER_MINUTE, LimitMeasure.PER_HOUR]


def test_a_named_subject_has_its_own_budget_and_no_other() -> None:
    """Larger or smaller; where there is none for each of them, the others have no limit."""
    project = BudgetScope.PROJECT
    both = shared_limits(
        a_budget(5, scope=project), a_budget(9, scope=project, subject="large")
    ).bounds
    named = shared_limits(a_budget(9, scope=project, subject="large")).bounds

    assert [bound.most("large") for bound in both] == [9]
    assert [bound.most("small") for bound in both] == [5]
    assert [bound.most("small") for bound in named] == [None]


def test_budgets_are_looked_at_from_the_widest_scope_to_the_narrowest() -> None:
    """In whatever order they were written, so that refusals name the widest."""
    limits = shared_limits(
        *(a_budget(1, scope=scope) for scope in reversed(BudgetScope)),
        a_budget(1, measure=BudgetMeasure.ACTIONS),
    )

    found = [(bound.scope, bound.named) for bound in limits.bounds]

    assert found == [
        (BudgetScope.ORGANIZATION, LimitMeasure.ACTIONS_A_DAY),
        *((scope, LimitMeasure.UNITS_A_DAY) for scope in BudgetScope),
    ]
    assert limits.bounds[0].most(None) == 1
