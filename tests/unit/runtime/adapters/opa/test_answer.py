"""Hold the look at answers: one that is not in every part what was asked for does not count."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from runtime.adapters.opa.answer import (
    Expected,
    check_age,
    decisions_of,
    evaluation_failed,
    newest_built_at,
)
from runtime.adapters.opa.bundle import instant
from runtime.domain.policy_unit import unit_of
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.policy import PolicyFault, PolicyFaultError
from tests.builders import NOW

UNIT = unit_of((), organization_id="org_1", number=4)
MAX_AGE = timedelta(minutes=10)


def a_body(**changes: JsonValue) -> bytes:
    """Return the answer to two questions."""
    batch: JsonObject = {
        "number": UNIT.number,
        "revision": UNIT.revision,
        "built_at": instant(NOW),
        "asked": 2,
        "decisions": [[0, {"allow": True}], [1, {"allow": False}]],
    }
    return orjson.dumps({"result": batch | changes})


def expected(*, seen: int = 0) -> Expected:
    """Return what the answer to two questions has to be."""
    return Expected(unit=UNIT, count=2, seen=seen, now=NOW, max_age=MAX_AGE)


def test_decisions_come_in_the_order_of_the_questions() -> None:
    """However they are listed."""
    body = a_body(decisions=[[1, "second"], [0, "first"]])

    assert decisions_of(body, expected()) == ["first", "second"]


def test_a_question_without_a_decision_is_undefined() -> None:
    """The others keep theirs; null is an answer, which somebody else refuses."""
    one, other = decisions_of(a_body(decisions=[[1, None]]), expected())

    assert isinstance(one, PolicyFaultError)
    assert one.fault is PolicyFault.UNDEFINED
    assert other is None


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"asked": 1}, id="fewer asked"),
        pytest.param({"asked": 3}, id="more asked"),
        pytest.param({"decisions": [[0, 1], [1, 1], [2, 1]]}, id="more decisions"),
        pytest.param({"decisions": [[-1, 1]]}, id="before the first"),
        pytest.param({"decisions": [[0, 1], [0, 1]]}, id="one twice"),
        pytest.param({"decisions": [[0, 1, 2]]}, id="more than a decision"),
        pytest.param({"decisions": [[True, 1]]}, id="an index that is true"),
        pytest.param({"asked": "2"}, id="a count as text"),
        pytest.param({"number": 4.0, "revision": 1}, id="a revision as number"),
        pytest.param({"built_at": "today"}, id="no instant"),
    ],
)
def test_an_answer_to_other_questions_is_malformed(changes: JsonObject) -> None:
    """Counts, indexes and types are those that were asked for."""
    with pytest.raises(PolicyFaultError) as caught:
        decisions_of(a_body(**changes), expected())

    assert caught.value.fault is PolicyFault.MALFORMED


@pytest.mark.parametrize(
    ("changes", "seen", "fault"),
    [
        pytest.param({"number": 3}, 0, PolicyFault.ROLLED_BACK, id="below the unit's"),
        pytest.param({}, 5, PolicyFault.ROLLED_BACK, id="below one seen"),
        pytest.param({"number": 5}, 6, PolicyFault.ROLLED_BACK, id="between unit's and seen"),
        pytest.param({"number": 5}, 5, PolicyFault.NOT_LOADED, id="above the unit's"),
        pytest.param({"revision": "x"}, 4, PolicyFault.NOT_LOADED, id="another digest"),
    ],
)
def test_other_rules_are_told_by_their_number(
    changes: JsonObject, seen: int, fault: PolicyFault
) -> None:
    """Older ones are a rollback, whatever else is wrong; age and counts come after."""
    with pytest.raises(PolicyFaultError) as caught:
        decisions_of(a_body(**changes, built_at=instant(NOW - MAX_AGE * 2)), expected(seen=seen))

    assert caught.value.fault is fault


def test_an_age_is_told() -> None:
    """Both what it is and what it may be."""
    with pytest.raises(PolicyFaultError, match="660 s old, expected at most 600 s"):
        check_age(NOW - timedelta(minutes=11), now=NOW, max_age=MAX_AGE)


def test_the_newest_of_our_bundles_counts() -> None:
    """One organization's bundle that hangs does not hide that the others arrive."""
    listed = {
        name: {"manifest": {"metadata": {"plangate": {"built_at": instant(NOW - age)}}}}
        for name, age in (("a", timedelta(days=1)), ("b", timedelta()), ("c", timedelta(hours=1)))
    }

    assert newest_built_at(orjson.dumps({"result": listed})) == NOW


@pytest.mark.parametrize(
    ("status", "body", "failed"),
    [
        pytest.param(500, b'{"code": "internal_error"}', True, id="the rules"),
        pytest.param(500, b'{"code": "other"}', False, id="another code"),
        pytest.param(500, b"[]", False, id="no object"),
        pytest.param(500, b"<html>", False, id="no json"),
        pytest.param(400, b'{"code": "internal_error"}', False, id="another status"),
    ],
)
def test_a_failure_of_rules_is_told_from_one_of_the_server(
    status: int, body: bytes, *, failed: bool
) -> None:
    """Only the former is worth asking again without one of the inputs."""
    assert evaluation_failed(status, body) is failed
