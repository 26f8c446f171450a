"""A visit is in the state at once, one at a time, and comes back as the page it found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.plugins.stdlib.browsing import PLUGIN, VISIT
from runtime.plugins.stdlib.effects.browser_visit import BROWSER_VISIT, VisitPayload
from runtime.plugins.stdlib.effects.payloads import read_payload
from runtime.public import JsonObject, Judgement, Plan, Sandbox, State, Step, StepStatus
from tests.effects import a_call

SANDBOX = Sandbox.of(PLUGIN, PLUGIN.environments[0])
EMPTY: JsonObject = {"url": "", "status": None, "title": "", "text": "", "pending": None}
URL = "https://example.com/prices"
GESTURES: list[JsonObject] = [
    {"do": "type", "at": "#amount", "text": "12"},
    {"do": "click", "at": "#buy"},
    {"do": "scroll", "down_px": 400},
]
VISITING: JsonObject = {"url": URL, "gestures": GESTURES}
FOUND: JsonObject = {"url": URL, "status": 200, "title": "Prices", "text": "Steel: 42"}


def judge(action: str, inputs: JsonObject, **page: object) -> Judgement:
    """Simulate one step."""
    state = State.of({"page": {**EMPTY, **page}})
    return SANDBOX.simulate(
        Plan(steps=(Step(action=action, inputs=inputs),)),
        replace(SANDBOX.situation(), state=state),
    )


def test_a_visit_is_pending_until_a_worker_has_made_it() -> None:
    """The state says what is on its way; what makes it is installed and can read the order."""
    judged = judge("page.visit", VISITING)

    (effect,) = VISIT.side_effects
    call = a_call(effect.parameters, inputs=VISITING)
    assert judged.outcome.status is StepStatus.DONE
    assert judged.state.components["page"] == {**EMPTY, "pending": VISITING}
    assert effect.job == BROWSER_VISIT.name
    assert [form.do for form in read_payload(VisitPayload, call).gestures] == [
        "type",
        "click",
        "scroll",
    ]


def test_a_page_that_comes_back_ends_the_visit() -> None:
    """What the worker writes back is the page."""
    judged = judge("page.record", FOUND, pending=VISITING)

    assert judged.state.components["page"] == {**FOUND, "pending": None}


def test_a_visit_that_never_comes_back_is_given_up() -> None:
    """The next one can be asked for."""
    judged = judge("page.give_up", {}, pending=VISITING)

    assert judged.state.components["page"] == EMPTY


@pytest.mark.parametrize(
    ("action", "inputs", "pending"),
    [
        pytest.param("page.visit", VISITING, VISITING, id="a second visit at once"),
        pytest.param("page.record", FOUND, None, id="a page that nobody asked for"),
        pytest.param("page.give_up", {}, None, id="giving nothing up"),
        pytest.param("page.visit", {"url": "file:///etc/passwd"}, None, id="a file"),
        pytest.param(
            "page.visit", {"url": URL, "gestures": [{"do": "run"}]}, None, id="another gesture"
        ),
        pytest.param("page.visit", {"url": URL, "gestures": GESTURES * 7}, None, id="too many"),
    ],
)
def test_what_is_no_visit_is_refused(
    action: str, inputs: JsonObject, pending: JsonObject | None
) -> None:
    """Nothing of it reaches a worker."""
    assert judge(action, inputs, pending=pending).outcome.status is StepStatus.REFUSED


def test_who_may_only_look_visits_nothing() -> None:
    """A click can do outside what nothing takes back."""
    start = SANDBOX.situation()
    viewer = start.principal.model_copy(update={"roles": ("viewer",)})

    judged = SANDBOX.simulate(
        Plan(steps=(Step(action="page.visit", inputs=VISITING),)),
        replace(start, principal=viewer),
    )

    assert judged.outcome.status is StepStatus.REFUSED
