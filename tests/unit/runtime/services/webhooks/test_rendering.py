"""Tests of how events are spelled for endpoints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest

from runtime.domain.event_catalogue import EVENT_TYPES
from runtime.domain.webhook import Endpoint, EventToSend, PayloadForm, WebhookFormat
from runtime.kit.json_value import JsonObject
from runtime.services.webhooks.rendering import LARGEST_BODY_BYTES, rendered

LETTERS = "01KDVDNA00ADB7E3Q4XN5M6WZT"
AT = datetime(2026, 1, 31, 12, 30, 0, 250_000, tzinfo=UTC)
DATA = {"outcome": f"out_{LETTERS}", "principal": f"mem_{LETTERS}", "status": "done", "n": 1}
OUTCOME: JsonObject = {"id": f"out_{LETTERS}", "refusal": None, "steps": []}


def an_endpoint(
    spelled: WebhookFormat = WebhookFormat.STANDARD, form: PayloadForm = PayloadForm.FULL
) -> Endpoint:
    """Return an endpoint that wants events in a format."""
    return Endpoint(
        id=f"whe_{LETTERS}",
        organization_id=f"org_{LETTERS}",
        project_id=None,
        name="n",
        sealed_url=b"",
        shown_url="https://a.example",
        form=form,
        format=spelled,
        created_at=AT,
        created_by=f"mem_{LETTERS}",
        updated_at=AT,
    )


def an_event(
    event_type: str = "plan.executed",
    *,
    data: object = DATA,
    outcome: object = None,
    project_id: str | None = f"prj_{LETTERS}",
    at: datetime = AT,
) -> EventToSend:
    """Return an event as deliveries carry it."""
    return EventToSend(
        id=f"evt_{LETTERS}",
        type=event_type,
        organization_id=f"org_{LETTERS}",
        project_id=project_id,
        document=orjson.dumps(data).decode(),
        created_at=at,
        outcome=None if outcome is None else orjson.dumps(outcome).decode(),
    )


def test_a_standard_body_says_type_instant_and_data() -> None:
    """The three members of Standard Webhooks are there, and whose event it is."""
    made = rendered(an_event(), an_endpoint())

    assert made.content_type == "application/json"
    assert orjson.loads(made.body) == {
        "type": "plan.executed",
        "timestamp": "2026-01-31T12:30:00.250000Z",
        "id": f"evt_{LETTERS}",
        "organization": f"org_{LETTERS}",
        "project": f"prj_{LETTERS}",
        "data": DATA,
    }


def test_a_cloudevent_has_what_the_specification_requires() -> None:
    """Every required attribute is there, and attributes of our own are named as allowed."""
    made = rendered(an_event(), an_endpoint(WebhookFormat.CLOUDEVENTS))

    assert made.content_type == "application/cloudevents+json; charset=utf-8"
    body = orjson.loads(made.body)
    assert body == {
        "specversion": "1.0",
        "id": f"evt_{LETTERS}",
        "source": f"/v1/projects/prj_{LETTERS}",
        "type": "plan.executed",
        "time": "2026-01-31T12:30:00.250000Z",
        "datacontenttype": "application/json",
        "dataschema": EVENT_TYPES["plan.executed"].schema()["$id"],
        "organization": f"org_{LETTERS}",
        "project": f"prj_{LETTERS}",
        "data": DATA,
    }
    assert all(name.isalnum() and name == name.lower() for name in body)


@pytest.mark.parametrize("spelled", [WebhookFormat.STANDARD, WebhookFormat.CLOUDEVENTS])
def test_an_event_of_the_organization_names_no_project(spelled: WebhookFormat) -> None:
    """What belongs to no project says so by its absence."""
    body = orjson.loads(rendered(an_event(project_id=None), an_endpoint(spelled)).body)

    assert "project" not in body
    assert body.get("source", "/v1/organizations/").startswith("/v1/organizations/")


@pytest.mark.parametrize("spelled", [WebhookFormat.STANDARD, WebhookFormat.CLOUDEVENTS])
@pytest.mark.parametrize("data", [{}, DATA], ids=["empty", "filled"])
def test_a_full_event_carries_its_outcome(spelled: WebhookFormat, data: object) -> None:
    """The outcome that an event names stands in its data, whether there is other data or not."""
    body = orjson.loads(rendered(an_event(data=data, outcome=OUTCOME), an_endpoint(spelled)).body)

    assert isinstance(data, dict)
    assert body["data"] == {**data, "outcome_document": OUTCOME}


@pytest.mark.parametrize("spelled", [WebhookFormat.STANDARD, WebhookFormat.CLOUDEVENTS])
def test_a_thin_event_carries_ids_only(spelled: WebhookFormat) -> None:
    """Neither values nor the outcome leave the platform; whoever wants them asks the API."""
    data = {**DATA, "reason": "secret plan", "near": "out_short", "list": [f"mem_{LETTERS}"]}
    event = an_event(data=data, outcome=OUTCOME)
    made = rendered(event, an_endpoint(spelled, PayloadForm.THIN))

    assert orjson.loads(made.body)["data"] == {
        "outcome": f"out_{LETTERS}",
        "principal": f"mem_{LETTERS}",
    }
    assert b"secret plan" not in made.body


@pytest.mark.parametrize("spelled", list(WebhookFormat))
@pytest.mark.parametrize("form", list(PayloadForm))
def test_the_same_event_gives_the_same_bytes(spelled: WebhookFormat, form: PayloadForm) -> None:
    """Each attempt sends what the one before sent, and it is JSON."""
    first, second = (
        rendered(an_event(outcome=OUTCOME), an_endpoint(spelled, form)) for _ in range(2)
    )

    assert first == second
    assert isinstance(orjson.loads(first.body), dict)


def test_a_type_that_the_catalogue_does_not_know_names_no_schema() -> None:
    """A receiver is never pointed at a schema that nobody has."""
    body = orjson.loads(
        rendered(an_event("oven.opened"), an_endpoint(WebhookFormat.CLOUDEVENTS)).body
    )

    assert "dataschema" not in body


def test_instants_are_told_in_utc() -> None:
    """Wherever a clock stands, receivers read one zone."""
    event = an_event(at=AT.astimezone(timezone(timedelta(hours=2))))

    assert orjson.loads(rendered(event, an_endpoint()).body)["timestamp"].startswith(
        "2026-01-31T12:30:00.25"
    )


def test_a_body_that_is_too_large_goes_without_its_outcome() -> None:
    """A delivery that could never be sent as it is is sent with less, and says so."""
    event = an_event(outcome={"x": "y" * LARGEST_BODY_BYTES})
    body = orjson.loads(rendered(event, an_endpoint()).body)

    assert body["data"] == DATA
    assert body["reduced"] is True


@pytest.mark.parametrize("outcome", [None, OUTCOME])
def test_data_that_is_too_large_is_sent_thin(outcome: object) -> None:
    """What is too large by itself is sent as ids, and says so."""
    event = an_event(data={**DATA, "x": "y" * LARGEST_BODY_BYTES}, outcome=outcome)
    for spelled in (WebhookFormat.STANDARD, WebhookFormat.CLOUDEVENTS):
        body = orjson.loads(rendered(event, an_endpoint(spelled)).body)

        assert set(body["data"]) == {"outcome", "principal"}
        assert body["reduced"] is True


def test_text_in_any_script_arrives_as_it_is() -> None:
    """Bytes are UTF-8 and values are not changed on the way."""
    data = {"name": 'Überweisung "№ 5" 🚀 \u2028 </script>'}
    for spelled in (WebhookFormat.STANDARD, WebhookFormat.CLOUDEVENTS):
        assert (
            orjson.loads(rendered(an_event(data=data), an_endpoint(spelled)).body)["data"] == data
        )
