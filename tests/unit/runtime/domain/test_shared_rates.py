"""A plan's steps are divided where urgent ones stand, and windows know what they count."""

from __future__ import annotations

import pytest

from runtime.domain.errors import RatesUnavailableError
from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.domain.shared_limits import (
    OrganizationLimits,
    RateLimit,
    RateSpan,
    SharedLimits,
)
from runtime.domain.shared_rates import (
    RateClaim,
    RateGrant,
    RateGrants,
    RateStretch,
    RateWindow,
    grant_of,
    rate_windows_of,
    stretches_of,
    windows_of,
)
from runtime.domain.shared_use import Payer

CALM = RateStretch(steps=1, urgent=False)


def _window(measure: LimitMeasure, *, most: int = 5) -> RateWindow:
    return RateWindow(scope=BudgetScope.PRINCIPAL, subject="mem_1", measure=measure, most=most)


@pytest.mark.parametrize(
    ("urgent", "expected"),
    [
        pytest.param([], [], id="no step"),
        pytest.param([False, False], [(2, False)], id="one stretch"),
        pytest.param([False, True, False], [(1, False), (1, True), (1, False)], id="one between"),
        pytest.param([True, True, False], [(2, True), (1, False)], id="urgent first"),
        pytest.param([False, None, False], [(1, False)], id="nothing runs behind an unknown one"),
    ],
)
def test_steps_are_divided(urgent: list[bool | None], expected: list[tuple[int, bool]]) -> None:
    """Each stretch must fit together; an urgent one is a stretch of its own."""
    assert [(item.steps, item.urgent) for item in stretches_of(urgent)] == expected


def test_a_window_names_what_it_counts_and_not_how_much() -> None:
    """A limit that is raised goes on counting."""
    assert _window(LimitMeasure.PER_HOUR).key == "principal:mem_1:per_hour"
    assert _window(LimitMeasure.PER_HOUR).key == _window(LimitMeasure.PER_HOUR, most=6).key


def test_a_span_is_counted_in_sixty_parts() -> None:
    """By second for a minute, by minute for an hour, as books of use are."""
    minute, hour = _window(LimitMeasure.PER_MINUTE), _window(LimitMeasure.PER_HOUR)

    assert (minute.span_s, minute.grain_s) == (60, 1)
    assert (hour.span_s, hour.grain_s) == (3600, 60)


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        pytest.param((RateStretch(steps=1, urgent=True),), False, id="urgent only"),
        pytest.param((RateStretch(steps=1, urgent=True), CALM), True, id="another behind"),
        pytest.param((), False, id="nothing"),
    ],
)
def test_what_is_urgent_alone_is_not_held_back(
    stretches: tuple[RateStretch, ...], *, expected: bool
) -> None:
    """No limit can refuse it."""
    claim = RateClaim(outcome_id="out_1", windows=(), stretches=stretches)

    assert claim.held_back is expected


def _limits(*rates: tuple[BudgetScope, str | None, RateSpan, int]) -> OrganizationLimits:
    return OrganizationLimits(
        rates=tuple(
            RateLimit(scope=scope, subject=subject, per=per, most=most)
            for scope, subject, per, most in rates
        )
    )


def _windows(limits: OrganizationLimits, *, project: str = "prj_1") -> list[tuple[str, int]]:
    payer = Payer(project=project, principal="mem_1")
    found = windows_of(limits, organization_id="org_1", payer=payer)
    return [(window.key, window.most) for window in found]


def test_steps_count_in_every_window_from_the_widest_to_the_narrowest() -> None:
    """In whatever order the limits were given."""
    limits = _limits(
        (BudgetScope.PRINCIPAL, None, RateSpan.HOUR, 1),
        (BudgetScope.PROJECT, None, RateSpan.MINUTE, 2),
        (BudgetScope.ORGANIZATION, None, RateSpan.HOUR, 3),
        (BudgetScope.ORGANIZATION, None, RateSpan.MINUTE, 4),
    )

    assert _windows(limits) == [
        ("organization:org_1:per_minute", 4),
        ("organization:org_1:per_hour", 3),
        ("project:prj_1:per_minute", 2),
        ("principal:mem_1:per_hour", 1),
    ]


def test_a_rate_for_one_takes_the_place_of_the_rate_for_each() -> None:
    """Larger or smaller; others keep theirs, or have none."""
    each = (BudgetScope.PROJECT, None, RateSpan.MINUTE, 5)
    one = (BudgetScope.PROJECT, "prj_1", RateSpan.MINUTE, 50)

    assert _windows(_limits(each, one)) == [("project:prj_1:per_minute", 50)]
    assert _windows(_limits(each, one), project="prj_2") == [("project:prj_2:per_minute", 5)]
    assert _windows(_limits(one), project="prj_2") == []


def test_a_grant_that_can_not_be_told_is_an_error() -> None:
    """Nothing runs for lack of an answer; without a rate there is nothing to ask."""
    grant = RateGrant(steps=1)
    grants: RateGrants = {"out_1": grant, "out_2": RatesUnavailableError(reason="redis is down")}

    assert grant_of(grants, "out_1") is grant
    assert grant_of(grants, "out_3") is None
    with pytest.raises(RatesUnavailableError, match="redis is down"):
        grant_of(grants, "out_2")


def test_windows_are_looked_up_once() -> None:
    """For each payer; limits keep the answer."""
    limits = SharedLimits(
        number=1,
        document=_limits(
            (BudgetScope.ORGANIZATION, None, RateSpan.MINUTE, 9),
            (BudgetScope.PRINCIPAL, None, RateSpan.HOUR, 5),
        ),
    )
    ann, bob = (Payer(project="prj_1", principal=name) for name in ("ann", "bob"))

    first = rate_windows_of(limits, organization_id="org_1", payer=ann)

    assert rate_windows_of(limits, organization_id="org_1", payer=ann) is first
    assert first == windows_of(limits.document, organization_id="org_1", payer=ann)
    assert [it.subject for it in rate_windows_of(limits, organization_id="org_1", payer=bob)] == [
        "org_1",
        "bob",
    ]
    assert rate_windows_of(limits, organization_id="org_2", payer=ann)[0].subject == "org_2"


def test_windows_that_are_equal_are_found_alike() -> None:
    """Those of one subject that differ are told apart all the same."""
    minute, hour = _window(LimitMeasure.PER_MINUTE), _window(LimitMeasure.PER_HOUR)
    raised = _window(LimitMeasure.PER_MINUTE, most=6)

    found = {minute: 1, hour: 2, raised: 3}

    assert found[_window(LimitMeasure.PER_MINUTE)] == 1
    assert (found[hour], found[raised]) == (2, 3)


def test_a_claim_has_the_steps_of_its_stretches() -> None:
    """Urgent ones among them."""
    claim = RateClaim(
        outcome_id="out_1", windows=(), stretches=(CALM, RateStretch(steps=2, urgent=True))
    )

    assert claim.steps == 3
